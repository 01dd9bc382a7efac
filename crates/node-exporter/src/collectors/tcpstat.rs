//! TCP sockets of IPv4 and IPv6 by their state, and what waits in their queues, from netlink. A socket that listens counts
//! the connections in its backlog, and how many may be, as if they were bytes, as node_exporter does.

use std::io;

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exposition::{Desc, Encoder};
use kernel_stats::inet_diag::{self, Socket};
use rustix::net::netlink::SOCK_DIAG;

use crate::context::Context;
use crate::netlink::{dump_parts, failed};

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "tcpstat",
    enabled_by_default: false,
    flags: &[],
    build: |_| Ok(Box::new(TcpStat::default())),
};

const STATES: Desc<'_> = Desc::gauge("node_tcp_connection_states", "Number of connection states.", &["state"]);

/// The names of TCP's states in the order of their labels, and their numbers in include/net/tcp_states.h.
const NAMES: [(&str, u8); 11] = [
    ("close", 7),
    ("close_wait", 8),
    ("closing", 11),
    ("established", 1),
    ("fin_wait1", 4),
    ("fin_wait2", 5),
    ("last_ack", 9),
    ("listen", 10),
    ("syn_recv", 3),
    ("syn_sent", 2),
    ("time_wait", 6),
];

const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
const IPPROTO_TCP: u8 = 6;
/// The kind of message that asks for sockets.
const SOCK_DIAG_BY_FAMILY: u16 = 20;
/// A bit for each state; the kernel counts requests to connect as `syn_recv`.
const ALL_STATES: u32 = 0xfff;

#[derive(Default)]
struct TcpStat {
    buffer: Vec<u8>,
}

impl Collector for TcpStat {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let mut counts = Counts::default();
        for family in [AF_INET, AF_INET6] {
            let asked = self.add(family, &mut counts);
            asked.map_err(|error| failed("TCP sockets", &error))?;
        }
        encode(&counts, out);
        Ok(())
    }
}

impl TcpStat {
    fn add(&mut self, family: u8, counts: &mut Counts) -> io::Result<()> {
        dump_parts(
            Some(SOCK_DIAG),
            SOCK_DIAG_BY_FAMILY,
            &question(family),
            &mut self.buffer,
            |part| {
                for socket in inet_diag::parse(part)? {
                    counts.add(socket);
                }
                Ok(())
            },
        )
    }
}

/// `struct inet_diag_req_v2`: the family, the protocol, no attributes, the states, and zeros for any address.
fn question(family: u8) -> [u8; 56] {
    let mut question = [0; 56];
    let header = [[family, IPPROTO_TCP, 0, 0], ALL_STATES.to_ne_bytes()];
    question[..8].copy_from_slice(header.as_flattened());
    question
}

/// Sums over sockets.
#[derive(Debug, Default)]
struct Counts {
    /// Sockets by the number of their state.
    states: [u64; 16],
    receive_queues: u64,
    send_queues: u64,
}

impl Counts {
    fn add(&mut self, socket: Socket) {
        if let Some(count) = self.states.get_mut(usize::from(socket.state)) {
            *count += 1;
        }
        self.receive_queues += u64::from(socket.receive_queue);
        self.send_queues += u64::from(socket.send_queue);
    }

    fn of(&self, state: u8) -> u64 {
        self.states.get(usize::from(state)).copied().unwrap_or_default()
    }
}

/// A state that no socket is in has no series, nor have queues without a socket.
fn encode(counts: &Counts, out: &mut Encoder) {
    let mut family = out.family(&STATES);
    for (name, state) in NAMES {
        if counts.of(state) > 0 {
            family.sample(&[name], counts.of(state) as f64);
        }
    }
    if counts.states.iter().any(|count| *count > 0) {
        family.sample(&["rx_queued_bytes"], counts.receive_queues as f64);
        family.sample(&["tx_queued_bytes"], counts.send_queues as f64);
    }
}

#[cfg(test)]
mod tests {
    use exposition::{Format, assemble};

    use super::*;

    fn text(sockets: &[(u8, u32, u32)]) -> Vec<String> {
        let mut counts = Counts::default();
        for (state, receive_queue, send_queue) in sockets.iter().copied() {
            counts.add(Socket {
                state,
                receive_queue,
                send_queue,
            });
        }
        let (mut out, mut text) = (Encoder::new(Format::Text004), Vec::new());
        encode(&counts, &mut out);
        assemble([&out], &mut text);
        let text = String::from_utf8(text).unwrap();
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        samples
            .map(|line| line.replace("node_tcp_connection_states", ""))
            .collect()
    }

    #[test]
    fn every_state_has_its_name() {
        let sockets: Vec<_> = (1..=11).map(|state| (state, 0, 0)).collect();
        let found = text(&sockets);
        let names: Vec<String> = NAMES
            .iter()
            .map(|(name, _)| format!("{{state=\"{name}\"}} 1"))
            .collect();
        for name in &names {
            assert!(found.contains(name), "{name} in {found:?}");
        }
        assert_eq!(found.len(), names.len() + 2);
    }

    #[test]
    fn only_states_and_queues_of_sockets_are_shown() {
        assert_eq!(text(&[]), [""; 0]);
        let expected = [
            r#"{state="established"} 2"#,
            r#"{state="rx_queued_bytes"} 5"#,
            r#"{state="tx_queued_bytes"} 7"#,
        ];
        assert_eq!(text(&[(1, 2, 3), (1, 3, 4)]), expected);
    }
}
