//! The groups of metrics that `--disable_metrics` and `--enable_metrics` name: one file each.

mod advtcp;
mod always;
mod cpu;
mod cpu_topology;
mod cpuset;
mod disk;
mod disk_io;
mod host_memory;
mod hugetlb;
mod memory;
mod memory_numa;
mod network;
mod oom_event;
mod percpu;
mod pressure;
mod process;
mod reused;
mod sched;
mod spec;
mod state;
mod tcp;
mod udp;

pub(crate) use disk_io::{Device, Disk, Undriven};
use exposition::{Desc, Encoder};
pub(crate) use hugetlb::HugePages;
pub(crate) use memory_numa::{CONTAINER, HIERARCHY, NodePages};
pub(crate) use network::Interface;
pub(crate) use oom_event::HostKills;
pub(crate) use pressure::Calm;

use crate::container::Facts;
use crate::reader::{Reading, Row, Source};

/// All groups, in the order in which their files are read: a group may use what one before it has read.
pub const GROUPS: &[Group] = &[
    always::GROUP,
    state::GROUP,
    memory::GROUP,
    spec::GROUP,
    percpu::GROUP,
    cpu::GROUP,
    cpuset::GROUP,
    hugetlb::GROUP,
    memory_numa::GROUP,
    oom_event::GROUP,
    pressure::GROUP,
    sched::GROUP,
    disk::GROUP,
    disk_io::GROUP,
    network::GROUP,
    tcp::GROUP,
    udp::GROUP,
    advtcp::GROUP,
    process::GROUP,
    cpu_topology::GROUP,
];

/// A group of metrics.
#[derive(Debug)]
pub struct Group {
    /// Its name on the command line.
    pub name: &'static str,
    /// Whether it is reported unless told otherwise.
    pub default: Enabled,
    /// Reads its files of one container.
    pub(crate) read: fn(&mut Source<'_>, &mut Stats),
    /// Writes its families for all containers.
    pub(crate) encode: fn(&Reading, &mut Encoder),
}

/// When a group is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enabled {
    /// Always; it cannot be switched off.
    Always,
    /// Unless it is switched off.
    On,
    /// When it is switched on.
    Off,
}

/// The values of one container: each group has its field.
#[derive(Debug, Default)]
pub(crate) struct Stats {
    pub(crate) cpu: cpu::Cpu,
    /// Nanoseconds on each CPU, from CPU 0 on; empty where that is not known.
    pub(crate) percpu_nanos: Vec<u64>,
    pub(crate) memory: memory::Memory,
    pub(crate) spec: spec::Spec,
    /// Whether memory moves along to other NUMA nodes.
    pub(crate) memory_migrate: Option<u64>,
    pub(crate) huge_pages: Vec<HugePages>,
    pub(crate) numa_pages: Vec<NodePages>,
    /// `None` where the kernel does not count them.
    pub(crate) oom_kills: Option<oom_event::OomKills>,
    pub(crate) pressures: pressure::Pressures,
    pub(crate) sched: sched::Sched,
    pub(crate) disk_io: disk_io::DiskIo,
    pub(crate) network: reused::Reused<Interface>,
    pub(crate) tcp: tcp::Tcp,
    pub(crate) udp: udp::Udp,
    pub(crate) advtcp: advtcp::Counters,
    pub(crate) processes: process::Processes,
    pub(crate) disk: disk::Disk,
}

impl Stats {
    /// TCP's counters that the kernel has, by its names.
    pub(crate) fn tcp_counters(&self) -> impl Iterator<Item = (&'static str, f64)> {
        advtcp::named(&self.advtcp)
    }

    /// A container that has ended has no values; what it leaves behind stays. `facts` are of its end.
    pub(crate) fn forget(&mut self, facts: Option<&Facts>) {
        let mut oom_kills = self.oom_kills.take();
        if facts.is_some_and(|facts| facts.oom_killed) {
            oom_kills.get_or_insert_default().end(true);
        } else if let Some(kills) = &mut oom_kills {
            kills.end(false);
        }
        *self = Self {
            oom_kills,
            ..Self::default()
        };
    }
}

/// Writes one family without labels of its own: a sample for each container that has the value.
fn each(out: &mut Encoder, desc: &Desc<'_>, reading: &Reading, value: impl Fn(&Row) -> Option<f64>) {
    let mut family = out.family(desc);
    for row in &reading.rows {
        if let Some(value) = value(row) {
            family.sample_in(&row.container.labels, &[], value);
        }
    }
}
