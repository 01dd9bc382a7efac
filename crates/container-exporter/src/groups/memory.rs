//! Memory. v1: memory.stat, memory.{usage,max_usage,kmem.usage}_in_bytes, memory.failcnt; v2: memory.stat,
//! memory.{current,peak,swap.current,events}. The root of v2 has memory.stat alone, and /proc/meminfo for the rest.

use exposition::{Desc, Encoder};
use kernel_stats::{ParseError, flat_keyed};

use super::host_memory::HostMemory;
use super::spec::limit_v1;
use super::{Enabled, Group, Stats, each};
use crate::cgroup::{Controller, Version};
use crate::reader::{Reading, Source};

/// The group.
pub(super) const GROUP: Group = Group {
    name: "memory",
    default: Enabled::On,
    read,
    encode,
};

const FAILURES: Desc<'_> = Desc::counter(
    "container_memory_failures_total",
    "Cumulative count of memory allocation failures.",
    &["failure_type", "scope"],
);

/// Labels, and where their value is.
type Fault = ([&'static str; 2], fn(&Memory) -> Option<u64>);

/// The values of [`FAILURES`], by their labels.
const FAULTS: [Fault; 4] = [
    (["pgfault", "container"], |memory| memory.faults),
    (["pgfault", "hierarchy"], |memory| memory.total_faults),
    (["pgmajfault", "container"], |memory| memory.major_faults),
    (["pgmajfault", "hierarchy"], |memory| memory.total_major_faults),
];

/// A family, and where its value is.
type Family = (Desc<'static>, fn(&Memory) -> Option<u64>);

const FAMILIES: [Family; 19] = [
    (
        Desc::gauge(
            "container_memory_usage_bytes",
            "Current memory usage in bytes, including all memory regardless of when it was accessed",
            &[],
        ),
        |memory| memory.usage,
    ),
    (
        Desc::gauge(
            "container_memory_working_set_bytes",
            "Current working set in bytes.",
            &[],
        ),
        Memory::working_set,
    ),
    (
        Desc::gauge("container_memory_cache", "Number of bytes of page cache memory.", &[]),
        |memory| memory.cache,
    ),
    (
        Desc::gauge("container_memory_rss", "Size of RSS in bytes.", &[]),
        |memory| memory.rss,
    ),
    (
        Desc::gauge(
            "container_memory_mapped_file",
            "Size of memory mapped files in bytes.",
            &[],
        ),
        |memory| memory.mapped_file,
    ),
    (
        Desc::gauge("container_memory_swap", "Container swap usage in bytes.", &[]),
        |memory| memory.swap,
    ),
    (
        Desc::gauge(
            "container_memory_max_usage_bytes",
            "Maximum memory usage recorded in bytes",
            &[],
        ),
        |memory| memory.max_usage,
    ),
    (
        Desc::counter("container_memory_failcnt", "Number of memory usage hits limits", &[]),
        |memory| memory.limit_hits,
    ),
    (
        Desc::gauge(
            "container_memory_kernel_usage",
            "Size of kernel memory allocated in bytes.",
            &[],
        ),
        |memory| memory.kernel,
    ),
    (
        Desc::gauge(
            "container_memory_total_active_file_bytes",
            "Current total active file in bytes.",
            &[],
        ),
        |memory| memory.active_file,
    ),
    (
        Desc::gauge(
            "container_memory_total_inactive_file_bytes",
            "Current total inactive file in bytes.",
            &[],
        ),
        |memory| memory.inactive_file,
    ),
    (
        Desc::counter(
            "container_memory_events_high_total",
            "Cumulative count of memory.high throttle events for the container",
            &[],
        ),
        |memory| Some(memory.events?.high),
    ),
    (
        Desc::counter(
            "container_memory_events_max_total",
            "Cumulative count of memory.max limit hit events for the container",
            &[],
        ),
        |memory| Some(memory.events?.max),
    ),
    (
        Desc::gauge(
            "container_memory_file_dirty_bytes",
            "Number of bytes of file cache that has been modified but not yet written back to disk.",
            &[],
        ),
        |memory| memory.file_dirty,
    ),
    (
        Desc::gauge(
            "container_memory_file_writeback_bytes",
            "Number of bytes of file cache that is currently being written back to disk.",
            &[],
        ),
        |memory| memory.file_writeback,
    ),
    (
        Desc::counter(
            "container_memory_pgscan_total",
            "Cumulative number of pages scanned by the page reclaim algorithm.",
            &[],
        ),
        |memory| memory.pages_scanned,
    ),
    (
        Desc::counter(
            "container_memory_pgsteal_total",
            "Cumulative number of pages reclaimed by the page reclaim algorithm.",
            &[],
        ),
        |memory| memory.pages_reclaimed,
    ),
    (
        Desc::counter(
            "container_memory_workingset_refault_file_total",
            "Cumulative number of refaults of previously evicted file pages.",
            &[],
        ),
        |memory| memory.file_refaults,
    ),
    (
        Desc::counter(
            "container_memory_workingset_refault_anon_total",
            "Cumulative number of refaults of previously evicted anonymous pages.",
            &[],
        ),
        |memory| memory.anon_refaults,
    ),
];

/// Memory of a container and of the cgroups below it. Sizes are in bytes, counts since the cgroup was made; `None` is
/// what its version or kernel does not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Memory {
    /// All memory, the page cache too.
    pub(crate) usage: Option<u64>,
    /// The most that `usage` ever was. v2: since Linux 5.19.
    pub(crate) max_usage: Option<u64>,
    /// How often it was at its limit.
    pub(crate) limit_hits: Option<u64>,
    /// The kernel's memory for it. v2: since Linux 5.18.
    pub(crate) kernel: Option<u64>,
    /// Page cache, with shared memory and tmpfs.
    pub(crate) cache: Option<u64>,
    /// Memory that no file is behind.
    pub(crate) rss: Option<u64>,
    /// Page cache that is mapped.
    pub(crate) mapped_file: Option<u64>,
    /// What is swapped out.
    pub(crate) swap: Option<u64>,
    /// Page cache that was used lately.
    pub(crate) active_file: Option<u64>,
    /// Page cache that was not, and goes first.
    pub(crate) inactive_file: Option<u64>,
    /// Page faults of the cgroup alone; v2 counts those below too.
    pub(crate) faults: Option<u64>,
    /// Page faults with the cgroups below.
    pub(crate) total_faults: Option<u64>,
    /// Those of `faults` that had to read from disk.
    pub(crate) major_faults: Option<u64>,
    /// Those of `total_faults` that had to read from disk.
    pub(crate) total_major_faults: Option<u64>,
    /// Page cache that is not written back yet. v2.
    file_dirty: Option<u64>,
    /// Page cache that is being written back. v2.
    file_writeback: Option<u64>,
    /// Pages that reclaim looked at. v2.
    pages_scanned: Option<u64>,
    /// Pages that reclaim took. v2.
    pages_reclaimed: Option<u64>,
    /// Pages of files that were taken and needed again. v2: since Linux 5.9.
    file_refaults: Option<u64>,
    /// Other pages that were taken and needed again. v2: since Linux 5.9.
    anon_refaults: Option<u64>,
    /// v2, and not its root.
    pub(super) events: Option<Events>,
    /// The lowest limit of it and all cgroups above. v1.
    pub(super) lowest_limit: Option<u64>,
    /// The same for memory and swap together. v1.
    pub(super) lowest_swap_limit: Option<u64>,
}

impl Memory {
    /// Those that hold for it, its own or from above. v1.
    fn limits(&self) -> [Option<u64>; 2] {
        [self.lowest_limit, self.lowest_swap_limit]
    }

    /// What it needs to go on: usage without the page cache that goes first.
    pub(crate) fn working_set(&self) -> Option<u64> {
        Some(self.usage?.saturating_sub(self.inactive_file.unwrap_or(0)))
    }
}

/// What happened to the cgroup and those below it, from memory.events of v2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Events {
    /// How often it was slowed down at memory.high.
    pub(super) high: u64,
    /// How often it was at memory.max.
    pub(super) max: u64,
    /// Processes that were killed for want of memory.
    pub(super) oom_kill: u64,
}

impl Events {
    /// Reads memory.events; `None` in the root.
    pub(super) fn read(source: &mut Source<'_>) -> Option<Self> {
        source.parse(Controller::Memory, "memory.events", Self::parse)
    }

    fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        let mut events = Self::default();
        for field in flat_keyed::fields(bytes) {
            match field? {
                ("high", count) => events.high = count,
                ("max", count) => events.max = count,
                ("oom_kill", count) => events.oom_kill = count,
                _ => {}
            }
        }
        Ok(events)
    }
}

