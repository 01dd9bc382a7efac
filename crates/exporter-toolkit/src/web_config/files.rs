//! The files that a configuration was made from, and whether they are still the same.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A file that changed this shortly before it was read could change again without any other time stamp: file systems
/// count in up to two seconds.
const TIME_STAMP_GRAIN: Duration = Duration::from_secs(2);

/// What was read for one configuration, in order.
#[derive(Default)]
pub(super) struct Files {
    read: Vec<FileRead>,
}

/// Holds secrets: not to be printed.
struct FileRead {
    path: PathBuf,
    stamp: Option<Stamp>,
    settled: bool,
    content: Option<Vec<u8>>,
}

/// What the system says of a file without opening it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let file = std::fs::metadata(path).ok()?;
        Some(Self {
            device: file.dev(),
            inode: file.ino(),
            size: file.size(),
            modified: (file.mtime(), file.mtime_nsec()),
            changed: (file.ctime(), file.ctime_nsec()),
        })
    }

    fn is_older_than_a_grain(&self, now: SystemTime) -> bool {
        let last = self.modified.0.max(self.changed.0);
        let last = UNIX_EPOCH + Duration::from_secs(u64::try_from(last).unwrap_or(0));
        now.duration_since(last).is_ok_and(|age| age > TIME_STAMP_GRAIN)
    }
}

impl Files {
    /// Reads a file whole and remembers it, absent or unreadable ones too.
    ///
    /// # Errors
    /// As [`std::fs::read`].
    pub(super) fn read(&mut self, path: &Path) -> io::Result<Vec<u8>> {
        // The stamp comes first: a change in between is then seen the next time.
        let stamp = Stamp::of(path);
        let content = std::fs::read(path);
        let settled = match (&stamp, &content) {
            (Some(stamp), Ok(_)) => stamp.is_older_than_a_grain(SystemTime::now()),
            (stamp, _) => stamp.is_none(),
        };
        self.read.push(FileRead {
            path: path.to_owned(),
            stamp,
            settled,
            content: content.as_ref().ok().cloned(),
        });
        content
    }

    /// Whether reading them again would surely give the same.
    pub(super) fn are_untouched(&self) -> bool {
        self.read
            .iter()
            .all(|file| file.settled && file.stamp == Stamp::of(&file.path))
    }

    /// Whether the same was read.
    pub(super) fn have_content_of(&self, other: &Self) -> bool {
        let content = |files: &Self| -> Vec<_> {
            let pairs = files.read.iter().map(|file| (file.path.clone(), file.content.clone()));
            pairs.collect()
        };
        content(self) == content(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, File};

    fn write_old(path: &Path, text: &str, age: u64) {
        fs::write(path, text).unwrap();
        let file = File::options().write(true).open(path).unwrap();
        file.set_modified(UNIX_EPOCH + Duration::from_secs(1_000_000 - age))
            .unwrap();
    }

    fn read(paths: &[&Path]) -> Files {
        let mut files = Files::default();
        for path in paths {
            drop(files.read(path));
        }
        files
    }

    #[test]
    fn a_file_of_just_now_is_not_trusted_by_its_stamp() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "x").unwrap();
        assert!(!read(&[&path]).are_untouched());
    }

    #[test]
    fn an_absent_file_is_untouched_until_it_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let files = read(&[&path]);
        assert!(files.are_untouched());
        fs::write(&path, "x").unwrap();
        assert!(!files.are_untouched());
    }

    #[test]
    fn settled_files_are_told_by_their_stamps() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        write_old(&path, "x", 0);
        let mut files = read(&[&path]);
        files.read[0].settled = true;
        assert!(files.are_untouched());
        write_old(&path, "y", 1);
        assert!(!files.are_untouched(), "same size, but another time");
    }

    #[test]
    fn content_is_compared_by_path_and_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (folder.path().join("a"), folder.path().join("b"));
        fs::write(&a, "x").unwrap();
        fs::write(&b, "x").unwrap();
        let before = read(&[&a, &b]);
        assert!(before.have_content_of(&read(&[&a, &b])));
        assert!(!before.have_content_of(&read(&[&b, &a])));
        fs::remove_file(&b).unwrap();
        assert!(!before.have_content_of(&read(&[&a, &b])));
    }
}
