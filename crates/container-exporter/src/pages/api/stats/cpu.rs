//! CPU time.

use serde::Serialize;

use super::known;
use crate::groups::Stats;

#[derive(Debug, Default, PartialEq, Serialize)]
pub(super) struct Cpu<'r> {
    usage: CpuUsage<'r>,
    cfs: Cfs,
    schedstat: Schedstat,
    /// Always 0: nobody reads it.
    load_average: i32,
}

/// Nanoseconds.
#[derive(Debug, Default, PartialEq, Serialize)]
struct CpuUsage<'r> {
    total: u64,
    #[serde(skip_serializing_if = "<[u64]>::is_empty")]
    per_cpu_usage: &'r [u64],
    user: u64,
    system: u64,
}

/// `throttled_time` in nanoseconds.
#[derive(Debug, Default, PartialEq, Serialize)]
struct Cfs {
    periods: u64,
    throttled_periods: u64,
    throttled_time: u64,
}

/// Times in nanoseconds.
#[derive(Debug, Default, PartialEq, Serialize)]
struct Schedstat {
    run_time: u64,
    runqueue_time: u64,
    run_periods: u64,
}

impl<'r> Cpu<'r> {
    pub(super) fn new(stats: &'r Stats) -> Self {
        let (cpu, bandwidth) = (&stats.cpu, &stats.cpu.bandwidth);
        let ran = stats.sched.sum().unwrap_or_default();
        Self {
            usage: CpuUsage {
                total: nanos(cpu.usage),
                per_cpu_usage: &stats.percpu_nanos,
                user: nanos(cpu.user),
                system: nanos(cpu.system),
            },
            cfs: Cfs {
                periods: known(bandwidth.periods.map(|count| count as u64)),
                throttled_periods: known(bandwidth.throttled_periods.map(|count| count as u64)),
                throttled_time: nanos(bandwidth.throttled),
            },
            schedstat: Schedstat {
                run_time: ran.running_nanos,
                runqueue_time: ran.waiting_nanos,
                run_periods: ran.timeslices,
            },
            load_average: 0,
        }
    }
}

fn nanos(seconds: Option<f64>) -> u64 {
    (seconds.unwrap_or(0.0) * 1e9).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Tree, reader};

    #[test]
    fn times_are_nanoseconds() {
        let tree = Tree::v2();
        tree.write("a/cpu.max", "50000 100000\n");
        let stat = "usage_usec 3\nuser_usec 2\nsystem_usec 1\nnr_periods 7\nnr_throttled 5\nthrottled_usec 4\n";
        tree.write("a/cpu.stat", stat);
        tree.write("a/cgroup.threads", "9\n");
        tree.write_proc("9/schedstat", "30 20 10\n");
        let reader = reader(&tree, vec![tree.container("/a")]);
        let reading = reader.read();
        let cpu = Cpu::new(&reading.rows[0].stats);
        let expected = Cpu {
            usage: CpuUsage {
                total: 3_000,
                per_cpu_usage: &[],
                user: 2_000,
                system: 1_000,
            },
            cfs: Cfs {
                periods: 7,
                throttled_periods: 5,
                throttled_time: 4_000,
            },
            schedstat: Schedstat {
                run_time: 30,
                runqueue_time: 20,
                run_periods: 10,
            },
            load_average: 0,
        };
        assert_eq!(cpu, expected);
    }
}
