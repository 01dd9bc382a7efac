//! Boot time and counts of the whole kernel, from /proc/stat. What the file does not say is left out.

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exporter_toolkit::flags::Flag;
use exposition::{Desc, Encoder};
use kernel_stats::stat::{self, Softirqs, Stat};

use crate::context::Context;
use crate::source::Source;

const SOFTIRQ: &str = "collector.stat.softirq";

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "stat",
    enabled_by_default: true,
    flags: &[Flag::switch(SOFTIRQ, false, "Export softirq calls per vector.")],
    build: |context| {
        Ok(Box::new(KernelStat {
            source: context.proc("stat"),
            softirq: context.flags().switch(SOFTIRQ),
        }))
    },
};

/// A family and the line that it shows.
type Count = (Desc<'static>, fn(&Stat) -> Option<u64>);

const COUNTS: [Count; 6] = [
    (
        Desc::gauge("node_boot_time_seconds", "Node boot time, in unixtime.", &[]),
        |stat| stat.boot_time_seconds,
    ),
    (
        Desc::counter("node_context_switches_total", "Total number of context switches.", &[]),
        |stat| stat.context_switches,
    ),
    (
        Desc::counter("node_forks_total", "Total number of forks.", &[]),
        |stat| stat.forks,
    ),
    (
        Desc::counter("node_intr_total", "Total number of interrupts serviced.", &[]),
        |stat| stat.interrupts,
    ),
    (
        Desc::gauge(
            "node_procs_blocked",
            "Number of processes blocked waiting for I/O to complete.",
            &[],
        ),
        |stat| stat.procs_blocked,
    ),
    (
        Desc::gauge("node_procs_running", "Number of processes in runnable state.", &[]),
        |stat| stat.procs_running,
    ),
];

const SOFTIRQS: Desc<'_> = Desc::counter("node_softirqs_total", "Number of softirq calls.", &["vector"]);

/// The vectors in the order of their labels, with their places in the kernel's order.
const VECTORS: [(&str, usize); 10] = [
    ("block", 4),
    ("block_iopoll", 5),
    ("hi", 0),
    ("hrtimer", 8),
    ("net_rx", 3),
    ("net_tx", 2),
    ("rcu", 9),
    ("sched", 7),
    ("tasklet", 6),
    ("timer", 1),
];

struct KernelStat {
    source: Source,
    softirq: bool,
}

impl Collector for KernelStat {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let stat = self.source.parse(stat::parse)?;
        for (desc, count) in &COUNTS {
            if let Some(count) = count(&stat) {
                out.scalar(desc, count as f64);
            }
        }
        if let (true, Some(softirqs)) = (self.softirq, &stat.softirqs) {
            encode_softirqs(softirqs, out);
        }
        Ok(())
    }
}

fn encode_softirqs(softirqs: &Softirqs, out: &mut Encoder) {
    let mut family = out.family(&SOFTIRQS);
    for (vector, place) in VECTORS {
        family.sample(&[vector], softirqs.by_vector[place] as f64);
    }
}
