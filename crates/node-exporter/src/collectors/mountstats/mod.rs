//! Statistics of NFS mounts, from /proc/self/mountstats; the server's address is in /proc/self/mountinfo. Several
//! mounts of one export share their statistics and are shown once.

mod columns;

use std::collections::BTreeMap;

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exposition::Encoder;
use kernel_stats::mountinfo::{self, Mount};
use kernel_stats::mountstats::{self, NfsMount};

use self::columns::{MOUNT, OPERATION, TRANSPORT};
use crate::context::Context;
use crate::source::Source;

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "mountstats",
    enabled_by_default: false,
    flags: &[],
    build: |context| {
        Ok(Box::new(MountStats {
            stats: context.proc("self/mountstats"),
            info: context.proc("self/mountinfo"),
        }))
    },
};

struct MountStats {
    stats: Source,
    info: Source,
}

/// Export, address of the server and protocol: what tells mounts apart.
type Key<'a> = (&'a str, &'a str, &'a str);

impl Collector for MountStats {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let mounts = self.stats.parse(mountstats::parse)?;
        let infos = self.info.parse(mountinfo::parse)?;
        encode(&distinct(&mounts, &infos), out);
        Ok(())
    }
}

/// The first mount for each key. A mount without transports has none.
fn distinct<'a>(mounts: &'a [NfsMount<'_>], infos: &'a [Mount<'_>]) -> BTreeMap<Key<'a>, &'a NfsMount<'a>> {
    let mut distinct = BTreeMap::new();
    for mount in mounts {
        let address = infos.get(mount.position).map_or("", address);
        for transport in &mount.transports {
            distinct
                .entry((mount.device, address, transport.protocol))
                .or_insert(mount);
        }
    }
    distinct
}

/// The address of the server; empty if the options do not say.
fn address<'a>(info: &'a Mount<'_>) -> &'a str {
    let mut options = info.super_options.split(',');
    options.find_map(|option| option.strip_prefix("addr=")).unwrap_or("")
}

fn encode(mounts: &BTreeMap<Key<'_>, &NfsMount<'_>>, out: &mut Encoder) {
    for (desc, value) in &MOUNT {
        let mut family = out.family(desc);
        for ((export, address, protocol), mount) in mounts {
            family.sample(&[*export, *address, *protocol], value(mount));
        }
    }
    for (desc, value) in &TRANSPORT {
        let mut family = out.family(desc);
        for ((export, address, protocol), mount) in mounts {
            for (number, transport) in mount.transports.iter().enumerate() {
                let number = number.to_string();
                family.sample(&[*export, *address, *protocol, &number], value(transport));
            }
        }
    }
    for (desc, value) in &OPERATION {
        let mut family = out.family(desc);
        for ((export, address, protocol), mount) in mounts {
            for operation in &mount.operations {
                family.sample(&[*export, *address, operation.name, *protocol], value(operation));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_are_told_apart_by_export_address_and_protocol() {
        let stats = b"device proc mounted on /proc with fstype proc\n\
            device a:/x mounted on /x with fstype nfs statvers=1.1\nage: 1\nxprt: tcp 0 0 0 0 0 0 0 0 0 0\n\
            device a:/x mounted on /y with fstype nfs statvers=1.1\nage: 2\nxprt: tcp 0 0 0 0 0 0 0 0 0 0\n\
            device a:/x mounted on /z with fstype nfs statvers=1.1\nage: 3\nxprt: tcp 0 0 0 0 0 0 0 0 0 0\n\
            device a:/x mounted on /u with fstype nfs statvers=1.1\nage: 4\nxprt: udp 0 0 0 0 0 0 0\n\
            device a:/x mounted on /v with fstype nfs statvers=1.1\nage: 5\n";
        let info = b"1 0 0:1 / /proc rw - proc proc rw\n\
            2 0 0:2 / /x rw - nfs a:/x rw,mountaddr=9,addr=1\n\
            3 0 0:2 / /y rw - nfs a:/x rw,addr=1\n\
            4 0 0:2 / /z rw - nfs a:/x rw,addr=2\n";
        let (stats, info) = (mountstats::parse(stats).unwrap(), mountinfo::parse(info).unwrap());
        let found = distinct(&stats, &info);
        let found: Vec<_> = found.iter().map(|(key, mount)| (*key, mount.age_seconds)).collect();
        let expected = [
            (("a:/x", "", "udp"), 4),
            (("a:/x", "1", "tcp"), 1),
            (("a:/x", "2", "tcp"), 3),
        ];
        assert_eq!(found, expected);
    }
}
