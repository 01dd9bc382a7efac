//! The host's file systems and the devices that metrics name them by, from /proc/1/mountinfo, or /proc/self/mountinfo
//! where that one is not for us.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use kernel_stats::mountinfo;
use log::warn;

/// The table of mounts is as long as there are containers, and seldom changes otherwise.
const FRESH: Duration = Duration::from_secs(30);

/// Beside these, all types that begin with `ext` or `nfs`.
const SHOWN_TYPES: [&str; 4] = ["btrfs", "tmpfs", "xfs", "zfs"];

/// File systems in memory that runtimes mount for containers: as many as there are secrets, and none says anything.
const OF_CONTAINERS: [&str; 5] = [
    "/run/containerd/",
    "/run/containers/",
    "/var/lib/containers/",
    "/var/lib/docker/",
    "/var/lib/kubelet/pods/",
];

/// A file system of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mount {
    /// Where it is mounted on the host; of several places the shortest.
    pub(super) point: PathBuf,
    /// What metrics name it by.
    pub(super) device: Arc<str>,
    /// Its type, as in `ext4`.
    pub(super) fs_type: String,
    /// Its number in `st_dev`, but for btrfs.
    number: u64,
}

/// The table of mounts.
pub(super) struct Mounts {
    sources: [PathBuf; 2],
    read: Option<Instant>,
    said: Option<String>,
    shown: Arc<[Mount]>,
    /// Where file systems lie of which only the device is of interest.
    others: Vec<Mount>,
}

impl Mounts {
    /// Not read yet.
    pub(super) fn new(procfs: &Path) -> Self {
        Self {
            sources: ["1/mountinfo", "self/mountinfo"].map(|file| procfs.join(file)),
            read: None,
            said: None,
            shown: [].into(),
            others: Vec::new(),
        }
    }

    /// Reads the table anew, if it is older than half a minute.
    pub(super) fn update(&mut self, now: Instant) {
        if self
            .read
            .is_some_and(|read| now.saturating_duration_since(read) < FRESH)
        {
            return;
        }
        self.read = Some(now);
        match self.read() {
            Ok(()) => self.said = None,
            Err(problem) => {
                if self.said.as_ref() != Some(&problem) {
                    warn!("{problem}");
                }
                self.said = Some(problem);
            }
        }
    }

    fn read(&mut self) -> Result<(), String> {
        let [first, second] = &self.sources;
        let is_hidden =
            |error: &io::Error| matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied);
        let (path, read) = match std::fs::read(first) {
            Err(error) if is_hidden(&error) => (second, std::fs::read(second)),
            read => (first, read),
        };
        let bytes = read.map_err(|error| format!("reading {}: {error}", path.display()))?;
        let parsed = mountinfo::parse(&bytes).map_err(|error| format!("parsing {}: {error}", path.display()))?;
        (self.shown, self.others) = select(&parsed);
        Ok(())
    }

    /// The file systems that are reported for the machine, sorted by device.
    pub(super) fn shown(&self) -> Arc<[Mount]> {
        Arc::clone(&self.shown)
    }

    /// The device of the file system of the number `device` at `path`; empty when it cannot be told. Folders of btrfs
    /// have numbers that no mount has; they are told by their place.
    pub(super) fn device(&self, device: u64, path: &Path) -> Arc<str> {
        let all = || self.shown.iter().chain(&self.others);
        let by_place = || {
            let around = all().filter(|mount| path.starts_with(&mount.point));
            around.max_by_key(|mount| mount.point.as_os_str().len())
        };
        let found = all().find(|mount| mount.number == device).or_else(by_place);
        found.map(|mount| Arc::clone(&mount.device)).unwrap_or_default()
    }
}

