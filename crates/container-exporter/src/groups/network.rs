//! Traffic by network interface, from /proc/PID/net/dev of one of the container's processes. Containers that share a
//! network have it once, those in the host's not at all; the root cgroup reports the host's.

use exposition::{Desc, Encoder};
use kernel_stats::net_dev;

use super::reused::renew;
use super::{Enabled, Group, Stats};
use crate::reader::{Reading, Source};

/// The group.
pub(super) const GROUP: Group = Group {
    name: "network",
    default: Enabled::On,
    read,
    encode,
};

/// A family, and where its value is.
type Family = (Desc<'static>, fn(&Interface) -> u64);

/// All families.
const FAMILIES: [Family; 8] = [
    (
        Desc::counter(
            "container_network_receive_bytes_total",
            "Cumulative count of bytes received",
            &["interface"],
        ),
        |interface| interface.receive.bytes,
    ),
    (
        Desc::counter(
            "container_network_receive_errors_total",
            "Cumulative count of errors encountered while receiving",
            &["interface"],
        ),
        |interface| interface.receive.errors,
    ),
    (
        Desc::counter(
            "container_network_receive_packets_dropped_total",
            "Cumulative count of packets dropped while receiving",
            &["interface"],
        ),
        |interface| interface.receive.dropped,
    ),
    (
        Desc::counter(
            "container_network_receive_packets_total",
            "Cumulative count of packets received",
            &["interface"],
        ),
        |interface| interface.receive.packets,
    ),
    (
        Desc::counter(
            "container_network_transmit_bytes_total",
            "Cumulative count of bytes transmitted",
            &["interface"],
        ),
        |interface| interface.transmit.bytes,
    ),
    (
        Desc::counter(
            "container_network_transmit_errors_total",
            "Cumulative count of errors encountered while transmitting",
            &["interface"],
        ),
        |interface| interface.transmit.errors,
    ),
    (
        Desc::counter(
            "container_network_transmit_packets_dropped_total",
            "Cumulative count of packets dropped while transmitting",
            &["interface"],
        ),
        |interface| interface.transmit.dropped,
    ),
    (
        Desc::counter(
            "container_network_transmit_packets_total",
            "Cumulative count of packets transmitted",
            &["interface"],
        ),
        |interface| interface.transmit.packets,
    ),
];

/// One interface.
#[derive(Debug, Default)]
pub(crate) struct Interface {
    /// Its name in the container.
    pub(crate) name: String,
    /// What came in since it came up.
    pub(crate) receive: Traffic,
    /// What went out since it came up.
    pub(crate) transmit: Traffic,
}

/// One direction.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Traffic {
    pub(crate) bytes: u64,
    pub(crate) packets: u64,
    pub(crate) errors: u64,
    pub(crate) dropped: u64,
}

fn read(source: &mut Source<'_>, stats: &mut Stats) {
    let interfaces = &mut stats.network;
    interfaces.clear();
    let read = source.parse_network("net/dev", |bytes| {
        for interface in net_dev::interfaces(bytes) {
            let interface = interface?;
            if is_reported(interface.name) {
                interfaces.next().set(&interface);
            }
        }
        Ok(())
    });
    if read.is_none() {
        interfaces.clear();
    }
}

/// What goes through the others is counted elsewhere: in the containers at the other ends, or nowhere outside.
fn is_reported(name: &str) -> bool {
    name != "lo" && !name.starts_with("veth") && !name.starts_with("docker")
}

impl Interface {
    fn set(&mut self, interface: &net_dev::Interface<'_>) {
        let (receive, transmit) = (interface.receive, interface.transmit);
        renew(&mut self.name, interface.name);
        self.receive = Traffic {
            bytes: receive.bytes,
            packets: receive.packets,
            errors: receive.errs,
            dropped: receive.drop,
        };
        self.transmit = Traffic {
            bytes: transmit.bytes,
            packets: transmit.packets,
            errors: transmit.errs,
            dropped: transmit.drop,
        };
    }
}

