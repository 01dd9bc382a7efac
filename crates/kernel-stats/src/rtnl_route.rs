//! Routes of IPv4 and IPv6: the answer to a dump of `RTM_GETROUTE`, one message a route. All numbers are in the host's byte
//! order. Source: include/uapi/linux/rtnetlink.h.

use std::net::IpAddr;

use crate::ParseError;
use crate::netlink::{Block, attributes, error, messages, u32_at};

const RTM_NEWROUTE: u16 = 24;
const RTA_DST: u16 = 1;
const RTA_OIF: u16 = 4;
const RTA_GATEWAY: u16 = 5;
const RTA_PRIORITY: u16 = 6;
const RTA_PREFSRC: u16 = 7;
const RTA_MULTIPATH: u16 = 9;

const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
/// The type of a route to a gateway or a device, and not to this host, to all, or to nowhere.
const RTN_UNICAST: u8 = 1;

/// `struct rtmsg`, with which each message begins.
const ROUTE_HEADER: usize = 12;
/// `struct rtnexthop`, with which each of several hops begins.
const HOP_HEADER: usize = 8;

/// One unicast route.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Route {
    /// Where it leads; `None` is everywhere. Source: `RTA_DST`.
    pub destination: Option<IpAddr>,
    /// How many bits of the destination count; 0 is a default route. Source: `rtm_dst_len`.
    pub prefix_length: u8,
    /// Who made it, an `RTPROT_…` of rtnetlink.h. Source: `rtm_protocol`.
    pub protocol: u8,
    /// The address that this host sends from. Source: `RTA_PREFSRC`.
    pub source: Option<IpAddr>,
    /// Less is better; ip(8) calls it metric. Source: `RTA_PRIORITY`.
    pub priority: u32,
    /// Where packets go next; one hop has no weight, each of several has one. Source: `RTA_MULTIPATH`, else `RTA_OIF` and
    /// `RTA_GATEWAY`.
    pub hops: Vec<Hop>,
}

/// Where packets go next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hop {
    /// Number of the interface; 0 if there is none. Source: `RTA_OIF`, or `rtnh_ifindex`.
    pub interface: u32,
    /// The next host; `None` on the last leg, and where it speaks another protocol. Source: `RTA_GATEWAY`.
    pub gateway: Option<IpAddr>,
    /// This hop's share, from 1 on. Source: `rtnh_hops`, which is one less.
    pub weight: Option<u16>,
}

/// Parses the parts of the answer, one behind the other, in the kernel's order. Routes of other types and protocols and
/// messages of other kinds are passed over.
///
/// # Errors
/// When the bytes are not whole messages of whole attributes.
pub fn parse(bytes: &[u8]) -> Result<Vec<Route>, ParseError> {
    let mut routes = Vec::new();
    for message in messages(bytes) {
        let message = message?;
        if message.kind == RTM_NEWROUTE {
            routes.extend(route(message.body)?);
        }
    }
    Ok(routes)
}

fn route(body: &[u8]) -> Result<Option<Route>, ParseError> {
    let (header, rest) = body
        .split_first_chunk::<ROUTE_HEADER>()
        .ok_or_else(|| error("a route's header", body))?;
    let [family, prefix_length, _, _, _, protocol, _, kind, ..] = *header;
    if !matches!(family, AF_INET | AF_INET6) || kind != RTN_UNICAST {
        return Ok(None);
    }
    let mut route = Route {
        prefix_length,
        protocol,
        ..Route::default()
    };
    let mut only = Hop::default();
    for attribute in attributes(rest) {
        let attribute = attribute?;
        match attribute.kind {
            RTA_DST => route.destination = attribute.address(),
            RTA_PREFSRC => route.source = attribute.address(),
            RTA_PRIORITY => route.priority = attribute.u32().unwrap_or_default(),
            RTA_MULTIPATH => route.hops = hops(attribute.body)?,
            _ => only.set(&attribute),
        }
    }
    if route.hops.is_empty() {
        route.hops.push(only);
    }
    Ok(Some(route))
}

impl Hop {
    fn set(&mut self, attribute: &Block<'_>) {
        match attribute.kind {
            RTA_OIF => self.interface = attribute.u32().unwrap_or_default(),
            RTA_GATEWAY => self.gateway = attribute.address(),
            _ => {}
        }
    }
}

fn hops(mut bytes: &[u8]) -> Result<Vec<Hop>, ParseError> {
    let mut hops = Vec::new();
    while !bytes.is_empty() {
        let (hop, next) = split_hop(bytes).ok_or_else(|| error("a hop of a route", bytes))?;
        hops.push(hop?);
        bytes = next;
    }
    Ok(hops)
}

