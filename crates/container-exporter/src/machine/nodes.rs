//! Memory of NUMA nodes: /sys/devices/system/node/nodeN/{meminfo,hugepages,distance}.

use std::path::Path;

use kernel_stats::{attribute, node_meminfo};

use super::topology::node_folders;

/// A node's memory; what the kernel does not tell is `None` or empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct NodeMemory {
    /// The node's number.
    pub(crate) id: i64,
    /// All of it, in bytes.
    pub(crate) bytes: Option<u64>,
    /// For each size in KiB the number of huge pages.
    pub(crate) huge_pages: Vec<(u64, u64)>,
    /// How far it is to each node, 10 to itself.
    pub(crate) distances: Vec<(i64, u64)>,
}

/// Reads that of all nodes, by number.
pub(crate) fn read(sysfs: &Path) -> Vec<NodeMemory> {
    let folders = node_folders(sysfs);
    let node = |(id, folder): (&i64, &std::path::PathBuf)| NodeMemory {
        id: *id,
        bytes: total(folder),
        huge_pages: huge_pages(&folder.join("hugepages")),
        // The kernel lists the nodes that are online, in order, without their numbers.
        distances: folders.keys().copied().zip(distances(folder)).collect(),
    };
    folders.iter().map(node).collect()
}

fn total(folder: &Path) -> Option<u64> {
    let bytes = std::fs::read(folder.join("meminfo")).ok()?;
    let names = node_meminfo::parse(&bytes).ok()?;
    names
        .into_iter()
        .find_map(|(name, value)| (name == "MemTotal").then_some(value))
}

/// For each size in KiB the number of huge pages, from a folder such as /sys/kernel/mm/hugepages.
pub(crate) fn huge_pages(folder: &Path) -> Vec<(u64, u64)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let pages = |entry: std::fs::DirEntry| {
        let name = entry.file_name();
        let size = name.to_str()?.strip_prefix("hugepages-")?.strip_suffix("kB")?;
        let count = std::fs::read(entry.path().join("nr_hugepages")).ok()?;
        Some((size.parse().ok()?, attribute::parse_u64(&count).ok()?))
    };
    let mut found: Vec<(u64, u64)> = entries.filter_map(pages).collect();
    found.sort_unstable();
    found
}

fn distances(folder: &Path) -> Vec<u64> {
    let text = std::fs::read_to_string(folder.join("distance")).unwrap_or_default();
    text.split_ascii_whitespace()
        .map_while(|number| number.parse().ok())
        .collect()
}
