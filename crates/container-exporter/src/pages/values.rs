//! The numbers that pages show. The only place of theirs that knows the groups' values.

use serde::Serialize;

use super::units::percent;
use crate::reader::Row;

/// A working set above this share of its limit is worth a look.
const NEARLY_FULL: f64 = 0.9;

/// Numbers as the kernel has them; rates are made in the browser. `None`: not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(super) struct Values {
    /// CPU time since the start, in seconds.
    pub(super) cpu: Option<f64>,
    /// CPUs that it may use.
    pub(super) cpu_limit: Option<f64>,
    /// Periods of the CPU quota in which it ran, since the start.
    pub(super) periods: Option<u64>,
    /// Those in which the quota was used up.
    pub(super) throttled_periods: Option<u64>,
    /// How long it was held back, in seconds since the start.
    pub(super) throttled: Option<f64>,
    /// All memory, in bytes, caches included.
    pub(super) memory: Option<u64>,
    /// Memory that cannot easily be given back, in bytes.
    pub(super) working_set: Option<u64>,
    /// Memory that it may use, in bytes; `None` also where there is no limit.
    pub(super) memory_limit: Option<u64>,
    /// Its writable layer, in bytes; for the machine, what is used of its largest file system.
    pub(super) fs: Option<u64>,
    /// The size of the file system that this is on, in bytes.
    pub(super) fs_limit: Option<u64>,
    /// Bytes received since the start.
    pub(super) received: Option<u64>,
    /// Bytes sent since the start.
    pub(super) sent: Option<u64>,
    /// Tasks: processes and threads.
    pub(super) tasks: Option<u64>,
    /// Tasks that it may have; `None` also where there is no limit.
    pub(super) tasks_limit: Option<u64>,
}

impl Values {
    /// What the groups found. Groups that are switched off leave `None`.
    pub(super) fn new(row: &Row) -> Self {
        let stats = &row.stats;
        let (spec, bandwidth) = (&stats.spec, &stats.cpu.bandwidth);
        let count = |number: Option<f64>| number.map(|number| number as u64);
        // Most of a machine's other file systems are small, in memory, or always full.
        let file_systems = stats.disk.file_systems.iter();
        let file_system = file_systems.max_by_key(|found| (is_disk(&found.device), found.space.limit));
        let interfaces = (!stats.network.is_empty()).then_some(&stats.network);
        Self {
            cpu: stats.cpu.usage,
            cpu_limit: cpus(spec.cpu_quota_micros, spec.cpu_period_micros),
            periods: count(bandwidth.periods),
            throttled_periods: count(bandwidth.throttled_periods),
            throttled: bandwidth.throttled,
            memory: stats.memory.usage,
            working_set: stats.memory.working_set(),
            memory_limit: spec.memory.and_then(|memory| memory.limit),
            fs: file_system.and_then(|found| found.used),
            fs_limit: file_system.map(|found| found.space.limit),
            received: interfaces.map(|all| all.iter().map(|one| one.receive.bytes).sum()),
            sent: interfaces.map(|all| all.iter().map(|one| one.transmit.bytes).sum()),
            tasks: stats.processes.threads,
            tasks_limit: stats.processes.threads_max.filter(|most| *most > 0),
        }
    }

    /// Working set against limit.
    pub(super) fn memory_share(&self) -> Option<f64> {
        share(self.working_set, self.memory_limit)
    }

    /// What is used of the file system that it writes on.
    pub(super) fn fs_share(&self) -> Option<f64> {
        share(self.fs, self.fs_limit)
    }

    /// Periods in which the CPU quota was used up, of all since the start.
    pub(super) fn throttled_share(&self) -> Option<f64> {
        share(self.throttled_periods, self.periods)
    }

    /// Why somebody should look at it.
    pub(super) fn trouble(&self) -> Option<String> {
        let full = self.memory_share().filter(|share| *share >= NEARLY_FULL)?;
        Some(format!("working set at {} of its limit", percent(full)))
    }
}

/// A quota in CPUs.
fn cpus(quota: Option<u64>, period: Option<u64>) -> Option<f64> {
    let period = period.filter(|period| *period > 0)?;
    Some(quota? as f64 / period as f64)
}

/// Whether a file system is on a disk: others go by the folders where they are mounted.
fn is_disk(device: &str) -> bool {
    device.starts_with("/dev/") && device != "/dev/shm"
}

/// One number in parts of another.
pub(super) fn share(part: Option<u64>, whole: Option<u64>) -> Option<f64> {
    let whole = whole.filter(|whole| *whole > 0)?;
    Some(part? as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::{Container, Facts};
    use crate::testing::{Tree, reader};

    #[test]
    fn a_working_set_near_its_limit_is_trouble() {
        for (working_set, memory_limit, trouble) in [
            (Some(899), Some(1_000), None),
            (Some(900), Some(1_000), Some("working set at 90.0 % of its limit")),
            (Some(900), Some(0), None),
            (Some(900), None, None),
            (None, Some(1_000), None),
        ] {
            let values = Values {
                working_set,
                memory_limit,
                ..Values::default()
            };
            assert_eq!(values.trouble().as_deref(), trouble);
        }
    }

    #[test]
    fn every_number_comes_from_its_group() {
        let tree = Tree::v2();
        tree.write("docker/a1/cpu.max", "150000 100000\n");
        let stat =
            "usage_usec 2000000\nuser_usec 1\nsystem_usec 1\nnr_periods 9\nnr_throttled 4\nthrottled_usec 500000\n";
        tree.write("docker/a1/cpu.stat", stat);
        tree.write("docker/a1/memory.current", "100\n");
        tree.write("docker/a1/memory.stat", "inactive_file 30\n");
        tree.write("docker/a1/memory.max", "1000\n");
        tree.write("docker/a1/pids.current", "3\n");
        tree.write("docker/a1/pids.max", "max\n");
        tree.write_proc("7/cgroup", "0::/docker/a1\n");
        let rest = "0 0 0 0 0 0 0";
        let interfaces = ["eth0", "eth1"].map(|name| format!("{name}: 10 {rest} 20 {rest}\n"));
        tree.write_proc("7/net/dev", &format!("Inter-|\n face |\n{}", interfaces.concat()));
        let facts = Facts {
            pid: Some(7),
            ..Facts::default()
        };
        let container = Container {
            facts: Some(facts.into()),
            ..tree.container("/docker/a1")
        };
        let reader = reader(&tree, vec![container]);
        let expected = Values {
            cpu: Some(2.0),
            cpu_limit: Some(1.5),
            periods: Some(9),
            throttled_periods: Some(4),
            throttled: Some(0.5),
            memory: Some(100),
            working_set: Some(70),
            memory_limit: Some(1_000),
            fs: None,
            fs_limit: None,
            received: Some(20),
            sent: Some(40),
            tasks: Some(3),
            tasks_limit: None,
        };
        assert_eq!(Values::new(&reader.read().rows[0]), expected);
    }

    #[test]
    fn groups_that_found_nothing_leave_nothing() {
        let tree = Tree::v2();
        let reader = reader(&tree, vec![tree.container("/a")]);
        assert_eq!(Values::new(&reader.read().rows[0]), Values::default());
    }

    #[test]
    fn the_machine_is_told_by_its_largest_disk() {
        let disk = |device: &str, limit| (is_disk(device), limit);
        let all = [
            disk("/dev/shm", 9),
            disk("tank", 7),
            disk("/dev/vda1", 1),
            disk("/dev/vda2", 5),
        ];
        assert_eq!(all.into_iter().max(), Some((true, 5)));
    }
}
