//! The machine's families.

use std::io;
use std::path::Path;
use std::sync::Arc;

use exporter_toolkit::collector::{CollectError, Collector};
use exporter_toolkit::self_metrics::{REVISION, VERSION};
use exposition::{Desc, Encoder, LabelBlock};
use kernel_stats::meminfo;

use super::identity::Identity;
use super::nodes::{self, NodeMemory};
use super::topology::{self, Topology};
use crate::settings::Paths;

/// The group of metrics that switches the topology on.
pub(crate) const TOPOLOGY: &str = "cpu_topology";

/// Tells Docker's version; empty until it is known.
pub(crate) type DockerVersion = Arc<dyn Fn() -> String + Send + Sync>;

const VERSION_INFO: Desc<'_> = Desc::gauge(
    "cadvisor_version_info",
    "A metric with a constant '1' value labeled by kernel version, OS version, docker version, cadvisor version & cadvisor revision.",
    &[
        "cadvisorRevision",
        "cadvisorVersion",
        "dockerVersion",
        "kernelVersion",
        "osVersion",
    ],
);
const CPUS: Desc<'_> = Desc::gauge("machine_cpu_cores", "Number of logical CPU cores.", &[]);
const CORES: Desc<'_> = Desc::gauge("machine_cpu_physical_cores", "Number of physical CPU cores.", &[]);
const SOCKETS: Desc<'_> = Desc::gauge("machine_cpu_sockets", "Number of CPU sockets.", &[]);
const MEMORY: Desc<'_> = Desc::gauge(
    "machine_memory_bytes",
    "Amount of memory installed on the machine.",
    &[],
);
const SWAP: Desc<'_> = Desc::gauge(
    "machine_swap_bytes",
    "Amount of swap memory available on the machine.",
    &[],
);
const CACHES: Desc<'_> = Desc::gauge(
    "machine_cpu_cache_capacity_bytes",
    "Cache size in bytes assigned to NUMA node and CPU core.",
    &["core_id", "level", "node_id", "type"],
);
const SIBLINGS: Desc<'_> = Desc::gauge(
    "machine_thread_siblings_count",
    "Number of CPU thread siblings.",
    &["core_id", "node_id", "thread_id"],
);
const NODE_MEMORY: Desc<'_> = Desc::gauge(
    "machine_node_memory_capacity_bytes",
    "Amount of memory assigned to NUMA node.",
    &["node_id"],
);
const NODE_HUGE_PAGES: Desc<'_> = Desc::gauge(
    "machine_node_hugepages_count",
    "Numer of hugepages assigned to NUMA node.",
    &["node_id", "page_size"],
);
const NODE_DISTANCE: Desc<'_> = Desc::gauge(
    "machine_node_distance",
    "Distance between NUMA node and target NUMA node.",
    &["node_id", "target_node_id"],
);
const SCRAPE_ERROR: Desc<'_> = Desc::gauge(
    "machine_scrape_error",
    "1 if there was an error while getting machine metrics, 0 otherwise.",
    &[],
);

/// Reports the machine. What cannot change while it runs is read once, its CPUs when others are online.
pub(crate) struct Machine {
    paths: Paths,
    identity: Identity,
    labels: LabelBlock,
    docker_version: DockerVersion,
    with_topology: bool,
    /// The list of CPUs that the topology is of.
    online: Vec<u8>,
    topology: Topology,
}

impl Machine {
    /// Reads who the machine is.
    pub(crate) fn new(paths: Paths, docker_version: DockerVersion, with_topology: bool) -> Self {
        let identity = Identity::read(&paths);
        Self {
            labels: identity.labels(),
            identity,
            paths,
            docker_version,
            with_topology,
            online: Vec::new(),
            topology: Topology::default(),
        }
    }

    fn version_info(&self, out: &mut Encoder) {
        let docker = (self.docker_version)();
        let Identity { kernel, system, .. } = &self.identity;
        out.family(&VERSION_INFO)
            .sample(&[REVISION, VERSION, &docker, kernel, system], 1.0);
    }

