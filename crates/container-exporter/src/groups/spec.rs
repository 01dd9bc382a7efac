//! What a container may use. `docker update` and its like change it at any time, and seldom: most readings leave it as
//! it was, see [`Source::settings_are_due`]. v1:
//! cpu.{shares,cfs_period_us,cfs_quota_us}, memory.{limit,memsw.limit,soft_limit}_in_bytes; v2: cpu.{weight,max},
//! memory.{max,swap.max,low}. For the root, the machine's memory is the limit.

use exposition::{Desc, Encoder};
use kernel_stats::{attribute, cpu_max};

use super::host_memory::HostMemory;
use super::memory::Memory;
use super::{Enabled, Group, Stats, each};
use crate::cgroup::{Controller, Version};
use crate::reader::{Reading, Source};

/// The group.
pub(super) const GROUP: Group = Group {
    name: "spec",
    default: Enabled::Always,
    read,
    encode,
};

/// v1 writes no limit as the highest number of whole pages. Upstream draws the line here.
const NO_LIMIT_ABOVE: u64 = 1 << 62;

/// A family, and where its value is.
type Family = (Desc<'static>, fn(&Spec) -> Option<u64>);

const FAMILIES: [Family; 6] = [
    (
        Desc::gauge("container_spec_cpu_period", "CPU period of the container.", &[]),
        |spec| spec.cpu_period_micros,
    ),
    (
        Desc::gauge("container_spec_cpu_quota", "CPU quota of the container.", &[]),
        |spec| spec.cpu_quota_micros,
    ),
    (
        Desc::gauge("container_spec_cpu_shares", "CPU share of the container.", &[]),
        |spec| spec.cpu_shares,
    ),
    (
        Desc::gauge(
            "container_spec_memory_limit_bytes",
            "Memory limit for the container.",
            &[],
        ),
        |spec| Some(spec.memory?.limit.unwrap_or(0)),
    ),
    (
        Desc::gauge(
            "container_spec_memory_swap_limit_bytes",
            "Memory swap limit for the container.",
            &[],
        ),
        |spec| Some(spec.memory?.swap_limit.unwrap_or(0)),
    ),
    (
        Desc::gauge(
            "container_spec_memory_reservation_limit_bytes",
            "Memory reservation limit for the container.",
            &[],
        ),
        |spec| Some(spec.memory?.reservation.unwrap_or(0)),
    ),
];

/// What a container may use.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Spec {
    /// The length of a period of its quota, in microseconds.
    pub(crate) cpu_period_micros: Option<u64>,
    /// CPU time in each period, in microseconds. `None` without a limit.
    pub(crate) cpu_quota_micros: Option<u64>,
    /// Its weight against its siblings, where 1024 is usual; converted from that of v2.
    pub(crate) cpu_shares: Option<u64>,
    /// `None` where the memory controller is not.
    pub(crate) memory: Option<MemorySpec>,
}

/// Limits of memory in bytes; `None` is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct MemorySpec {
    /// Of memory; for the root, all that the machine has.
    pub(crate) limit: Option<u64>,
    /// v1: of memory and swap together; v2: of swap. For the root, all that the machine has.
    pub(crate) swap_limit: Option<u64>,
    /// What it keeps when memory runs short.
    pub(crate) reservation: Option<u64>,
}

fn read(source: &mut Source<'_>, stats: &mut Stats) {
    if !source.settings_are_due && !source.container.is_root() {
        return;
    }
    stats.spec = match source.version() {
        Version::V1 => cpu_v1(source),
        Version::V2 => cpu_v2(source),
    };
    stats.spec.memory = match source.version() {
        _ if source.container.is_root() => Some(memory_of_root(source)),
        Version::V1 => memory_v1(source, &stats.memory),
        Version::V2 => memory_v2(source),
    };
}

fn cpu_v1(source: &mut Source<'_>) -> Spec {
    // -1 is no limit.
    let quota = source.parse(Controller::Cpu, "cpu.cfs_quota_us", attribute::parse_i64);
    Spec {
        cpu_period_micros: source.number(Controller::Cpu, "cpu.cfs_period_us"),
        cpu_quota_micros: quota.and_then(|quota| u64::try_from(quota).ok()),
        cpu_shares: source.number(Controller::Cpu, "cpu.shares"),
        memory: None,
    }
}

