//! Network interfaces as the kernel tells them over netlink: the answer to a dump of `RTM_GETLINK`, one message an
//! interface, its attributes behind a fixed header. All numbers are in the host's byte order.
//! Source: include/uapi/linux/{netlink,rtnetlink,if_link}.h.

use crate::ParseError;
use crate::netlink::{attributes, error, messages};

const RTM_NEWLINK: u16 = 16;
const IFLA_IFNAME: u16 = 3;
const IFLA_STATS64: u16 = 23;

/// Length of `struct ifinfomsg`, with which messages of links begin.
const LINK_HEADER: usize = 16;

/// One network interface.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Link<'a> {
    /// The interface's name. Source: `IFLA_IFNAME`.
    pub name: &'a str,
    /// What it carried. Source: `IFLA_STATS64`, since Linux 2.6.35.
    pub stats: LinkStats,
}

/// `struct rtnl_link_stats64`: packets, bytes and errors since the interface was made. What an old kernel lacks is 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the names are the kernel's, and if_link.h tells more than a line here could"
)]
pub struct LinkStats {
    pub rx_packets: u64,
    pub tx_packets: u64,
    pub rx_bytes: u64,
    pub tx_bytes: u64,
    pub rx_errors: u64,
    pub tx_errors: u64,
    pub rx_dropped: u64,
    pub tx_dropped: u64,
    pub multicast: u64,
    pub collisions: u64,
    pub rx_length_errors: u64,
    pub rx_over_errors: u64,
    pub rx_crc_errors: u64,
    pub rx_frame_errors: u64,
    pub rx_fifo_errors: u64,
    pub rx_missed_errors: u64,
    pub tx_aborted_errors: u64,
    pub tx_carrier_errors: u64,
    pub tx_fifo_errors: u64,
    pub tx_heartbeat_errors: u64,
    pub tx_window_errors: u64,
    pub rx_compressed: u64,
    pub tx_compressed: u64,
    pub rx_nohandler: u64,
}

/// Parses the parts of the answer, one behind the other, in the kernel's order. Interfaces without a name or statistics
/// and messages of other kinds are passed over.
///
/// # Errors
/// When the bytes are not whole messages of whole attributes, or a name is not UTF-8.
pub fn parse(bytes: &[u8]) -> Result<Vec<Link<'_>>, ParseError> {
    let mut links = Vec::new();
    for message in messages(bytes) {
        let message = message?;
        if message.kind == RTM_NEWLINK {
            links.extend(link(message.body)?);
        }
    }
    Ok(links)
}

fn link(body: &[u8]) -> Result<Option<Link<'_>>, ParseError> {
    let rest = body.get(LINK_HEADER..).ok_or_else(|| error("a link's header", body))?;
    let (mut name, mut stats) = (None, None);
    for attribute in attributes(rest) {
        let attribute = attribute?;
        match attribute.kind {
            IFLA_IFNAME => name = Some(attribute.text()?),
            IFLA_STATS64 => stats = Some(link_stats(attribute.body)),
            _ => {}
        }
    }
    Ok(name.zip(stats).map(|(name, stats)| Link { name, stats }))
}

fn link_stats(body: &[u8]) -> LinkStats {
    let (numbers, _) = body.as_chunks();
    let mut numbers = numbers.iter().map(|number| u64::from_ne_bytes(*number));
    let mut next = || numbers.next().unwrap_or(0);
    // Fields of a struct expression are evaluated in the order in which they are written, which is the kernel's.
    LinkStats {
        rx_packets: next(),
        tx_packets: next(),
        rx_bytes: next(),
        tx_bytes: next(),
        rx_errors: next(),
        tx_errors: next(),
        rx_dropped: next(),
        tx_dropped: next(),
        multicast: next(),
        collisions: next(),
        rx_length_errors: next(),
        rx_over_errors: next(),
        rx_crc_errors: next(),
        rx_frame_errors: next(),
        rx_fifo_errors: next(),
        rx_missed_errors: next(),
        tx_aborted_errors: next(),
        tx_carrier_errors: next(),
        tx_fifo_errors: next(),
        tx_heartbeat_errors: next(),
        tx_window_errors: next(),
        rx_compressed: next(),
        tx_compressed: next(),
        rx_nohandler: next(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Link, LinkStats, parse};
    use crate::netlink::testing::{attribute, message};

    fn link(name: &[u8], numbers: &[u64]) -> Vec<u8> {
        let stats: Vec<u8> = numbers.iter().flat_map(|number| number.to_ne_bytes()).collect();
        let mut body = vec![0; 16];
        body.extend(attribute(1, b"\x01\x02\x03\x04\x05\x06"));
        body.extend(attribute(3, name));
        body.extend(attribute(0x4000 | 23, &stats));
        message(16, &body)
    }

    #[test]
    fn links_are_read_in_the_order_of_the_struct() {
        let numbers: Vec<u64> = (1..=25).collect();
        let bytes = [link(b"eth0\0", &numbers), link(b"lo\0", &[7]), message(3, &[0; 4])].concat();
        let links = parse(&bytes).unwrap();
        let [eth0, lo] = links[..] else { panic!("{links:?}") };
        assert_eq!(
            (eth0.name, eth0.stats.rx_packets, eth0.stats.collisions),
            ("eth0", 1, 10)
        );
        assert_eq!(
            (
                eth0.stats.rx_missed_errors,
                eth0.stats.tx_window_errors,
                eth0.stats.rx_nohandler
            ),
            (16, 21, 24)
        );
        let stats = LinkStats {
            rx_packets: 7,
            ..LinkStats::default()
        };
        assert_eq!(lo, Link { name: "lo", stats });
    }

    #[test]
    fn links_without_statistics_are_passed_over() {
        let body = [vec![0; 16], attribute(3, b"lo\0")].concat();
        assert_eq!(parse(&message(16, &body)), Ok(vec![]));
        assert_eq!(parse(b""), Ok(vec![]));
    }

    #[test]
    fn cut_or_lying_lengths_are_errors() {
        let whole = link(b"lo\0", &[1, 2, 3]);
        for length in 1..whole.len() {
            assert!(parse(&whole[..length]).is_err(), "{length}");
        }
        let mut lying = whole;
        lying[32..34].copy_from_slice(&3_u16.to_ne_bytes());
        assert!(
            parse(&lying)
                .unwrap_err()
                .to_string()
                .starts_with("expected a netlink attribute")
        );
    }
}