    fn cpus(&mut self, out: &mut Encoder) -> io::Result<()> {
        let online = topology::online(&self.paths.sysfs)?;
        if online != self.online {
            self.topology = Topology::read(&self.paths.sysfs, &online)?;
            self.online = online;
        }
        let Topology {
            cpus, cores, sockets, ..
        } = self.topology;
        for (desc, count) in [(&CPUS, cpus), (&CORES, cores), (&SOCKETS, sockets)] {
            out.family(desc).sample_in(&self.labels, &[], count as f64);
        }
        if self.with_topology {
            caches(&self.topology, &self.labels, out);
            siblings(&self.topology, &self.labels, out);
        }
        Ok(())
    }

    fn memory(&self, out: &mut Encoder) -> io::Result<()> {
        let path = self.paths.procfs.join("meminfo");
        let bytes = std::fs::read(&path).map_err(|error| failed("reading", &path, error))?;
        let names = meminfo::parse(&bytes).map_err(|error| failed("parsing", &path, error))?;
        for (desc, wanted) in [(&MEMORY, "MemTotal"), (&SWAP, "SwapTotal")] {
            if let Some((_, bytes)) = names.iter().find(|(name, _)| *name == wanted) {
                out.family(desc).sample_in(&self.labels, &[], *bytes as f64);
            }
        }
        Ok(())
    }
}

impl Collector for Machine {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        self.version_info(out);
        let result = [self.cpus(out), self.memory(out)]
            .into_iter()
            .collect::<io::Result<()>>();
        if self.with_topology {
            node_memory(&nodes::read(&self.paths.sysfs), &self.labels, out);
        }
        out.scalar(&SCRAPE_ERROR, f64::from(u8::from(result.is_err())));
        result.map_err(CollectError::failed)
    }
}

/// Caches of all of a node's CPUs have no core. Of cores that have the same number, in two sockets of one node, the first
/// stands for both.
fn caches(topology: &Topology, labels: &LabelBlock, out: &mut Encoder) {
    let mut family = out.family(&CACHES);
    for node in &topology.nodes {
        let is_first = |index: usize| !node.cores[..index].iter().any(|core| core.id == node.cores[index].id);
        let cores = node.cores.iter().enumerate().filter(|(index, _)| is_first(*index));
        let of_cores = cores.map(|(_, core)| (core.id.to_string(), &core.caches));
        for (core, caches) in of_cores.chain([(String::new(), &node.caches)]) {
            for cache in caches {
                let (level, node) = (cache.level.to_string(), node.id.to_string());
                family.sample_in(labels, &[&core, &level, &node, &cache.kind], cache.bytes as f64);
            }
        }
    }
}

fn siblings(topology: &Topology, labels: &LabelBlock, out: &mut Encoder) {
    let mut family = out.family(&SIBLINGS);
    for node in &topology.nodes {
        for core in &node.cores {
            for thread in &core.threads {
                let [core_id, node, thread] = [core.id, node.id, (*thread).into()].map(|number| number.to_string());
                family.sample_in(labels, &[&core_id, &node, &thread], core.threads.len() as f64);
            }
        }
    }
}

fn node_memory(nodes: &[NodeMemory], labels: &LabelBlock, out: &mut Encoder) {
    let mut family = out.family(&NODE_MEMORY);
    for node in nodes {
        if let Some(bytes) = node.bytes {
            family.sample_in(labels, &[&node.id.to_string()], bytes as f64);
        }
    }
    let mut family = out.family(&NODE_HUGE_PAGES);
    for node in nodes {
        for (size, count) in &node.huge_pages {
            family.sample_in(labels, &[&node.id.to_string(), &size.to_string()], *count as f64);
        }
    }
    let mut family = out.family(&NODE_DISTANCE);
    for node in nodes {
        for (target, distance) in &node.distances {
            family.sample_in(labels, &[&node.id.to_string(), &target.to_string()], *distance as f64);
        }
    }
}