fn read(source: &mut Source<'_>, stats: &mut Stats) {
    stats.memory = match source.version() {
        Version::V1 => read_v1(source, &stats.memory),
        Version::V2 if source.container.is_root() => read_v2_root(source),
        Version::V2 => read_v2(source),
    };
}

fn read_v1(source: &mut Source<'_>, before: &Memory) -> Memory {
    let stat = source.parse(Controller::Memory, "memory.stat", parse_v1);
    let limits = stat.map(|stat| stat.limits());
    // Another limit here or above: other settings, too.
    source.settings_are_due |= limits.is_some_and(|limits| limits != before.limits());
    // Nothing is hit where there is none.
    let has_limits = limits.is_none_or(|limits| limits.into_iter().flatten().any(|limit| limit_v1(limit).is_some()));
    let are_hits_due = source.settings_are_due || has_limits;
    let mut number = |name| source.number(Controller::Memory, name);
    Memory {
        usage: number("memory.usage_in_bytes"),
        max_usage: number("memory.max_usage_in_bytes"),
        limit_hits: match are_hits_due {
            true => number("memory.failcnt"),
            false => before.limit_hits,
        },
        kernel: number("memory.kmem.usage_in_bytes"),
        ..stat.unwrap_or_default()
    }
}

fn read_v2(source: &mut Source<'_>) -> Memory {
    let stat = source.parse(Controller::Memory, "memory.stat", parse_v2);
    let events = Events::read(source);
    let mut number = |name| source.number(Controller::Memory, name);
    Memory {
        usage: number("memory.current"),
        max_usage: number("memory.peak"),
        swap: number("memory.swap.current"),
        limit_hits: events.map(|events| events.max),
        events,
        ..stat.unwrap_or_default()
    }
}

