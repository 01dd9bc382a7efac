//! Disk I/O by device, as the cgroup has it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::groups::{Device, Stats};

#[derive(Debug, Default, PartialEq, Serialize)]
pub(super) struct DiskIo<'r> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    io_service_bytes: Vec<PerDisk<'r>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    io_serviced: Vec<PerDisk<'r>>,
}

/// `stats` by operation: `Read`, `Write` …
#[derive(Debug, Default, PartialEq, Serialize)]
struct PerDisk<'r> {
    device: &'r str,
    major: u32,
    minor: u32,
    stats: BTreeMap<&'static str, u64>,
}

impl<'r> DiskIo<'r> {
    pub(super) fn new(stats: &'r Stats) -> Self {
        let devices = || stats.disk_io.devices.iter();
        let bytes = devices().map(|device| PerDisk::new(device, Device::by_operation(&device.bytes)));
        let requests = devices().map(|device| PerDisk::new(device, Device::by_operation(&device.requests)));
        let is_known = |disk: &PerDisk<'_>| !disk.stats.is_empty();
        Self {
            io_service_bytes: bytes.filter(is_known).collect(),
            io_serviced: requests.filter(is_known).collect(),
        }
    }
}

impl<'r> PerDisk<'r> {
    fn new(device: &'r Device, stats: impl Iterator<Item = (&'static str, u64)>) -> Self {
        let [major, minor] = device.numbers;
        Self {
            device: &device.name,
            major,
            minor,
            stats: stats.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Tree, reader};

    #[test]
    fn each_device_has_its_operations() {
        let tree = Tree::v2();
        tree.write(
            "a/io.stat",
            "8:16 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0\n",
        );
        let reader = reader(&tree, vec![tree.container("/a")]);
        let reading = reader.read();
        let of = |read, written| {
            vec![PerDisk {
                device: "8:16",
                major: 8,
                minor: 16,
                stats: BTreeMap::from([("Read", read), ("Write", written)]),
            }]
        };
        let expected = DiskIo {
            io_service_bytes: of(4_096, 8_192),
            io_serviced: of(1, 2),
        };
        assert_eq!(DiskIo::new(&reading.rows[0].stats), expected);
    }
}
