//! The file systems that metrics tell of: those of the machine, and those on which containers write.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::layers::{Found, Layer, Layers};
use super::mounts::{Mount, Mounts};
use super::space::Space;
use super::survey::Survey;
use crate::settings::Paths;

/// These answer statfs(2) from memory, whatever their disk does. The others, network file systems among them, are asked
/// by threads of their own …
const PROMPT_TYPES: [&str; 6] = ["btrfs", "ext2", "ext3", "ext4", "tmpfs", "xfs"];

/// … and have so long, all together.
const PATIENCE: Duration = Duration::from_millis(100);

/// How full a file system is, as the machine or one container sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileSystem {
    /// What metrics name it by: the device, or the folder where there is none.
    pub(crate) device: Arc<str>,
    /// What of it is occupied, by the container or by anything on the machine, in bytes.
    pub(crate) used: Option<u64>,
    /// The room on it.
    pub(crate) space: Space,
}

/// Knows all file systems.
pub(crate) struct FileSystems {
    rootfs: PathBuf,
    mounts: Arc<Mutex<Mounts>>,
    layers: Layers,
    survey: Mutex<Survey>,
}

impl FileSystems {
    /// Neither reads nor starts anything yet.
    pub(crate) fn new(paths: &Paths) -> Self {
        let mounts = Arc::new(Mutex::new(Mounts::new(&paths.procfs)));
        Self {
            rootfs: paths.rootfs.clone(),
            layers: Layers::new(&paths.rootfs, Arc::clone(&mounts)),
            mounts,
            survey: Mutex::new(Survey::new(PATIENCE, Space::at)),
        }
    }

    /// The file systems of the machine, sorted by device; those that do not answer are left out.
    pub(crate) fn of_machine(&self, into: &mut Vec<FileSystem>) {
        let mounts = self.mounts();
        let slow: Vec<PathBuf> = mounts
            .iter()
            .filter(|mount| !is_prompt(mount))
            .map(|mount| self.place(mount))
            .collect();
        let answers = match slow.as_slice() {
            [] => Vec::new(),
            paths => self.survey.lock().unwrap_or_else(PoisonError::into_inner).ask(paths),
        };
        let mut answers = answers.into_iter();
        for mount in mounts.iter() {
            let space = if is_prompt(mount) {
                Space::at(&self.place(mount))
            } else {
                answers.next().flatten()
            };
            into.extend(space.filter(|space| space.limit > 0).map(|space| FileSystem {
                device: Arc::clone(&mount.device),
                used: Some(space.used()),
                space,
            }));
        }
    }

    /// The writable layer at `path` of the host. It is measured as long as somebody holds it and asks.
    pub(crate) fn layer(&self, path: &Path) -> Arc<Layer> {
        self.layers.layer(path)
    }

    /// What the last walk of a layer found, and when; asks for another. Blocks for nothing.
    pub(crate) fn of_layer(&self, layer: &Layer) -> Option<Found> {
        self.layers.ask(layer, Instant::now())
    }

    fn mounts(&self) -> Arc<[Mount]> {
        let mut mounts: MutexGuard<'_, Mounts> = self.mounts.lock().unwrap_or_else(PoisonError::into_inner);
        mounts.update(Instant::now());
        mounts.shown()
    }

    /// Where a mount of the host is found here.
    fn place(&self, mount: &Mount) -> PathBuf {
        self.rootfs.join(mount.point.strip_prefix("/").unwrap_or(&mount.point))
    }

    /// Waits until all layers that were asked for have been measured.
    #[cfg(test)]
    pub(crate) fn settled(&self) {
        self.layers.settled();
    }
}

fn is_prompt(mount: &Mount) -> bool {
    PROMPT_TYPES.contains(&mount.fs_type.as_str())
}