fn cpu_v2(source: &mut Source<'_>) -> Spec {
    let max = source.parse(Controller::Cpu, "cpu.max", cpu_max::parse);
    Spec {
        cpu_period_micros: max.map(|max| max.period_micros),
        cpu_quota_micros: max.and_then(|max| max.quota_micros),
        cpu_shares: source.number(Controller::Cpu, "cpu.weight").map(shares),
        memory: None,
    }
}

/// A weight of v2, 1 to 10,000 (0 for idle), as shares of v1, 2 to 262,144: what runtimes turn shares into, backwards.
fn shares(weight: u64) -> u64 {
    2 + weight.saturating_sub(1).saturating_mul(262_142) / 9_999
}

fn memory_of_root(source: &mut Source<'_>) -> MemorySpec {
    let host = HostMemory::read(source);
    MemorySpec {
        limit: host.total,
        swap_limit: host.swap_total,
        reservation: None,
    }
}

/// `memory` is of the same reading. Where it says that no cgroup above has a limit, this one has none either, and the
/// files of its limits need not be read.
fn memory_v1(source: &mut Source<'_>, memory: &Memory) -> Option<MemorySpec> {
    let mut limit = |name, lowest: Option<u64>| match lowest {
        Some(lowest) if limit_v1(lowest).is_none() => Some(lowest),
        _ => source.number(Controller::Memory, name),
    };
    let own = limit("memory.limit_in_bytes", memory.lowest_limit)?;
    let with_swap = limit("memory.memsw.limit_in_bytes", memory.lowest_swap_limit);
    let reservation = limit("memory.soft_limit_in_bytes", None);
    Some(MemorySpec {
        limit: limit_v1(own),
        swap_limit: with_swap.and_then(limit_v1),
        reservation: reservation.and_then(limit_v1),
    })
}

/// A limit of v1, if it is one.
pub(super) fn limit_v1(bytes: u64) -> Option<u64> {
    (bytes <= NO_LIMIT_ABOVE).then_some(bytes)
}

fn memory_v2(source: &mut Source<'_>) -> Option<MemorySpec> {
    // Without the controller there is no such file; with it, the other two are there or are not limited.
    let limit = source.parse(Controller::Memory, "memory.max", attribute::parse_limit)?;
    Some(MemorySpec {
        limit,
        swap_limit: source.limit(Controller::Memory, "memory.swap.max"),
        reservation: source.limit(Controller::Memory, "memory.low"),
    })
}

fn encode(reading: &Reading, out: &mut Encoder) {
    for (desc, value) in &FAMILIES {
        each(out, desc, reading, |row| Some(value(&row.stats.spec)? as f64));
    }
}

#[cfg(test)]
mod tests {
    use super::shares;
    use crate::testing::{Tree, lines, reader, samples, samples_of};

    fn specs(tree: &Tree, id: &str) -> Vec<String> {
        let text = samples(tree, &[id]);
        let label = format!("{{id=\"{id}\"}}");
        let lines = lines(&text, "container_spec_").into_iter();
        lines
            .map(|line| line.replace(&label, "").replace("container_spec_", ""))
            .collect()
    }

    #[test]
    fn what_is_set_is_seen_in_time() {
        let tree = Tree::v1();
        tree.write("cpu,cpuacct/a/cpu.shares", "1024\n");
        tree.write(
            "memory/a/memory.stat",
            "hierarchical_memory_limit 9223372036854771712\n",
        );
        tree.write("memory/a/memory.limit_in_bytes", "1000\n");
        let reader = reader(&tree, vec![tree.container("/a")]);
        let spec = |family: &str| {
            reader.forget_age();
            let name = format!("container_spec_{family}{{id=\"/a\"}} ");
            let text = samples_of(&reader);
            text.lines()
                .find_map(|line| line.strip_prefix(&name)?.parse::<u32>().ok())
        };
        assert_eq!(spec("cpu_shares"), Some(1024));
        tree.write("cpu,cpuacct/a/cpu.shares", "2\n");
        let seen: Vec<_> = (0..4).map(|_| spec("cpu_shares")).collect();
        assert_eq!(seen, [Some(1024), Some(1024), Some(1024), Some(2)]);
        // What memory.stat knows shows at once.
        assert_eq!(spec("memory_limit_bytes"), Some(0));
        tree.write("memory/a/memory.stat", "hierarchical_memory_limit 1000\n");
        assert_eq!(spec("memory_limit_bytes"), Some(1000));
    }

