//! What the program was built from: `redis_exporter_build_info` with upstream's labels.

use exporter_toolkit::collector::{CollectError, Collector};
use exporter_toolkit::self_metrics::{REVISION, RUSTC, VERSION};
use exposition::{Desc, Encoder, Kind};

use crate::output::Output;
use crate::settings::Settings;

const DESC: Desc<'_> = Desc::new(
    "exporter_build_info",
    "redis exporter build_info",
    Kind::Info,
    &["build_date", "commit_sha", "golang_version", "version"],
);

/// Writes the family.
#[derive(Clone, Debug)]
pub(crate) struct BuildInfo {
    namespace: String,
}

impl BuildInfo {
    /// `None` where metrics of the exporter itself are left out.
    pub(crate) fn new(settings: &Settings) -> Option<Self> {
        let namespace = settings.namespace.clone();
        (!settings.redis_only).then_some(Self { namespace })
    }
}

impl Collector for BuildInfo {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        // The same source makes the same program on any day.
        let labels = ["unknown", REVISION, RUSTC, VERSION];
        Output::new(out, &self.namespace).family(&DESC, |family| family.sample(&labels, 1.0));
        Ok(())
    }
}
