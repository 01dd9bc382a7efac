//! What /sys/fs/btrfs holds of each mounted file system.

use std::path::Path;

use kernel_stats::btrfs_commit_stats::{self, CommitStats};

use super::devices::Device;
use crate::source::SourceError;
use crate::sysfs::{Attributes, Folder};

/// The unit of every block device's `size`.
const SECTOR_BYTES: f64 = 512.0;

/// The kinds of block groups, each a folder.
const KINDS: [&str; 3] = ["data", "metadata", "system"];

/// A file system; what cannot be read is `None`, empty or left out.
pub(super) struct FileSystem {
    /// The UUID by which it is mounted, the name of its folder.
    pub(super) fsid: String,
    /// The UUID that its metadata has; differs from the other when somebody changed that later.
    pub(super) uuid: String,
    pub(super) label: String,
    pub(super) global_reserve_bytes: Option<f64>,
    pub(super) commits: CommitStats,
    pub(super) groups: Vec<Group>,
    /// The names of the devices that are there, and how large each is.
    pub(super) sizes: Vec<(String, f64)>,
    /// What a mount of it said of its devices; `None` when none was asked or answered.
    pub(super) asked: Option<Vec<Device>>,
}

/// The block groups of a kind.
pub(super) struct Group {
    pub(super) kind: &'static str,
    pub(super) reserved_bytes: Option<f64>,
    pub(super) layouts: Vec<Layout>,
}

/// The block groups of a kind and a RAID profile.
pub(super) struct Layout {
    pub(super) mode: String,
    pub(super) total_bytes: Option<f64>,
    pub(super) used_bytes: Option<f64>,
    /// How many bytes of devices hold a byte of files; 0 for a profile that nobody knows.
    pub(super) ratio: f64,
}

/// Reads all file systems, in the order of their names, and gives them with the error of the first malformed file. A host
/// without btrfs has none.
///
/// # Errors
/// When the folder of all file systems cannot be read.
pub(super) fn read(
    directory: &Path,
    attributes: &mut Attributes,
) -> Result<(Vec<FileSystem>, Option<SourceError>), SourceError> {
    let Some(folder) = Folder::find(directory)? else {
        return Ok((Vec::new(), None));
    };
    let mut malformed = None;
    // The others, as `features`, are not named by a UUID.
    let opened = folder.open_folders(|name| name.contains('-'))?;
    let filesystems = opened.into_iter().map(|(fsid, folder)| {
        let commits = commits(&folder, attributes).unwrap_or_else(|error| {
            malformed.get_or_insert(error);
            CommitStats::default()
        });
        filesystem(fsid, &folder, commits, attributes)
    });
    Ok((filesystems.collect(), malformed))
}

fn filesystem(fsid: String, folder: &Folder, commits: CommitStats, attributes: &mut Attributes) -> FileSystem {
    let (sizes, devices) = sizes(folder, attributes);
    let uuid = attributes
        .text(folder, c"metadata_uuid")
        .filter(|uuid| !uuid.is_empty());
    FileSystem {
        uuid: uuid.unwrap_or(&fsid).to_owned(),
        fsid,
        label: attributes.text(folder, c"label").unwrap_or_default().to_owned(),
        global_reserve_bytes: bytes(folder, "allocation/global_rsv_size", attributes),
        commits,
        groups: groups(folder, devices, attributes),
        sizes,
        asked: None,
    }
}

fn commits(folder: &Folder, attributes: &mut Attributes) -> Result<CommitStats, SourceError> {
    const FILE: &str = "commit_stats";
    let Some(bytes) = attributes.bytes(folder, FILE) else {
        return Ok(CommitStats::default());
    };
    btrfs_commit_stats::parse(bytes).map_err(|error| SourceError::Parse {
        path: folder.path().join(FILE),
        error,
    })
}

/// The sizes of the devices that tell theirs, and how many devices there are.
fn sizes(folder: &Folder, attributes: &mut Attributes) -> (Vec<(String, f64)>, usize) {
    let devices = folder
        .folder("devices")
        .and_then(|folder| folder.open_folders(|_| true).ok());
    let devices = devices.unwrap_or_default();
    let count = devices.len();
    let sizes = devices.into_iter().filter_map(|(name, device)| {
        let sectors = attributes.u64(&device, c"size")?;
        Some((name, sectors as f64 * SECTOR_BYTES))
    });
    (sizes.collect(), count)
}

fn groups(folder: &Folder, devices: usize, attributes: &mut Attributes) -> Vec<Group> {
    let allocation = folder.folder("allocation");
    let opened = KINDS
        .into_iter()
        .filter_map(|kind| Some((kind, allocation.as_ref()?.folder(kind)?)));
    let groups = opened.map(|(kind, group)| Group {
        kind,
        reserved_bytes: bytes(&group, "bytes_reserved", attributes),
        layouts: layouts(&group, devices, attributes),
    });
    groups.collect()
}

fn layouts(group: &Folder, devices: usize, attributes: &mut Attributes) -> Vec<Layout> {
    let opened = group.open_folders(|_| true).unwrap_or_default().into_iter();
    let layouts = opened.map(|(mode, layout)| Layout {
        total_bytes: bytes(&layout, "total_bytes", attributes),
        used_bytes: bytes(&layout, "used_bytes", attributes),
        ratio: ratio(&mode, devices as f64),
        mode,
    });
    layouts.collect()
}

fn bytes(folder: &Folder, file: &str, attributes: &mut Attributes) -> Option<f64> {
    attributes.u64(folder, file).map(|bytes| bytes as f64)
}

fn ratio(mode: &str, devices: f64) -> f64 {
    match mode {
        "single" | "raid0" => 1.0,
        "dup" | "raid1" | "raid10" => 2.0,
        "raid1c3" => 3.0,
        "raid1c4" => 4.0,
        "raid5" => devices / (devices - 1.0),
        "raid6" => devices / (devices - 2.0),
        _ => 0.0,
    }
}
