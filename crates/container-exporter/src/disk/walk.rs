//! What a folder and all that is in it occupy, counted as `du -x` does. The folder belongs to a container, which may
//! change it at any time and to its liking.

use std::collections::HashSet;
use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, RawDir, Stat, fstat, openat, statat};

/// Links are not followed, so that a folder that has become a link meanwhile leads nowhere.
const FOLDER: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

/// Of the folders on the way down, so many of the deepest stay open. Farther ones are found again through `..`.
const KEPT_OPEN: usize = 16;

/// The names of folders that wait for their turn, in bytes.
const MOST_NAMES: usize = 4 << 20;

/// Files of more than one name that are remembered.
const MOST_LINKED: usize = 200_000;

/// Bytes of directory entries that are read at once.
const BUFFER: usize = 16 << 10;

/// The unit of `st_blocks`, whatever the file system.
const BLOCK: u64 = 512;

/// What a folder occupies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Usage {
    /// On its file system, in bytes.
    pub(crate) bytes: u64,
    /// Files and folders, itself too.
    pub(crate) inodes: u64,
}

/// Why a walk came to no end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Cut {
    /// Nobody wants to know any more.
    #[error("stopped")]
    Stopped,
    /// More files than a walk may look at, or than can be remembered.
    #[error("there are too many files")]
    TooMany,
    /// It took too long.
    #[error("it takes too long")]
    TooLong,
    /// A folder was moved while the walk was in it.
    #[error("folders are moved all the time")]
    Moved,
}

/// Called for each file; decides whether the walk goes on, and when.
pub(super) trait Pace {
    /// One more.
    fn step(&mut self) -> Result<(), Cut>;
}

/// Counts `top` and all below on the same file system. What vanishes or cannot be read is passed over.
pub(super) fn walk(top: OwnedFd, pace: &mut impl Pace) -> Result<Usage, Cut> {
    let Ok(stat) = fstat(&top) else {
        return Err(Cut::Moved);
    };
    let mut tally = Tally::new(&stat);
    let mut way = vec![Step::new(top, &stat, 0)];
    let mut buffer = vec![MaybeUninit::uninit(); BUFFER];
    tally.list(way.last(), &mut buffer, pace)?;
    while let Some(here) = way.last() {
        match tally.open_next(here) {
            Some((folder, stat)) => {
                let names = tally.names.len();
                way.push(Step::new(folder, &stat, names));
                tally.list(way.last(), &mut buffer, pace)?;
                close_far(&mut way);
            }
            None => leave(&mut way)?,
        }
    }
    Ok(tally.usage)
}

/// A folder on the way from the top to where the walk is.
struct Step {
    inode: u64,
    device: u64,
    /// Where the names of its folders begin.
    names: usize,
    folder: Option<OwnedFd>,
}

impl Step {
    fn new(folder: OwnedFd, stat: &Stat, names: usize) -> Self {
        Self {
            inode: stat.st_ino,
            device: stat.st_dev,
            names,
            folder: Some(folder),
        }
    }
}

fn close_far(way: &mut [Step]) {
    if let Some(far) = way.len().checked_sub(KEPT_OPEN + 1).and_then(|far| way.get_mut(far)) {
        far.folder = None;
    }
}

/// Goes one up. A folder that was moved has another one above it, which may lie anywhere.
fn leave(way: &mut Vec<Step>) -> Result<(), Cut> {
    let left = way.pop().and_then(|step| step.folder);
    let Some(here) = way.last_mut().filter(|here| here.folder.is_none()) else {
        return Ok(());
    };
    let folder = left.and_then(|left| openat(left, c"..", FOLDER, Mode::empty()).ok());
    let folder = folder
        .filter(|folder| is_same(folder.as_fd(), here))
        .ok_or(Cut::Moved)?;
    here.folder = Some(folder);
    Ok(())
}

fn is_same(folder: BorrowedFd<'_>, step: &Step) -> bool {
    fstat(folder).is_ok_and(|stat| (stat.st_dev, stat.st_ino) == (step.device, step.inode))
}

/// What was found so far.
struct Tally {
    device: u64,
    usage: Usage,
    /// Files of more than one name that were counted.
    linked: HashSet<u64>,
    /// Folders that wait for their turn, each name with a NUL at its end: those of the deepest folder last.
    names: Vec<u8>,
}

impl Tally {
    fn new(top: &Stat) -> Self {
        let mut tally = Self {
            device: top.st_dev,
            usage: Usage::default(),
            linked: HashSet::new(),
            names: Vec::new(),
        };
        tally.add(top);
        tally
    }

    fn add(&mut self, stat: &Stat) {
        let blocks = u64::try_from(stat.st_blocks).unwrap_or(0);
        self.usage.bytes = self.usage.bytes.saturating_add(blocks.saturating_mul(BLOCK));
        self.usage.inodes += 1;
    }

