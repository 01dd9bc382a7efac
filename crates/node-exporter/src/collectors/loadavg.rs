//! Load averages, from /proc/loadavg.

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exposition::{Desc, Encoder};
use kernel_stats::loadavg;

use crate::context::Context;
use crate::source::Source;

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "loadavg",
    enabled_by_default: true,
    flags: &[],
    build: |context| {
        Ok(Box::new(LoadAvg {
            source: context.proc("loadavg"),
        }))
    },
};

const LOAD1: Desc<'_> = Desc::gauge("node_load1", "1m load average.", &[]);
const LOAD5: Desc<'_> = Desc::gauge("node_load5", "5m load average.", &[]);
const LOAD15: Desc<'_> = Desc::gauge("node_load15", "15m load average.", &[]);

struct LoadAvg {
    source: Source,
}

impl Collector for LoadAvg {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let load = self.source.parse(loadavg::parse)?;
        out.scalar(&LOAD1, load.load1);
        out.scalar(&LOAD5, load.load5);
        out.scalar(&LOAD15, load.load15);
        Ok(())
    }
}
