//! Queueing disciplines of network interfaces: the answer to a dump of `RTM_GETQDISC`, one message a discipline. All
//! numbers are in the host's byte order. Source: include/uapi/linux/{rtnetlink,pkt_sched,gen_stats}.h.

use crate::ParseError;
use crate::netlink::{Block, attributes, error, messages, u32_at};

const RTM_NEWQDISC: u16 = 36;
const TCA_KIND: u16 = 1;
const TCA_STATS2: u16 = 7;
const TCA_STATS_BASIC: u16 = 1;
const TCA_STATS_QUEUE: u16 = 3;
const TCA_STATS_PKT64: u16 = 8;

/// `struct tcmsg`, with which each message begins.
const QDISC_HEADER: usize = 20;
/// The parent of a discipline that packets come to from the interface itself.
const TC_H_ROOT: u32 = u32::MAX;

/// One queueing discipline. What the kernel does not tell is 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Qdisc<'a> {
    /// Number of the interface. Source: `tcm_ifindex`.
    pub interface: u32,
    /// Whether packets come to it from the interface itself, and not from another discipline. Source: `tcm_parent`.
    pub is_root: bool,
    /// What it is, such as `fq_codel`. Source: `TCA_KIND`.
    pub kind: &'a str,
    /// Bytes sent. Source: `TCA_STATS_BASIC`.
    pub bytes: u64,
    /// Packets sent. Source: `TCA_STATS_BASIC`, and `TCA_STATS_PKT64`, since Linux 5.5, when they are more than 32 bits hold.
    pub packets: u64,
    /// Packets waiting. Source: `qlen` of `TCA_STATS_QUEUE`.
    pub queue_length: u32,
    /// Bytes waiting. Source: `TCA_STATS_QUEUE`.
    pub backlog: u32,
    /// Packets dropped. Source: `TCA_STATS_QUEUE`.
    pub drops: u32,
    /// Packets put back, because the interface did not take them. Source: `TCA_STATS_QUEUE`.
    pub requeues: u32,
    /// Packets over a limit of the discipline. Source: `TCA_STATS_QUEUE`.
    pub overlimits: u32,
}

/// Parses the parts of the answer, one behind the other, in the kernel's order. Messages of other kinds are passed over.
///
/// # Errors
/// When the bytes are not whole messages of whole attributes, or a kind is not UTF-8.
pub fn parse(bytes: &[u8]) -> Result<Vec<Qdisc<'_>>, ParseError> {
    let mut qdiscs = Vec::new();
    for message in messages(bytes) {
        let message = message?;
        if message.kind == RTM_NEWQDISC {
            qdiscs.push(qdisc(message.body)?);
        }
    }
    Ok(qdiscs)
}

fn qdisc(body: &[u8]) -> Result<Qdisc<'_>, ParseError> {
    let (header, rest) = body
        .split_first_chunk::<QDISC_HEADER>()
        .ok_or_else(|| error("a queueing discipline's header", body))?;
    let mut qdisc = Qdisc {
        interface: u32_at(header, 4).unwrap_or_default(),
        is_root: matches!(u32_at(header, 12), Some(0 | TC_H_ROOT)),
        ..Qdisc::default()
    };
    for attribute in attributes(rest) {
        let attribute = attribute?;
        match attribute.kind {
            TCA_KIND => qdisc.kind = attribute.text()?,
            TCA_STATS2 => {
                for statistic in attributes(attribute.body) {
                    qdisc.set(&statistic?);
                }
            }
            _ => {}
        }
    }
    Ok(qdisc)
}

impl Qdisc<'_> {
    fn set(&mut self, statistic: &Block<'_>) {
        let number = |offset| u32_at(statistic.body, offset).unwrap_or_default();
        match statistic.kind {
            TCA_STATS_BASIC => {
                self.bytes = statistic.u64().unwrap_or_default();
                self.packets = number(8).into();
            }
            TCA_STATS_PKT64 => self.packets = statistic.u64().unwrap_or(self.packets),
            TCA_STATS_QUEUE => {
                self.queue_length = number(0);
                self.backlog = number(4);
                self.drops = number(8);
                self.requeues = number(12);
                self.overlimits = number(16);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Qdisc, parse};
    use crate::netlink::testing::{attribute, message};

    fn qdisc(parent: u32, kind: &[u8], statistics: &[Vec<u8>]) -> Vec<u8> {
        let header = [
            &[0; 4][..],
            &3_u32.to_ne_bytes(),
            &[0; 4],
            &parent.to_ne_bytes(),
            &[0; 4],
        ]
        .concat();
        let attributes = [attribute(1, kind), attribute(7, &statistics.concat())].concat();
        message(36, &[header, attributes].concat())
    }

    fn basic() -> Vec<u8> {
        attribute(1, &[&83_u64.to_ne_bytes()[..], &2_u32.to_ne_bytes(), &[0; 4]].concat())
    }

    fn queue() -> Vec<u8> {
        let numbers: Vec<u8> = (3..8).flat_map(u32::to_ne_bytes).collect();
        attribute(3, &numbers)
    }

    #[test]
    fn statistics_are_told_apart() {
        let expected = Qdisc {
            interface: 3,
            is_root: true,
            kind: "fq_codel",
            bytes: 83,
            packets: 2,
            queue_length: 3,
            backlog: 4,
            drops: 5,
            requeues: 6,
            overlimits: 7,
        };
        let bytes = qdisc(u32::MAX, b"fq_codel\0", &[basic(), queue()]);
        assert_eq!(parse(&bytes), Ok(vec![expected]));
    }

    #[test]
    fn only_what_hangs_at_the_interface_is_a_root() {
        for (parent, is_root) in [(0, true), (u32::MAX, true), (0xffff_fff1, false), (0x1_0001, false)] {
            assert_eq!(
                parse(&qdisc(parent, b"x\0", &[])).unwrap()[0].is_root,
                is_root,
                "{parent:x}"
            );
        }
    }

    #[test]
    fn packets_beyond_32_bits_come_apart() {
        let many = attribute(8, &5_000_000_000_u64.to_ne_bytes());
        let bytes = qdisc(0, b"x\0", &[basic(), many]);
        assert_eq!(parse(&bytes).unwrap()[0].packets, 5_000_000_000);
    }

    #[test]
    fn cut_lengths_are_errors() {
        let whole = qdisc(0, b"x\0", &[basic()]);
        for length in 1..whole.len() {
            assert!(parse(&whole[..length]).is_err(), "{length}");
        }
        assert!(parse(&message(36, &[0; 19])).is_err());
    }

    /// The fixture's byte order is that of x86_64.
    #[test]
    #[cfg(target_endian = "little")]
    fn an_answer_of_a_kernel_is_read() {
        let bytes = include_bytes!("../fixtures/rtnl_qdisc");
        let found: Vec<_> = parse(bytes)
            .unwrap()
            .iter()
            .map(|qdisc| (qdisc.interface, qdisc.is_root, qdisc.kind))
            .collect();
        assert_eq!(found, [(3, true, "htb"), (3, false, "ingress")]);
    }
}
