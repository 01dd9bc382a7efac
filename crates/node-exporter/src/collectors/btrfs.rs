//! btrfs file systems, from /sys/fs/btrfs, and their devices, from ioctls on a mount of each. Where none can be asked,
//! or none answers in time, the sizes of the devices in /sys have to do. A host without any has no series, and that is
//! no failure.

mod devices;
mod files;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exposition::{Desc, Encoder};
use kernel_stats::btrfs_commit_stats::CommitStats;

use self::devices::{Device, Devices};
use self::files::{FileSystem, Group, Layout};
use crate::context::Context;
use crate::sysfs::Attributes;

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "btrfs",
    enabled_by_default: true,
    flags: &[],
    build: |context| {
        Ok(Box::new(Btrfs {
            directory: context.sys_path("fs/btrfs"),
            devices: Devices::new(context, devices::ask)?,
            attributes: Attributes::default(),
        }))
    },
};

const INFO: Desc<'_> = Desc::gauge("node_btrfs_info", "Filesystem information", &["label", "uuid"]);
const GLOBAL_RESERVE: Desc<'_> = Desc::gauge("node_btrfs_global_rsv_size_bytes", "Size of global reserve.", &["uuid"]);
const RESERVED: Desc<'_> = Desc::gauge(
    "node_btrfs_reserved_bytes",
    "Amount of space reserved for a data type",
    &["block_group_type", "uuid"],
);

/// A family and the part of the commits that it shows.
type CommitColumn = (Desc<'static>, fn(&CommitStats) -> Option<f64>);

const COMMITS: [CommitColumn; 4] = [
    (
        Desc::counter(
            "node_btrfs_commit_seconds_total",
            "Sum of the duration of all commits, in seconds.",
            &["uuid"],
        ),
        |commits| seconds(commits.total_millis),
    ),
    (
        Desc::counter(
            "node_btrfs_commits_total",
            "The total number of commits that have occurred.",
            &["uuid"],
        ),
        |commits| commits.commits.map(|commits| commits as f64),
    ),
    (
        Desc::gauge(
            "node_btrfs_last_commit_seconds",
            "Duration of the most recent commit, in seconds.",
            &["uuid"],
        ),
        |commits| seconds(commits.last_millis),
    ),
    (
        Desc::gauge(
            "node_btrfs_max_commit_seconds",
            "Duration of the slowest commit, in seconds.",
            &["uuid"],
        ),
        |commits| seconds(commits.max_millis),
    ),
];

/// A family and the part of a layout that it shows.
type LayoutColumn = (Desc<'static>, fn(&Layout) -> Option<f64>);

const LAYOUT: &[&str] = &["block_group_type", "mode", "uuid"];
const LAYOUTS: [LayoutColumn; 3] = [
    (
        Desc::gauge(
            "node_btrfs_allocation_ratio",
            "Data allocation ratio for a layout/data type",
            LAYOUT,
        ),
        |layout| Some(layout.ratio),
    ),
    (
        Desc::gauge(
            "node_btrfs_size_bytes",
            "Amount of space allocated for a layout/data type",
            LAYOUT,
        ),
        |layout| layout.total_bytes,
    ),
    (
        Desc::gauge(
            "node_btrfs_used_bytes",
            "Amount of used space by a layout/data type",
            LAYOUT,
        ),
        |layout| layout.used_bytes,
    ),
];

const DEVICE: &[&str] = &["btrfs_dev_uuid", "device", "uuid"];
const DEVICE_SIZE: Desc<'_> = Desc::gauge(
    "node_btrfs_device_size_bytes",
    "Size of a device that is part of the filesystem.",
    DEVICE,
);
const DEVICE_UNUSED: Desc<'_> = Desc::gauge(
    "node_btrfs_device_unused_bytes",
    "Unused bytes unused on a device that is part of the filesystem.",
    DEVICE,
);
const DEVICE_ERRORS: Desc<'_> = Desc::counter(
    "node_btrfs_device_errors_total",
    "Errors reported for the device",
    &["btrfs_dev_uuid", "device", "type", "uuid"],
);
/// In the kernel's order.
const ERROR_TYPES: [&str; crate::syscall::BTRFS_ERRORS] = ["write", "read", "flush", "corruption", "generation"];

