//! I/O of block devices, from /proc/diskstats, with facts from /sys/block and from udev's database, by default
//! /run/udev/data. The facts of a device are kept until udev writes it anew or another device takes its place.

mod facts;

use std::path::PathBuf;

use exporter_toolkit::collector::{BuildError, CollectError, Collector, CollectorSpec};
use exporter_toolkit::flags::Flag;
use exposition::{Desc, Encoder};
use kernel_stats::diskstats::{self, Disk};

use self::facts::Facts;
use crate::context::Context;
use crate::filter::Filter;
use crate::source::Source;

const INCLUDE: &str = "collector.diskstats.device-include";
const EXCLUDE: &str = "collector.diskstats.device-exclude";
const IGNORED: &str = "collector.diskstats.ignored-devices";

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "diskstats",
    enabled_by_default: true,
    flags: &[
        Flag::value(
            EXCLUDE,
            r"^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$",
            "Regexp of diskstats devices to exclude (mutually exclusive to device-include).",
        ),
        Flag::optional(
            INCLUDE,
            "Regexp of diskstats devices to include (mutually exclusive to device-exclude).",
        ),
        Flag::optional(IGNORED, "DEPRECATED: Use collector.diskstats.device-exclude").hidden(),
    ],
    build,
};

/// A sector of /proc/diskstats, whatever the device's own are.
const SECTOR_BYTES: f64 = 512.0;
const SECONDS_PER_MILLI: f64 = 0.001;

/// A family and the column that it shows, `None` where the kernel is too old.
type Column = (Desc<'static>, fn(&Disk<'_>) -> Option<f64>);

macro_rules! column {
    ($kind:ident, $name:literal, $help:literal, $value:expr) => {
        (Desc::$kind(concat!("node_disk_", $name), $help, &["device"]), $value)
    };
}

const COLUMNS: [Column; 17] = [
    column!(
        counter,
        "reads_completed_total",
        "The total number of reads completed successfully.",
        |disk| Some(disk.reads_completed as f64)
    ),
    column!(
        counter,
        "reads_merged_total",
        "The total number of reads merged.",
        |disk| Some(disk.reads_merged as f64)
    ),
    column!(
        counter,
        "read_bytes_total",
        "The total number of bytes read successfully.",
        |disk| Some(disk.sectors_read as f64 * SECTOR_BYTES)
    ),
    column!(
        counter,
        "read_time_seconds_total",
        "The total number of seconds spent by all reads.",
        |disk| seconds(Some(disk.read_millis))
    ),
    column!(
        counter,
        "writes_completed_total",
        "The total number of writes completed successfully.",
        |disk| Some(disk.writes_completed as f64)
    ),
    column!(counter, "writes_merged_total", "The number of writes merged.", |disk| {
        Some(disk.writes_merged as f64)
    }),
    column!(
        counter,
        "written_bytes_total",
        "The total number of bytes written successfully.",
        |disk| Some(disk.sectors_written as f64 * SECTOR_BYTES)
    ),
    column!(
        counter,
        "write_time_seconds_total",
        "This is the total number of seconds spent by all writes.",
        |disk| seconds(Some(disk.write_millis))
    ),
    column!(gauge, "io_now", "The number of I/Os currently in progress.", |disk| {
        Some(disk.ios_in_progress as f64)
    }),
    column!(
        counter,
        "io_time_seconds_total",
        "Total seconds spent doing I/Os.",
        |disk| seconds(Some(disk.io_millis))
    ),
    column!(
        counter,
        "io_time_weighted_seconds_total",
        "The weighted # of seconds spent doing I/Os.",
        |disk| seconds(Some(disk.weighted_io_millis))
    ),
    column!(
        counter,
        "discards_completed_total",
        "The total number of discards completed successfully.",
        |disk| disk.discards_completed.map(|count| count as f64)
    ),
    column!(
        counter,
        "discards_merged_total",
        "The total number of discards merged.",
        |disk| disk.discards_merged.map(|count| count as f64)
    ),
    column!(
        counter,
        "discarded_sectors_total",
        "The total number of sectors discarded successfully.",
        |disk| disk.sectors_discarded.map(|count| count as f64)
    ),
    column!(
        counter,
        "discard_time_seconds_total",
        "This is the total number of seconds spent by all discards.",
        |disk| seconds(disk.discard_millis)
    ),
    column!(
        counter,
        "flush_requests_total",
        "The total number of flush requests completed successfully",
        |disk| disk.flushes_completed.map(|count| count as f64)
    ),
    column!(
        counter,
        "flush_requests_time_seconds_total",
        "This is the total number of seconds spent by all flush requests.",
        |disk| seconds(disk.flush_millis)
    ),
];

fn seconds(millis: Option<u64>) -> Option<f64> {
    millis.map(|millis| millis as f64 * SECONDS_PER_MILLI)
}

