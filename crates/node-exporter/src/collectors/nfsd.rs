//! The NFS server, from /proc/net/rpc/nfsd. Absent until the kernel module is loaded.

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exposition::{Desc, Encoder};
use kernel_stats::net_rpc::{self, Server};

use crate::context::Context;
use crate::nfs_methods::{V2, V3, encode_calls};
use crate::source::Source;

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "nfsd",
    enabled_by_default: true,
    flags: &[],
    build: |context| {
        Ok(Box::new(Nfsd {
            source: context.proc("net/rpc/nfsd"),
        }))
    },
};

/// A family without labels and the number that it shows.
type Scalar = (Desc<'static>, fn(&Server) -> u64);

const SCALARS: [Scalar; 11] = [
    (
        Desc::counter(
            "node_nfsd_connections_total",
            "Total number of NFSd TCP connections.",
            &[],
        ),
        |server| server.net.tcp_connections,
    ),
    (
        Desc::counter("node_nfsd_disk_bytes_read_total", "Total NFSd bytes read.", &[]),
        |server| server.bytes_read,
    ),
    (
        Desc::counter("node_nfsd_disk_bytes_written_total", "Total NFSd bytes written.", &[]),
        |server| server.bytes_written,
    ),
    (
        Desc::counter(
            "node_nfsd_file_handles_stale_total",
            "Total number of NFSd stale file handles",
            &[],
        ),
        |server| server.stale_file_handles,
    ),
    (
        Desc::counter(
            "node_nfsd_read_ahead_cache_not_found_total",
            "Total number of NFSd read ahead cache not found.",
            &[],
        ),
        |server| server.read_ahead_not_found,
    ),
    (
        Desc::gauge(
            "node_nfsd_read_ahead_cache_size_blocks",
            "How large the read ahead cache is in blocks.",
            &[],
        ),
        |server| server.read_ahead_size,
    ),
    (
        Desc::counter(
            "node_nfsd_reply_cache_hits_total",
            "Total number of NFSd Reply Cache hits (client lost server response).",
            &[],
        ),
        |server| server.reply_cache_hits,
    ),
    (
        Desc::counter(
            "node_nfsd_reply_cache_misses_total",
            "Total number of NFSd Reply Cache an operation that requires caching (idempotent).",
            &[],
        ),
        |server| server.reply_cache_misses,
    ),
    (
        Desc::counter(
            "node_nfsd_reply_cache_nocache_total",
            "Total number of NFSd Reply Cache non-idempotent operations (rename/delete/…).",
            &[],
        ),
        |server| server.reply_cache_nocache,
    ),
    (
        Desc::counter("node_nfsd_server_rpcs_total", "Total number of NFSd RPCs.", &[]),
        |server| server.calls,
    ),
    (
        Desc::gauge(
            "node_nfsd_server_threads",
            "Total number of NFSd kernel threads that are running.",
            &[],
        ),
        |server| server.threads,
    ),
];

const PACKETS: Desc<'_> = Desc::counter(
    "node_nfsd_packets_total",
    "Total NFSd network packets (sent+received) by protocol type.",
    &["proto"],
);
const REQUESTS: Desc<'_> = Desc::counter(
    "node_nfsd_requests_total",
    "Total number NFSd Requests by method and protocol.",
    &["method", "proto"],
);
const ERRORS: Desc<'_> = Desc::counter(
    "node_nfsd_rpc_errors_total",
    "Total number of NFSd RPC errors by error type.",
    &["error"],
);

/// Operations of version 4, from the first that exists, in the protocol's order. PUTPUBFH and PUTROOTFH and all of
/// versions 4.1 and later are not shown.
const V4: [&str; 37] = [
    "Access",
    "Close",
    "Commit",
    "Create",
    "DelegPurge",
    "DelegReturn",
    "GetAttr",
    "GetFH",
    "Link",
    "Lock",
    "Lockt",
    "Locku",
    "Lookup",
    "LookupRoot",
    "Nverify",
    "Open",
    "OpenAttr",
    "OpenConfirm",
    "OpenDgrd",
    "PutFH",
    "",
    "",
    "Read",
    "ReadDir",
    "ReadLink",
    "Remove",
    "Rename",
    "Renew",
    "RestoreFH",
    "SaveFH",
    "SecInfo",
    "SetAttr",
    "SetClientID",
    "SetClientIDConfirm",
    "Verify",
    "Write",
    "RelLockOwner",
];
/// The number of the first operation.
const V4_FIRST: usize = 3;

struct Nfsd {
    source: Source,
}

impl Collector for Nfsd {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        encode(&self.source.parse(net_rpc::parse_server)?, out);
        Ok(())
    }
}

fn encode(server: &Server, out: &mut Encoder) {
    for (desc, number) in &SCALARS {
        out.scalar(desc, number(server) as f64);
    }
    out.family(&PACKETS)
        .sample(&["tcp"], server.net.tcp as f64)
        .sample(&["udp"], server.net.udp as f64);
    out.family(&ERRORS)
        .sample(&["auth"], server.bad_authentication as f64)
        .sample(&["cInt"], server.bad_client as f64)
        .sample(&["fmt"], server.bad_format as f64);
    let mut family = out.family(&REQUESTS);
    // Unlike the client's, NULL of versions 2 and 3 is not shown.
    encode_calls("2", &V2[1..], server.v2.get(1..).unwrap_or_default(), &mut family);
    encode_calls("3", &V3[1..], server.v3.get(1..).unwrap_or_default(), &mut family);
    let operations = server.v4_operations.get(V4_FIRST..).unwrap_or_default();
    encode_calls("4", &V4, operations, &mut family);
    family.sample(&["WdelegGetattr", "4"], server.write_delegation_getattr as f64);
}
