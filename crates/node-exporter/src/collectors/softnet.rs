//! Work of the network receive path per CPU, from /proc/net/softnet_stat. Columns that an old kernel lacks are 0, as in
//! node_exporter.

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exposition::{Desc, Encoder};
use kernel_stats::softnet_stat::{self, CpuSoftnet};

use crate::context::Context;
use crate::cpu_labels::{CpuColumn, CpuLabels};
use crate::source::Source;

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "softnet",
    enabled_by_default: true,
    flags: &[],
    build: |context| {
        Ok(Box::new(Softnet {
            source: context.proc("net/softnet_stat"),
            labels: CpuLabels::default(),
        }))
    },
};

const COLUMNS: [CpuColumn<CpuSoftnet>; 7] = [
    (
        Desc::gauge("node_softnet_backlog_len", "Softnet backlog status", &["cpu"]),
        |cpu| cpu.backlog_len.unwrap_or(0).into(),
    ),
    (
        Desc::counter(
            "node_softnet_cpu_collision_total",
            "Number of collision occur while obtaining device lock while transmitting",
            &["cpu"],
        ),
        |cpu| cpu.cpu_collision.into(),
    ),
    (
        Desc::counter("node_softnet_dropped_total", "Number of dropped packets", &["cpu"]),
        |cpu| cpu.dropped.into(),
    ),
    (
        Desc::counter(
            "node_softnet_flow_limit_count_total",
            "Number of times flow limit has been reached",
            &["cpu"],
        ),
        |cpu| cpu.flow_limit_count.unwrap_or(0).into(),
    ),
    (
        Desc::counter("node_softnet_processed_total", "Number of processed packets", &["cpu"]),
        |cpu| cpu.processed.into(),
    ),
    (
        Desc::counter(
            "node_softnet_received_rps_total",
            "Number of times cpu woken up received_rps",
            &["cpu"],
        ),
        |cpu| cpu.received_rps.unwrap_or(0).into(),
    ),
    (
        Desc::counter(
            "node_softnet_times_squeezed_total",
            "Number of times processing packets ran out of quota",
            &["cpu"],
        ),
        |cpu| cpu.time_squeezed.into(),
    ),
];

struct Softnet {
    source: Source,
    labels: CpuLabels,
}

impl Collector for Softnet {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let cpus = self.source.parse(softnet_stat::parse)?;
        self.labels.update(cpus.iter().map(|row| row.cpu));
        self.labels.encode(&COLUMNS, &cpus, out);
        Ok(())
    }
}
