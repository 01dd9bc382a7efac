//! Numbers of cgroups by controller, from /proc/cgroups.

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exposition::{Desc, Encoder};
use kernel_stats::cgroups;

use crate::context::Context;
use crate::source::Source;

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "cgroups",
    enabled_by_default: false,
    flags: &[],
    build: |context| {
        Ok(Box::new(Cgroups {
            source: context.proc("cgroups"),
        }))
    },
};

const CGROUPS: Desc<'_> = Desc::gauge(
    "node_cgroups_cgroups",
    "Current cgroup number of the subsystem.",
    &["subsys_name"],
);
const ENABLED: Desc<'_> = Desc::gauge(
    "node_cgroups_enabled",
    "Current cgroup number of the subsystem.",
    &["subsys_name"],
);

struct Cgroups {
    source: Source,
}

impl Collector for Cgroups {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let controllers = self.source.parse(cgroups::parse)?;
        let mut family = out.family(&CGROUPS);
        for controller in &controllers {
            family.sample(&[controller.name], controller.cgroups as f64);
        }
        let mut family = out.family(&ENABLED);
        for controller in &controllers {
            family.sample(&[controller.name], controller.enabled as f64);
        }
        Ok(())
    }
}
