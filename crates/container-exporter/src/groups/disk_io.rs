//! Disk I/O by device: of a container from its cgroup, of the root cgroup from /proc/diskstats, which knows more.

mod devices;
mod disks;

use exposition::{Desc, Encoder, Family};

pub(crate) use self::devices::{Device, Undriven};
use self::devices::{Devices, READ, WRITE};
pub(crate) use self::disks::Disk;
use super::reused::Reused;
use super::{Enabled, Group, Stats};
use crate::reader::{Reading, Source};

/// The group.
pub(super) const GROUP: Group = Group {
    name: "diskIO",
    default: Enabled::On,
    read,
    encode,
};

const USAGE: Desc<'_> = Desc::counter(
    "container_blkio_device_usage_total",
    "Blkio Device bytes usage",
    &["device", "major", "minor", "operation"],
);
const READS: Desc<'_> = Desc::counter(
    "container_fs_reads_total",
    "Cumulative count of reads completed",
    &["device"],
);
const WRITES: Desc<'_> = Desc::counter(
    "container_fs_writes_total",
    "Cumulative count of writes completed",
    &["device"],
);
const READ_BYTES: Desc<'_> = Desc::counter(
    "container_fs_reads_bytes_total",
    "Cumulative count of bytes read",
    &["device"],
);
const WRITTEN_BYTES: Desc<'_> = Desc::counter(
    "container_fs_writes_bytes_total",
    "Cumulative count of bytes written",
    &["device"],
);

