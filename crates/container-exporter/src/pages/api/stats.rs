//! The values of the groups under cAdvisor's names. This file and those below are the only ones of the interface that know
//! the groups.

mod cpu;
mod disk_io;
mod filesystem;
mod memory;
mod network;
mod processes;

use std::collections::BTreeMap;

use serde::Serialize;

use super::moment;
use super::spec::{CpuSpec, MemorySpec, ProcessSpec, is_zero};
use crate::groups::Stats;
use crate::reader::{Reading, Row};
use cpu::Cpu;
use disk_io::DiskIo;
pub(super) use filesystem::VFS;
use filesystem::{Filesystem, file_systems};
use memory::{HugePages, Memory, huge_pages};
use network::Network;
use processes::{Processes, TaskStats};

/// No limit of memory, as v1 writes it: programs know that a limit above all that a machine has is none.
const NO_LIMIT: u64 = i64::MAX as u64 & !0xFFF;

/// Which groups found something.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Present {
    pub(super) cpu: bool,
    pub(super) memory: bool,
    pub(super) huge_pages: bool,
    pub(super) network: bool,
    pub(super) processes: bool,
    pub(super) file_systems: bool,
    pub(super) disk_io: bool,
}

pub(super) fn present(stats: &Stats) -> Present {
    let io = &stats.disk_io;
    Present {
        cpu: stats.cpu.usage.is_some(),
        memory: stats.memory.usage.is_some(),
        huge_pages: stats.huge_pages.iter().any(|pages| pages.usage.is_some()),
        network: !stats.network.is_empty(),
        processes: stats.processes.threads.is_some(),
        file_systems: !stats.disk.file_systems.is_empty(),
        disk_io: io.devices.iter().len() > 0 || !io.disks.is_empty(),
    }
}

pub(super) fn cpu_spec(stats: &Stats) -> CpuSpec {
    CpuSpec {
        limit: known(stats.spec.cpu_shares),
        max_limit: 0,
        quota: known(stats.spec.cpu_quota_micros),
        period: known(stats.spec.cpu_period_micros),
    }
}

pub(super) fn memory_spec(stats: &Stats) -> MemorySpec {
    let Some(limits) = stats.spec.memory else {
        return MemorySpec::default();
    };
    MemorySpec {
        limit: limits.limit.unwrap_or(NO_LIMIT),
        reservation: limits.reservation.unwrap_or(NO_LIMIT),
        swap_limit: limits.swap_limit.unwrap_or(NO_LIMIT),
    }
}

pub(super) fn process_spec(stats: &Stats) -> ProcessSpec {
    ProcessSpec {
        limit: known(stats.processes.threads_max),
    }
}

/// The values of one moment. What is not known, or was not asked for, is 0 or an empty list, as with cAdvisor.
#[derive(Debug, Serialize)]
pub(super) struct ContainerStats<'r> {
    timestamp: String,
    cpu: Cpu<'r>,
    diskio: DiskIo<'r>,
    memory: Memory,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    hugetlb: BTreeMap<&'r str, HugePages>,
    network: Network<'r>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    filesystem: Vec<Filesystem<'r>>,
    task_stats: TaskStats,
    processes: Processes,
    #[serde(skip_serializing_if = "is_zero")]
    oom_events: u64,
}

impl<'r> ContainerStats<'r> {
    pub(super) fn new(reading: &Reading, row: &'r Row) -> Self {
        let stats = &row.stats;
        Self {
            timestamp: moment::text(Some(reading.at)),
            cpu: Cpu::new(stats),
            diskio: DiskIo::new(stats),
            memory: Memory::new(stats),
            hugetlb: huge_pages(stats),
            network: Network::new(stats),
            filesystem: file_systems(row),
            task_stats: TaskStats::default(),
            processes: Processes::new(stats),
            oom_events: stats.oom_kills.map_or(0, |kills| kills.total()),
        }
    }
}

/// cAdvisor has no word for what is not known.
fn known(number: Option<u64>) -> u64 {
    number.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Tree, reader};

    #[test]
    fn limits_are_numbers_and_none_is_a_very_large_one() {
        let tree = Tree::v2();
        tree.write("a/cpu.max", "50000 100000\n");
        tree.write("a/cpu.weight", "100\n");
        tree.write("a/memory.max", "1048576\n");
        tree.write("a/memory.low", "0\n");
        tree.write("a/pids.max", "9\n");
        let reader = reader(&tree, vec![tree.container("/a"), tree.container("/b")]);
        let reading = reader.read();
        let [a, b] = reading.rows.as_slice() else { panic!() };
        let spec = CpuSpec {
            limit: 2_597,
            max_limit: 0,
            quota: 50_000,
            period: 100_000,
        };
        assert_eq!(cpu_spec(&a.stats), spec);
        let spec = MemorySpec {
            limit: 1_048_576,
            reservation: 0,
            swap_limit: 9_223_372_036_854_771_712,
        };
        assert_eq!(memory_spec(&a.stats), spec);
        assert_eq!(process_spec(&a.stats).limit, 9);
        assert_eq!(memory_spec(&b.stats), MemorySpec::default());
        assert_eq!(present(&b.stats), Present::default());
    }
}
