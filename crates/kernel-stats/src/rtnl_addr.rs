//! Addresses of network interfaces: the answer to a dump of `RTM_GETADDR`, one message an address. All numbers are in the
//! host's byte order. Source: include/uapi/linux/if_addr.h.

use std::net::IpAddr;

use crate::ParseError;
use crate::netlink::{attributes, error, messages, u32_at};

const RTM_NEWADDR: u16 = 20;
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;

/// `struct ifaddrmsg`, with which each message begins.
const ADDRESS_HEADER: usize = 8;

/// One address of IPv4 or IPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InterfaceAddress {
    /// Number of the interface that has it. Source: `ifa_index`.
    pub interface: u32,
    /// This host's address. Source: `IFA_LOCAL`, which only a link from point to point needs in IPv6, else `IFA_ADDRESS`.
    pub address: IpAddr,
    /// How many bits of the address, or of the peer's on a link from point to point, are the network's.
    /// Source: `ifa_prefixlen`.
    pub prefix_length: u8,
}

/// Parses the parts of the answer, one behind the other, in the kernel's order. Addresses of other protocols and messages
/// of other kinds are passed over.
///
/// # Errors
/// When the bytes are not whole messages of whole attributes.
pub fn parse(bytes: &[u8]) -> Result<Vec<InterfaceAddress>, ParseError> {
    let mut addresses = Vec::new();
    for message in messages(bytes) {
        let message = message?;
        if message.kind == RTM_NEWADDR {
            addresses.extend(address(message.body)?);
        }
    }
    Ok(addresses)
}

fn address(body: &[u8]) -> Result<Option<InterfaceAddress>, ParseError> {
    let (header, rest) = body
        .split_first_chunk::<ADDRESS_HEADER>()
        .ok_or_else(|| error("an address' header", body))?;
    let (mut local, mut address) = (None, None);
    for attribute in attributes(rest) {
        let attribute = attribute?;
        match attribute.kind {
            IFA_LOCAL => local = attribute.address(),
            IFA_ADDRESS => address = attribute.address(),
            _ => {}
        }
    }
    let [_, prefix_length, ..] = *header;
    Ok(local.or(address).map(|address| InterfaceAddress {
        interface: u32_at(header, 4).unwrap_or_default(),
        address,
        prefix_length,
    }))
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::netlink::testing::{attribute, message};

    fn address(prefix_length: u8, interface: u32, attributes: &[Vec<u8>]) -> Vec<u8> {
        let header = [&[2, prefix_length, 0, 0][..], &interface.to_ne_bytes()].concat();
        message(20, &[header, attributes.concat()].concat())
    }

    #[test]
    fn the_local_address_comes_before_the_peers() {
        let (own, peer) = ([192, 0, 2, 1], [198, 51, 100, 7]);
        let v6 = "2001:db8::1".parse::<std::net::Ipv6Addr>().unwrap().octets();
        let bytes = [
            address(
                32,
                3,
                &[attribute(1, &peer), attribute(2, &own), attribute(3, b"eth0\0")],
            ),
            address(64, 4, &[attribute(1, &v6)]),
            address(8, 5, &[attribute(1, b"odd")]),
            message(3, &[0; 4]),
        ]
        .concat();
        let found: Vec<_> = parse(&bytes)
            .unwrap()
            .iter()
            .map(|found| (found.interface, found.address.to_string(), found.prefix_length))
            .collect();
        let expected = [(3, "192.0.2.1".to_owned(), 32), (4, "2001:db8::1".to_owned(), 64)];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_short_header_is_an_error() {
        let error = parse(&message(20, &[0; 7])).unwrap_err();
        assert!(error.to_string().starts_with("expected an address' header"), "{error}");
    }

    /// The fixture's byte order is that of x86_64.
    #[test]
    #[cfg(target_endian = "little")]
    fn an_answer_of_a_kernel_is_read() {
        let bytes = include_bytes!("../fixtures/rtnl_addr");
        let addresses = parse(bytes).unwrap();
        let found: Vec<String> = addresses
            .iter()
            .map(|found| format!("{} {}/{}", found.interface, found.address, found.prefix_length))
            .collect();
        assert_eq!(found, ["3 10.9.0.0/31", "5 192.0.2.1/32", "5 2001:db8::5/128"]);
    }
}