/// The file systems that are shown, and others that have a device.
fn select(parsed: &[mountinfo::Mount<'_>]) -> (Arc<[Mount]>, Vec<Mount>) {
    let mut shown: HashMap<Arc<str>, Mount> = HashMap::new();
    let mut others = Vec::new();
    for row in parsed {
        let mount = mount(row);
        if !is_shown(row) {
            if row.source.starts_with('/') {
                others.push(mount);
            }
            continue;
        }
        let shorter = |before: &Mount| before.point.as_os_str().len() <= mount.point.as_os_str().len();
        if !shown.get(&mount.device).is_some_and(shorter) {
            shown.insert(Arc::clone(&mount.device), mount);
        }
    }
    let mut shown: Vec<Mount> = shown.into_values().collect();
    shown.sort_by(|a, b| a.device.cmp(&b.device));
    (shown.into(), others)
}

fn is_shown(row: &mountinfo::Mount<'_>) -> bool {
    // What is mounted on / is shown whatever it is, also an overlay. All other overlays are those of containers, whose
    // room is that of the file system below.
    if row.mount_point == "/" {
        return true;
    }
    let fs_type = row.fs_type.as_ref();
    if fs_type == "tmpfs" && OF_CONTAINERS.iter().any(|place| row.mount_point.starts_with(place)) {
        return false;
    }
    fs_type.starts_with("ext") || fs_type.starts_with("nfs") || SHOWN_TYPES.contains(&fs_type)
}

fn mount(row: &mountinfo::Mount<'_>) -> Mount {
    let device = match row.fs_type.as_ref() {
        // All of these have the same source, or any.
        "tmpfs" => row.mount_point.to_string(),
        "overlay" => format!("{}_{}-{}", row.source, row.major, row.minor),
        _ => row.source.to_string(),
    };
    Mount {
        point: PathBuf::from(row.mount_point.as_ref()),
        device: device.into(),
        fs_type: row.fs_type.to_string(),
        number: rustix::fs::makedev(row.major, row.minor),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTINFO: &str = "\
22 27 0:21 / /proc rw,relatime - proc proc rw
25 24 0:23 / /dev/shm rw,relatime - tmpfs tmpfs rw
42 27 254:0 /var/lib/docker /var/lib/docker rw shared:2 - ext4 /dev/vda rw
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
31 27 254:16 / /data rw - xfs /dev/vdb rw
32 27 0:40 /@ /pool rw - btrfs /dev/vdc rw
33 27 0:41 / /net rw - nfs4 server:/export rw
34 27 7:0 / /snap/core ro - squashfs /dev/loop0 ro
47 42 0:39 / /var/lib/docker/overlay2/bb/merged rw - overlay overlay rw,lowerdir=/a
48 42 0:50 / /var/lib/docker/containers/bb/mounts/shm rw - tmpfs shm rw
";

    fn mounts(text: &str) -> Mounts {
        let procfs = tempfile::tempdir().unwrap();
        std::fs::create_dir(procfs.path().join("self")).unwrap();
        std::fs::write(procfs.path().join("self/mountinfo"), text).unwrap();
        let mut mounts = Mounts::new(procfs.path());
        mounts.update(Instant::now());
        mounts
    }

    #[test]
    fn each_file_system_is_shown_once_by_its_device() {
        let mounts = mounts(MOUNTINFO);
        let shown: Vec<(String, String)> = mounts
            .shown()
            .iter()
            .map(|mount| (mount.device.to_string(), mount.point.display().to_string()))
            .collect();
        let expected = [
            ("/dev/shm", "/dev/shm"),
            ("/dev/vda", "/"),
            ("/dev/vdb", "/data"),
            ("/dev/vdc", "/pool"),
            ("server:/export", "/net"),
        ];
        assert_eq!(
            shown,
            expected.map(|(device, point)| (device.to_owned(), point.to_owned()))
        );
    }

    #[test]
    fn an_overlay_is_shown_where_it_is_the_root() {
        let mounts = mounts("1 0 0:39 / / rw - overlay overlay rw\n");
        assert_eq!(mounts.shown().first().map(|mount| &*mount.device), Some("overlay_0-39"));
    }

    #[test]
    fn a_layer_has_the_device_of_its_number_or_else_of_its_place() {
        let mounts = mounts(MOUNTINFO);
        let unknown = rustix::fs::makedev(0, 99);
        for (number, path, expected) in [
            (
                rustix::fs::makedev(254, 16),
                "/var/lib/docker/overlay2/bb/diff",
                "/dev/vdb",
            ),
            (unknown, "/pool/docker/btrfs/subvolumes/1", "/dev/vdc"),
            (unknown, "/poolside", "/dev/vda"),
            (rustix::fs::makedev(7, 0), "/x", "/dev/loop0"),
        ] {
            assert_eq!(&*mounts.device(number, Path::new(path)), expected, "{path}");
        }
    }

    #[test]
    fn the_table_is_read_again_after_half_a_minute() {
        let procfs = tempfile::tempdir().unwrap();
        let file = procfs.path().join("1/mountinfo");
        std::fs::create_dir(procfs.path().join("1")).unwrap();
        let (mut mounts, start) = (Mounts::new(procfs.path()), Instant::now());
        mounts.update(start);
        std::fs::write(&file, "1 0 8:1 / / rw - ext4 /dev/sda rw\n").unwrap();
        mounts.update(start + FRESH / 2);
        assert_eq!(mounts.shown().len(), 0);
        mounts.update(start + FRESH);
        assert_eq!(mounts.shown().len(), 1);
        std::fs::write(&file, "garbage\n").unwrap();
        mounts.update(start + FRESH * 2);
        assert_eq!(mounts.shown().len(), 1, "what was known holds");
    }
}