fn failed(what: &str, path: &Path, error: impl std::fmt::Display) -> io::Error {
    io::Error::other(format!("{what} {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use exposition::{Format, assemble};

    /// A host's files, by path from its root.
    fn host(files: &[(&str, &str)]) -> (tempfile::TempDir, Paths) {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let paths = Paths {
            procfs: root.path().join("proc"),
            sysfs: root.path().join("sys"),
            rootfs: root.path().to_owned(),
        };
        (root, paths)
    }

    fn collect(machine: &mut Machine) -> (Result<(), CollectError>, String) {
        let (mut out, mut body) = (Encoder::new(Format::Text004), Vec::new());
        let result = machine.collect(&mut out);
        assert!(assemble([&out], &mut body).is_empty(), "nothing comes twice");
        let text = String::from_utf8(body).unwrap();
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        (result, samples.map(|line| format!("{line}\n")).collect())
    }

    fn machine(paths: &Paths) -> Machine {
        Machine::new(paths.clone(), Arc::new(|| "20.10".to_owned()), true)
    }

    /// Two sockets, one core with two threads in each; a node a socket, of which the second has number 2.
    const FILES: &[(&str, &str)] = &[
        ("etc/machine-id", "m\n"),
        ("etc/os-release", "PRETTY_NAME=\"Debian 12\"\n"),
        ("proc/sys/kernel/random/boot_id", "b\n"),
        ("proc/sys/kernel/osrelease", "6.18.0\n"),
        ("proc/device-tree/vm,uuid", "u\0"),
        ("proc/meminfo", "MemTotal: 8 kB\nSwapTotal: 0 kB\n"),
        ("sys/devices/system/cpu/online", "0-3\n"),
        ("sys/devices/system/cpu/cpu0/topology/core_id", "0\n"),
        ("sys/devices/system/cpu/cpu0/topology/physical_package_id", "0\n"),
        ("sys/devices/system/cpu/cpu1/topology/core_id", "0\n"),
        ("sys/devices/system/cpu/cpu1/topology/physical_package_id", "0\n"),
        ("sys/devices/system/cpu/cpu2/topology/core_id", "0\n"),
        ("sys/devices/system/cpu/cpu2/topology/physical_package_id", "1\n"),
        ("sys/devices/system/cpu/cpu3/topology/core_id", "0\n"),
        ("sys/devices/system/cpu/cpu3/topology/physical_package_id", "1\n"),
        ("sys/devices/system/cpu/cpu0/cache/index0/level", "1\n"),
        ("sys/devices/system/cpu/cpu0/cache/index0/type", "Data\n"),
        ("sys/devices/system/cpu/cpu0/cache/index0/size", "48K\n"),
        ("sys/devices/system/cpu/cpu0/cache/index0/shared_cpu_list", "0-1\n"),
        ("sys/devices/system/cpu/cpu0/cache/index1/level", "3\n"),
        ("sys/devices/system/cpu/cpu0/cache/index1/type", "Unified\n"),
        ("sys/devices/system/cpu/cpu0/cache/index1/size", "1024K\n"),
        ("sys/devices/system/cpu/cpu0/cache/index1/shared_cpu_list", "0,1\n"),
        ("sys/devices/system/node/node0/cpulist", "0-1\n"),
        ("sys/devices/system/node/node0/distance", "10 21\n"),
        ("sys/devices/system/node/node0/meminfo", "Node 0 MemTotal: 4 kB\n"),
        (
            "sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages",
            "3\n",
        ),
        ("sys/devices/system/node/node2/cpulist", "2-3\n"),
        ("sys/devices/system/node/node2/distance", "21 10\n"),
        ("sys/devices/system/node/online", "0,2\n"),
    ];

    #[test]
    fn the_machine_is_reported_whole() {
        let (_root, paths) = host(FILES);
        let (result, text) = collect(&mut machine(&paths));
        assert!(result.is_ok());
        let expected = r#"machine_cpu_cache_capacity_bytes{MACHINE,core_id="",level="3",node_id="0",type="Unified"} 1.048576e+06
machine_cpu_cache_capacity_bytes{MACHINE,core_id="0",level="1",node_id="0",type="Data"} 49152
machine_cpu_cores{MACHINE} 4
machine_cpu_physical_cores{MACHINE} 2
machine_cpu_sockets{MACHINE} 2
machine_memory_bytes{MACHINE} 8192
machine_node_distance{MACHINE,node_id="0",target_node_id="0"} 10
machine_node_distance{MACHINE,node_id="0",target_node_id="2"} 21
machine_node_distance{MACHINE,node_id="2",target_node_id="0"} 21
machine_node_distance{MACHINE,node_id="2",target_node_id="2"} 10
machine_node_hugepages_count{MACHINE,node_id="0",page_size="2048"} 3
machine_node_memory_capacity_bytes{MACHINE,node_id="0"} 4096
machine_scrape_error 0
machine_swap_bytes{MACHINE} 0
machine_thread_siblings_count{MACHINE,core_id="0",node_id="0",thread_id="0"} 2
machine_thread_siblings_count{MACHINE,core_id="0",node_id="0",thread_id="1"} 2
machine_thread_siblings_count{MACHINE,core_id="0",node_id="2",thread_id="2"} 2
machine_thread_siblings_count{MACHINE,core_id="0",node_id="2",thread_id="3"} 2
"#;
        let (version, rest) = text.split_once('\n').unwrap();
        let labels = r#"boot_id="b",machine_id="m",system_uuid="u""#;
        assert_eq!(rest, expected.replace("MACHINE", labels));
        let versions = format!("cadvisorRevision=\"{REVISION}\",cadvisorVersion=\"{VERSION}\"");
        let host = r#"dockerVersion="20.10",kernelVersion="6.18.0",osVersion="Debian 12""#;
        assert_eq!(version, format!("cadvisor_version_info{{{versions},{host}}} 1"));
    }

    #[test]
    fn cpus_that_go_offline_are_noticed() {
        let (root, paths) = host(FILES);
        let mut machine = machine(&paths);
        for (online, expected) in [("0-3", "4"), ("0,2", "2"), ("0", "1")] {
            std::fs::write(root.path().join("sys/devices/system/cpu/online"), online).unwrap();
            let (_, text) = collect(&mut machine);
            let cores = r#"machine_cpu_cores{boot_id="b",machine_id="m",system_uuid="u"}"#;
            assert!(text.contains(&format!("{cores} {expected}\n")), "{text}");
        }
    }

    #[test]
    fn without_nodes_each_socket_is_one() {
        let files: Vec<_> = FILES
            .iter()
            .filter(|(path, _)| !path.contains("/node/"))
            .copied()
            .collect();
        let (_root, paths) = host(&files);
        let (_, text) = collect(&mut machine(&paths));
        assert!(
            text.contains("core_id=\"0\",node_id=\"1\",thread_id=\"3\"} 2\n"),
            "{text}"
        );
        assert!(!text.contains("machine_node"), "{text}");
    }

    #[test]
    fn what_cannot_be_read_is_told_and_the_rest_is_there() {
        let files: Vec<_> = FILES
            .iter()
            .filter(|(path, _)| *path != "proc/meminfo")
            .copied()
            .collect();
        let (_root, paths) = host(&files);
        let (result, text) = collect(&mut machine(&paths));
        assert!(result.unwrap_err().to_string().contains("proc/meminfo"));
        assert!(
            text.contains("machine_scrape_error 1\n") && text.contains("machine_cpu_cores"),
            "{text}"
        );
        assert!(!text.contains("machine_memory_bytes"), "{text}");
    }
}