fn read_v2_root(source: &mut Source<'_>) -> Memory {
    let stat = source.parse(Controller::Memory, "memory.stat", parse_v2);
    let host = HostMemory::read(source);
    Memory {
        usage: host.used(),
        swap: host.swap_used(),
        ..stat.unwrap_or_default()
    }
}

fn parse_v1(bytes: &[u8]) -> Result<Memory, ParseError> {
    let mut memory = Memory::default();
    for field in flat_keyed::fields(bytes) {
        let (name, value) = field?;
        let place = match name {
            "total_cache" => &mut memory.cache,
            "total_rss" => &mut memory.rss,
            "total_mapped_file" => &mut memory.mapped_file,
            "total_swap" => &mut memory.swap,
            "total_active_file" => &mut memory.active_file,
            "total_inactive_file" => &mut memory.inactive_file,
            "pgfault" => &mut memory.faults,
            "total_pgfault" => &mut memory.total_faults,
            "pgmajfault" => &mut memory.major_faults,
            "total_pgmajfault" => &mut memory.total_major_faults,
            "hierarchical_memory_limit" => &mut memory.lowest_limit,
            "hierarchical_memsw_limit" => &mut memory.lowest_swap_limit,
            _ => continue,
        };
        *place = Some(value);
    }
    Ok(memory)
}

