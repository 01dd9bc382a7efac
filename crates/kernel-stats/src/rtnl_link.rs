//! Network interfaces as the kernel tells them over netlink: the answer to a dump of `RTM_GETLINK`, one message an
//! interface, its attributes behind a fixed header. All numbers are in the host's byte order.
//! Source: include/uapi/linux/{netlink,rtnetlink,if_link}.h.

use crate::ParseError;
use crate::netlink::{Block, attributes, error, messages, u32_at};

const RTM_NEWLINK: u16 = 16;
const IFLA_ADDRESS: u16 = 1;
const IFLA_BROADCAST: u16 = 2;
const IFLA_IFNAME: u16 = 3;
const IFLA_MTU: u16 = 4;
const IFLA_LINK: u16 = 5;
const IFLA_TXQLEN: u16 = 13;
const IFLA_OPERSTATE: u16 = 16;
const IFLA_LINKMODE: u16 = 17;
const IFLA_IFALIAS: u16 = 20;
const IFLA_STATS64: u16 = 23;
const IFLA_GROUP: u16 = 27;
const IFLA_CARRIER: u16 = 33;
const IFLA_CARRIER_CHANGES: u16 = 35;
const IFLA_CARRIER_UP_COUNT: u16 = 47;
const IFLA_CARRIER_DOWN_COUNT: u16 = 48;

/// Length of `struct ifinfomsg`, with which messages of links begin.
const LINK_HEADER: usize = 16;

/// One network interface. What the kernel does not tell is `None` or empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Link<'a> {
    /// The interface's name. Source: `IFLA_IFNAME`.
    pub name: &'a str,
    /// The number by which other messages name the interface. Source: `ifi_index`.
    pub index: u32,
    /// The kind of hardware, an `ARPHRD_…` of if_arp.h. Source: `ifi_type`.
    pub hardware_type: u16,
    /// The `IFF_…` of if.h, those of the present state among them. Source: `ifi_flags`.
    pub flags: u32,
    /// The hardware's address. Source: `IFLA_ADDRESS`.
    pub address: &'a [u8],
    /// The hardware's address for all. Source: `IFLA_BROADCAST`.
    pub broadcast: &'a [u8],
    /// What an administrator calls it; empty, too, if that is not UTF-8. Source: `IFLA_IFALIAS`.
    pub alias: &'a str,
    /// Longest packet, in bytes. Source: `IFLA_MTU`.
    pub mtu: Option<u32>,
    /// Number of the interface that this one belongs to, such as the other end of a pair. Source: `IFLA_LINK`.
    pub link: Option<u32>,
    /// Longest queue of packets to send. Source: `IFLA_TXQLEN`.
    pub queue_length: Option<u32>,
    /// The state of RFC 2863: an `IF_OPER_…` of if.h, of which 0 is unknown and 6 is up. Source: `IFLA_OPERSTATE`.
    pub oper_state: u8,
    /// 1 if a program must say when it is up. Source: `IFLA_LINKMODE`.
    pub link_mode: Option<u8>,
    /// The group that an administrator put it in. Source: `IFLA_GROUP`, since Linux 2.6.39.
    pub group: Option<u32>,
    /// 1 if there is a carrier. Source: `IFLA_CARRIER`, since Linux 3.9.
    pub carrier: Option<u8>,
    /// How often the carrier came or went. Source: `IFLA_CARRIER_CHANGES`, since Linux 3.15.
    pub carrier_changes: Option<u32>,
    /// How often the carrier came. Source: `IFLA_CARRIER_UP_COUNT`, since Linux 4.16.
    pub carrier_up_count: Option<u32>,
    /// How often the carrier went. Source: `IFLA_CARRIER_DOWN_COUNT`, since Linux 4.16.
    pub carrier_down_count: Option<u32>,
    /// What it carried. Source: `IFLA_STATS64`, since Linux 2.6.35, unless the question asked to leave it out.
    pub stats: Option<LinkStats>,
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

/// Parses the parts of the answer, one behind the other, in the kernel's order. Interfaces without a name and messages of
/// other kinds are passed over.
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
    let mut link = Link {
        hardware_type: u32_at(body, 0).map_or(0, hardware_type),
        index: u32_at(body, 4).unwrap_or_default(),
        flags: u32_at(body, 8).unwrap_or_default(),
        ..Link::default()
    };
    for attribute in attributes(rest) {
        link.set(&attribute?)?;
    }
    Ok(Some(link).filter(|link| !link.name.is_empty()))
}

/// The second half of the first four bytes, which begin with the family.
fn hardware_type(bytes: u32) -> u16 {
    let [_, _, low, high] = bytes.to_ne_bytes();
    u16::from_ne_bytes([low, high])
}