const MILLIS_PER_SECOND: f64 = 1000.0;

fn seconds(millis: Option<u64>) -> Option<f64> {
    millis.map(|millis| millis as f64 / MILLIS_PER_SECOND)
}

/// How long mounts may take where the scrape has no deadline.
const LIMIT: Duration = Duration::from_secs(5);

struct Btrfs {
    directory: PathBuf,
    devices: Devices,
    attributes: Attributes,
}

impl Collector for Btrfs {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        self.collect_before(out, Instant::now() + LIMIT)
    }

    fn collect_before(&mut self, out: &mut Encoder, deadline: Instant) -> Result<(), CollectError> {
        let (mut filesystems, malformed) = files::read(&self.directory, &mut self.attributes)?;
        let asked = self.ask(&mut filesystems, deadline);
        encode(&filesystems, out);
        encode_groups(&filesystems, out);
        encode_devices(&filesystems, out);
        asked?;
        match malformed {
            Some(error) => Err(error.into()),
            None => self.attributes.finish(),
        }
    }
}

impl Btrfs {
    fn ask(&mut self, filesystems: &mut [FileSystem], deadline: Instant) -> Result<(), CollectError> {
        if filesystems.is_empty() {
            return Ok(());
        }
        let mut found = self.devices.ask(deadline)?;
        for filesystem in filesystems {
            filesystem.asked = found.remove(&filesystem.fsid);
        }
        Ok(())
    }
}

fn encode(filesystems: &[FileSystem], out: &mut Encoder) {
    let mut family = out.family(&INFO);
    for filesystem in filesystems {
        family.sample(&[filesystem.label.as_str(), &filesystem.uuid], 1.0);
    }
    let mut family = out.family(&GLOBAL_RESERVE);
    for filesystem in filesystems {
        if let Some(bytes) = filesystem.global_reserve_bytes {
            family.sample(&[filesystem.uuid.as_str()], bytes);
        }
    }
    for (desc, value) in &COMMITS {
        let mut family = out.family(desc);
        for filesystem in filesystems {
            if let Some(value) = value(&filesystem.commits) {
                family.sample(&[filesystem.uuid.as_str()], value);
            }
        }
    }
}

fn encode_groups(filesystems: &[FileSystem], out: &mut Encoder) {
    let groups = || {
        filesystems.iter().flat_map(|filesystem| {
            let groups = filesystem.groups.iter();
            groups.map(|group: &Group| (filesystem.uuid.as_str(), group))
        })
    };
    let mut family = out.family(&RESERVED);
    for (uuid, group) in groups() {
        if let Some(bytes) = group.reserved_bytes {
            family.sample(&[group.kind, uuid], bytes);
        }
    }
    for (desc, value) in &LAYOUTS {
        let mut family = out.family(desc);
        for (uuid, group) in groups() {
            for layout in &group.layouts {
                if let Some(value) = value(layout) {
                    family.sample(&[group.kind, &layout.mode, uuid], value);
                }
            }
        }
    }
}

fn encode_devices(filesystems: &[FileSystem], out: &mut Encoder) {
    let mut family = out.family(&DEVICE_SIZE);
    for filesystem in filesystems {
        for (name, bytes) in filesystem.sizes.iter().filter(|_| filesystem.asked.is_none()) {
            family.sample(&["", name, filesystem.uuid.as_str()], *bytes);
        }
        for device in filesystem.asked.iter().flatten() {
            family.sample(&labels(filesystem, device), device.total_bytes as f64);
        }
    }
    let asked = || {
        filesystems.iter().flat_map(|filesystem| {
            let devices = filesystem.asked.iter().flatten();
            devices.map(move |device| (filesystem, device))
        })
    };
    let mut family = out.family(&DEVICE_UNUSED);
    for (filesystem, device) in asked() {
        let bytes = device.total_bytes.saturating_sub(device.used_bytes);
        family.sample(&labels(filesystem, device), bytes as f64);
    }
    let mut family = out.family(&DEVICE_ERRORS);
    for (filesystem, device) in asked() {
        let [id, name, uuid] = labels(filesystem, device);
        for (kind, errors) in ERROR_TYPES.iter().zip(device.errors.iter().flatten()) {
            family.sample(&[id, name, kind, uuid], *errors as f64);
        }
    }
}

