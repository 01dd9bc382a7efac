//! Neighbours, which are entries of ARP's table for IPv4: the answer to a dump of `RTM_GETNEIGH`, one message a neighbour.
//! All numbers are in the host's byte order. Source: include/uapi/linux/neighbour.h.

use crate::ParseError;
use crate::netlink::{error, messages, u32_at};

const RTM_NEWNEIGH: u16 = 28;

/// `struct ndmsg`, with which each message begins.
const NEIGHBOUR_HEADER: usize = 12;
/// Where `ndm_state` stands in it.
const STATE: usize = 8;

/// The state of an address that needs no resolution, such as one for all.
const NUD_NOARP: u16 = 0x40;

/// One neighbour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Neighbour {
    /// Number of the interface behind which it is. Source: `ndm_ifindex`.
    pub interface: u32,
    /// A `NUD_…` of neighbour.h. Source: `ndm_state`.
    pub state: u16,
}

impl Neighbour {
    /// Whether its hardware address is found out by asking, as ARP does, and not known from the outset.
    pub fn is_resolved(&self) -> bool {
        self.state & NUD_NOARP == 0
    }
}

/// Parses the parts of the answer, one behind the other, in the kernel's order. Messages of other kinds are passed over.
///
/// # Errors
/// When the bytes are not whole messages.
pub fn parse(bytes: &[u8]) -> Result<Vec<Neighbour>, ParseError> {
    let mut neighbours = Vec::new();
    for message in messages(bytes) {
        let message = message?;
        if message.kind == RTM_NEWNEIGH {
            let neighbour = neighbour(message.body);
            neighbours.push(neighbour.ok_or_else(|| error("a neighbour's header", message.body))?);
        }
    }
    Ok(neighbours)
}

fn neighbour(body: &[u8]) -> Option<Neighbour> {
    let header: &[u8; NEIGHBOUR_HEADER] = body.first_chunk()?;
    Some(Neighbour {
        interface: u32_at(header, 4)?,
        state: u16::from_ne_bytes(*header.get(STATE..)?.first_chunk()?),
    })
}

#[cfg(test)]
mod tests {
    use super::{Neighbour, parse};
    use crate::netlink::testing::{attribute, message};

    fn neighbour(interface: u32, state: u16) -> Vec<u8> {
        let body = [
            &[2, 0, 0, 0][..],
            &interface.to_ne_bytes(),
            &state.to_ne_bytes(),
            &[0, 1],
            &attribute(1, &[10, 0, 0, 1]),
        ];
        message(28, &body.concat())
    }

    #[test]
    fn neighbours_have_an_interface_and_a_state() {
        let bytes = [neighbour(4, 0x02), neighbour(5, 0x40), message(3, &[0; 4])].concat();
        let neighbours = parse(&bytes).unwrap();
        let expected = [(4, 0x02), (5, 0x40)].map(|(interface, state)| Neighbour { interface, state });
        assert_eq!(neighbours, expected);
        let resolved: Vec<bool> = neighbours.iter().map(Neighbour::is_resolved).collect();
        assert_eq!(resolved, [true, false]);
    }

    #[test]
    fn a_short_header_is_an_error() {
        let error = parse(&message(28, &[0; 11])).unwrap_err();
        assert!(
            error.to_string().starts_with("expected a neighbour's header"),
            "{error}"
        );
    }

    /// The fixture's byte order is that of x86_64.
    #[test]
    #[cfg(target_endian = "little")]
    fn an_answer_of_a_kernel_is_read() {
        let bytes = include_bytes!("../fixtures/rtnl_neigh");
        let found: Vec<_> = parse(bytes)
            .unwrap()
            .iter()
            .map(|found| (found.interface, found.state))
            .collect();
        assert_eq!(found, [(5, 0), (5, 4), (1, 64)]);
    }
}
