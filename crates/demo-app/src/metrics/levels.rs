//! Levels, read at the scrape: simulated CPU usage, active users, and the program's own memory.

use std::sync::Arc;
use std::time::Instant;

use exporter_toolkit::collector::{CollectError, Collector};
use exposition::{Desc, Encoder};
use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};

use crate::cpu;
use crate::settings::LiveSettings;
use crate::users::Users;

const CPU_USAGE: Desc<'_> = Desc::gauge("cpu_usage", "Simulated CPU usage by core, in percent.", &["core"]);
const CPU_USAGE_SIMULATED: Desc<'_> = Desc::gauge(
    "cpu_usage_simulated",
    "Simulated CPU usage in percent, as cpu_mode says: random, spikes or high.",
    &[],
);
const ACTIVE_USERS: Desc<'_> = Desc::gauge("active_users", "Users with a request in the last minute.", &[]);
const MEMORY: Desc<'_> = Desc::gauge(
    "app_memory_usage_bytes",
    "Resident memory of this program, in bytes.",
    &[],
);

/// Reads and writes them.
pub(crate) struct LevelsCollector {
    settings: Arc<LiveSettings>,
    users: Arc<Users>,
    seed: u64,
    started: Instant,
    system: System,
    pid: Pid,
}

impl LevelsCollector {
    /// Of the process that calls it.
    ///
    /// # Errors
    /// When the system cannot be asked about processes.
    pub(crate) fn new(
        settings: Arc<LiveSettings>,
        users: Arc<Users>,
        seed: u64,
        started: Instant,
    ) -> Result<Self, sysinfo::Error> {
        Ok(Self {
            settings,
            users,
            seed,
            started,
            system: System::new()?,
            pid: Pid::from_u32(std::process::id()),
        })
    }

    fn memory(&mut self) -> Option<u64> {
        let what = ProcessRefreshKind::nothing().with_memory();
        self.system
            .refresh_processes_specifics(ProcessesToUpdate::Some(&[self.pid]), true, what);
        self.system.process(self.pid).map(sysinfo::Process::memory)
    }
}

impl Collector for LevelsCollector {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let since_start = self.started.elapsed();
        let mut cores = out.family(&CPU_USAGE);
        for (core, usage) in cpu::cores(self.seed, since_start) {
            cores.sample(&[core], usage);
        }
        let mode = self.settings.get().cpu_mode;
        out.scalar(&CPU_USAGE_SIMULATED, mode.usage(self.seed, since_start));
        out.scalar(&ACTIVE_USERS, self.users.active(since_start) as f64);
        let memory = self
            .memory()
            .ok_or_else(|| CollectError::failed("the system does not tell this program's memory"))?;
        out.scalar(&MEMORY, memory as f64);
        Ok(())
    }
}