fn encode(reading: &Reading, out: &mut Encoder) {
    for (desc, value) in &FAMILIES {
        let mut family = out.family(desc);
        for row in &reading.rows {
            for interface in row.stats.network.iter() {
                family.sample_in(&row.container.labels, &[&interface.name], value(interface) as f64);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::container::{Container, Facts, Network};
    use crate::reader::Reader;
    use crate::testing::{Tree, reader, samples_of};

    /// A process whose interfaces have received as many bytes as its number says.
    fn process(tree: &Tree, pid: u32, cgroup: &str, namespace: &str) {
        let header = "Inter-|   Receive\n face |bytes\n";
        let rest = "2 3 4 0 0 0 0 5 6 7 8 0 0 0 0";
        let devices = ["lo", "eth0", "veth12", "docker0", "wg-lo"].map(|name| format!("  {name}: {pid} {rest}\n"));
        tree.write_proc(&format!("{pid}/net/dev"), &format!("{header}{}", devices.concat()));
        tree.write_proc(&format!("{pid}/cgroup"), &format!("0::{cgroup}\n"));
        if !namespace.is_empty() {
            tree.write_proc(&format!("namespaces/{namespace}"), "");
            tree.write_proc_link(&format!("{pid}/ns/net"), &format!("../../namespaces/{namespace}"));
        }
    }

    fn container(tree: &Tree, id: &str, pid: u32, network: Network) -> Container {
        let mut container = tree.container(id);
        let facts = Facts {
            pid: Some(pid),
            network,
            ..Facts::default()
        };
        container.facts = Some(facts.into());
        container
    }

    /// The bytes received through eth0, by container.
    fn received(reader: &Reader) -> Vec<(String, u64)> {
        let text = samples_of(reader);
        let lines = text
            .lines()
            .filter_map(|line| line.strip_prefix("container_network_receive_bytes_total{id=\""));
        let parts = lines.filter_map(|line| line.split_once("\",interface=\"eth0\"} "));
        parts
            .map(|(id, bytes)| (id.to_owned(), bytes.parse().unwrap()))
            .collect()
    }

    #[test]
    fn all_families_of_the_interfaces_that_lead_out() {
        let tree = Tree::v2();
        process(&tree, 7, "/a", "own");
        let text = samples_of(&reader(&tree, vec![container(&tree, "/a", 7, Network::Own)]));
        let network = text
            .lines()
            .filter(|line| line.starts_with("container_network_") && !line.contains("wg-lo"));
        let expected = [
            r#"container_network_receive_bytes_total{id="/a",interface="eth0"} 7"#,
            r#"container_network_receive_errors_total{id="/a",interface="eth0"} 3"#,
            r#"container_network_receive_packets_dropped_total{id="/a",interface="eth0"} 4"#,
            r#"container_network_receive_packets_total{id="/a",interface="eth0"} 2"#,
            r#"container_network_transmit_bytes_total{id="/a",interface="eth0"} 5"#,
            r#"container_network_transmit_errors_total{id="/a",interface="eth0"} 7"#,
            r#"container_network_transmit_packets_dropped_total{id="/a",interface="eth0"} 8"#,
            r#"container_network_transmit_packets_total{id="/a",interface="eth0"} 6"#,
        ];
        assert_eq!(network.collect::<Vec<_>>(), expected);
        assert!(text.contains("wg-lo"));
    }

    #[test]
    fn a_shared_network_is_counted_once_and_the_hosts_for_the_root_alone() {
        let tree = Tree::v2();
        for (pid, cgroup, namespace) in [
            (1, "/", "host"),
            (2, "/a", "a"),
            (3, "/b", "a"),
            (4, "/c", "host"),
            (5, "/d", "a"),
            (6, "/e", "host"),
        ] {
            process(&tree, pid, cgroup, namespace);
        }
        let containers = vec![
            tree.container("/"),
            container(&tree, "/a", 2, Network::Of("b".to_owned())),
            container(&tree, "/b", 3, Network::Own),
            container(&tree, "/c", 4, Network::Host),
            // Runtimes that say nothing of the network, or not yet.
            container(&tree, "/d", 5, Network::Own),
            container(&tree, "/e", 6, Network::Own),
        ];
        let expected = [("/".to_owned(), 1), ("/b".to_owned(), 3)];
        assert_eq!(received(&reader(&tree, containers)), expected);
    }

    #[test]
    fn without_facts_the_cgroup_must_be_called_as_a_containers() {
        let tree = Tree::v2();
        let id = format!("/docker/{}", "a".repeat(64));
        process(&tree, 2, &id, "");
        process(&tree, 3, "/ssh.service", "");
        tree.write(&format!("{}/cgroup.procs", id.trim_start_matches('/')), "0\n2\n");
        tree.write("ssh.service/cgroup.procs", "3\n");
        let containers = vec![tree.container(&id), tree.container("/ssh.service")];
        assert_eq!(received(&reader(&tree, containers)), [(id, 2)]);
    }

    #[test]
    fn a_pid_that_is_another_containers_by_now_gives_way_to_one_that_lives() {
        let tree = Tree::v2();
        process(&tree, 2, "/other", "other");
        process(&tree, 8, "/own", "own");
        tree.write("own/cgroup.procs", "7\n8\n");
        let containers = vec![container(&tree, "/own", 2, Network::Own)];
        assert_eq!(received(&reader(&tree, containers)), [("/own".to_owned(), 8)]);
    }

    #[test]
    fn a_container_without_processes_has_no_network() {
        let tree = Tree::v2();
        tree.write("a/cgroup.procs", "");
        let containers = vec![container(&tree, "/a", 2, Network::Own)];
        assert_eq!(received(&reader(&tree, containers)), []);
    }
}
