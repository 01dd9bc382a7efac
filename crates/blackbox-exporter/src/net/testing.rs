//! For tests: what a probe needs, without a request.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use super::Network;
use crate::config::Module;
use crate::failure::Step;
use crate::found::Found;
use crate::probe::Probe;
use crate::probe_log::ProbeLog;

/// What probes borrow.
pub(super) struct Setup {
    pub(super) module: Module,
    pub(super) network: Network,
    pub(super) log: ProbeLog,
}

impl Setup {
    pub(super) fn new() -> Self {
        Self {
            module: Module::default(),
            network: Network::default(),
            log: ProbeLog::new("module", "target", log::Level::Error),
        }
    }

    pub(super) fn probe(&self) -> Probe<'_> {
        Probe {
            target: "target",
            hostname: None,
            module: &self.module,
            deadline: Instant::now() + Duration::from_secs(10),
            log: &self.log,
            network: &self.network,
            found: RefCell::new(Found::default()),
            step: Cell::new(Step::Prepare),
        }
    }
}
