//! Probes made by tests: the outcome, and the metrics.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use exposition::{Encoder, Format, assemble};

use crate::config::Module;
use crate::failure::{Failure, Reason, Step};
use crate::found::Found;
use crate::net::Network;
use crate::probe::{Probe, ProberSpec, run};
use crate::probe_log::ProbeLog;

/// What came of a probe.
#[derive(Debug)]
pub(super) struct Trial {
    /// How it ended.
    pub(super) outcome: Result<(), Failure>,
    /// Its metrics as text.
    pub(super) metrics: String,
}

impl Trial {
    /// Probes with the module of this text, for at most so long.
    pub(super) async fn run(spec: &ProberSpec, module: &str, target: &str, timeout: Duration) -> Self {
        let module: Module = serde_saphyr::from_str(module).expect("a module");
        let (log, network) = (ProbeLog::new("m", target, log::Level::Error), Network::default());
        let probe = Probe {
            target,
            hostname: None,
            module: &module,
            deadline: Instant::now() + timeout,
            log: &log,
            network: &network,
            found: RefCell::new(Found::default()),
            step: Cell::new(Step::Prepare),
        };
        let (mut encoder, mut metrics) = (Encoder::new(Format::Text004), Vec::new());
        let outcome = run(spec, &probe, &mut encoder).await;
        assemble([&encoder], &mut metrics);
        let metrics = String::from_utf8(metrics).expect("text");
        Self { outcome, metrics }
    }

    /// Step and reason of the failure.
    pub(super) fn failure(&self) -> Option<(Step, Reason)> {
        self.outcome
            .as_ref()
            .err()
            .map(|failure| (failure.step, failure.reason))
    }

    /// The value of a series.
    pub(super) fn value(&self, series: &str) -> Option<f64> {
        let line = |line: &&str| line.strip_prefix(series).is_some_and(|rest| rest.starts_with(' '));
        let line = self.metrics.lines().find(line)?;
        line.rsplit_once(' ')?.1.parse().ok()
    }

    /// The names of the prober's own series, in order.
    pub(super) fn series(&self, prefix: &str) -> Vec<&str> {
        let own = self.metrics.lines().filter(|line| line.starts_with(prefix));
        own.filter_map(|line| line.rsplit_once(' '))
            .map(|(name, _)| name)
            .collect()
    }
}
