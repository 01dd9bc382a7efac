//! Opening a folder of the host, seen through `--path.rootfs`.

use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, open, openat2};
use rustix::io::{Errno, Result};

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// Opens the folder that the host calls `path`. Links on the way mean what they mean on the host: `/var/lib/docker` may
/// well be a link to `/data/docker`.
pub(super) fn folder(root: &Path, path: &Path) -> Result<OwnedFd> {
    if root == Path::new("/") {
        return open(path, FOLDER, Mode::empty());
    }
    let top = open(root, FOLDER, Mode::empty())?;
    let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
    match openat2(&top, path, FOLDER, Mode::empty(), resolve) {
        // Before Linux 5.6, and in sandboxes that do not know the call.
        Err(Errno::NOSYS | Errno::PERM) => {
            let path = path.strip_prefix("/").unwrap_or(path);
            rustix::fs::openat(CWD, root.join(path), FOLDER, Mode::empty())
        }
        opened => opened,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_mean_what_they_mean_on_the_host() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("data/docker/diff")).unwrap();
        std::fs::create_dir_all(root.path().join("var/lib")).unwrap();
        std::os::unix::fs::symlink("/data/docker", root.path().join("var/lib/docker")).unwrap();
        let opened = folder(root.path(), Path::new("/var/lib/docker/diff")).unwrap();
        let (seen, expected) = (
            rustix::fs::fstat(&opened).unwrap(),
            rustix::fs::stat(root.path().join("data/docker/diff")).unwrap(),
        );
        assert_eq!((seen.st_dev, seen.st_ino), (expected.st_dev, expected.st_ino));
    }

    #[test]
    fn what_is_no_folder_is_an_error() {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("file"), "").unwrap();
        for (path, expected) in [("/none", Errno::NOENT), ("/file", Errno::NOTDIR)] {
            assert_eq!(folder(root.path(), Path::new(path)).unwrap_err(), expected, "{path}");
        }
    }
}
