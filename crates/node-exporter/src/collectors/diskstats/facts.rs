//! What does not change while a device is there, from udev's database and /sys/block.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use kernel_stats::diskstats::Disk;
use kernel_stats::udev_data::{self, UdevData};
use rustix::fs::CWD;

use crate::source::read_at;

/// udev's properties of ATA disks that are numbers.
const ATA: [&str; 3] = [
    "ID_ATA_ROTATION_RATE_RPM",
    "ID_ATA_WRITE_CACHE",
    "ID_ATA_WRITE_CACHE_ENABLED",
];

/// The facts of one device, as the labels that show them.
#[derive(Debug)]
pub(super) struct Facts {
    major: u32,
    minor: u32,
    pub(super) name: String,
    udev: PathBuf,
    /// When udev last wrote about the device; `None` if it never did.
    udev_time: Option<(i64, i64)>,
    pub(super) info: [String; 9],
    pub(super) filesystem: Option<[String; 5]>,
    pub(super) device_mapper: Option<[String; 6]>,
    /// Revolutions a minute, whether there is a write cache, and whether it is on.
    pub(super) ata: [Option<f64>; ATA.len()],
}

impl Facts {
    /// Whether these are the facts of this disk, and still true.
    pub(super) fn hold(&self, disk: &Disk<'_>) -> bool {
        (self.major, self.minor) == (disk.major, disk.minor)
            && self.name == disk.name
            && self.udev_time == modified(&self.udev)
    }

    pub(super) fn read(disk: &Disk<'_>, block: &Path, udev: &Path) -> Self {
        let udev = udev.join(format!("b{}:{}", disk.major, disk.minor));
        let udev_time = modified(&udev);
        let bytes = read(&udev).unwrap_or_default();
        let properties = udev_data::parse(&bytes).unwrap_or_else(|error| {
            log::debug!(collector = "diskstats", path:% = udev.display(), err:% = error; "failed to parse udev info");
            UdevData::default()
        });
        Self {
            major: disk.major,
            minor: disk.minor,
            name: disk.name.to_owned(),
            info: info(disk, &properties, rotational(disk.name, block)),
            filesystem: filesystem(disk.name, &properties),
            device_mapper: device_mapper(disk.name, &properties),
            ata: ata(&properties),
            udev,
            udev_time,
        }
    }
}

/// `1` for a disk that turns. Partitions have no queue of their own and get `0`.
fn rotational(name: &str, block: &Path) -> String {
    // In paths of /sys, an exclamation mark stands for the slash in names such as cciss/c0d0.
    let queue = block.join(name.replace('/', "!")).join("queue");
    // Drivers without a time limit for requests, such as virtio, are of virtual disks, which turn by default whatever
    // lies below them. The Go exporter shows 0 for all of those.
    let real = queue.join("io_timeout").exists();
    let turns = real && read(&queue.join("rotational")).is_ok_and(|text| text.trim_ascii() == b"1");
    u8::from(turns).to_string()
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    read_at(CWD, path, &mut bytes).map(|()| bytes)
}

fn modified(path: &Path) -> Option<(i64, i64)> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.mtime(), metadata.mtime_nsec()))
}

fn info(disk: &Disk<'_>, udev: &UdevData<'_>, rotational: String) -> [String; 9] {
    let get = |name| udev.get(name).unwrap_or_default().to_owned();
    // The first is what is printed on the disk; virtio disks have the last alone.
    let serials = ["SCSI_IDENT_SERIAL", "ID_SERIAL_SHORT", "ID_SERIAL"];
    let serial = serials.map(get).into_iter().find(|serial| !serial.is_empty());
    [
        disk.name.to_owned(),
        disk.major.to_string(),
        disk.minor.to_string(),
        get("ID_MODEL"),
        get("ID_PATH"),
        get("ID_REVISION"),
        rotational,
        serial.unwrap_or_default(),
        get("ID_WWN"),
    ]
}

fn filesystem(name: &str, udev: &UdevData<'_>) -> Option<[String; 5]> {
    let get = |property| udev.get(property).unwrap_or_default();
    let kind = Some(get("ID_FS_TYPE")).filter(|kind| !kind.is_empty())?;
    let labels = [name, kind, get("ID_FS_USAGE"), get("ID_FS_UUID"), get("ID_FS_VERSION")];
    Some(labels.map(str::to_owned))
}

fn device_mapper(name: &str, udev: &UdevData<'_>) -> Option<[String; 6]> {
    let get = |property| udev.get(property).unwrap_or_default();
    let mapped = Some(get("DM_NAME")).filter(|mapped| !mapped.is_empty())?;
    let labels = [
        name,
        get("DM_LV_LAYER"),
        get("DM_LV_NAME"),
        mapped,
        get("DM_UUID"),
        get("DM_VG_NAME"),
    ];
    Some(labels.map(str::to_owned))
}

fn ata(udev: &UdevData<'_>) -> [Option<f64>; ATA.len()] {
    let is_ata = udev.get("ID_ATA").is_some_and(|value| !value.is_empty());
    ATA.map(|name| udev.get(name).filter(|_| is_ata)?.parse().ok())
}
