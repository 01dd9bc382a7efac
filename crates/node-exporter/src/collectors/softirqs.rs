//! Software interrupts by type and CPU, from /proc/softirqs.

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exposition::{Desc, Encoder};
use kernel_stats::softirqs;

use crate::context::Context;
use crate::cpu_labels::CpuLabels;
use crate::source::Source;

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "softirqs",
    enabled_by_default: false,
    flags: &[],
    build: |context| {
        Ok(Box::new(Softirqs {
            source: context.proc("softirqs"),
            cpus: CpuLabels::default(),
        }))
    },
};

const FUNCTIONS: Desc<'_> = Desc::counter(
    "node_softirqs_functions_total",
    "Softirq counts per CPU.",
    &["cpu", "type"],
);

struct Softirqs {
    source: Source,
    cpus: CpuLabels,
}

impl Collector for Softirqs {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let table = self.source.parse(softirqs::parse)?;
        self.cpus.update(table.cpus.iter().copied());
        let mut types: Vec<_> = table.events.iter().map(|event| event.name).zip(0..).collect();
        types.sort_unstable();
        let mut family = out.family(&FUNCTIONS);
        for (cpu, column) in self.cpus.positions() {
            for (name, row) in &types {
                if let Some(count) = table.count(*row, column) {
                    family.sample(&[cpu, name], count as f64);
                }
            }
        }
        Ok(())
    }
}
