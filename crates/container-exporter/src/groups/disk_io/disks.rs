//! I/O of the machine by disk and partition, from /proc/diskstats: what the root cgroup reports.

use kernel_stats::diskstats;

use crate::groups::reused::{Reused, renew};
use crate::reader::Source;

/// One disk or partition, since boot. A sector is 512 bytes.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    /// Its path, such as `/dev/sda1`.
    pub(crate) name: String,
    pub(crate) reads: u64,
    pub(crate) reads_merged: u64,
    pub(crate) sectors_read: u64,
    pub(crate) read_millis: u64,
    pub(crate) writes: u64,
    pub(crate) writes_merged: u64,
    pub(crate) sectors_written: u64,
    pub(crate) write_millis: u64,
    pub(crate) in_progress: u64,
    pub(crate) io_millis: u64,
    pub(crate) weighted_io_millis: u64,
}

/// Reads those that were ever used: most loop and RAM disks never are.
pub(super) fn read(source: &mut Source<'_>, disks: &mut Reused<Disk>) {
    disks.clear();
    let read = source.parse_proc("diskstats", |bytes| {
        for disk in diskstats::disks(bytes) {
            let disk = disk?;
            if disk.reads_completed > 0 || disk.writes_completed > 0 || disk.ios_in_progress > 0 {
                disks.next().set(&disk);
            }
        }
        Ok(())
    });
    if read.is_none() {
        disks.clear();
    }
}

impl Disk {
    fn set(&mut self, disk: &diskstats::Disk<'_>) {
        renew(&mut self.name, "/dev/");
        let name = disk.name.chars().map(|letter| if letter == '!' { '/' } else { letter });
        self.name.extend(name);
        self.reads = disk.reads_completed;
        self.reads_merged = disk.reads_merged;
        self.sectors_read = disk.sectors_read;
        self.read_millis = disk.read_millis;
        self.writes = disk.writes_completed;
        self.writes_merged = disk.writes_merged;
        self.sectors_written = disk.sectors_written;
        self.write_millis = disk.write_millis;
        self.in_progress = disk.ios_in_progress;
        self.io_millis = disk.io_millis;
        self.weighted_io_millis = disk.weighted_io_millis;
    }
}
