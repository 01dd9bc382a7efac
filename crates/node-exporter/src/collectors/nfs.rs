//! The NFS client, from /proc/net/rpc/nfs. Absent until the kernel module is loaded.

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exposition::{Desc, Encoder};
use kernel_stats::net_rpc::{self, Client};

use crate::context::Context;
use crate::nfs_methods::{V2, V3, encode_calls};
use crate::source::Source;

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "nfs",
    enabled_by_default: true,
    flags: &[],
    build: |context| {
        Ok(Box::new(Nfs {
            source: context.proc("net/rpc/nfs"),
        }))
    },
};

const CONNECTIONS: Desc<'_> = Desc::counter(
    "node_nfs_connections_total",
    "Total number of NFSd TCP connections.",
    &[],
);
const PACKETS: Desc<'_> = Desc::counter(
    "node_nfs_packets_total",
    "Total NFSd network packets (sent+received) by protocol type.",
    &["protocol"],
);
const REQUESTS: Desc<'_> = Desc::counter(
    "node_nfs_requests_total",
    "Number of NFS procedures invoked.",
    &["method", "proto"],
);
const REFRESHES: Desc<'_> = Desc::counter(
    "node_nfs_rpc_authentication_refreshes_total",
    "Number of RPC authentication refreshes performed.",
    &[],
);
const RETRANSMISSIONS: Desc<'_> = Desc::counter(
    "node_nfs_rpc_retransmissions_total",
    "Number of RPC transmissions performed.",
    &[],
);
const CALLS: Desc<'_> = Desc::counter("node_nfs_rpcs_total", "Total number of RPCs performed.", &[]);

/// The client's operations of version 4, in the kernel's order. Later ones are not shown.
const V4: [&str; 59] = [
    "Null",
    "Read",
    "Write",
    "Commit",
    "Open",
    "OpenConfirm",
    "OpenNoattr",
    "OpenDowngrade",
    "Close",
    "Setattr",
    "FsInfo",
    "Renew",
    "SetClientID",
    "SetClientIDConfirm",
    "Lock",
    "Lockt",
    "Locku",
    "Access",
    "Getattr",
    "Lookup",
    "LookupRoot",
    "Remove",
    "Rename",
    "Link",
    "Symlink",
    "Create",
    "Pathconf",
    "StatFs",
    "ReadLink",
    "ReadDir",
    "ServerCaps",
    "DelegReturn",
    "GetACL",
    "SetACL",
    "FsLocations",
    "ReleaseLockowner",
    "Secinfo",
    "FsidPresent",
    "ExchangeID",
    "CreateSession",
    "DestroySession",
    "Sequence",
    "GetLeaseTime",
    "ReclaimComplete",
    "GetDeviceInfo",
    "LayoutGet",
    "LayoutCommit",
    "LayoutReturn",
    "SecinfoNoName",
    "TestStateID",
    "FreeStateID",
    "GetDeviceList",
    "BindConnToSession",
    "DestroyClientID",
    "Seek",
    "Allocate",
    "DeAllocate",
    "LayoutStats",
    "Clone",
];

struct Nfs {
    source: Source,
}

impl Collector for Nfs {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        encode(&self.source.parse(net_rpc::parse_client)?, out);
        Ok(())
    }
}

fn encode(client: &Client, out: &mut Encoder) {
    out.scalar(&CONNECTIONS, client.net.tcp_connections as f64);
    out.family(&PACKETS)
        .sample(&["tcp"], client.net.tcp as f64)
        .sample(&["udp"], client.net.udp as f64);
    let mut family = out.family(&REQUESTS);
    encode_calls("2", &V2, &client.v2, &mut family);
    encode_calls("3", &V3, &client.v3, &mut family);
    encode_calls("4", &V4, &client.v4, &mut family);
    out.scalar(&REFRESHES, client.authentication_refreshes as f64);
    out.scalar(&RETRANSMISSIONS, client.retransmissions as f64);
    out.scalar(&CALLS, client.calls as f64);
}
