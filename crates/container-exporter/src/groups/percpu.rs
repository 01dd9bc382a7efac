//! CPU time by CPU, from cpuacct.usage_percpu of v1; v2 does not tell. The group has no family of its own: with it,
//! `cpu` reports each CPU in place of the total, as upstream does.

use kernel_stats::cpuacct_usage_percpu;

use super::{Enabled, Group, Stats};
use crate::cgroup::{Controller, Version};
use crate::reader::Source;

/// The group.
pub(super) const GROUP: Group = Group {
    name: "percpu",
    default: Enabled::On,
    read,
    encode: |_, _| {},
};

fn read(source: &mut Source<'_>, stats: &mut Stats) {
    let percpu_nanos = &mut stats.percpu_nanos;
    percpu_nanos.clear();
    if source.version() == Version::V2 {
        return;
    }
    let read = source.parse(Controller::Cpuacct, "cpuacct.usage_percpu", |bytes| {
        cpuacct_usage_percpu::nanos(bytes).try_for_each(|nanos| {
            percpu_nanos.push(nanos?);
            Ok(())
        })
    });
    if read.is_none() {
        percpu_nanos.clear();
    }
}
