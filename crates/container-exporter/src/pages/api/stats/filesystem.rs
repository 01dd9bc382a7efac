//! File systems.

use serde::Serialize;

use crate::disk::FileSystem;
use crate::groups::Disk;
use crate::reader::Row;

/// What cAdvisor calls every file system that is asked in the usual way.
pub(in crate::pages::api) const VFS: &str = "vfs";

/// Bytes, inodes, requests and milliseconds. Requests and times are the machine's alone.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(super) struct Filesystem<'r> {
    device: &'r str,
    #[serde(rename = "type")]
    kind: &'static str,
    capacity: u64,
    usage: u64,
    base_usage: u64,
    available: u64,
    has_inodes: bool,
    inodes: u64,
    inodes_free: u64,
    reads_completed: u64,
    reads_merged: u64,
    sectors_read: u64,
    read_time: u64,
    writes_completed: u64,
    writes_merged: u64,
    sectors_written: u64,
    write_time: u64,
    io_in_progress: u64,
    io_time: u64,
    weighted_io_time: u64,
}

/// The machine's with their disks, or the one on which a container writes.
pub(super) fn file_systems(row: &Row) -> Vec<Filesystem<'_>> {
    let is_machine = row.container.is_root();
    let disks = &row.stats.disk_io.disks;
    let one = |found| {
        let made = Filesystem::new(found, is_machine);
        let disk = disks.iter().find(|disk| disk.name == *found.device);
        match disk {
            Some(disk) => made.on(disk),
            None => made,
        }
    };
    row.stats.disk.file_systems.iter().map(one).collect()
}

impl<'r> Filesystem<'r> {
    fn new(found: &'r FileSystem, is_machine: bool) -> Self {
        let used = found.used.unwrap_or(0);
        let inodes = found.space.inodes;
        Self {
            device: &found.device,
            kind: VFS,
            capacity: found.space.limit,
            usage: used,
            base_usage: if is_machine { 0 } else { used },
            available: found.space.available,
            has_inodes: inodes.is_some(),
            inodes: inodes.map_or(0, |inodes| inodes.total),
            inodes_free: inodes.map_or(0, |inodes| inodes.free),
            ..Self::default()
        }
    }

    fn on(self, disk: &Disk) -> Self {
        Self {
            reads_completed: disk.reads,
            reads_merged: disk.reads_merged,
            sectors_read: disk.sectors_read,
            read_time: disk.read_millis,
            writes_completed: disk.writes,
            writes_merged: disk.writes_merged,
            sectors_written: disk.sectors_written,
            write_time: disk.write_millis,
            io_in_progress: disk.in_progress,
            io_time: disk.io_millis,
            weighted_io_time: disk.weighted_io_millis,
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Tree, reader};

    #[test]
    fn a_file_system_is_told_with_its_inodes() {
        let found = FileSystem {
            device: "/dev/vda".into(),
            used: Some(5),
            space: Default::default(),
        };
        let container = Filesystem::new(&found, false);
        assert_eq!(
            (container.usage, container.base_usage, container.has_inodes),
            (5, 5, false)
        );
        assert_eq!(Filesystem::new(&found, true).base_usage, 0);
    }

    #[test]
    fn those_of_the_machine_are_told_with_their_disks() {
        let tree = Tree::v2();
        tree.write_proc("1/mountinfo", "27 1 254:0 / / rw - ext4 /dev/vda rw\n");
        tree.write_proc("diskstats", " 254 0 vda 1 2 3 4 5 6 7 8 9 10 11 0 0 0 0 0 0\n");
        let reader = reader(&tree, vec![tree.container("/")]);
        let reading = reader.read();
        let found = file_systems(&reading.rows[0]);
        let [found] = found.as_slice() else { panic!("{found:?}") };
        let of_disk = [
            found.reads_completed,
            found.reads_merged,
            found.sectors_read,
            found.read_time,
            found.writes_completed,
            found.writes_merged,
            found.sectors_written,
            found.write_time,
            found.io_in_progress,
            found.io_time,
            found.weighted_io_time,
        ];
        assert_eq!(
            (found.device, of_disk),
            ("/dev/vda", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
        );
        assert!(found.capacity > 0);
    }
}