    /// Counts what is in a folder.
    fn list(&mut self, step: Option<&Step>, buffer: &mut [MaybeUninit<u8>], pace: &mut impl Pace) -> Result<(), Cut> {
        let Some(folder) = step.and_then(|step| step.folder.as_ref()) else {
            return Ok(());
        };
        let mut entries = RawDir::new(folder, buffer);
        while let Some(Ok(entry)) = entries.next() {
            let name = entry.file_name();
            if name == c"." || name == c".." {
                continue;
            }
            pace.step()?;
            self.count(folder.as_fd(), name)?;
        }
        Ok(())
    }

    fn count(&mut self, folder: BorrowedFd<'_>, name: &CStr) -> Result<(), Cut> {
        let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT;
        let Ok(stat) = statat(folder, name, flags) else {
            return Ok(());
        };
        if stat.st_dev != self.device {
            return Ok(());
        }
        if FileType::from_raw_mode(stat.st_mode) == FileType::Directory {
            self.remember(name)?;
        } else if stat.st_nlink > 1 && !self.is_first(stat.st_ino)? {
            return Ok(());
        }
        self.add(&stat);
        Ok(())
    }

    fn remember(&mut self, name: &CStr) -> Result<(), Cut> {
        self.names.extend_from_slice(name.to_bytes_with_nul());
        if self.names.len() > MOST_NAMES {
            return Err(Cut::TooMany);
        }
        Ok(())
    }

    fn is_first(&mut self, inode: u64) -> Result<bool, Cut> {
        if self.linked.len() >= MOST_LINKED {
            return Err(Cut::TooMany);
        }
        Ok(self.linked.insert(inode))
    }

    /// The next folder of `here` that can be opened and lies on the same file system.
    fn open_next(&mut self, here: &Step) -> Option<(OwnedFd, Stat)> {
        let parent = here.folder.as_ref()?;
        while let Some((from, name)) = last_name(&self.names, here.names) {
            let opened = openat(parent, name, FOLDER, Mode::empty());
            self.names.truncate(from);
            let Ok(folder) = opened else { continue };
            match fstat(&folder) {
                Ok(stat) if stat.st_dev == self.device => return Some((folder, stat)),
                _ => {}
            }
        }
        None
    }
}

