//! Speed and duplex of network interfaces: the answer to a dump of `ETHTOOL_MSG_LINKMODES_GET`, one message an interface
//! whose driver knows. All numbers are in the host's byte order. Linux 5.6 and later.
//! Source: include/uapi/linux/{ethtool,ethtool_netlink}.h.

use crate::ParseError;
use crate::netlink::{NLMSG_MIN_TYPE, attributes, error, messages};

const ETHTOOL_A_LINKMODES_HEADER: u16 = 1;
const ETHTOOL_A_LINKMODES_SPEED: u16 = 5;
const ETHTOOL_A_LINKMODES_DUPLEX: u16 = 6;
const ETHTOOL_A_HEADER_DEV_INDEX: u16 = 1;

/// A driver's word for not knowing, as when there is no carrier.
const SPEED_UNKNOWN: u32 = u32::MAX;

/// `struct genlmsghdr`, with which each message begins.
const HEADER: usize = 4;

/// How one interface is linked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LinkModes {
    /// The interface's number. Source: `ETHTOOL_A_HEADER_DEV_INDEX`.
    pub interface: u32,
    /// Megabits a second; `None` if the driver does not know. Source: `ETHTOOL_A_LINKMODES_SPEED`.
    pub speed: Option<u32>,
    /// `DUPLEX_HALF`, which is 0, `DUPLEX_FULL`, which is 1, or unknown. Source: `ETHTOOL_A_LINKMODES_DUPLEX`.
    pub duplex: Option<u8>,
}

/// Parses the parts of the answer, one behind the other, in the kernel's order.
///
/// # Errors
/// When the bytes are not whole messages of whole attributes.
pub fn parse(bytes: &[u8]) -> Result<Vec<LinkModes>, ParseError> {
    let mut links = Vec::new();
    for message in messages(bytes) {
        let message = message?;
        // The kernel gives a family its number when it starts: any that is not the framing's own.
        if message.kind >= NLMSG_MIN_TYPE {
            links.push(link_modes(message.body)?);
        }
    }
    Ok(links)
}

fn link_modes(body: &[u8]) -> Result<LinkModes, ParseError> {
    let rest = body
        .get(HEADER..)
        .ok_or_else(|| error("the header of link modes", body))?;
    let mut link = LinkModes::default();
    for attribute in attributes(rest) {
        let attribute = attribute?;
        match attribute.kind {
            ETHTOOL_A_LINKMODES_HEADER => link.interface = interface(attribute.body)?,
            ETHTOOL_A_LINKMODES_SPEED => link.speed = attribute.u32().filter(|speed| *speed != SPEED_UNKNOWN),
            ETHTOOL_A_LINKMODES_DUPLEX => link.duplex = attribute.u8(),
            _ => {}
        }
    }
    Ok(link)
}

fn interface(header: &[u8]) -> Result<u32, ParseError> {
    for attribute in attributes(header) {
        let attribute = attribute?;
        if attribute.kind == ETHTOOL_A_HEADER_DEV_INDEX {
            return Ok(attribute.u32().unwrap_or_default());
        }
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::{LinkModes, parse};
    use crate::netlink::testing::{attribute, message};

    fn link(index: u32, speed: u32, duplex: u8) -> Vec<u8> {
        let header = [attribute(1, &index.to_ne_bytes()), attribute(2, b"eth0\0")].concat();
        let attributes = [
            attribute(0x8000 | 1, &header),
            attribute(2, b"\x01"),
            attribute(5, &speed.to_ne_bytes()),
            attribute(6, &[duplex]),
        ];
        message(21, &[&[4, 1, 0, 0][..], &attributes.concat()].concat())
    }

    #[test]
    fn an_unknown_speed_is_none() {
        let bytes = [link(2, 10_000, 1), link(3, u32::MAX, 255), message(3, &[0; 4])].concat();
        let expected = [(2, Some(10_000), Some(1)), (3, None, Some(255))].map(|(interface, speed, duplex)| LinkModes {
            interface,
            speed,
            duplex,
        });
        assert_eq!(parse(&bytes).unwrap(), expected);
    }

    #[test]
    fn cut_lengths_are_errors() {
        let whole = link(2, 10, 0);
        for length in 1..whole.len() {
            assert!(parse(&whole[..length]).is_err(), "{length}");
        }
    }

    /// The fixture's byte order is that of x86_64.
    #[test]
    #[cfg(target_endian = "little")]
    fn an_answer_of_a_kernel_is_read() {
        let bytes = include_bytes!("../fixtures/ethtool_linkmodes");
        let found: Vec<_> = parse(bytes)
            .unwrap()
            .iter()
            .map(|link| (link.interface, link.speed, link.duplex))
            .collect();
        assert_eq!(found, [(2, Some(10_000), Some(1)), (6, None, Some(255))]);
    }
}
