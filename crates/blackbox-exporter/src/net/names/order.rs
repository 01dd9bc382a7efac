//! In which order to take a name's addresses: RFC 6724, section 6, as far as it can be told without asking the kernel for
//! more than the source address it would use.

use std::cmp::{Ordering, Reverse};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

/// The policy table of section 2.1: prefix and its length, precedence, label; the longest prefix first.
const POLICY: &[(Ipv6Addr, u32, u8, u8)] = &[
    (Ipv6Addr::LOCALHOST, 128, 50, 0),
    (Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96, 35, 4),
    (Ipv6Addr::UNSPECIFIED, 96, 1, 3),
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 32, 5, 5),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, 30, 2),
    (Ipv6Addr::new(0x3ffe, 0, 0, 0, 0, 0, 0, 0), 16, 1, 12),
    (Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0), 10, 1, 11),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, 3, 13),
    (Ipv6Addr::UNSPECIFIED, 0, 40, 1),
];

/// An address, and the one that we would come from.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    address: IpAddr,
    source: Option<IpAddr>,
}

/// Sorts addresses, the best first; equally good ones stay as they are.
pub(super) fn sort(addresses: &mut [IpAddr]) {
    sort_by_source(addresses, source);
}

fn sort_by_source(addresses: &mut [IpAddr], source: impl Fn(IpAddr) -> Option<IpAddr>) {
    if addresses.len() < 2 {
        return;
    }
    let candidate = |address: &IpAddr| Candidate {
        address: *address,
        source: source(*address),
    };
    let mut candidates: Vec<Candidate> = addresses.iter().map(candidate).collect();
    // The order is not transitive for every mix of families, which a sort must survive; this one does.
    candidates.sort_by(compare);
    for (place, candidate) in addresses.iter_mut().zip(candidates) {
        *place = candidate.address;
    }
}

/// What the kernel would send from; connecting a UDP socket sends nothing.
fn source(address: IpAddr) -> Option<IpAddr> {
    let any: IpAddr = match address {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.connect((address, 9)).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

fn compare(a: &Candidate, b: &Candidate) -> Ordering {
    let (from_a, from_b) = match (a.source, b.source) {
        (Some(from_a), Some(from_b)) => (from_a, from_b),
        // Rule 1: what cannot be reached comes last.
        (a, b) => return b.is_some().cmp(&a.is_some()),
    };
    let key = |to: IpAddr, from: IpAddr| {
        let matching_scope = scope(to) == scope(from); // Rule 2.
        let matching_label = policy(to).1 == policy(from).1; // Rule 5.
        let (precedence, _) = policy(to); // Rule 6.
        (
            Reverse(matching_scope),
            Reverse(matching_label),
            Reverse(precedence),
            scope(to),
        ) // Rule 8.
    };
    let order = key(a.address, from_a).cmp(&key(b.address, from_b));
    // Rule 9: the longer common prefix, of IPv6's networks.
    order.then_with(|| match (a.address, from_a, b.address, from_b) {
        (IpAddr::V6(a), IpAddr::V6(from_a), IpAddr::V6(b), IpAddr::V6(from_b)) => {
            common_bits(b, from_b).cmp(&common_bits(a, from_a))
        }
        _ => Ordering::Equal,
    })
}

/// Bits that both networks begin with, at most 64.
fn common_bits(a: Ipv6Addr, b: Ipv6Addr) -> u32 {
    (a.to_bits() ^ b.to_bits()).leading_zeros().min(64)
}

/// Precedence and label.
fn policy(address: IpAddr) -> (u8, u8) {
    let v6 = match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped(),
        IpAddr::V6(v6) => v6,
    };
    let within =
        |(prefix, length, ..): &&(Ipv6Addr, u32, u8, u8)| (prefix.to_bits() ^ v6.to_bits()).leading_zeros() >= *length;
    POLICY
        .iter()
        .find(within)
        .map_or((40, 1), |(_, _, precedence, label)| (*precedence, *label))
}

/// How far an address reaches: 2 this link, 5 this site, 14 the world.
fn scope(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(v4) if v4.is_loopback() || v4.is_link_local() => 2,
        IpAddr::V6(v6) if v6.is_multicast() => v6.octets()[1] & 0xf,
        IpAddr::V6(v6) if v6.is_loopback() || v6.is_unicast_link_local() => 2,
        IpAddr::V6(v6) if v6.segments()[0] & 0xffc0 == 0xfec0 => 5,
        _ => 14,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A host with a global address of either kind.
    fn sorted(addresses: &[&str]) -> Vec<String> {
        let source = |address: IpAddr| match address {
            _ if address.is_loopback() => Some(address),
            IpAddr::V4(v4) if v4.octets()[0] == 203 => None,
            IpAddr::V4(_) => Some([192, 0, 2, 1].into()),
            IpAddr::V6(_) => Some("2001:db8:1::1".parse().unwrap()),
        };
        let mut addresses: Vec<IpAddr> = addresses.iter().map(|address| address.parse().unwrap()).collect();
        sort_by_source(&mut addresses, source);
        addresses.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn best_address_comes_first() {
        for (given, expected) in [
            (
                &["198.51.100.1", "2001:db8::1"][..],
                &["2001:db8::1", "198.51.100.1"][..],
            ),
            (&["203.0.113.1", "198.51.100.1"], &["198.51.100.1", "203.0.113.1"]),
            (&["198.51.100.2", "198.51.100.1"], &["198.51.100.2", "198.51.100.1"]),
            (&["2001:db9::1", "2001:db8:1::2"], &["2001:db8:1::2", "2001:db9::1"]),
            (&["fd00::1", "198.51.100.1"], &["198.51.100.1", "fd00::1"]),
            (&["198.51.100.1", "127.0.0.1"], &["127.0.0.1", "198.51.100.1"]),
        ] {
            assert_eq!(sorted(given), expected, "{given:?}");
        }
    }
}
