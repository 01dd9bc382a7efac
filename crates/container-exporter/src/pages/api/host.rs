//! Reads the machine, when somebody asks.

use std::path::Path;

use exporter_toolkit::self_metrics::VERSION;
use kernel_stats::{attribute, cpuinfo, meminfo};

use super::machine::{Cache, Core, HugePages, Machine, MachineInfo, Node, VersionInfo};
use crate::machine::{self, Identity, NodeMemory, Topology};
use crate::settings::Paths;

impl Machine {
    /// Reads what there is; what cannot be read is 0 or empty.
    pub(crate) fn read(paths: &Paths, docker_version: String) -> Self {
        let identity = Identity::read(paths);
        let versions = VersionInfo {
            kernel_version: identity.kernel.clone(),
            container_os_version: identity.system.clone(),
            docker_version,
            docker_api_version: String::new(),
            cadvisor_version: VERSION.to_owned(),
        };
        Self {
            info: info(paths, identity),
            versions,
        }
    }
}

fn info(paths: &Paths, identity: Identity) -> MachineInfo {
    let Paths { procfs, sysfs, .. } = paths;
    let topology = Topology::of_online(sysfs).unwrap_or_default();
    let memory = std::fs::read(procfs.join("meminfo")).unwrap_or_default();
    let memory = meminfo::parse(&memory).unwrap_or_default();
    let amount = |wanted| {
        let found = memory.iter().find(|(name, _)| *name == wanted);
        found.map_or(0, |(_, bytes)| *bytes)
    };
    MachineInfo {
        num_cores: topology.cpus as u64,
        num_physical_cores: topology.cores as u64,
        num_sockets: topology.sockets as u64,
        cpu_frequency_khz: cpu_khz(procfs, sysfs).unwrap_or(0),
        memory_capacity: amount("MemTotal"),
        swap_capacity: amount("SwapTotal"),
        hugepages: huge_pages(machine::huge_pages(&sysfs.join("kernel/mm/hugepages"))),
        machine_id: identity.machine_id,
        system_uuid: identity.system_uuid,
        boot_id: identity.boot_id,
        topology: nodes(topology, machine::node_memory(sysfs)),
    }
}

fn cpu_khz(procfs: &Path, sysfs: &Path) -> Option<u64> {
    let most = std::fs::read(sysfs.join("devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq"));
    if let Ok(most) = most {
        return attribute::parse_u64(&most).ok();
    }
    let bytes = std::fs::read(procfs.join("cpuinfo")).ok()?;
    let mhz = cpuinfo::parse(&bytes).ok()?.first()?.mhz?;
    Some((mhz * 1_000.0).round() as u64)
}

fn nodes(topology: Topology, mut memory: Vec<NodeMemory>) -> Vec<Node> {
    let node = |node: machine::Node| {
        let own = memory.iter_mut().find(|memory| memory.id == node.id);
        let own = own.map(std::mem::take).unwrap_or_default();
        Node {
            node_id: node.id,
            memory: own.bytes.unwrap_or(0),
            hugepages: huge_pages(own.huge_pages),
            cores: node.cores.into_iter().map(core).collect(),
            caches: caches(node.caches),
        }
    };
    topology.nodes.into_iter().map(node).collect()
}

fn core(core: machine::Core) -> Core {
    Core {
        core_id: core.id,
        thread_ids: core.threads,
        caches: caches(core.caches),
        socket_id: core.socket,
    }
}

fn caches(caches: Vec<machine::Cache>) -> Vec<Cache> {
    let cache = |cache: machine::Cache| Cache {
        size: cache.bytes,
        kind: cache.kind,
        level: cache.level,
    };
    caches.into_iter().map(cache).collect()
}

fn huge_pages(found: Vec<(u64, u64)>) -> Vec<HugePages> {
    let pages = |(page_size, num_pages)| HugePages { page_size, num_pages };
    found.into_iter().map(pages).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Tree;

    fn put(path: &Path, text: &str) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    #[test]
    fn a_machine_is_told_with_all_it_has() {
        let tree = Tree::v2();
        let paths = tree.paths();
        tree.write_proc("meminfo", "MemTotal: 8 kB\nSwapTotal: 2 kB\n");
        tree.write_proc("sys/kernel/osrelease", "6.1.0\n");
        tree.write_proc("cpuinfo", "processor\t: 0\ncpu MHz\t\t: 2000.5\n");
        for (path, text) in [
            ("devices/system/cpu/online", "0-1\n"),
            ("devices/system/cpu/cpu0/topology/core_id", "4\n"),
            ("devices/system/cpu/cpu1/topology/core_id", "4\n"),
            ("devices/system/node/node0/cpulist", "0-1\n"),
            ("devices/system/node/node0/meminfo", "Node 0 MemTotal: 8 kB\n"),
            ("kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "3\n"),
        ] {
            put(&paths.sysfs.join(path), text);
        }
        put(&paths.rootfs.join("etc/machine-id"), "abc\n");
        let machine = Machine::read(&paths, "24.0".into());
        let value = serde_json::to_value(&machine.info).unwrap();
        let expected = serde_json::json!({
            "num_cores": 2, "num_physical_cores": 1, "num_sockets": 1,
            "cpu_frequency_khz": 2_000_500, "memory_capacity": 8_192, "swap_capacity": 2_048,
            "hugepages": [{"page_size": 2_048, "num_pages": 3}],
            "machine_id": "abc", "system_uuid": "abc", "boot_id": "",
            "topology": [{
                "node_id": 0, "memory": 8_192, "hugepages": [], "caches": [],
                "cores": [{"core_id": 4, "thread_ids": [0, 1], "caches": [], "socket_id": 0}],
            }],
        });
        assert_eq!(value, expected);
        let versions = serde_json::to_value(&machine.versions).unwrap();
        assert_eq!(
            (&versions["kernel_version"], &versions["docker_version"]),
            (&"6.1.0".into(), &"24.0".into())
        );
        assert_eq!(versions["cadvisor_version"], VERSION);
    }

    #[test]
    fn a_machine_that_tells_nothing_is_no_error() {
        let tree = Tree::v2();
        let info = Machine::read(&tree.paths(), String::new()).info;
        assert_eq!((info.num_cores, info.memory_capacity, info.topology.len()), (0, 0, 0));
    }
}
