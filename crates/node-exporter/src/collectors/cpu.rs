//! Time of each CPU in each mode, and on request of all together, from /proc/stat; whether it is online or isolated and how often it was throttled, from
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

const AGGREGATE: &str = "collector.cpu.aggregate";
const GUEST: &str = "collector.cpu.guest";
const PER_CPU: &str = "collector.cpu.per-cpu";

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "cpu",
    enabled_by_default: true,
    flags: &[
        Flag::switch(
            AGGREGATE,
            false,
            "Enables metrics node_cpu_aggregate_seconds_total and node_cpu_aggregate_guest_seconds_total, of all CPUs together.",
        ),
        Flag::switch(
            PER_CPU,
            true,
            "Enables metrics node_cpu_seconds_total and node_cpu_guest_seconds_total, of each CPU.",
        ),
        Flag::switch(GUEST, true, "Enables metric node_cpu_guest_seconds_total"),
        info::FLAG,
        info::FLAGS_FLAG,
        info::BUGS_FLAG,
    ],
    build: |context| {
        Ok(Box::new(CpuTimes {
            source: context.proc("stat"),
            aggregate: context.flags().switch(AGGREGATE).then(Monotonic::default),
            per_cpu: context.flags().switch(PER_CPU),
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

const AGGREGATE_SECONDS: Desc<'_> = Desc::counter(
    "node_cpu_aggregate_seconds_total",
    "Seconds that all CPUs together spent in each mode.",
    &["mode"],
);
const AGGREGATE_GUEST_SECONDS: Desc<'_> = Desc::counter(
    "node_cpu_aggregate_guest_seconds_total",
    "Seconds that all CPUs together spent in guests (VMs) for each mode.",
    &["mode"],
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
    /// All CPUs, those that are offline included, taken for one.
    aggregate: Option<Monotonic>,
    per_cpu: bool,
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
        if self.per_cpu {
            encode(&SECONDS, &MODES, &self.labels, cpus, out);
        }
        if self.per_cpu && self.guest {
            encode(&GUEST_SECONDS, &GUEST_MODES, &self.labels, cpus, out);
        }
        if let Some((aggregate, ticks)) = self.aggregate.as_mut().zip(stat.total) {
            let all = aggregate.update(&[Cpu { number: 0, ticks }]);
            encode_aggregate(all, self.guest, out);
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

fn encode_aggregate(all: &[Cpu], guest: bool, out: &mut Encoder) {
    let guest_modes = if guest { &GUEST_MODES[..] } else { &[] };
    for (desc, modes) in [
        (&AGGREGATE_SECONDS, &MODES[..]),
        (&AGGREGATE_GUEST_SECONDS, guest_modes),
    ] {
        let mut family = out.family(desc);
        for cpu in all {
            for (mode, ticks) in modes {
                family.sample(&[*mode], ticks(&cpu.ticks) as f64 / TICKS_PER_SECOND);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{collector, root, text};

    #[test]
    fn all_cpus_together_may_take_the_place_of_each() {
        let root = root(&[("proc/stat", "cpu  300 0 0 7000 0 0 0 0 50\ncpu0 100 0 0 3000\n")]);
        let args = ["--collector.cpu.aggregate", "--no-collector.cpu.per-cpu"];
        let mut collector = collector(&SPEC, root.path(), &args);
        let expected = "\
# HELP node_cpu_aggregate_guest_seconds_total Seconds that all CPUs together spent in guests (VMs) for each mode.
# TYPE node_cpu_aggregate_guest_seconds_total counter
node_cpu_aggregate_guest_seconds_total{mode=\"nice\"} 0
node_cpu_aggregate_guest_seconds_total{mode=\"user\"} 0.5
# HELP node_cpu_aggregate_seconds_total Seconds that all CPUs together spent in each mode.
# TYPE node_cpu_aggregate_seconds_total counter
node_cpu_aggregate_seconds_total{mode=\"idle\"} 70
node_cpu_aggregate_seconds_total{mode=\"iowait\"} 0
node_cpu_aggregate_seconds_total{mode=\"irq\"} 0
node_cpu_aggregate_seconds_total{mode=\"nice\"} 0
node_cpu_aggregate_seconds_total{mode=\"softirq\"} 0
node_cpu_aggregate_seconds_total{mode=\"steal\"} 0
node_cpu_aggregate_seconds_total{mode=\"system\"} 0
node_cpu_aggregate_seconds_total{mode=\"user\"} 3
";
        assert_eq!(text(collector.as_mut()).unwrap(), expected);
    }
}
