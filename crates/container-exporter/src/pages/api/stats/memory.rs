//! Memory and huge pages.

use std::collections::BTreeMap;

use serde::Serialize;

use super::known;
use crate::groups::{CONTAINER, HIERARCHY, NodePages, Stats};

/// Bytes, but for the counts of failures.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(super) struct Memory {
    usage: u64,
    max_usage: u64,
    cache: u64,
    rss: u64,
    swap: u64,
    mapped_file: u64,
    working_set: u64,
    total_active_file: u64,
    total_inactive_file: u64,
    failcnt: u64,
    container_data: Scope,
    hierarchical_data: Scope,
    kernel: u64,
}

/// The cgroup alone, or with those below.
#[derive(Debug, Default, PartialEq, Serialize)]
struct Scope {
    pgfault: u64,
    pgmajfault: u64,
    /// Pages by type and node.
    numa_stats: BTreeMap<&'static str, BTreeMap<u32, u64>>,
}

impl Memory {
    pub(super) fn new(stats: &Stats) -> Self {
        let memory = &stats.memory;
        let scope = |faults, major, scope| Scope {
            pgfault: known(faults),
            pgmajfault: known(major),
            numa_stats: numa(&stats.numa_pages, scope),
        };
        Self {
            usage: known(memory.usage),
            max_usage: known(memory.max_usage),
            cache: known(memory.cache),
            rss: known(memory.rss),
            swap: known(memory.swap),
            mapped_file: known(memory.mapped_file),
            working_set: known(memory.working_set()),
            total_active_file: known(memory.active_file),
            total_inactive_file: known(memory.inactive_file),
            failcnt: known(memory.limit_hits),
            container_data: scope(memory.faults, memory.major_faults, CONTAINER),
            hierarchical_data: scope(memory.total_faults, memory.total_major_faults, HIERARCHY),
            kernel: known(memory.kernel),
        }
    }
}

fn numa(all: &[NodePages], scope: &str) -> BTreeMap<&'static str, BTreeMap<u32, u64>> {
    let mut by_type: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
    for found in all.iter().filter(|found| found.scope == scope) {
        by_type.entry(found.kind).or_default().insert(found.node, found.pages);
    }
    by_type
}

/// Huge pages of one size: bytes, and how often they were at their limit.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(super) struct HugePages {
    usage: u64,
    max_usage: u64,
    failcnt: u64,
}

/// Huge pages by size: `2MB`.
pub(super) fn huge_pages(stats: &Stats) -> BTreeMap<&str, HugePages> {
    let known_sizes = stats.huge_pages.iter().filter(|pages| pages.usage.is_some());
    let of_size = |pages: &'_ crate::groups::HugePages| HugePages {
        usage: known(pages.usage),
        max_usage: known(pages.max_usage),
        failcnt: known(pages.limit_hits),
    };
    known_sizes.map(|pages| (pages.size.as_str(), of_size(pages))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Tree, reader};

    #[test]
    fn both_scopes_have_their_page_faults_and_nodes() {
        let tree = Tree::v1();
        tree.write("memory/a/memory.usage_in_bytes", "100\n");
        tree.write("memory/a/memory.failcnt", "3\n");
        let stat = "pgfault 1\npgmajfault 2\ntotal_pgfault 4\ntotal_pgmajfault 5\ntotal_inactive_file 30\n";
        tree.write("memory/a/memory.stat", stat);
        tree.write(
            "memory/a/memory.numa_stat",
            "anon=6 N0=6\nhierarchical_anon=7 N0=3 N1=4\n",
        );
        let reader = reader(&tree, vec![tree.container("/a")]);
        let reading = reader.read();
        let expected = Memory {
            usage: 100,
            working_set: 70,
            total_inactive_file: 30,
            failcnt: 3,
            container_data: Scope {
                pgfault: 1,
                pgmajfault: 2,
                numa_stats: BTreeMap::from([("anon", BTreeMap::from([(0, 6)]))]),
            },
            hierarchical_data: Scope {
                pgfault: 4,
                pgmajfault: 5,
                numa_stats: BTreeMap::from([("anon", BTreeMap::from([(0, 3), (1, 4)]))]),
            },
            ..Memory::default()
        };
        assert_eq!(Memory::new(&reading.rows[0].stats), expected);
    }

    #[test]
    fn huge_pages_go_by_their_size() {
        let tree = Tree::v1();
        std::fs::create_dir_all(tree.paths().sysfs.join("kernel/mm/hugepages/hugepages-2048kB")).unwrap();
        tree.write("hugetlb/a/hugetlb.2MB.usage_in_bytes", "2097152");
        let reader = reader(&tree, vec![tree.container("/a"), tree.container("/b")]);
        let reading = reader.read();
        let expected = HugePages {
            usage: 2_097_152,
            ..HugePages::default()
        };
        assert_eq!(huge_pages(&reading.rows[0].stats), BTreeMap::from([("2MB", expected)]));
        assert_eq!(huge_pages(&reading.rows[1].stats), BTreeMap::new());
    }
}
