//! Processes and threads by state, from /proc/PID/stat and /proc/PID/task/TID/stat, and the limits of their numbers,
//! from /proc/sys/kernel/{threads-max,pid_max}. Nothing is allocated for a process.

mod tally;

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exposition::{Desc, Encoder};
use kernel_stats::attribute;

use crate::context::Context;
use crate::source::Source;
use tally::{States, Tally};

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "processes",
    enabled_by_default: false,
    flags: &[],
    build: |context| {
        Ok(Box::new(Processes {
            tally: Tally::new(context.proc_path("")),
            threads_max: context.proc("sys/kernel/threads-max"),
            pid_max: context.proc("sys/kernel/pid_max"),
        }))
    },
};

const PIDS: Desc<'_> = Desc::gauge("node_processes_pids", "Number of PIDs", &[]);
const STATE: Desc<'_> = Desc::gauge("node_processes_state", "Number of processes in each state.", &["state"]);
const THREADS: Desc<'_> = Desc::gauge("node_processes_threads", "Allocated threads in system", &[]);
const THREADS_STATE: Desc<'_> = Desc::gauge(
    "node_processes_threads_state",
    "Number of threads in each state.",
    &["thread_state"],
);
const MAX_PROCESSES: Desc<'_> = Desc::gauge("node_processes_max_processes", "Number of max PIDs limit", &[]);
const MAX_THREADS: Desc<'_> = Desc::gauge("node_processes_max_threads", "Limit of threads in the system", &[]);

struct Processes {
    tally: Tally,
    threads_max: Source,
    pid_max: Source,
}

impl Collector for Processes {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let counts = self.tally.count()?;
        if counts.processes == 0 {
            return Err(CollectError::NoData("no process is to be seen".into()));
        }
        out.scalar(&PIDS, counts.processes as f64);
        out.scalar(&THREADS, counts.threads as f64);
        encode(&STATE, &counts.states, out);
        encode(&THREADS_STATE, &counts.thread_states, out);
        out.scalar(&MAX_THREADS, self.threads_max.parse(attribute::parse_u64)? as f64);
        out.scalar(&MAX_PROCESSES, self.pid_max.parse(attribute::parse_u64)? as f64);
        Ok(())
    }
}

fn encode(desc: &Desc<'_>, states: &States, out: &mut Encoder) {
    let mut family = out.family(desc);
    for (state, count) in states.seen() {
        family.sample(&[state.encode_utf8(&mut [0; 4]) as &str], count as f64);
    }
}
