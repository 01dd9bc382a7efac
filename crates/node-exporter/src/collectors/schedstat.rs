//! Scheduler times per CPU, from /proc/schedstat. The file needs a kernel with CONFIG_SCHEDSTATS.

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exposition::{Desc, Encoder};
use kernel_stats::schedstat::{self, CpuSchedstat};

use crate::context::Context;
use crate::cpu_labels::{CpuColumn, CpuLabels};
use crate::source::Source;

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "schedstat",
    enabled_by_default: true,
    flags: &[],
    build: |context| {
        Ok(Box::new(Schedstat {
            source: context.proc("schedstat"),
            labels: CpuLabels::default(),
        }))
    },
};

const COLUMNS: [CpuColumn<CpuSchedstat>; 3] = [
    (
        Desc::counter(
            "node_schedstat_running_seconds_total",
            "Number of seconds CPU spent running a process.",
            &["cpu"],
        ),
        |cpu| seconds(cpu.running_nanos),
    ),
    (
        Desc::counter(
            "node_schedstat_timeslices_total",
            "Number of timeslices executed by CPU.",
            &["cpu"],
        ),
        |cpu| cpu.timeslices as f64,
    ),
    (
        Desc::counter(
            "node_schedstat_waiting_seconds_total",
            "Number of seconds spent by processing waiting for this CPU.",
            &["cpu"],
        ),
        |cpu| seconds(cpu.waiting_nanos),
    ),
];

struct Schedstat {
    source: Source,
    labels: CpuLabels,
}

impl Collector for Schedstat {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let cpus = self.source.parse(schedstat::parse)?;
        self.labels.update(cpus.iter().map(|row| row.cpu));
        self.labels.encode(&COLUMNS, &cpus, out);
        Ok(())
    }
}

fn seconds(nanos: u64) -> f64 {
    nanos as f64 / 1e9
}
