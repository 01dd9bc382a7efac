//! What groups read through a container's processes: files of /proc/PID, of which those of the network are read once a
//! network.

use kernel_stats::ParseError;

use super::source::Source;
use crate::cgroup::{Controller, Version};
use crate::process;

/// How many processes of a cgroup are tried until one lives.
const CANDIDATES: usize = 8;

impl Source<'_> {
    /// A file of one living process of the container, by its path below /proc/PID, as `parse` understands it. `None`
    /// where there is no process, or no such file for us.
    pub(crate) fn parse_process<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&[u8]) -> Result<T, ParseError>,
    ) -> Option<T> {
        self.read_process(name)?;
        parse(self.buffer)
            .map_err(|error| {
                self.problems
                    .add(|| format!("parsing /proc/PID/{name} of {}: {error}", self.container.id))
            })
            .ok()
    }

    fn read_process(&mut self, name: &str) -> Option<()> {
        // The second round is for when the process has ended since the last reading.
        for _ in 0..2 {
            if !self.find_process() {
                return None;
            }
            if self.process.read(name, self.buffer).is_ok() {
                return Some(());
            }
            if self.process.is_alive() {
                return None;
            }
            self.process.let_go();
        }
        None
    }

    /// The same for a file of the container's network. `None` also where the network is the host's, or that of another
    /// container which reports it: each is counted once.
    pub(crate) fn parse_network<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&[u8]) -> Result<T, ParseError>,
    ) -> Option<T> {
        let own = match self.own_network {
            Some(own) => own,
            None => self.has_own_network(),
        };
        self.own_network = Some(own);
        if own { self.parse_process(name, parse) } else { None }
    }

    fn has_own_network(&mut self) -> bool {
        if self.container.is_root() {
            return true;
        }
        // A container that was started again has another network than its last process had.
        if !self.process.is_alive() {
            self.process.let_go();
        }
        if !process::may_have_network(self.container) || !self.find_process() {
            return false;
        }
        let host = self.namespaces.host(&self.paths.procfs);
        match self.process.network_namespace() {
            Some(own) => Some(own) != host && self.namespaces.claim(own),
            // Without the permission to tell namespaces apart, what the runtime says must do.
            None => true,
        }
    }

    /// Makes sure that a process is held: the runtime's, or else one of those in the cgroup.
    fn find_process(&mut self) -> bool {
        let procfs = &self.paths.procfs;
        if self.process.is_held() {
            return true;
        }
        if self.container.is_root() {
            return self.process.hold(procfs, 1, "/", self.buffer);
        }
        let name = self.container.id.rsplit('/').next().unwrap_or_default();
        let first = self.container.facts.as_deref().and_then(|facts| facts.pid);
        if first.is_some_and(|pid| self.process.hold(procfs, pid, name, self.buffer)) {
            return true;
        }
        let mut pids = [0; CANDIDATES];
        self.pids(|index, pid| {
            if let Some(place) = pids.get_mut(index) {
                *place = pid;
            }
        });
        // 0 stands for no process, and for those that our PID namespace lacks.
        let mut found = pids.into_iter().filter(|pid| *pid != 0);
        found.any(|pid| self.process.hold(procfs, pid, name, self.buffer))
    }

    /// Gives each process of the cgroup itself, and returns how many they are. `None` where they cannot be listed.
    pub(crate) fn pids(&mut self, mut take: impl FnMut(usize, u32)) -> Option<usize> {
        let controller = match self.version() {
            Version::V1 => Controller::Cpu,
            Version::V2 => Controller::Unified,
        };
        self.parse(controller, "cgroup.procs", |bytes| {
            let mut count = 0;
            for pid in kernel_stats::cgroup_procs::pids(bytes) {
                take(count, pid?);
                count += 1;
            }
            Ok(count)
        })
    }
}
