//! Tasks that hung, from /proc/sys/kernel/hung_task_detect_count. Linux 6.13 and later.

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exposition::{Desc, Encoder};
use kernel_stats::attribute;

use crate::context::Context;
use crate::source::Source;

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "kernel_hung",
    enabled_by_default: true,
    flags: &[],
    build: |context| {
        Ok(Box::new(KernelHung {
            source: context.proc("sys/kernel/hung_task_detect_count"),
        }))
    },
};

const TASKS: Desc<'_> = Desc::counter(
    "node_kernel_hung_tasks_total",
    "Total number of tasks that have been detected as hung since the system booted.",
    &[],
);

struct KernelHung {
    source: Source,
}

impl Collector for KernelHung {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let tasks = self.source.parse(attribute::parse_u64)?;
        out.scalar(&TASKS, tasks as f64);
        Ok(())
    }
}