/// The last of the names that begin at `start`, and where it begins.
fn last_name(names: &[u8], start: usize) -> Option<(usize, &CStr)> {
    let own = names.get(start..)?;
    let (_, before) = own.split_last()?;
    let from = start + before.iter().rposition(|byte| *byte == 0).map_or(0, |nul| nul + 1);
    let name = CStr::from_bytes_with_nul(names.get(from..)?).ok()?;
    Some((from, name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{MetadataExt, symlink};
    use std::path::Path;

    /// Does something when the walk comes to the n-th file, from 1.
    struct At<F>(u64, F);

    impl<F: FnMut() -> Result<(), Cut>> Pace for At<F> {
        fn step(&mut self) -> Result<(), Cut> {
            self.0 = self.0.wrapping_sub(1);
            if self.0 == 0 { (self.1)() } else { Ok(()) }
        }
    }

    fn open(path: &Path) -> OwnedFd {
        rustix::fs::open(path, FOLDER, Mode::empty()).unwrap()
    }

    fn usage(path: &Path) -> Result<Usage, Cut> {
        walk(open(path), &mut At(0, || Ok(())))
    }

    fn blocks(path: &Path) -> u64 {
        fs::symlink_metadata(path).unwrap().blocks() * BLOCK
    }

    fn write(path: &Path, bytes: usize) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, vec![1; bytes]).unwrap();
    }

    #[test]
    fn everything_is_counted_that_du_counts() {
        let top = tempfile::tempdir().unwrap();
        let at = |name: &str| top.path().join(name);
        fs::create_dir_all(at("a/b/c")).unwrap();
        write(&at("small"), 1);
        write(&at("a/b/large"), 100_000);
        write(&at("z/other"), 5_000);
        fs::File::create(at("sparse")).unwrap().set_len(1 << 30).unwrap();
        symlink("a/b/large", at("link")).unwrap();
        let counted = [
            ".",
            "a",
            "a/b",
            "a/b/c",
            "a/b/large",
            "link",
            "small",
            "sparse",
            "z",
            "z/other",
        ];
        let expected = Usage {
            bytes: counted.iter().map(|name| blocks(&at(name))).sum(),
            inodes: counted.len() as u64,
        };
        assert_eq!(usage(top.path()), Ok(expected));
        assert!((105_000..1 << 20).contains(&expected.bytes), "{expected:?}");
    }

    #[test]
    fn a_file_of_many_names_counts_once() {
        let top = tempfile::tempdir().unwrap();
        fs::create_dir(top.path().join("folder")).unwrap();
        write(&top.path().join("file"), 50_000);
        let once = usage(top.path()).unwrap();
        fs::hard_link(top.path().join("file"), top.path().join("folder/name")).unwrap();
        fs::hard_link(top.path().join("file"), top.path().join("name")).unwrap();
        assert_eq!(usage(top.path()), Ok(once));
    }

    #[test]
    fn links_are_not_followed() {
        let (top, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        write(&outside.path().join("large"), 100_000);
        symlink(outside.path(), top.path().join("folder")).unwrap();
        symlink("..", top.path().join("up")).unwrap();
        assert_eq!(usage(top.path()).unwrap().inodes, 3);
    }

    #[test]
    fn trees_deeper_than_files_can_be_open_are_counted() {
        const LEVELS: usize = 1_200;
        let top = tempfile::tempdir().unwrap();
        let mut folder = open(top.path());
        for _ in 0..LEVELS {
            rustix::fs::mkdirat(&folder, "d", Mode::RWXU).unwrap();
            folder = openat(&folder, "d", FOLDER, Mode::empty()).unwrap();
        }
        for name in ["a", "z"] {
            fs::create_dir(top.path().join(name)).unwrap();
        }
        let counted = usage(top.path()).unwrap();
        // std removes a tree with one open folder a level.
        for _ in 0..LEVELS {
            folder = openat(&folder, "..", FOLDER, Mode::empty()).unwrap();
            rustix::fs::unlinkat(&folder, "d", AtFlags::REMOVEDIR).unwrap();
        }
        assert_eq!(counted.inodes, LEVELS as u64 + 3);
    }

    #[test]
    fn only_the_deepest_folders_stay_open() {
        let top = tempfile::tempdir().unwrap();
        let stat = rustix::fs::stat(top.path()).unwrap();
        let mut way = Vec::new();
        for _ in 0..3 * KEPT_OPEN {
            way.push(Step::new(open(top.path()), &stat, 0));
            close_far(&mut way);
        }
        let (far, near) = way.split_at(2 * KEPT_OPEN);
        assert!(far.iter().all(|step| step.folder.is_none()));
        assert!(near.iter().all(|step| step.folder.is_some()));
    }

    /// Two folders of one file each. Of the four files, both folders come first.
    fn two_folders() -> tempfile::TempDir {
        let top = tempfile::tempdir().unwrap();
        write(&top.path().join("a/file"), 1);
        write(&top.path().join("b/file"), 1);
        top
    }

    #[test]
    fn a_folder_that_becomes_a_link_leads_nowhere() {
        let (top, outside) = (two_folders(), tempfile::tempdir().unwrap());
        write(&outside.path().join("x/large"), 100_000);
        let swap = || {
            for name in ["a", "b"] {
                let folder = top.path().join(name);
                fs::rename(&folder, top.path().join(format!("{name}-before"))).unwrap();
                symlink(outside.path(), folder).unwrap();
            }
            Ok(())
        };
        // The walk is in one of them, by now, and has yet to open the other.
        let counted = walk(open(top.path()), &mut At(3, swap)).unwrap();
        assert_eq!(counted.inodes, 4, "the top, two folders, the file of the open one");
    }

    #[test]
    fn what_vanishes_is_passed_over() {
        let top = two_folders();
        let remove = || {
            for name in ["a", "b"] {
                fs::remove_dir_all(top.path().join(name)).unwrap();
            }
            Ok(())
        };
        for (step, inodes) in [(1, 1), (3, 3)] {
            let counted = walk(open(top.path()), &mut At(step, remove)).unwrap();
            assert_eq!(counted.inodes, inodes, "gone before file {step}");
            for name in ["a", "b"] {
                write(&top.path().join(name).join("file"), 1);
            }
        }
    }

    #[test]
    fn a_walk_does_not_leave_through_a_folder_that_was_moved() {
        let (top, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let levels = KEPT_OPEN + 10;
        let deepest = top.path().join("d/".repeat(levels));
        write(&deepest.join("file"), 1);
        let moved = || {
            fs::rename(top.path().join("d/d/d"), elsewhere.path().join("d")).unwrap();
            Ok(())
        };
        let result = walk(open(top.path()), &mut At(levels as u64 + 1, moved));
        assert_eq!(result, Err(Cut::Moved));
    }

    #[test]
    fn a_walk_ends_when_its_pace_says_so() {
        let top = two_folders();
        for step in 1..=4 {
            let result = walk(open(top.path()), &mut At(step, || Err(Cut::TooMany)));
            assert_eq!(result, Err(Cut::TooMany), "{step}");
        }
        assert!(walk(open(top.path()), &mut At(5, || Err(Cut::TooMany))).is_ok());
    }

    #[test]
    fn names_are_taken_from_the_end_down_to_where_a_folder_begins() {
        let names = b"above\0first\0second\0";
        assert_eq!(last_name(names, 6), Some((12, c"second")));
        assert_eq!(last_name(b"above\0first\0", 6), Some((6, c"first")));
        assert_eq!(last_name(b"above\0", 6), None);
        assert_eq!(last_name(b"above\0", 0), Some((0, c"above")));
        assert_eq!(last_name(b"", 0), None);
    }
}