/// The first hop, and the bytes of the others.
fn split_hop(bytes: &[u8]) -> Option<(Result<Hop, ParseError>, &[u8])> {
    let (header, _) = bytes.split_first_chunk::<HOP_HEADER>()?;
    let [low, high, _, weight, ..] = *header;
    let length = usize::from(u16::from_ne_bytes([low, high]));
    let mut hop = Hop {
        interface: u32_at(header, 4)?,
        gateway: None,
        weight: Some(u16::from(weight) + 1),
    };
    let hop = attributes(bytes.get(HOP_HEADER..length)?)
        .try_fold((), |(), attribute| {
            hop.set(&attribute?);
            Ok(())
        })
        .map(|()| hop);
    Some((hop, bytes.get(length.next_multiple_of(4)..).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::{Hop, Route, parse};
    use crate::netlink::testing::{attribute, message};

    const GATEWAY: [u8; 4] = [10, 8, 0, 254];

    fn route(family: u8, kind: u8, attributes: &[Vec<u8>]) -> Vec<u8> {
        let header = [family, 24, 0, 0, 254, 186, 0, kind, 0, 0, 0, 0];
        message(24, &[header.to_vec(), attributes.concat()].concat())
    }

    fn hop(interface: u8, weight: u8, attributes: &[u8]) -> Vec<u8> {
        let length = 8 + attributes.len() as u16;
        let interface = u32::from(interface).to_ne_bytes();
        [&length.to_ne_bytes()[..], &[0, weight], &interface, attributes].concat()
    }

    #[test]
    fn a_route_has_one_hop_without_weight_or_several_with_it() {
        let of_one = [
            attribute(1, &[203, 0, 113, 0]),
            attribute(4, &3_u32.to_ne_bytes()),
            attribute(5, &GATEWAY),
            attribute(6, &50_u32.to_ne_bytes()),
            attribute(7, &[10, 8, 0, 1]),
        ];
        let hops = [hop(4, 2, &attribute(5, &GATEWAY)), hop(5, 0, &[])].concat();
        let bytes = [route(2, 1, &of_one), route(10, 1, &[attribute(9, &hops)])].concat();
        let address = |octets: [u8; 4]| Some(octets.into());
        let expected = [
            Route {
                destination: address([203, 0, 113, 0]),
                prefix_length: 24,
                protocol: 186,
                source: address([10, 8, 0, 1]),
                priority: 50,
                hops: vec![Hop {
                    interface: 3,
                    gateway: address(GATEWAY),
                    weight: None,
                }],
            },
            Route {
                prefix_length: 24,
                protocol: 186,
                hops: vec![
                    Hop {
                        interface: 4,
                        gateway: address(GATEWAY),
                        weight: Some(3),
                    },
                    Hop {
                        interface: 5,
                        gateway: None,
                        weight: Some(1),
                    },
                ],
                ..Route::default()
            },
        ];
        assert_eq!(parse(&bytes).unwrap(), expected);
    }

    #[test]
    fn other_types_and_protocols_are_passed_over() {
        let (local, of_mpls) = (route(2, 2, &[]), route(28, 1, &[]));
        assert_eq!(parse(&[local, of_mpls, message(3, &[0; 4])].concat()), Ok(vec![]));
    }

    #[test]
    fn lying_hops_are_errors() {
        let whole = hop(4, 0, &attribute(5, &GATEWAY));
        for length in [0_u8, 7, 12, 200] {
            let mut lying = whole.clone();
            lying[..2].copy_from_slice(&u16::from(length).to_ne_bytes());
            let bytes = route(2, 1, &[attribute(9, &lying)]);
            assert!(parse(&bytes).is_err(), "{length}");
        }
    }

    /// The fixture's byte order is that of x86_64.
    #[test]
    #[cfg(target_endian = "little")]
    fn an_answer_of_a_kernel_is_read() {
        let bytes = include_bytes!("../fixtures/rtnl_route");
        let mut found = Vec::new();
        for route in parse(bytes).unwrap() {
            let to = route.destination.map_or("default".to_owned(), |to| to.to_string());
            let hops = route.hops.iter();
            let hops: Vec<_> = hops
                .map(|hop| (hop.interface, hop.gateway.unwrap().to_string(), hop.weight))
                .collect();
            found.push((to, route.prefix_length, route.priority, hops));
        }
        let hop = |interface, gateway: &str, weight| (interface, gateway.to_owned(), weight);
        let expected = [
            (
                "203.0.113.0".to_owned(),
                24,
                0,
                vec![hop(5, "10.8.0.253", Some(3)), hop(3, "10.9.0.1", Some(1))],
            ),
            ("default".to_owned(), 0, 50, vec![hop(5, "10.8.0.254", None)]),
            (
                "2001:db8:2::".to_owned(),
                48,
                1024,
                vec![hop(5, "2001:db8::33", Some(2)), hop(5, "2001:db8::34", Some(1))],
            ),
        ];
        assert_eq!(found, expected);
    }
}
