//! The devices of btrfs file systems, asked of a mount of each. A mount may be out of reach or hidden under another, so
//! the next is asked then; none is waited for when it hangs.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use exporter_toolkit::collector::{BuildError, CollectError};
use exporter_toolkit::go_regex;
use rustix::fs::{Mode, OFlags};

use crate::context::Context;
use crate::filter::Filter;
use crate::mounts::Mounts;
use crate::survey::{Patience, Survey};
use crate::syscall::{self, BTRFS_ERRORS};

/// The kernel answers from memory; what takes this long hangs.
const PATIENCE: Patience = Patience {
    stall: Duration::from_millis(200),
    limit: Duration::from_secs(1),
};

/// A device as the kernel tells it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Device {
    pub(super) uuid: String,
    /// The last part of its path; empty for one that is missing.
    pub(super) name: String,
    pub(super) total_bytes: u64,
    pub(super) used_bytes: u64,
    /// In the kernel's order; `None` for a device that is missing.
    pub(super) errors: Option<[u64; BTRFS_ERRORS]>,
}

/// The UUID of a file system, and its devices.
pub(super) type Found = (String, Vec<Device>);

/// Asks mounts.
pub(super) struct Devices {
    mounts: Mounts,
    survey: Survey<io::Result<Found>>,
}

impl Devices {
    /// Devices that are asked for with `ask`, which may block for ever.
    pub(super) fn new(
        context: &Context,
        ask: impl Fn(&Path) -> io::Result<Found> + Send + Sync + 'static,
    ) -> Result<Self, BuildError> {
        let only_btrfs = Filter::Include(go_regex::parse("^btrfs$")?);
        Ok(Self {
            mounts: Mounts::new(context, Filter::All, only_btrfs),
            survey: Survey::new(super::SPEC.name, PATIENCE, ask),
        })
    }

    /// The devices of every file system of which a mount answers by `deadline`.
    ///
    /// # Errors
    /// When the mounts cannot be parsed, or the system has no thread to give.
    pub(super) fn ask(&mut self, deadline: Instant) -> Result<HashMap<String, Vec<Device>>, CollectError> {
        match self.mounts.update() {
            Err(CollectError::NoData(_)) => return Ok(HashMap::new()),
            updated => updated?,
        }
        let places = self.places().into_values();
        let found = places.filter_map(|paths| self.first_answer(&paths, deadline).transpose());
        found.collect()
    }

    /// Where each file system, by its device numbers, is mounted.
    fn places(&self) -> BTreeMap<(&str, &str), Vec<Arc<Path>>> {
        let mut places: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for mount in self.mounts.all() {
            if let Some(path) = self.mounts.paths().get(mount) {
                let numbers = (mount.major.as_str(), mount.minor.as_str());
                places.entry(numbers).or_default().push(Arc::clone(path));
            }
        }
        places
    }

    /// Asks one mount after another of a file system, up to the first that answers or hangs, as then they all would.
    fn first_answer(&self, paths: &[Arc<Path>], deadline: Instant) -> Result<Option<Found>, CollectError> {
        let mut answers = Vec::new();
        for path in paths.chunks(1) {
            self.survey
                .ask(path, deadline, &mut answers)
                .map_err(|error| CollectError::failed(format!("starting a thread for ioctl: {error}")))?;
            match answers.pop().flatten() {
                Some(Ok(found)) => return Ok(Some(found)),
                Some(Err(error)) => {
                    log::debug!(collector = super::SPEC.name, mountpoint:? = path, error:%; "not asked for devices")
                }
                None => break,
            }
        }
        Ok(None)
    }
}