fn labels<'a>(filesystem: &'a FileSystem, device: &'a Device) -> [&'a str; 3] {
    [&device.uuid, &device.name, &filesystem.uuid]
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::Path;

    use super::*;
    use crate::testing::{collector, context, root, samples};

    const FSID: &str = "2ce6f4ba-a4f3-4856-876f-9a144c49dd83";

    fn host(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = root(&[("proc/1/mountinfo", "28 27 0:39 / / rw - btrfs /dev/sdb rw\n")]);
        let folder = root.path().join("sys/fs/btrfs").join(FSID);
        std::fs::create_dir_all(&folder).unwrap();
        for (file, text) in files {
            let path = folder.join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        root
    }

    /// A collector whose mounts say what `ask` does.
    fn asking(root: &Path, ask: fn(&Path) -> io::Result<devices::Found>) -> Btrfs {
        let context = context(root, &[]);
        Btrfs {
            directory: context.sys_path("fs/btrfs"),
            devices: Devices::new(&context, ask).unwrap(),
            attributes: Attributes::default(),
        }
    }

    fn device(uuid: &str, name: &str, errors: Option<[u64; 5]>) -> Device {
        Device {
            uuid: uuid.to_owned(),
            name: name.to_owned(),
            total_bytes: 100,
            used_bytes: 30,
            errors,
        }
    }

    #[test]
    fn devices_are_those_of_the_mount() {
        let root = host(&[("metadata_uuid", "m\n"), ("devices/sda/size", "2\n")]);
        let mut collector = asking(root.path(), |_| {
            let devices = vec![device("a", "sda", Some([1, 2, 3, 4, 5])), device("b", "", None)];
            Ok((FSID.to_owned(), devices))
        });
        let expected = r#"node_btrfs_device_errors_total{btrfs_dev_uuid="a",device="sda",type="corruption",uuid="m"} 4
node_btrfs_device_errors_total{btrfs_dev_uuid="a",device="sda",type="flush",uuid="m"} 3
node_btrfs_device_errors_total{btrfs_dev_uuid="a",device="sda",type="generation",uuid="m"} 5
node_btrfs_device_errors_total{btrfs_dev_uuid="a",device="sda",type="read",uuid="m"} 2
node_btrfs_device_errors_total{btrfs_dev_uuid="a",device="sda",type="write",uuid="m"} 1
node_btrfs_device_size_bytes{btrfs_dev_uuid="a",device="sda",uuid="m"} 100
node_btrfs_device_size_bytes{btrfs_dev_uuid="b",device="",uuid="m"} 100
node_btrfs_device_unused_bytes{btrfs_dev_uuid="a",device="sda",uuid="m"} 70
node_btrfs_device_unused_bytes{btrfs_dev_uuid="b",device="",uuid="m"} 70
node_btrfs_info{label="",uuid="m"} 1
"#;
        assert_eq!(samples(&mut collector).unwrap(), expected);
    }

    #[test]
    fn where_no_mount_answers_files_tell_the_sizes() {
        let root = host(&[("devices/sda/size", "2\n"), ("devices/sdb/size", "odd\n")]);
        let mut collector = asking(root.path(), |_| Err(io::Error::from_raw_os_error(libc::EACCES)));
        let text = samples(&mut collector).unwrap().replace(FSID, "f");
        let expected = r#"node_btrfs_device_size_bytes{btrfs_dev_uuid="",device="sda",uuid="f"} 1024
node_btrfs_info{label="",uuid="f"} 1
"#;
        assert_eq!(text, expected);
    }

    #[test]
    fn a_malformed_file_spoils_only_what_it_holds() {
        let root = host(&[("commit_stats", "commits many\n"), ("label", "l\n")]);
        let mut collector = collector(&SPEC, root.path(), &[]);
        let mut out = Encoder::new(exposition::Format::Text004);
        let error = collector.collect(&mut out).unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("commit_stats: line 1: expected a name and a number, found \"many\""),
            "{error}"
        );
        assert_eq!(out.sample_count(), 1);
    }
}