const INFO: Desc<'_> = Desc::gauge(
    "node_disk_info",
    "Info of /sys/block/<block_device>.",
    &[
        "device",
        "major",
        "minor",
        "model",
        "path",
        "revision",
        "rotational",
        "serial",
        "wwn",
    ],
);
const FILESYSTEM_INFO: Desc<'_> = Desc::gauge(
    "node_disk_filesystem_info",
    "Info about disk filesystem.",
    &["device", "type", "usage", "uuid", "version"],
);
const DEVICE_MAPPER_INFO: Desc<'_> = Desc::gauge(
    "node_disk_device_mapper_info",
    "Info about disk device mapper.",
    &["device", "lv_layer", "lv_name", "name", "uuid", "vg_name"],
);

/// The families of what udev knows of ATA disks, in the order of [`Facts::ata`].
const ATA: [Desc<'_>; 3] = [
    Desc::gauge(
        "node_disk_ata_rotation_rate_rpm",
        "ATA disk rotation rate in RPMs (0 for SSDs).",
        &["device"],
    ),
    Desc::gauge("node_disk_ata_write_cache", "ATA disk has a write cache.", &["device"]),
    Desc::gauge(
        "node_disk_ata_write_cache_enabled",
        "ATA disk has its write cache enabled.",
        &["device"],
    ),
];

fn build(context: &Context) -> Result<Box<dyn Collector>, BuildError> {
    let udev = context.udev_path("");
    if !udev.is_dir() {
        log::error!(collector = "diskstats", path:% = udev.display(); "failed to open directory, disks lack what udev knows of them");
    }
    Ok(Box::new(DiskStats {
        source: context.proc("diskstats"),
        block: context.sys_path("block"),
        udev,
        devices: Filter::from_flags_or_old(context.flags(), INCLUDE, EXCLUDE, IGNORED)?,
        facts: Vec::new(),
    }))
}

struct DiskStats {
    source: Source,
    block: PathBuf,
    udev: PathBuf,
    devices: Filter,
    /// One for each disk that is shown, in the order of /proc/diskstats.
    facts: Vec<Facts>,
}

impl Collector for DiskStats {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let mut disks = self.source.parse(diskstats::parse)?;
        disks.retain(|disk| self.devices.shows(disk.name));
        self.facts.truncate(disks.len());
        for (index, disk) in disks.iter().enumerate() {
            match self.facts.get_mut(index) {
                Some(facts) if facts.hold(disk) => {}
                Some(facts) => *facts = Facts::read(disk, &self.block, &self.udev),
                None => self.facts.push(Facts::read(disk, &self.block, &self.udev)),
            }
        }
        encode_disks(&disks, out);
        encode_facts(&self.facts, out);
        Ok(())
    }
}