/// A family, and what it takes from a disk.
type OfDisk = (Desc<'static>, fn(&Disk) -> f64);
/// A family, and what it takes from a device.
type OfDevice = (Desc<'static>, fn(&Device) -> Option<u64>);

/// The families that only the root cgroup has.
const OF_DISKS: [OfDisk; 9] = [
    (
        Desc::counter(
            "container_fs_sector_reads_total",
            "Cumulative count of sector reads completed",
            &["device"],
        ),
        |disk| disk.sectors_read as f64,
    ),
    (
        Desc::counter(
            "container_fs_sector_writes_total",
            "Cumulative count of sector writes completed",
            &["device"],
        ),
        |disk| disk.sectors_written as f64,
    ),
    (
        Desc::counter(
            "container_fs_reads_merged_total",
            "Cumulative count of reads merged",
            &["device"],
        ),
        |disk| disk.reads_merged as f64,
    ),
    (
        Desc::counter(
            "container_fs_writes_merged_total",
            "Cumulative count of writes merged",
            &["device"],
        ),
        |disk| disk.writes_merged as f64,
    ),
    (
        Desc::counter(
            "container_fs_read_seconds_total",
            "Cumulative count of seconds spent reading",
            &["device"],
        ),
        |disk| seconds(disk.read_millis),
    ),
    (
        Desc::counter(
            "container_fs_write_seconds_total",
            "Cumulative count of seconds spent writing",
            &["device"],
        ),
        |disk| seconds(disk.write_millis),
    ),
    (
        Desc::gauge(
            "container_fs_io_current",
            "Number of I/Os currently in progress",
            &["device"],
        ),
        |disk| disk.in_progress as f64,
    ),
    (
        Desc::counter(
            "container_fs_io_time_seconds_total",
            "Cumulative count of seconds spent doing I/Os",
            &["device"],
        ),
        |disk| seconds(disk.io_millis),
    ),
    (
        Desc::counter(
            "container_fs_io_time_weighted_seconds_total",
            "Cumulative weighted I/O time in seconds",
            &["device"],
        ),
        |disk| seconds(disk.weighted_io_millis),
    ),
];

/// The families of io.cost, in microseconds.
const OF_COST: [OfDevice; 4] = [
    (
        Desc::counter(
            "container_fs_io_cost_usage_seconds_total",
            "Cumulative IOCost usage in seconds",
            &["device"],
        ),
        |device| device.cost.usage,
    ),
    (
        Desc::counter(
            "container_fs_io_cost_wait_seconds_total",
            "Cumulative IOCost wait in seconds",
            &["device"],
        ),
        |device| device.cost.wait,
    ),
    (
        Desc::counter(
            "container_fs_io_cost_indebt_seconds_total",
            "Cumulative IOCost debt in seconds",
            &["device"],
        ),
        |device| device.cost.indebt,
    ),
    (
        Desc::counter(
            "container_fs_io_cost_indelay_seconds_total",
            "Cumulative IOCost delay in seconds",
            &["device"],
        ),
        |device| device.cost.indelay,
    ),
];

const SECTOR: u64 = 512;

/// Disk I/O of a container.
#[derive(Debug, Default)]
pub(crate) struct DiskIo {
    /// What its cgroup used.
    pub(crate) devices: Devices,
    /// The machine's disks; empty but for the root cgroup.
    pub(crate) disks: Reused<Disk>,
}

fn read(source: &mut Source<'_>, stats: &mut Stats) {
    stats.disk_io.devices.read(source);
    if source.container.is_root() {
        disks::read(source, &mut stats.disk_io.disks);
    }
}

fn encode(reading: &Reading, out: &mut Encoder) {
    usage(reading, out);
    let bytes = |sectors: u64| (sectors * SECTOR) as f64;
    each_requested(
        out,
        &READS,
        reading,
        |device| device.requests[READ],
        |disk| disk.reads as f64,
    );
    each_requested(
        out,
        &WRITES,
        reading,
        |device| device.requests[WRITE],
        |disk| disk.writes as f64,
    );
    each_device(
        out,
        &READ_BYTES,
        reading,
        |device| device.bytes[READ],
        |disk| bytes(disk.sectors_read),
    );
    each_device(
        out,
        &WRITTEN_BYTES,
        reading,
        |device| device.bytes[WRITE],
        |disk| bytes(disk.sectors_written),
    );
    for (desc, value) in &OF_DISKS {
        each_disk(out, desc, reading, value);
    }
    for (desc, micros) in &OF_COST {
        let mut family = out.family(desc);
        for row in &reading.rows {
            for device in row.stats.disk_io.devices.iter() {
                if let Some(micros) = micros(device) {
                    family.sample_in(&row.container.labels, &[&device.name], micros as f64 / 1e6);
                }
            }
        }
    }
}

fn usage(reading: &Reading, out: &mut Encoder) {
    let mut family = out.family(&USAGE);
    for row in &reading.rows {
        for device in row.stats.disk_io.devices.iter() {
            for (operation, bytes) in Device::by_operation(&device.bytes) {
                let labels = [&device.name, &device.major, &device.minor, operation];
                family.sample_in(&row.container.labels, &labels, bytes as f64);
            }
        }
    }
}

/// Writes a family of requests: those that have made none yet have made 0 to the disk of their files.
fn each_requested(
    out: &mut Encoder,
    desc: &Desc<'_>,
    reading: &Reading,
    of_device: impl Fn(&Device) -> Option<u64>,
    of_disk: impl Fn(&Disk) -> f64,
) {
    let mut family = each_device(out, desc, reading, of_device, of_disk);
    for row in &reading.rows {
        if row.container.is_root() || row.stats.disk_io.devices.iter().next().is_some() {
            continue;
        }
        for file_system in row.stats.disk.file_systems.iter() {
            family.sample_in(&row.container.labels, &[&file_system.device], 0.0);
        }
    }
}

/// Writes a family that containers have from their cgroups and the root from its disks.
fn each_device<'e>(
    out: &'e mut Encoder,
    desc: &'e Desc<'e>,
    reading: &Reading,
    of_device: impl Fn(&Device) -> Option<u64>,
    of_disk: impl Fn(&Disk) -> f64,
) -> Family<'e> {
    let mut family = out.family(desc);
    for row in &reading.rows {
        for disk in row.stats.disk_io.disks.iter() {
            family.sample_in(&row.container.labels, &[&disk.name], of_disk(disk));
        }
        if row.container.is_root() {
            continue;
        }
        for device in row.stats.disk_io.devices.iter() {
            if let Some(value) = of_device(device) {
                family.sample_in(&row.container.labels, &[&device.name], value as f64);
            }
        }
    }
    family
}

