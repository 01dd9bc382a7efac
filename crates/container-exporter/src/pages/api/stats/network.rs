//! Traffic by interface, and sockets.

use std::collections::BTreeMap;

use kernel_stats::{net_tcp, net_udp};
use serde::Serialize;

use crate::groups::{self, Stats};

/// The first interface, for the sake of old programs, and all of them.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(super) struct Network<'r> {
    #[serde(flatten)]
    first: Interface<'r>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    interfaces: Vec<Interface<'r>>,
    tcp: TcpStates,
    tcp6: TcpStates,
    udp: UdpStates,
    udp6: UdpStates,
    /// By the kernel's names.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    tcp_advanced: BTreeMap<&'static str, i64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
struct Interface<'r> {
    name: &'r str,
    rx_bytes: u64,
    rx_packets: u64,
    rx_errors: u64,
    rx_dropped: u64,
    tx_bytes: u64,
    tx_packets: u64,
    tx_errors: u64,
    tx_dropped: u64,
}

/// Connections in each state.
#[derive(Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct TcpStates {
    established: u64,
    syn_sent: u64,
    syn_recv: u64,
    fin_wait1: u64,
    fin_wait2: u64,
    time_wait: u64,
    close: u64,
    close_wait: u64,
    last_ack: u64,
    listen: u64,
    closing: u64,
}

/// Sockets, lost packets, and bytes that wait.
#[derive(Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct UdpStates {
    listen: u64,
    dropped: u64,
    rx_queued: u64,
    tx_queued: u64,
}

impl<'r> Network<'r> {
    pub(super) fn new(stats: &'r Stats) -> Self {
        let interfaces: Vec<Interface<'r>> = stats.network.iter().map(Interface::new).collect();
        let counters = stats.tcp_counters().map(|(name, value)| (name, value as i64));
        Self {
            first: interfaces.first().copied().unwrap_or_default(),
            interfaces,
            tcp: TcpStates::new(stats.tcp.v4),
            tcp6: TcpStates::new(stats.tcp.v6),
            udp: UdpStates::new(stats.udp.v4),
            udp6: UdpStates::new(stats.udp.v6),
            tcp_advanced: counters.collect(),
        }
    }
}

impl<'r> Interface<'r> {
    fn new(found: &'r groups::Interface) -> Self {
        let (received, sent) = (found.receive, found.transmit);
        Self {
            name: &found.name,
            rx_bytes: received.bytes,
            rx_packets: received.packets,
            rx_errors: received.errors,
            rx_dropped: received.dropped,
            tx_bytes: sent.bytes,
            tx_packets: sent.packets,
            tx_errors: sent.errors,
            tx_dropped: sent.dropped,
        }
    }
}

impl TcpStates {
    fn new(found: Option<net_tcp::States>) -> Self {
        let found = found.unwrap_or_default();
        Self {
            established: found.established,
            syn_sent: found.syn_sent,
            syn_recv: found.syn_recv,
            fin_wait1: found.fin_wait1,
            fin_wait2: found.fin_wait2,
            time_wait: found.time_wait,
            close: found.close,
            close_wait: found.close_wait,
            last_ack: found.last_ack,
            listen: found.listen,
            closing: found.closing,
        }
    }
}

impl UdpStates {
    fn new(found: Option<net_udp::Queues>) -> Self {
        let found = found.unwrap_or_default();
        Self {
            listen: found.sockets,
            dropped: found.drops,
            rx_queued: found.rx_bytes,
            tx_queued: found.tx_bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Tree, reader};
    use serde_json::json;

    fn keys(value: &impl Serialize) -> Vec<String> {
        let value = serde_json::to_value(value).unwrap();
        value.as_object().unwrap().keys().cloned().collect()
    }

    #[test]
    fn connections_are_named_as_cadvisor_names_them() {
        let mut tcp = [
            "Established",
            "SynSent",
            "SynRecv",
            "FinWait1",
            "FinWait2",
            "TimeWait",
            "Close",
            "CloseWait",
            "LastAck",
            "Listen",
            "Closing",
        ];
        tcp.sort_unstable();
        assert_eq!(keys(&TcpStates::default()), tcp);
        assert_eq!(
            keys(&UdpStates::default()),
            ["Dropped", "Listen", "RxQueued", "TxQueued"]
        );
    }

    #[test]
    fn the_first_interface_stands_beside_the_list_of_all() {
        let tree = Tree::v2();
        tree.write_proc("1/cgroup", "0::/\n");
        let eth0 = "eth0: 1 2 3 4 0 0 0 0 5 6 7 8 0 0 0 0\n";
        let wlan0 = "wlan0: 9 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n";
        tree.write_proc("1/net/dev", &format!("Inter-|\n face |\n{eth0}{wlan0}"));
        tree.write_proc("1/net/netstat", "TcpExt: TW\nTcpExt: 2\n");
        let reader = reader(&tree, vec![tree.container("/")]);
        let reading = reader.read();
        let value = serde_json::to_value(Network::new(&reading.rows[0].stats)).unwrap();
        let first = json!({
            "name": "eth0", "rx_bytes": 1, "rx_packets": 2, "rx_errors": 3, "rx_dropped": 4,
            "tx_bytes": 5, "tx_packets": 6, "tx_errors": 7, "tx_dropped": 8,
        });
        assert_eq!(value["interfaces"][0], first);
        assert_eq!(value["interfaces"][1]["rx_bytes"], 9);
        assert_eq!((&value["name"], &value["tx_dropped"]), (&json!("eth0"), &json!(8)));
        assert_eq!(value["tcp_advanced"], json!({"TW": 2}));
    }
}