fn parse_v2(bytes: &[u8]) -> Result<Memory, ParseError> {
    let mut memory = Memory::default();
    for field in flat_keyed::fields(bytes) {
        let (name, value) = field?;
        let place = match name {
            "anon" => &mut memory.rss,
            "file" => &mut memory.cache,
            "kernel" => &mut memory.kernel,
            "file_mapped" => &mut memory.mapped_file,
            "file_dirty" => &mut memory.file_dirty,
            "file_writeback" => &mut memory.file_writeback,
            "active_file" => &mut memory.active_file,
            "inactive_file" => &mut memory.inactive_file,
            "pgscan" => &mut memory.pages_scanned,
            "pgsteal" => &mut memory.pages_reclaimed,
            "workingset_refault_file" => &mut memory.file_refaults,
            "workingset_refault_anon" => &mut memory.anon_refaults,
            "pgfault" => &mut memory.total_faults,
            "pgmajfault" => &mut memory.total_major_faults,
            _ => continue,
        };
        *place = Some(value);
    }
    // v2 counts with the cgroups below; both scopes have a series, as upstream's have.
    (memory.faults, memory.major_faults) = (memory.total_faults, memory.total_major_faults);
    Ok(memory)
}

fn encode(reading: &Reading, out: &mut Encoder) {
    for (desc, value) in &FAMILIES {
        each(out, desc, reading, |row| Some(value(&row.stats.memory)? as f64));
    }
    let mut family = out.family(&FAILURES);
    for row in &reading.rows {
        for (labels, value) in &FAULTS {
            if let Some(count) = value(&row.stats.memory) {
                family.sample_in(&row.container.labels, labels, count as f64);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Tree, lines, samples};

    const V1_STAT: &str = "cache 1\nrss 2\nmapped_file 3\nswap 4\npgfault 1607\npgmajfault 5\ninactive_file 6\nactive_file 7\n\
                           hierarchical_memory_limit 67108864\nhierarchical_memsw_limit 100663296\n\
                           total_cache 20979712\ntotal_rss 159744\ntotal_mapped_file 8192\ntotal_swap 4096\n\
                           total_pgfault 1700\ntotal_pgmajfault 9\ntotal_inactive_file 20971520\ntotal_active_file 12288\n";

    /// After Documentation/admin-guide/cgroup-v2.rst; most lines cut.
    const V2_STAT: &str = "anon 159744\nfile 20979712\nkernel 1048576\nkernel_stack 16384\nshmem 0\nfile_mapped 8192\n\
                           file_dirty 4096\nfile_writeback 1024\nanon_thp 0\ninactive_anon 1\nactive_anon 2\n\
                           inactive_file 20971520\nactive_file 12288\nunevictable 0\nworkingset_refault_anon 3\n\
                           workingset_refault_file 664\npgscan 700\npgsteal 650\npgscan_kswapd 9\npgfault 1607\npgmajfault 5\n";

    #[test]
    fn v1_counts_what_is_below_by_its_totals() {
        let tree = Tree::v1();
        for (name, content) in [
            ("memory.stat", V1_STAT),
            ("memory.usage_in_bytes", "22249472\n"),
            ("memory.max_usage_in_bytes", "24088576\n"),
            ("memory.failcnt", "11\n"),
            ("memory.kmem.usage_in_bytes", "1048576\n"),
        ] {
            tree.write(&format!("memory/a/{name}"), content);
        }
        let expected = [
            r#"container_memory_cache{id="/a"} 2.0979712e+07"#,
            r#"container_memory_failcnt{id="/a"} 11"#,
            r#"container_memory_failures_total{id="/a",failure_type="pgfault",scope="container"} 1607"#,
            r#"container_memory_failures_total{id="/a",failure_type="pgfault",scope="hierarchy"} 1700"#,
            r#"container_memory_failures_total{id="/a",failure_type="pgmajfault",scope="container"} 5"#,
            r#"container_memory_failures_total{id="/a",failure_type="pgmajfault",scope="hierarchy"} 9"#,
            r#"container_memory_kernel_usage{id="/a"} 1.048576e+06"#,
            r#"container_memory_mapped_file{id="/a"} 8192"#,
            r#"container_memory_max_usage_bytes{id="/a"} 2.4088576e+07"#,
            r#"container_memory_rss{id="/a"} 159744"#,
            r#"container_memory_swap{id="/a"} 4096"#,
            r#"container_memory_total_active_file_bytes{id="/a"} 12288"#,
            r#"container_memory_total_inactive_file_bytes{id="/a"} 2.097152e+07"#,
            r#"container_memory_usage_bytes{id="/a"} 2.2249472e+07"#,
            r#"container_memory_working_set_bytes{id="/a"} 1.277952e+06"#,
        ];
        assert_eq!(lines(&samples(&tree, &["/a"]), "container_memory_"), expected);
    }

    #[test]
    fn v2_has_events_and_reclaim_too() {
        let tree = Tree::v2();
        for (name, content) in [
            ("memory.stat", V2_STAT),
            ("memory.current", "22249472\n"),
            ("memory.peak", "24088576\n"),
            ("memory.swap.current", "4096\n"),
            (
                "memory.events",
                "low 0\nhigh 3\nmax 11\noom 2\noom_kill 1\noom_group_kill 0\n",
            ),
        ] {
            tree.write(&format!("a/{name}"), content);
        }
        let expected = [
            r#"container_memory_cache{id="/a"} 2.0979712e+07"#,
            r#"container_memory_events_high_total{id="/a"} 3"#,
            r#"container_memory_events_max_total{id="/a"} 11"#,
            r#"container_memory_failcnt{id="/a"} 11"#,
            r#"container_memory_failures_total{id="/a",failure_type="pgfault",scope="container"} 1607"#,
            r#"container_memory_failures_total{id="/a",failure_type="pgfault",scope="hierarchy"} 1607"#,
            r#"container_memory_failures_total{id="/a",failure_type="pgmajfault",scope="container"} 5"#,
            r#"container_memory_failures_total{id="/a",failure_type="pgmajfault",scope="hierarchy"} 5"#,
            r#"container_memory_file_dirty_bytes{id="/a"} 4096"#,
            r#"container_memory_file_writeback_bytes{id="/a"} 1024"#,
            r#"container_memory_kernel_usage{id="/a"} 1.048576e+06"#,
            r#"container_memory_mapped_file{id="/a"} 8192"#,
            r#"container_memory_max_usage_bytes{id="/a"} 2.4088576e+07"#,
            r#"container_memory_pgscan_total{id="/a"} 700"#,
            r#"container_memory_pgsteal_total{id="/a"} 650"#,
            r#"container_memory_rss{id="/a"} 159744"#,
            r#"container_memory_swap{id="/a"} 4096"#,
            r#"container_memory_total_active_file_bytes{id="/a"} 12288"#,
            r#"container_memory_total_inactive_file_bytes{id="/a"} 2.097152e+07"#,
            r#"container_memory_usage_bytes{id="/a"} 2.2249472e+07"#,
            r#"container_memory_working_set_bytes{id="/a"} 1.277952e+06"#,
            r#"container_memory_workingset_refault_anon_total{id="/a"} 3"#,
            r#"container_memory_workingset_refault_file_total{id="/a"} 664"#,
        ];
        assert_eq!(lines(&samples(&tree, &["/a"]), "container_memory_"), expected);
    }

    #[test]
    fn the_root_of_v2_uses_what_the_machine_uses() {
        let tree = Tree::v2();
        tree.write("memory.stat", "inactive_file 1024\n");
        let meminfo = "MemTotal: 10 kB\nMemFree: 4 kB\nSwapTotal: 3 kB\nSwapFree: 1 kB\n";
        tree.write_proc("meminfo", meminfo);
        let expected = [
            r#"container_memory_swap{id="/"} 2048"#,
            r#"container_memory_total_inactive_file_bytes{id="/"} 1024"#,
            r#"container_memory_usage_bytes{id="/"} 6144"#,
            r#"container_memory_working_set_bytes{id="/"} 5120"#,
        ];
        assert_eq!(lines(&samples(&tree, &["/"]), "container_memory_"), expected);
    }

    #[test]
    fn the_working_set_is_never_below_nothing() {
        let tree = Tree::v2();
        tree.write("a/memory.stat", "inactive_file 9\n");
        tree.write("a/memory.current", "8\n");
        let expected = [r#"container_memory_working_set_bytes{id="/a"} 0"#];
        assert_eq!(lines(&samples(&tree, &["/a"]), "container_memory_working"), expected);
    }
}
