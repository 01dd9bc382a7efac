//! Which CPU is a thread of which core, socket and NUMA node, and their caches: /sys/devices/system/{cpu,node}.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use kernel_stats::{attribute, cpu_list};

/// Caches up to this level belong to a core, those above to a node.
const HIGHEST_OF_CORES: u64 = 2;

/// The CPUs that are online.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Topology {
    /// How many CPUs there are.
    pub(crate) cpus: usize,
    /// How many cores they are threads of.
    pub(crate) cores: usize,
    /// How many sockets hold these.
    pub(crate) sockets: usize,
    /// By NUMA node; by socket where the kernel knows no nodes.
    pub(crate) nodes: Vec<Node>,
}

/// The CPUs of a node.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Node {
    /// Its number.
    pub(crate) id: i64,
    /// Its cores.
    pub(crate) cores: Vec<Core>,
    /// Caches that all its CPUs share.
    pub(crate) caches: Vec<Cache>,
}

/// A core.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Core {
    /// Its number within its socket.
    pub(crate) id: i64,
    /// The number of its socket.
    pub(crate) socket: i64,
    /// The numbers of its CPUs.
    pub(crate) threads: Vec<u32>,
    /// Its own caches.
    pub(crate) caches: Vec<Cache>,
}

/// A cache.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cache {
    /// 1 is next to the core.
    pub(crate) level: u64,
    /// `Data`, `Instruction` or `Unified`.
    pub(crate) kind: String,
    /// Its size.
    pub(crate) bytes: u64,
}

/// The list of CPUs that are online, as the kernel writes it: when it changes, so may all else.
///
/// # Errors
/// When it cannot be read; the path is named.
pub(super) fn online(sysfs: &Path) -> io::Result<Vec<u8>> {
    let path = sysfs.join("devices/system/cpu/online");
    std::fs::read(&path).map_err(|error| named(&path, &error))
}

impl Topology {
    /// Reads that of all CPUs that are online.
    ///
    /// # Errors
    /// When the list of them cannot be read, or is none.
    pub(crate) fn of_online(sysfs: &Path) -> io::Result<Self> {
        Self::read(sysfs, &online(sysfs)?)
    }

    /// Reads that of the CPUs in `online`.
    ///
    /// # Errors
    /// When this is no list of CPUs.
    pub(super) fn read(sysfs: &Path, online: &[u8]) -> io::Result<Self> {
        let invalid = |error| named(&sysfs.join("devices/system/cpu/online"), &io::Error::other(error));
        let online: BTreeSet<u32> = cpu_list::parse(online)
            .map_err(invalid)?
            .into_iter()
            .flatten()
            .collect();
        let nodes = nodes(sysfs, &online);
        let cores = || nodes.iter().flat_map(|node| &node.cores);
        let sockets: BTreeSet<i64> = cores().map(|core| core.socket).collect();
        // A core whose threads lie in two nodes is still one.
        let distinct: BTreeSet<(i64, i64)> = cores().map(|core| (core.socket, core.id)).collect();
        Ok(Self {
            cpus: online.len(),
            cores: distinct.len(),
            sockets: sockets.len(),
            nodes,
        })
    }
}

fn nodes(sysfs: &Path, online: &BTreeSet<u32>) -> Vec<Node> {
    let mut nodes = BTreeMap::new();
    for (id, folder) in node_folders(sysfs) {
        let list = std::fs::read(folder.join("cpulist")).unwrap_or_default();
        let cpus = cpu_list::parse(&list).unwrap_or_default().into_iter().flatten();
        nodes.insert(id, cores(sysfs, cpus.filter(|cpu| online.contains(cpu))));
    }
    if nodes.is_empty() {
        for core in cores(sysfs, online.iter().copied()) {
            let cores: &mut Vec<Core> = nodes.entry(core.socket).or_default();
            cores.push(core);
        }
    }
    let node = |(id, cores)| with_caches(sysfs, id, cores);
    nodes.into_iter().map(node).collect()
}

/// The NUMA nodes that the kernel knows, by number.
pub(super) fn node_folders(sysfs: &Path) -> BTreeMap<i64, PathBuf> {
    let entries = std::fs::read_dir(sysfs.join("devices/system/node"));
    let node = |entry: std::fs::DirEntry| {
        let id = entry.file_name().to_str()?.strip_prefix("node")?.parse().ok()?;
        Some((id, entry.path()))
    };
    entries.into_iter().flatten().flatten().filter_map(node).collect()
}

fn cores(sysfs: &Path, cpus: impl Iterator<Item = u32>) -> Vec<Core> {
    let mut cores: Vec<Core> = Vec::new();
    for cpu in cpus {
        let topology = cpu_folder(sysfs, cpu).join("topology");
        // Machines that tell neither have one socket whose cores have one thread each.
        let id = number(&topology.join("core_id")).unwrap_or(cpu.into());
        let socket = number(&topology.join("physical_package_id")).unwrap_or(0);
        match cores.iter_mut().find(|core| (core.id, core.socket) == (id, socket)) {
            Some(core) => core.threads.push(cpu),
            None => cores.push(Core {
                id,
                socket,
                threads: vec![cpu],
                caches: Vec::new(),
            }),
        }
    }
    cores
}

/// Puts each cache where it belongs. One that only some cores share, as on hybrid CPUs, is left out, as by cAdvisor.
fn with_caches(sysfs: &Path, id: i64, mut cores: Vec<Core>) -> Node {
    let cpus: usize = cores.iter().map(|core| core.threads.len()).sum();
    let mut of_node = Vec::new();
    for core in &mut cores {
        let Some(first) = core.threads.first() else { continue };
        for (cache, sharers) in caches(&cpu_folder(sysfs, *first).join("cache")) {
            let is_of_core = cache.level <= HIGHEST_OF_CORES;
            if is_of_core && sharers == core.threads.len() {
                core.caches.push(cache);
            } else if !is_of_core && sharers == cpus && !of_node.contains(&cache) {
                of_node.push(cache);
            }
        }
    }
    Node {
        id,
        cores,
        caches: of_node,
    }
}

/// The caches of a CPU, and how many CPUs share each.
fn caches(folder: &Path) -> Vec<(Cache, usize)> {
    let indexes = (0..).map(|index| folder.join(format!("index{index}")));
    indexes.map_while(|index| cache(&index)).collect()
}

fn cache(folder: &Path) -> Option<(Cache, usize)> {
    let text = |name: &str| std::fs::read_to_string(folder.join(name)).ok();
    let cache = Cache {
        level: attribute::parse_u64(text("level")?.as_bytes()).ok()?,
        kind: text("type")?.trim().to_owned(),
        bytes: size(&text("size")?)?,
    };
    let sharers = text("shared_cpu_list")?;
    let sharers = cpu_list::parse(sharers.as_bytes()).ok()?;
    Some((cache, sharers.into_iter().flatten().count()))
}

/// `48K`.
fn size(text: &str) -> Option<u64> {
    let kibibytes: u64 = text.trim().strip_suffix('K')?.parse().ok()?;
    kibibytes.checked_mul(1024)
}

fn cpu_folder(sysfs: &Path, cpu: u32) -> PathBuf {
    sysfs.join(format!("devices/system/cpu/cpu{cpu}"))
}

fn number(path: &Path) -> Option<i64> {
    attribute::parse_i64(&std::fs::read(path).ok()?).ok()
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("reading {}: {error}", path.display()))
}