impl<'a> Link<'a> {
    fn set(&mut self, attribute: &Block<'a>) -> Result<(), ParseError> {
        match attribute.kind {
            IFLA_ADDRESS => self.address = attribute.body,
            IFLA_BROADCAST => self.broadcast = attribute.body,
            IFLA_IFNAME => self.name = attribute.text()?,
            IFLA_MTU => self.mtu = attribute.u32(),
            IFLA_LINK => self.link = attribute.u32(),
            IFLA_TXQLEN => self.queue_length = attribute.u32(),
            IFLA_OPERSTATE => self.oper_state = attribute.u8().unwrap_or_default(),
            IFLA_LINKMODE => self.link_mode = attribute.u8(),
            IFLA_IFALIAS => self.alias = attribute.text().unwrap_or_default(),
            IFLA_STATS64 => self.stats = Some(link_stats(attribute.body)),
            IFLA_GROUP => self.group = attribute.u32(),
            IFLA_CARRIER => self.carrier = attribute.u8(),
            IFLA_CARRIER_CHANGES => self.carrier_changes = attribute.u32(),
            IFLA_CARRIER_UP_COUNT => self.carrier_up_count = attribute.u32(),
            IFLA_CARRIER_DOWN_COUNT => self.carrier_down_count = attribute.u32(),
            _ => {}
        }
        Ok(())
    }
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

    /// `struct ifinfomsg` of interface 7: hardware type 772, flags 0x10049.
    fn header() -> Vec<u8> {
        [
            &[0, 0][..],
            &772_u16.to_ne_bytes(),
            &7_u32.to_ne_bytes(),
            &0x10049_u32.to_ne_bytes(),
            &[0; 4],
        ]
        .concat()
    }

    fn link(name: &[u8], numbers: &[u64]) -> Vec<u8> {
        let stats: Vec<u8> = numbers.iter().flat_map(|number| number.to_ne_bytes()).collect();
        let mut body = header();
        body.extend(attribute(1, b"\x01\x02\x03\x04\x05\x06"));
        body.extend(attribute(3, name));
        body.extend(attribute(0x4000 | 23, &stats));
        message(16, &body)
    }

    #[test]
    fn statistics_are_read_in_the_order_of_the_struct() {
        let numbers: Vec<u64> = (1..=25).collect();
        let bytes = [link(b"eth0\0", &numbers), link(b"lo\0", &[7]), message(3, &[0; 4])].concat();
        let links = parse(&bytes).unwrap();
        let [eth0, lo] = links[..] else { panic!("{links:?}") };
        assert_eq!((eth0.name, lo.name), ("eth0", "lo"));
        let stats = eth0.stats.unwrap();
        assert_eq!(
            (stats.rx_packets, stats.collisions, stats.rx_missed_errors),
            (1, 10, 16)
        );
        assert_eq!((stats.tx_window_errors, stats.rx_nohandler), (21, 24));
        let stats = LinkStats {
            rx_packets: 7,
            ..LinkStats::default()
        };
        assert_eq!(lo.stats, Some(stats));
    }

    #[test]
    fn attributes_are_told_apart() {
        let mut body = header();
        for kind in [4_u16, 5, 13, 27, 35, 47, 48] {
            body.extend(attribute(kind, &(u32::from(kind) * 10).to_ne_bytes()));
        }
        for kind in [16_u16, 17, 33] {
            body.extend(attribute(kind, &[kind as u8]));
        }
        for (kind, bytes) in [(1, &b"ab"[..]), (2, b"cd"), (3, b"lo\0"), (20, b"an alias\0")] {
            body.extend(attribute(kind, bytes));
        }
        let expected = Link {
            name: "lo",
            index: 7,
            hardware_type: 772,
            flags: 0x10049,
            address: b"ab",
            broadcast: b"cd",
            alias: "an alias",
            mtu: Some(40),
            link: Some(50),
            queue_length: Some(130),
            oper_state: 16,
            link_mode: Some(17),
            group: Some(270),
            carrier: Some(33),
            carrier_changes: Some(350),
            carrier_up_count: Some(470),
            carrier_down_count: Some(480),
            stats: None,
        };
        assert_eq!(parse(&message(16, &body)), Ok(vec![expected]));
    }

    #[test]
    fn links_without_a_name_are_passed_over() {
        let body = [header(), attribute(4, &[0; 4])].concat();
        assert_eq!(parse(&message(16, &body)), Ok(vec![]));
        assert_eq!(parse(b""), Ok(vec![]));
    }

    #[test]
    fn an_alias_that_is_no_text_is_empty() {
        let body = [header(), attribute(3, b"lo\0"), attribute(20, b"\xff\0")].concat();
        let bytes = message(16, &body);
        assert_eq!(parse(&bytes).unwrap()[0].alias, "");
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
