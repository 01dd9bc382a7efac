//! A small file system of the test's own.

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
};

use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use tempfile::TempDir;

/// What fills it up.
const BALLAST: &str = "ballast";

/// One in memory that everybody may write to. Dropping it unmounts it.
pub(crate) struct Disk {
    folder: TempDir,
}

impl Disk {
    pub(crate) fn of(mebibytes: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let options = format!("size={mebibytes}m,mode=0777");
        let options = std::ffi::CString::new(options).expect("digits have no zero byte");
        mount(
            "lab-test",
            folder.path(),
            "tmpfs",
            MountFlags::empty(),
            options.as_c_str(),
        )
        .expect("root may mount a tmpfs");
        Self { folder }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Until nothing fits any more.
    pub(crate) fn fill(&self) {
        let mut ballast = File::create(self.path().join(BALLAST)).expect("a file");
        for size in [1 << 20, 4096, 1] {
            let piece = vec![b'x'; size];
            while ballast.write_all(&piece).is_ok() {}
        }
    }

    /// Gives back what filled it.
    pub(crate) fn relieve(&self) {
        fs::remove_file(self.path().join(BALLAST)).expect("it was filled");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Also while somebody still has it open.
        unmount(self.path(), UnmountFlags::DETACH).ok();
    }
}
