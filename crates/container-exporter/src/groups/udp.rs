//! UDP sockets, their queues and what found no room in them, from /proc/PID/net/{udp,udp6}. As with traffic, a network
//! is counted once.

use exposition::{Desc, Encoder};
use kernel_stats::net_udp::{self, Queues};

use super::{Enabled, Group, Stats};
use crate::reader::{Reading, Row, Source};

/// The group.
pub(super) const GROUP: Group = Group {
    name: "udp",
    default: Enabled::Off,
    read,
    encode,
};

const UDP: Desc<'_> = Desc::gauge(
    "container_network_udp_usage_total",
    "udp connection usage statistic for container",
    &["udp_state"],
);
const UDP6: Desc<'_> = Desc::gauge(
    "container_network_udp6_usage_total",
    "udp6 connection usage statistic for container",
    &["udp_state"],
);

/// A value's name, and where it is.
type State = (&'static str, fn(&Queues) -> u64);

/// The values of the label `udp_state`. cAdvisor has the two queues the wrong way round.
const STATES: [State; 4] = [
    ("dropped", |queues| queues.drops),
    ("listen", |queues| queues.sockets),
    ("rxqueued", |queues| queues.rx_bytes),
    ("txqueued", |queues| queues.tx_bytes),
];

/// Sockets of a container; `None` where its network is not its own, or lacks IPv6.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Udp {
    pub(crate) v4: Option<Queues>,
    pub(crate) v6: Option<Queues>,
}

fn read(source: &mut Source<'_>, stats: &mut Stats) {
    stats.udp = Udp {
        v4: source.parse_network("net/udp", net_udp::parse),
        v6: source.parse_network("net/udp6", net_udp::parse),
    };
}

fn encode(reading: &Reading, out: &mut Encoder) {
    each_state(out, &UDP, reading, |row| row.stats.udp.v4);
    each_state(out, &UDP6, reading, |row| row.stats.udp.v6);
}

fn each_state(out: &mut Encoder, desc: &Desc<'_>, reading: &Reading, queues: impl Fn(&Row) -> Option<Queues>) {
    let mut family = out.family(desc);
    for row in &reading.rows {
        let Some(queues) = queues(row) else { continue };
        for (name, value) in &STATES {
            family.sample_in(&row.container.labels, &[name], value(&queues) as f64);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Tree, samples};

    #[test]
    fn sockets_and_queues_are_summed() {
        let tree = Tree::v2();
        tree.write_proc("1/cgroup", "0::/\n");
        tree.write_proc("1/net/dev", "");
        let socket = "0: a b 07 00000001:0000000A 00:0 0 0 0 5551 2 0 3\n";
        tree.write_proc("1/net/udp6", &format!("sl\n{}", socket.repeat(2)));
        let text = samples(&tree, &["/"]);
        let found: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("container_network_udp"))
            .collect();
        let expected = [
            r#"6_usage_total{id="/",udp_state="dropped"} 6"#,
            r#"6_usage_total{id="/",udp_state="listen"} 2"#,
            r#"6_usage_total{id="/",udp_state="rxqueued"} 20"#,
            r#"6_usage_total{id="/",udp_state="txqueued"} 2"#,
        ];
        assert_eq!(found, expected);
    }
}