fn encode_disks(disks: &[Disk<'_>], out: &mut Encoder) {
    for (desc, value) in &COLUMNS {
        let mut family = out.family(desc);
        for disk in disks {
            if let Some(value) = value(disk) {
                family.sample(&[disk.name], value);
            }
        }
    }
}

fn encode_facts(facts: &[Facts], out: &mut Encoder) {
    encode_labels(&INFO, facts.iter().map(|facts| Some(&facts.info)), out);
    encode_labels(
        &FILESYSTEM_INFO,
        facts.iter().map(|facts| facts.filesystem.as_ref()),
        out,
    );
    let device_mappers = facts.iter().map(|facts| facts.device_mapper.as_ref());
    encode_labels(&DEVICE_MAPPER_INFO, device_mappers, out);
    for (index, desc) in ATA.iter().enumerate() {
        let mut family = out.family(desc);
        for facts in facts {
            if let Some(value) = facts.ata[index] {
                family.sample(&[facts.name.as_str()], value);
            }
        }
    }
}

fn encode_labels<'f, const N: usize>(
    desc: &Desc<'_>,
    labels: impl Iterator<Item = Option<&'f [String; N]>>,
    out: &mut Encoder,
) {
    let mut family = out.family(desc);
    for labels in labels.flatten() {
        family.sample(&labels.each_ref().map(String::as_str), 1.0);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use exposition::{Format, assemble};
    use tempfile::TempDir;

    use super::*;

    const UDEV: &str = "\
S:disk/by-id/x
E:ID_MODEL=MODEL X
E:ID_PATH=pci-0000:00:05.0
E:ID_REVISION=1.0
E:SCSI_IDENT_SERIAL=
E:ID_SERIAL_SHORT=short
E:ID_SERIAL=longserial
E:ID_WWN=0x5
E:ID_FS_TYPE=ext4
E:ID_FS_USAGE=filesystem
E:ID_FS_UUID=u-u
E:ID_FS_VERSION=1.0
E:DM_NAME=vg-lv
E:DM_UUID=LVM-x
E:DM_VG_NAME=vg
E:DM_LV_NAME=lv
E:ID_ATA=1
E:ID_ATA_WRITE_CACHE=1
E:ID_ATA_WRITE_CACHE_ENABLED=x
E:ID_ATA_ROTATION_RATE_RPM=7200
";

    fn host(diskstats: &str) -> TempDir {
        let host = tempfile::tempdir().unwrap();
        for (file, text) in [
            ("diskstats", diskstats),
            ("block/sda/queue/io_timeout", "30000\n"),
            ("block/sda/queue/rotational", "1\n"),
            ("block/cciss!c0d0/queue/io_timeout", "30000\n"),
            ("block/cciss!c0d0/queue/rotational", "1\n"),
            ("block/vda/queue/rotational", "1\n"),
            ("udev/b8:0", UDEV),
        ] {
            let path = host.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        host
    }

    fn collector(host: &TempDir) -> DiskStats {
        DiskStats {
            source: Source::new(host.path().join("diskstats")),
            block: host.path().join("block"),
            udev: host.path().join("udev"),
            devices: Filter::All,
            facts: Vec::new(),
        }
    }

    fn samples(collector: &mut DiskStats, names: &str) -> String {
        let (mut out, mut text) = (Encoder::new(Format::Text004), Vec::new());
        collector.collect(&mut out).unwrap();
        assemble([&out], &mut text);
        let text = String::from_utf8(text).unwrap();
        let shown = text.lines().filter(|line| line.starts_with(names));
        shown.map(|line| format!("{line}\n")).collect()
    }

    #[test]
    fn facts_come_from_udev_and_sys() {
        let rows = ["8 0 sda", "104 0 cciss/c0d0", "254 0 vda"].map(|disk| format!("{disk} 1 2 3 4 5 6 7 8 9 10 11\n"));
        let host = host(&rows.concat());
        let mut collector = collector(&host);
        let expected = "\
node_disk_info{device=\"cciss/c0d0\",major=\"104\",minor=\"0\",model=\"\",path=\"\",revision=\"\",rotational=\"1\",serial=\"\",wwn=\"\"} 1
node_disk_info{device=\"sda\",major=\"8\",minor=\"0\",model=\"MODEL X\",path=\"pci-0000:00:05.0\",revision=\"1.0\",rotational=\"1\",serial=\"short\",wwn=\"0x5\"} 1
node_disk_info{device=\"vda\",major=\"254\",minor=\"0\",model=\"\",path=\"\",revision=\"\",rotational=\"0\",serial=\"\",wwn=\"\"} 1
";
        assert_eq!(samples(&mut collector, "node_disk_info"), expected);
        let expected = "\
node_disk_ata_rotation_rate_rpm{device=\"sda\"} 7200
node_disk_ata_write_cache{device=\"sda\"} 1
";
        assert_eq!(samples(&mut collector, "node_disk_ata"), expected);
        let expected = "\
node_disk_device_mapper_info{device=\"sda\",lv_layer=\"\",lv_name=\"lv\",name=\"vg-lv\",uuid=\"LVM-x\",vg_name=\"vg\"} 1
";
        assert_eq!(samples(&mut collector, "node_disk_device"), expected);
        let expected = "\
node_disk_filesystem_info{device=\"sda\",type=\"ext4\",usage=\"filesystem\",uuid=\"u-u\",version=\"1.0\"} 1
";
        assert_eq!(samples(&mut collector, "node_disk_filesystem"), expected);
    }

    #[test]
    fn old_kernels_lack_discards_and_flushes() {
        let host = host("8 0 sda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15\n");
        let text = samples(&mut collector(&host), "node_disk_");
        assert!(
            text.contains("node_disk_discard_time_seconds_total{device=\"sda\"} 0.015\n"),
            "{text}"
        );
        assert!(
            text.contains("node_disk_read_bytes_total{device=\"sda\"} 1536\n"),
            "{text}"
        );
        assert!(!text.contains("flush"), "{text}");
    }

    #[test]
    fn facts_are_read_again_when_udev_or_the_devices_change() {
        let host = host("8 0 sda 1 2 3 4 5 6 7 8 9 10 11\n");
        let mut collector = collector(&host);
        assert!(samples(&mut collector, "node_disk_info").contains("serial=\"short\""));
        let udev = host.path().join("udev/b8:0");
        fs::write(&udev, "E:ID_SERIAL=new\n").unwrap();
        let later = std::time::SystemTime::now() + std::time::Duration::from_secs(9);
        fs::File::options()
            .write(true)
            .open(&udev)
            .unwrap()
            .set_modified(later)
            .unwrap();
        assert!(samples(&mut collector, "node_disk_info").contains("serial=\"new\""));
        fs::write(host.path().join("diskstats"), "8 16 sdb 1 2 3 4 5 6 7 8 9 10 11\n").unwrap();
        assert!(samples(&mut collector, "node_disk_info").contains("device=\"sdb\",major=\"8\",minor=\"16\""));
    }
}
