//! Time of each CPU in each mode, from /proc/stat; whether it is online or isolated and how often it was throttled, from
//! /sys/devices/system/cpu; with `--collector.cpu.info` what it is, from /proc/cpuinfo.

mod info;
mod monotonic;
mod topology;

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exporter_toolkit::flags::Flag;
use exposition::{Desc, Encoder};
use kernel_stats::stat::{self, Cpu, CpuTicks};

use crate::context::Context;
use crate::cpu_labels::CpuLabels;
use crate::source::Source;
use info::Info;
use monotonic::Monotonic;
use topology::Topology;

const GUEST: &str = "collector.cpu.guest";

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "cpu",
    enabled_by_default: true,
    flags: &[
        Flag::switch(GUEST, true, "Enables metric node_cpu_guest_seconds_total"),
        info::FLAG,
        info::FLAGS_FLAG,
        info::BUGS_FLAG,
    ],
    build: |context| {
        Ok(Box::new(CpuTimes {
            source: context.proc("stat"),
            times: Monotonic::default(),
            labels: CpuLabels::default(),
            guest: context.flags().switch(GUEST),
            topology: Topology::new(context),
            info: Info::from_flags(context)?,
        }))
    },
};

const SECONDS: Desc<'_> = Desc::counter(
    "node_cpu_seconds_total",
    "Seconds the CPUs spent in each mode.",
    &["cpu", "mode"],
);
const GUEST_SECONDS: Desc<'_> = Desc::counter(
    "node_cpu_guest_seconds_total",
    "Seconds the CPUs spent in guests (VMs) for each mode.",
    &["cpu", "mode"],
);

/// `USER_HZ`, in which the kernel tells times to programs; 100 on everything that Rust runs on.
const TICKS_PER_SECOND: f64 = 100.0;

/// A mode's label and its ticks.
type Mode = (&'static str, fn(&CpuTicks) -> u64);

const MODES: [Mode; 8] = [
    ("idle", |ticks| ticks.idle),
    ("iowait", |ticks| ticks.iowait),
    ("irq", |ticks| ticks.irq),
    ("nice", |ticks| ticks.nice),
    ("softirq", |ticks| ticks.softirq),
    ("steal", |ticks| ticks.steal),
    ("system", |ticks| ticks.system),
    ("user", |ticks| ticks.user),
];

/// These are part of the modes `nice` and `user`.
const GUEST_MODES: [Mode; 2] = [("nice", |ticks| ticks.guest_nice), ("user", |ticks| ticks.guest)];

struct CpuTimes {
    source: Source,
    times: Monotonic,
    labels: CpuLabels,
    guest: bool,
    topology: Topology,
    info: Option<Info>,
}

impl Collector for CpuTimes {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let stat = self.source.parse(stat::parse)?;
        let cpus = self.times.update(&stat.cpus);
        let changed = self.labels.update(cpus.iter().map(|cpu| cpu.number));
        encode(&SECONDS, &MODES, &self.labels, cpus, out);
        if self.guest {
            encode(&GUEST_SECONDS, &GUEST_MODES, &self.labels, cpus, out);
        }
        self.topology.collect(changed, out)?;
        match &mut self.info {
            Some(info) => info.collect(out),
            None => Ok(()),
        }
    }
}

fn encode(desc: &Desc<'_>, modes: &[Mode], labels: &CpuLabels, cpus: &[Cpu], out: &mut Encoder) {
    let mut family = out.family(desc);
    for (label, cpu) in labels.rows(cpus) {
        for (mode, ticks) in modes {
            family.sample(&[label, mode], ticks(&cpu.ticks) as f64 / TICKS_PER_SECOND);
        }
    }
}