    #[test]
    fn limits_of_v1_are_its_own_and_not_those_above() {
        let tree = Tree::v1();
        for (name, content) in [
            ("cpu,cpuacct/a/cpu.shares", "512\n"),
            ("cpu,cpuacct/a/cpu.cfs_period_us", "100000\n"),
            ("cpu,cpuacct/a/cpu.cfs_quota_us", "50000\n"),
            (
                "memory/a/memory.stat",
                "hierarchical_memory_limit 4096\nhierarchical_memsw_limit 8192\n",
            ),
            ("memory/a/memory.limit_in_bytes", "67108864\n"),
            ("memory/a/memory.memsw.limit_in_bytes", "9223372036854771712\n"),
            ("memory/a/memory.soft_limit_in_bytes", "33554432\n"),
        ] {
            tree.write(name, content);
        }
        let expected = [
            "cpu_period 100000",
            "cpu_quota 50000",
            "cpu_shares 512",
            "memory_limit_bytes 6.7108864e+07",
            "memory_reservation_limit_bytes 3.3554432e+07",
            "memory_swap_limit_bytes 0",
        ];
        assert_eq!(specs(&tree, "/a"), expected);
    }

    #[test]
    fn no_limit_is_nothing_for_cpus_and_0_for_memory() {
        let tree = Tree::v1();
        let none = "9223372036854771712";
        for (name, content) in [
            ("cpu,cpuacct/a/cpu.cfs_quota_us", "-1\n"),
            ("memory/a/memory.stat", &*format!("hierarchical_memory_limit {none}\n")),
            ("memory/a/memory.limit_in_bytes", "not read\n"),
            ("memory/a/memory.soft_limit_in_bytes", none),
        ] {
            tree.write(name, content);
        }
        let expected = [
            "memory_limit_bytes 0",
            "memory_reservation_limit_bytes 0",
            "memory_swap_limit_bytes 0",
        ];
        assert_eq!(specs(&tree, "/a"), expected);
    }

    #[test]
    fn v2_has_max_for_no_limit() {
        let tree = Tree::v2();
        for (name, content) in [
            ("cpu.weight", "100\n"),
            ("cpu.max", "max 100000\n"),
            ("memory.max", "67108864\n"),
            ("memory.swap.max", "max\n"),
            ("memory.low", "33554432\n"),
        ] {
            tree.write(&format!("a/{name}"), content);
        }
        let expected = [
            "cpu_period 100000",
            "cpu_shares 2597",
            "memory_limit_bytes 6.7108864e+07",
            "memory_reservation_limit_bytes 3.3554432e+07",
            "memory_swap_limit_bytes 0",
        ];
        assert_eq!(specs(&tree, "/a"), expected);
        tree.write("a/memory.max", "max\n");
        assert_eq!(specs(&tree, "/a")[2], "memory_limit_bytes 0");
        tree.remove("a/memory.max");
        assert_eq!(specs(&tree, "/a"), expected[..2]);
    }

    #[test]
    fn the_machine_is_the_limit_of_the_root() {
        for tree in [Tree::v1(), Tree::v2()] {
            tree.write_proc("meminfo", "MemTotal: 10 kB\nSwapTotal: 3 kB\n");
            let expected = [
                "memory_limit_bytes 10240",
                "memory_reservation_limit_bytes 0",
                "memory_swap_limit_bytes 3072",
            ];
            assert_eq!(specs(&tree, "/"), expected);
        }
    }

    #[test]
    fn weights_span_the_range_of_shares() {
        for (weight, expected) in [(0, 2), (1, 2), (39, 998), (100, 2597), (10_000, 262_144)] {
            assert_eq!(shares(weight), expected, "{weight}");
        }
    }
}
