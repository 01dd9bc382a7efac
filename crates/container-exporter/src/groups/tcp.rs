//! TCP sockets by state, from /proc/PID/net/{tcp,tcp6}. As with traffic, a network is counted once.

use exposition::{Desc, Encoder};
use kernel_stats::net_tcp::{self, States};

use super::{Enabled, Group, Stats};
use crate::reader::{Reading, Row, Source};

/// The group.
pub(super) const GROUP: Group = Group {
    name: "tcp",
    default: Enabled::Off,
    read,
    encode,
};

const TCP: Desc<'_> = Desc::gauge(
    "container_network_tcp_usage_total",
    "tcp connection usage statistic for container",
    &["tcp_state"],
);
const TCP6: Desc<'_> = Desc::gauge(
    "container_network_tcp6_usage_total",
    "tcp6 connection usage statistic for container",
    &["tcp_state"],
);

/// A state's name, and how many sockets are in it.
type State = (&'static str, fn(&States) -> u64);

/// The values of the label `tcp_state`.
const STATES: [State; 11] = [
    ("close", |states| states.close),
    ("closewait", |states| states.close_wait),
    ("closing", |states| states.closing),
    ("established", |states| states.established),
    ("finwait1", |states| states.fin_wait1),
    ("finwait2", |states| states.fin_wait2),
    ("lastack", |states| states.last_ack),
    ("listen", |states| states.listen),
    ("synrecv", |states| states.syn_recv),
    ("synsent", |states| states.syn_sent),
    ("timewait", |states| states.time_wait),
];

/// Sockets of a container; `None` where its network is not its own, or lacks IPv6.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Tcp {
    pub(crate) v4: Option<States>,
    pub(crate) v6: Option<States>,
}

fn read(source: &mut Source<'_>, stats: &mut Stats) {
    stats.tcp = Tcp {
        v4: source.parse_network("net/tcp", net_tcp::parse),
        v6: source.parse_network("net/tcp6", net_tcp::parse),
    };
}

fn encode(reading: &Reading, out: &mut Encoder) {
    each_state(out, &TCP, reading, |row| row.stats.tcp.v4);
    each_state(out, &TCP6, reading, |row| row.stats.tcp.v6);
}

fn each_state(out: &mut Encoder, desc: &Desc<'_>, reading: &Reading, states: impl Fn(&Row) -> Option<States>) {
    let mut family = out.family(desc);
    for row in &reading.rows {
        let Some(states) = states(row) else { continue };
        for (name, count) in &STATES {
            family.sample_in(&row.container.labels, &[name], count(&states) as f64);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Tree, samples};

    #[test]
    fn every_state_is_reported_and_ipv6_only_where_there_is_some() {
        let tree = Tree::v2();
        tree.write_proc("1/cgroup", "0::/\n");
        tree.write_proc("1/net/dev", "");
        let sockets: String = (1..=11)
            .map(|state| format!("0: a b {state:02X} c\n").repeat(state))
            .collect();
        tree.write_proc("1/net/tcp", &format!("sl\n{sockets}"));
        let text = samples(&tree, &["/"]);
        let found: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("container_network_tcp"))
            .collect();
        let expected = [
            r#"_usage_total{id="/",tcp_state="close"} 7"#,
            r#"_usage_total{id="/",tcp_state="closewait"} 8"#,
            r#"_usage_total{id="/",tcp_state="closing"} 11"#,
            r#"_usage_total{id="/",tcp_state="established"} 1"#,
            r#"_usage_total{id="/",tcp_state="finwait1"} 4"#,
            r#"_usage_total{id="/",tcp_state="finwait2"} 5"#,
            r#"_usage_total{id="/",tcp_state="lastack"} 9"#,
            r#"_usage_total{id="/",tcp_state="listen"} 10"#,
            r#"_usage_total{id="/",tcp_state="synrecv"} 3"#,
            r#"_usage_total{id="/",tcp_state="synsent"} 2"#,
            r#"_usage_total{id="/",tcp_state="timewait"} 6"#,
        ];
        assert_eq!(found, expected);
    }
}