fn each_disk(out: &mut Encoder, desc: &Desc<'_>, reading: &Reading, value: impl Fn(&Disk) -> f64) {
    each_device(out, desc, reading, |_| None, value);
}

fn seconds(millis: u64) -> f64 {
    millis as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use crate::testing::{Tree, samples};

    fn of(text: &str, families: &str) -> String {
        let lines = text.lines().filter(|line| line.starts_with(families));
        lines.map(|line| format!("{line}\n")).collect()
    }

    const DISKSTATS: &str = "\
   7       0 loop0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0
 259       0 nvme0n1 10 20 30 4000 50 60 70 8000 9 10000 11000 0 0 0 0 0 0
 259       1 nvme0n1p1 1 0 8 1 0 0 0 0 0 1 1
";

    #[test]
    fn a_container_has_what_io_stat_tells() {
        let tree = Tree::v2();
        tree.write_sys_link("dev/block/259:0", "../../devices/pci0/nvme/nvme0/nvme0n1");
        tree.write_sys_link("dev/block/104:0", "../../devices/pci0/block/cciss!c0d0");
        tree.write("a/io.stat", "259:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0\n104:0 rbytes=1 wbytes=0 rios=1 wios=0\n8:0 rbytes=5 wbytes=0 rios=1 wios=0 cost.usage=1500000\n");
        let text = samples(&tree, &["/a"]);
        let expected = r#"container_blkio_device_usage_total{id="/a",device="/dev/cciss/c0d0",major="104",minor="0",operation="Read"} 1
container_blkio_device_usage_total{id="/a",device="/dev/cciss/c0d0",major="104",minor="0",operation="Write"} 0
container_blkio_device_usage_total{id="/a",device="/dev/nvme0n1",major="259",minor="0",operation="Read"} 4096
container_blkio_device_usage_total{id="/a",device="/dev/nvme0n1",major="259",minor="0",operation="Write"} 8192
container_blkio_device_usage_total{id="/a",device="8:0",major="8",minor="0",operation="Read"} 5
container_blkio_device_usage_total{id="/a",device="8:0",major="8",minor="0",operation="Write"} 0
"#;
        assert_eq!(of(&text, "container_blkio"), expected);
        let expected = r#"container_fs_io_cost_usage_seconds_total{id="/a",device="8:0"} 1.5
container_fs_reads_bytes_total{id="/a",device="/dev/cciss/c0d0"} 1
container_fs_reads_bytes_total{id="/a",device="/dev/nvme0n1"} 4096
container_fs_reads_bytes_total{id="/a",device="8:0"} 5
container_fs_reads_total{id="/a",device="/dev/cciss/c0d0"} 1
container_fs_reads_total{id="/a",device="/dev/nvme0n1"} 1
container_fs_reads_total{id="/a",device="8:0"} 1
container_fs_writes_bytes_total{id="/a",device="/dev/cciss/c0d0"} 0
container_fs_writes_bytes_total{id="/a",device="/dev/nvme0n1"} 8192
container_fs_writes_bytes_total{id="/a",device="8:0"} 0
container_fs_writes_total{id="/a",device="/dev/cciss/c0d0"} 0
container_fs_writes_total{id="/a",device="/dev/nvme0n1"} 2
container_fs_writes_total{id="/a",device="8:0"} 0
"#;
        assert_eq!(of(&text, "container_fs"), expected);
    }

    #[test]
    fn v1_takes_the_first_files_that_know_a_device() {
        let of_throttling = "8:0 Read 1\n8:0 Write 2\n8:0 Sync 3\n8:0 Async 4\n8:0 Discard 5\n8:0 Total 6\nTotal 6\n";
        let of_bfq = "8:0 Read 7\n8:0 Write 8\n8:0 Total 9\nTotal 9\n";
        for (bfq, expected) in [
            (
                "Total 0\n",
                [
                    ("Async", 4),
                    ("Discard", 5),
                    ("Read", 1),
                    ("Sync", 3),
                    ("Total", 6),
                    ("Write", 2),
                ]
                .as_slice(),
            ),
            (of_bfq, &[("Read", 7), ("Total", 9), ("Write", 8)]),
        ] {
            let tree = Tree::v1();
            tree.write("blkio/a/blkio.bfq.io_service_bytes_recursive", bfq);
            tree.write("blkio/a/blkio.bfq.io_serviced_recursive", bfq);
            tree.write("blkio/a/blkio.throttle.io_service_bytes_recursive", of_throttling);
            tree.write("blkio/a/blkio.throttle.io_serviced_recursive", of_throttling);
            let text = samples(&tree, &["/a"]);
            let usage = |(operation, bytes): &(&str, u64)| {
                format!(
                    "container_blkio_device_usage_total{{id=\"/a\",device=\"8:0\",major=\"8\",minor=\"0\",\
                     operation=\"{operation}\"}} {bytes}\n"
                )
            };
            assert_eq!(
                of(&text, "container_blkio"),
                expected.iter().map(usage).collect::<String>()
            );
            let reads = expected.iter().find(|(operation, _)| *operation == "Read").unwrap().1;
            assert!(
                text.contains(&format!(
                    "container_fs_reads_total{{id=\"/a\",device=\"8:0\"}} {reads}\n"
                )),
                "{text}"
            );
        }
    }

    #[test]
    fn what_the_root_does_not_know_is_not_asked_for_below() {
        let tree = Tree::v1();
        let of_throttling = "8:0 Read 1\n8:0 Write 2\nTotal 3\n";
        tree.write("blkio/blkio.throttle.io_service_bytes_recursive", of_throttling);
        tree.write("blkio/a/blkio.throttle.io_service_bytes_recursive", of_throttling);
        // It would be the root's, too.
        tree.write("blkio/a/blkio.bfq.io_service_bytes_recursive", "8:0 Read 7\nTotal 7\n");
        for (of_root, read) in [("Total 0\n", 1), ("8:0 Read 7\nTotal 7\n", 7)] {
            tree.write("blkio/blkio.bfq.io_service_bytes_recursive", of_root);
            let text = samples(&tree, &["/", "/a"]);
            let line = format!("id=\"/a\",device=\"8:0\",major=\"8\",minor=\"0\",operation=\"Read\"}} {read}\n");
            assert!(text.contains(&line), "{text}");
        }
    }

    #[test]
    fn the_root_has_the_disks_that_were_used_with_times_in_seconds() {
        let tree = Tree::v2();
        tree.write_proc("diskstats", DISKSTATS);
        tree.write("io.stat", "259:0 rbytes=15360 wbytes=0 rios=10 wios=0\n");
        let text = samples(&tree, &["/"]);
        let expected = r#"container_fs_io_current{id="/",device="/dev/nvme0n1"} 9
container_fs_io_time_seconds_total{id="/",device="/dev/nvme0n1"} 10
container_fs_io_time_weighted_seconds_total{id="/",device="/dev/nvme0n1"} 11
container_fs_read_seconds_total{id="/",device="/dev/nvme0n1"} 4
container_fs_reads_bytes_total{id="/",device="/dev/nvme0n1"} 15360
container_fs_reads_merged_total{id="/",device="/dev/nvme0n1"} 20
container_fs_reads_total{id="/",device="/dev/nvme0n1"} 10
container_fs_sector_reads_total{id="/",device="/dev/nvme0n1"} 30
container_fs_sector_writes_total{id="/",device="/dev/nvme0n1"} 70
container_fs_write_seconds_total{id="/",device="/dev/nvme0n1"} 8
container_fs_writes_bytes_total{id="/",device="/dev/nvme0n1"} 35840
container_fs_writes_merged_total{id="/",device="/dev/nvme0n1"} 60
container_fs_writes_total{id="/",device="/dev/nvme0n1"} 50
"#;
        let whole: String = of(&text, "container_fs")
            .lines()
            .filter(|line| !line.contains("p1"))
            .map(|line| format!("{line}\n"))
            .collect();
        assert_eq!(whole, expected);
        assert!(
            text.contains("container_fs_reads_total{id=\"/\",device=\"/dev/nvme0n1p1\"} 1\n")
                && !text.contains("loop0")
        );
        assert!(text.contains("operation=\"Read\"} 15360"), "{text}");
    }
}
