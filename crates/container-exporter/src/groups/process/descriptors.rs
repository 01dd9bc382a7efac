//! What processes have open, from /proc/PID/fd, which takes root or the same user.

use std::mem::MaybeUninit;
use std::path::Path;

use rustix::fd::AsFd;
use rustix::fs::{CWD, Mode, OFlags, RawDir, openat, readlinkat_raw};
use rustix::io::Errno;

/// Room for a few dozen names at a time.
const NAMES: usize = 2048;
/// Enough of a link's target to know a socket.
const TARGET: usize = 16;

/// Descriptors of all processes together; one that two processes share counts twice.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Descriptors {
    /// All of them.
    pub(crate) open: u64,
    /// Those of sockets.
    pub(crate) sockets: u64,
}

/// Counts them. `None` if we may not see those of a process: less than all would be no count.
pub(super) fn count(procfs: &Path, pids: &[u32]) -> Option<Descriptors> {
    let mut sum = Descriptors::default();
    for pid in pids {
        match add(&procfs.join(format!("{pid}/fd")), &mut sum) {
            // The process has ended.
            Ok(()) | Err(Errno::NOENT | Errno::SRCH) => {}
            Err(_) => return None,
        }
    }
    Some(sum)
}

fn add(path: &Path, sum: &mut Descriptors) -> Result<(), Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let folder = openat(CWD, path, flags, Mode::empty())?;
    let mut names = [MaybeUninit::uninit(); NAMES];
    let mut entries = RawDir::new(&folder, &mut names);
    while let Some(entry) = entries.next() {
        let entry = entry?;
        let name = entry.file_name();
        if name.to_bytes().starts_with(b".") {
            continue;
        }
        sum.open += 1;
        if is_socket(&folder, name) {
            sum.sockets += 1;
        }
    }
    Ok(())
}

fn is_socket(folder: impl AsFd, name: &std::ffi::CStr) -> bool {
    let mut target = [MaybeUninit::uninit(); TARGET];
    readlinkat_raw(folder, name, &mut target).is_ok_and(|(target, _)| target.starts_with(b"socket:"))
}
