//! Memory by NUMA node, from memory.numa_stat: in pages in v1, in bytes in v2 (Linux 5.10 and later), which upstream does
//! not read.

use std::fmt::Write as _;

use exposition::{Desc, Encoder};
use kernel_stats::memory_numa_stat;

use super::{Enabled, Group, Stats};
use crate::cgroup::{Controller, Version};
use crate::reader::{Reading, Source};

/// The group.
pub(super) const GROUP: Group = Group {
    name: "memory_numa",
    default: Enabled::Off,
    read,
    encode,
};

const PAGES: Desc<'_> = Desc::gauge(
    "container_memory_numa_pages",
    "Number of used pages per NUMA node",
    &["node", "scope", "type"],
);

/// The cgroup alone. v2 counts with those below, and has that in both, as `container_memory_failures_total` has.
pub(crate) const CONTAINER: &str = "container";
/// With the cgroups below.
pub(crate) const HIERARCHY: &str = "hierarchy";

/// Pages of one type on one node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct NodePages {
    /// The node's number.
    pub(crate) node: u32,
    /// [`CONTAINER`] or [`HIERARCHY`].
    pub(crate) scope: &'static str,
    /// `anon`, `file` or `unevictable`.
    pub(crate) kind: &'static str,
    /// How many.
    pub(crate) pages: u64,
}

fn read(source: &mut Source<'_>, stats: &mut Stats) {
    let version = source.version();
    stats.numa_pages.clear();
    let parsed = source.parse(Controller::Memory, "memory.numa_stat", |bytes| {
        for memory in memory_numa_stat::parse(bytes)? {
            push(&mut stats.numa_pages, version, memory);
        }
        Ok(())
    });
    if parsed.is_none() {
        stats.numa_pages.clear();
    }
}

fn push(all: &mut Vec<NodePages>, version: Version, memory: memory_numa_stat::NodeMemory<'_>) {
    let (scope, name) = match memory.name.strip_prefix("hierarchical_") {
        Some(name) => (HIERARCHY, name),
        None => (CONTAINER, memory.name),
    };
    let kind = match name {
        "anon" => "anon",
        "file" => "file",
        "unevictable" => "unevictable",
        _ => return,
    };
    let of = |scope, pages| NodePages {
        node: memory.node,
        scope,
        kind,
        pages,
    };
    match version {
        Version::V1 => all.push(of(scope, memory.value)),
        Version::V2 => {
            let pages = memory.value / rustix::param::page_size() as u64;
            all.extend([of(CONTAINER, pages), of(HIERARCHY, pages)]);
        }
    }
}

fn encode(reading: &Reading, out: &mut Encoder) {
    let mut family = out.family(&PAGES);
    let mut node = String::new();
    for row in &reading.rows {
        for pages in &row.stats.numa_pages {
            node.clear();
            // Writing to a String cannot fail.
            _ = write!(node, "{}", pages.node);
            let labels = [&*node, pages.scope, pages.kind];
            family.sample_in(&row.container.labels, &labels, pages.pages as f64);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Tree, lines, samples};

    #[test]
    fn v1_tells_scopes_apart() {
        let tree = Tree::v1();
        let stat = "total=9 N0=4 N1=5\nfile=7 N0=3 N1=4\nanon=1 N0=1 N1=0\nunevictable=0 N0=0 N1=0\n\
                    hierarchical_total=20 N0=9 N1=11\nhierarchical_file=7 N0=3 N1=4\n";
        tree.write("memory/a/memory.numa_stat", stat);
        let expected = [
            r#"container_memory_numa_pages{id="/a",node="0",scope="container",type="anon"} 1"#,
            r#"container_memory_numa_pages{id="/a",node="0",scope="container",type="file"} 3"#,
            r#"container_memory_numa_pages{id="/a",node="0",scope="container",type="unevictable"} 0"#,
            r#"container_memory_numa_pages{id="/a",node="0",scope="hierarchy",type="file"} 3"#,
            r#"container_memory_numa_pages{id="/a",node="1",scope="container",type="anon"} 0"#,
            r#"container_memory_numa_pages{id="/a",node="1",scope="container",type="file"} 4"#,
            r#"container_memory_numa_pages{id="/a",node="1",scope="container",type="unevictable"} 0"#,
            r#"container_memory_numa_pages{id="/a",node="1",scope="hierarchy",type="file"} 4"#,
        ];
        assert_eq!(lines(&samples(&tree, &["/a"]), "container_memory_numa"), expected);
    }

    #[test]
    fn bytes_of_v2_become_pages() {
        let tree = Tree::v2();
        let bytes = 3 * rustix::param::page_size();
        tree.write(
            "a/memory.numa_stat",
            &format!("anon N0={bytes}\nkernel_stack N0=16384\n"),
        );
        let expected = [
            r#"container_memory_numa_pages{id="/a",node="0",scope="container",type="anon"} 3"#,
            r#"container_memory_numa_pages{id="/a",node="0",scope="hierarchy",type="anon"} 3"#,
        ];
        assert_eq!(lines(&samples(&tree, &["/a"]), "container_memory_numa"), expected);
    }
}
