//! ICMP echo packets (RFC 792, RFC 4443 §4): a type, a code, a checksum, an identifier, a sequence number, and a payload.

use std::net::IpAddr;

/// Bytes before the payload.
pub(super) const HEAD: usize = 8;

/// An echo request or its reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Echo<'e> {
    /// Whose request it is. On a socket for pings the kernel puts its own.
    pub(super) id: u16,
    /// Which of the requests.
    pub(super) sequence: u16,
    /// What comes back as it was sent.
    pub(super) payload: &'e [u8],
}

/// The types of request and reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// What we send.
    Request,
    /// What comes back.
    Reply,
}

impl Kind {
    fn number(self, version: IpAddr) -> u8 {
        match (self, version) {
            (Self::Request, IpAddr::V4(_)) => 8,
            (Self::Reply, IpAddr::V4(_)) => 0,
            (Self::Request, IpAddr::V6(_)) => 128,
            (Self::Reply, IpAddr::V6(_)) => 129,
        }
    }
}

impl<'e> Echo<'e> {
    /// The request for a target. Of ICMPv6 the kernel makes the checksum, which covers the addresses too.
    pub(super) fn request(&self, target: IpAddr) -> Vec<u8> {
        let mut packet = Vec::with_capacity(HEAD + self.payload.len());
        packet.extend([Kind::Request.number(target), 0, 0, 0]);
        packet.extend(self.id.to_be_bytes());
        packet.extend(self.sequence.to_be_bytes());
        packet.extend(self.payload);
        if target.is_ipv4() {
            let sum = checksum(&packet).to_be_bytes();
            if let Some(place) = packet.get_mut(2..4) {
                place.copy_from_slice(&sum);
            }
        }
        packet
    }

    /// Reads a packet of this kind; `None`: it is another one.
    pub(super) fn parse(packet: &'e [u8], kind: Kind, target: IpAddr) -> Option<Self> {
        let (&[number, code, _, _, id_high, id_low, high, low], payload) = packet.split_first_chunk::<HEAD>()?;
        let echo = Self {
            id: u16::from_be_bytes([id_high, id_low]),
            sequence: u16::from_be_bytes([high, low]),
            payload,
        };
        (number == kind.number(target) && code == 0).then_some(echo)
    }
}

/// What follows the head of an IPv4 packet, which sockets for all of ICMP get too.
pub(super) fn behind_ipv4(packet: &[u8]) -> &[u8] {
    let words = packet.first().map_or(0, |first| first & 0xf);
    packet.get(usize::from(words) * 4..).unwrap_or_default()
}

/// The complement of the sum, in one's complement, of all pairs of bytes (RFC 1071).
fn checksum(packet: &[u8]) -> u16 {
    let pair = |pair: &[u8]| match *pair {
        [high, low] => u64::from(u16::from_be_bytes([high, low])),
        [high] => u64::from(high) << 8,
        _ => 0,
    };
    let mut sum: u64 = packet.chunks(2).map(pair).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    // It has 16 bits by now.
    !u16::try_from(sum).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const V4: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    const V6: IpAddr = IpAddr::V6(std::net::Ipv6Addr::LOCALHOST);

    #[test]
    fn a_request_has_a_checksum_in_ipv4() {
        let echo = Echo {
            id: 0x1234,
            sequence: 1,
            payload: b"abc",
        };
        // 0800 + 1234 + 0001 + 6162 + 6300 = df97, whose complement is 2168.
        assert_eq!(echo.request(V4), b"\x08\0\x21\x68\x12\x34\0\x01abc");
        assert_eq!(echo.request(V6), b"\x80\0\0\0\x12\x34\0\x01abc");
    }

    #[test]
    fn the_sum_of_a_packet_with_its_checksum_is_nothing() {
        for payload in [b"".as_slice(), b"\xff\xff", b"\xff\xff\xff", &[0x55; 65535]] {
            let packet = Echo {
                id: 0xffff,
                sequence: 0xffff,
                payload,
            }
            .request(V4);
            assert_eq!(checksum(&packet), 0, "{}", payload.len());
        }
    }

    #[test]
    fn only_the_expected_kind_is_read() {
        let echo = Echo {
            id: 7,
            sequence: 9,
            payload: b"x",
        };
        let request = echo.request(V4);
        assert_eq!(Echo::parse(&request, Kind::Request, V4), Some(echo));
        assert_eq!(Echo::parse(&request, Kind::Reply, V4), None);
        assert_eq!(Echo::parse(&request, Kind::Request, V6), None);
        assert_eq!(Echo::parse(b"\0\0\0\0\0\x07\0\x09x", Kind::Reply, V4), Some(echo));
        assert_eq!(Echo::parse(b"\0\x01\0\0\0\x07\0\x09x", Kind::Reply, V4), None);
        for length in 0..HEAD {
            assert_eq!(Echo::parse(&[0; HEAD][..length], Kind::Reply, V4), None);
        }
    }

    #[test]
    fn the_head_of_an_ipv4_packet_is_as_long_as_it_says() {
        let mut packet = vec![0x46; 24];
        packet.extend(b"rest");
        assert_eq!(behind_ipv4(&packet), b"rest");
        assert_eq!(behind_ipv4(&[0x4f; 20]), b"");
        assert_eq!(behind_ipv4(&[]), b"");
    }
}