/// Asks the file system that is mounted at `mount_point` for its devices; blocks for as long as it takes to answer.
///
/// # Errors
/// What the kernel said.
pub(super) fn ask(mount_point: &Path) -> io::Result<Found> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let mount = rustix::fs::open(mount_point, flags, Mode::empty())?;
    let info = syscall::btrfs_info(&mount)?;
    let mut devices = Vec::new();
    for id in 0..=info.max_id {
        if devices.len() as u64 == info.num_devices {
            break;
        }
        let device = match syscall::btrfs_device(&mount, id) {
            // Numbers of devices that were removed are not given again.
            Err(error) if error.raw_os_error() == Some(libc::ENODEV) => continue,
            device => device?,
        };
        devices.push(Device {
            uuid: uuid(device.uuid),
            name: name(&device.path),
            total_bytes: device.total_bytes,
            used_bytes: device.bytes_used,
            errors: syscall::btrfs_errors(&mount, id).ok(),
        });
    }
    Ok((uuid(info.fsid), devices))
}

/// The last part of a path that ends at a zero.
fn name(path: &[u8]) -> String {
    let path = path.split(|&byte| byte == 0).next().unwrap_or_default();
    let last = Path::new(OsStr::from_bytes(path)).file_name().unwrap_or_default();
    last.to_string_lossy().into_owned()
}

fn uuid(bytes: [u8; 16]) -> String {
    let digits = format!("{:032x}", u128::from_be_bytes(bytes));
    let mut text = String::with_capacity(36);
    for (index, digit) in digits.chars().enumerate() {
        if matches!(index, 8 | 12 | 16 | 20) {
            text.push('-');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::mpsc::channel;

    use super::*;
    use crate::testing::{context, root};

    const MOUNTINFO: &str = "\
27 1 254:0 / / rw - ext4 /dev/vda rw
28 27 0:39 / /b rw - btrfs /dev/sdb rw
29 27 0:39 /sub /b/again rw - btrfs /dev/sdb rw
30 27 0:40 / /hidden rw - btrfs /dev/sdc rw
31 27 0:40 / /seen rw - btrfs /dev/sdc rw
32 27 0:41 / /stuck rw - btrfs /dev/sdd rw
33 27 0:41 / /stuck/too rw - btrfs /dev/sdd rw
";

    #[test]
    fn each_file_system_is_asked_at_the_first_mount_that_answers() {
        let root = root(&[("proc/1/mountinfo", MOUNTINFO)]);
        let (tell, asked) = channel();
        let (_keep, never) = channel::<()>();
        let (tell, never) = (Mutex::new(tell), Mutex::new(never));
        let beginning = root.path().to_owned();
        let ask = move |path: &Path| {
            let path = path.strip_prefix(&beginning).unwrap().display().to_string();
            tell.lock().unwrap().send(path.clone()).unwrap();
            match path.as_str() {
                "hidden" => return Err(io::Error::from_raw_os_error(libc::ENOTTY)),
                "stuck" => never.lock().unwrap().recv().unwrap(),
                _ => {}
            }
            Ok((path, Vec::new()))
        };
        let mut devices = Devices::new(&context(root.path(), &[]), ask).unwrap();
        for expected in [vec!["b", "hidden", "seen", "stuck"], vec!["b", "hidden", "seen"]] {
            let found = devices.ask(Instant::now() + Duration::from_secs(60)).unwrap();
            let mut found: Vec<&str> = found.keys().map(String::as_str).collect();
            found.sort_unstable();
            assert_eq!(found, ["b", "seen"]);
            assert_eq!(asked.try_iter().collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn other_file_systems_tell_no_devices() {
        let folder = root(&[]);
        let error = ask(folder.path()).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::ENOTTY));
        let error = ask(Path::new("/does/not/exist")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn names_are_the_last_part_of_a_path() {
        for (path, expected) in [
            (b"/dev/sda\0\0".as_slice(), "sda"),
            (b"/dev/mapper/vg-lv\0x", "vg-lv"),
            (b"\0", ""),
            (b"/dev/\xff", "\u{fffd}"),
        ] {
            assert_eq!(name(path), expected);
        }
    }

    #[test]
    fn uuids_are_written_in_groups() {
        let bytes = std::array::from_fn(|index| index as u8);
        assert_eq!(uuid(bytes), "00010203-0405-0607-0809-0a0b0c0d0e0f");
    }
}
