//! Connection tracking, from /proc/sys/net/netfilter/nf_conntrack_{count,max} and /proc/net/stat/nf_conntrack. Absent
//! until the kernel module is loaded.

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exposition::{Desc, Encoder};
use kernel_stats::nf_conntrack_stat::ConntrackStat;
use kernel_stats::{attribute, nf_conntrack_stat};

use crate::context::Context;
use crate::source::Source;

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "conntrack",
    enabled_by_default: true,
    flags: &[],
    build: |context| {
        Ok(Box::new(Conntrack {
            count: context.proc("sys/net/netfilter/nf_conntrack_count"),
            max: context.proc("sys/net/netfilter/nf_conntrack_max"),
            stat: context.proc("net/stat/nf_conntrack"),
        }))
    },
};

const ENTRIES: Desc<'_> = Desc::gauge(
    "node_nf_conntrack_entries",
    "Number of currently allocated flow entries for connection tracking.",
    &[],
);
const LIMIT: Desc<'_> = Desc::gauge(
    "node_nf_conntrack_entries_limit",
    "Maximum size of connection tracking table.",
    &[],
);

/// A family and the sum that it shows.
type Sum = (Desc<'static>, fn(&ConntrackStat) -> u64);

const STAT: [Sum; 8] = [
    (
        Desc::gauge(
            "node_nf_conntrack_stat_drop",
            "Number of packets dropped due to conntrack failure.",
            &[],
        ),
        |stat| stat.drop,
    ),
    (
        Desc::gauge(
            "node_nf_conntrack_stat_early_drop",
            "Number of dropped conntrack entries to make room for new ones, if maximum table size was reached.",
            &[],
        ),
        |stat| stat.early_drop,
    ),
    (
        Desc::gauge(
            "node_nf_conntrack_stat_found",
            "Number of searched entries which were successful.",
            &[],
        ),
        |stat| stat.found,
    ),
    (
        Desc::gauge(
            "node_nf_conntrack_stat_ignore",
            "Number of packets seen which are already connected to a conntrack entry.",
            &[],
        ),
        |stat| stat.ignore,
    ),
    (
        Desc::gauge(
            "node_nf_conntrack_stat_insert",
            "Number of entries inserted into the list.",
            &[],
        ),
        |stat| stat.insert,
    ),
    (
        Desc::gauge(
            "node_nf_conntrack_stat_insert_failed",
            "Number of entries for which list insertion was attempted but failed.",
            &[],
        ),
        |stat| stat.insert_failed,
    ),
    (
        Desc::gauge(
            "node_nf_conntrack_stat_invalid",
            "Number of packets seen which can not be tracked.",
            &[],
        ),
        |stat| stat.invalid,
    ),
    (
        Desc::gauge(
            "node_nf_conntrack_stat_search_restart",
            "Number of conntrack table lookups which had to be restarted due to hashtable resizes.",
            &[],
        ),
        |stat| stat.search_restart,
    ),
];

struct Conntrack {
    count: Source,
    max: Source,
    stat: Source,
}

impl Collector for Conntrack {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        out.scalar(&ENTRIES, self.count.parse(attribute::parse_u64)? as f64);
        out.scalar(&LIMIT, self.max.parse(attribute::parse_u64)? as f64);
        let stat = self.stat.parse(nf_conntrack_stat::parse)?;
        for (desc, sum) in &STAT {
            out.scalar(desc, sum(&stat) as f64);
        }
        Ok(())
    }
}
