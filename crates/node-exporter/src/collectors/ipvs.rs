//! IP virtual servers, from /proc/net/ip_vs_stats and /proc/net/ip_vs. Absent until the kernel module is loaded.

mod backends;

use exporter_toolkit::collector::{BuildError, CollectError, Collector, CollectorSpec};
use exporter_toolkit::flags::Flag;
use exposition::{Desc, Encoder};
use kernel_stats::ip_vs_stats::IpVsStats;
use kernel_stats::{ip_vs, ip_vs_stats};

use self::backends::{Backends, LABELS, Row};
use crate::context::Context;
use crate::source::Source;

const BACKEND_LABELS: &str = "collector.ipvs.backend-labels";
const DEFAULT_LABELS: &str = "local_address,local_port,remote_address,remote_port,proto,local_mark";

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "ipvs",
    enabled_by_default: true,
    flags: &[Flag::value(
        BACKEND_LABELS,
        DEFAULT_LABELS,
        "Comma separated list for IPVS backend stats labels.",
    )],
    build: |context| {
        Ok(Box::new(Ipvs {
            stats: context.proc("net/ip_vs_stats"),
            servers: context.proc("net/ip_vs"),
            backends: Backends::new(labels(context.flags().value(BACKEND_LABELS))?),
        }))
    },
};

/// A family and the total that it shows.
type Total = (Desc<'static>, fn(&IpVsStats) -> u64);

const TOTALS: [Total; 5] = [
    (
        Desc::counter(
            "node_ipvs_connections_total",
            "The total number of connections made.",
            &[],
        ),
        |stats| stats.connections,
    ),
    (
        Desc::counter(
            "node_ipvs_incoming_bytes_total",
            "The total amount of incoming data.",
            &[],
        ),
        |stats| stats.incoming_bytes,
    ),
    (
        Desc::counter(
            "node_ipvs_incoming_packets_total",
            "The total number of incoming packets.",
            &[],
        ),
        |stats| stats.incoming_packets,
    ),
    (
        Desc::counter(
            "node_ipvs_outgoing_bytes_total",
            "The total amount of outgoing data.",
            &[],
        ),
        |stats| stats.outgoing_bytes,
    ),
    (
        Desc::counter(
            "node_ipvs_outgoing_packets_total",
            "The total number of outgoing packets.",
            &[],
        ),
        |stats| stats.outgoing_packets,
    ),
];

/// Name and help of a family with the labels that the flag chose, and the number that it shows.
type BackendColumn = (&'static str, &'static str, fn(&Row) -> u64);

const BACKEND_COLUMNS: [BackendColumn; 3] = [
    (
        "node_ipvs_backend_connections_active",
        "The current active connections by local and remote address.",
        |row| row.active_connections,
    ),
    (
        "node_ipvs_backend_connections_inactive",
        "The current inactive connections by local and remote address.",
        |row| row.inactive_connections,
    ),
    (
        "node_ipvs_backend_weight",
        "The current backend weight by local and remote address.",
        |row| row.weight,
    ),
];

/// The labels in the list that the flag holds, in the order of [`LABELS`].
fn labels(list: &str) -> Result<Vec<&'static str>, BuildError> {
    let asked = || list.split(',').filter(|label| !label.is_empty());
    let unknown: Vec<&str> = asked().filter(|label| !LABELS.contains(label)).collect();
    if unknown.is_empty() {
        return Ok(LABELS
            .into_iter()
            .filter(|known| asked().any(|label| label == *known))
            .collect());
    }
    let (unknown, allowed) = (unknown.join(", "), LABELS.join(", "));
    Err(format!("--{BACKEND_LABELS}: unknown {unknown}; allowed are {allowed}").into())
}

struct Ipvs {
    stats: Source,
    servers: Source,
    backends: Backends,
}

impl Collector for Ipvs {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let stats = self.stats.parse(ip_vs_stats::parse)?;
        for (desc, total) in &TOTALS {
            out.scalar(desc, total(&stats) as f64);
        }
        self.backends.update(&self.servers.parse(ip_vs::parse)?);
        for (name, help, value) in BACKEND_COLUMNS {
            let desc = Desc::gauge(name, help, self.backends.labels());
            let mut family = out.family(&desc);
            for (labels, row) in self.backends.rows() {
                family.sample(labels.get(..desc.labels.len()).unwrap_or_default(), value(row) as f64);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_those_of_the_flag() {
        for (list, expected) in [
            ("", Some(vec![])),
            ("proto,,local_address,proto", Some(vec!["local_address", "proto"])),
            (DEFAULT_LABELS, Some(LABELS.to_vec())),
            ("proto,port", None),
        ] {
            assert_eq!(labels(list).ok(), expected, "{list}");
        }
        let error = labels("foo,proto,bar").unwrap_err().to_string();
        assert!(error.starts_with("--collector.ipvs.backend-labels: unknown foo, bar; allowed are local_address, "));
    }
}
