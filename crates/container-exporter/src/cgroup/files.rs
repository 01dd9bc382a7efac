//! Reading of a cgroup's files into a buffer that is kept. Files stay open while descriptors last: to find and open one
//! takes longer than the kernel takes to write most of them.

use std::borrow::Cow;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::buffer::spare_capacity;
use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::io::{Errno, pread};

use super::hierarchies::{Cgroup, Controller};

/// The kernel writes a page at a time, and most files are shorter.
const PAGE: usize = 4096;

/// No line of a cgroup's files is longer, so a page with this much room left was the last one.
const LONGEST_LINE: usize = 512;

/// A file that was not there is looked for again after so many readings: a controller may be switched on.
const LOOK_AGAIN: u8 = 4;

/// A file's name: most are written in the program, and none of them is kept for each cgroup.
pub(crate) type Name = Cow<'static, str>;

/// Why a file gave nothing.
#[derive(Debug)]
pub(crate) enum Unreadable {
    /// There is no such file, or its cgroup has ended.
    Gone,
    /// It is there and cannot be read.
    Failed(PathBuf, io::Error),
}

/// How many files may stay open, over all cgroups.
#[derive(Debug)]
pub(crate) struct Places {
    left: AtomicUsize,
}

impl Places {
    /// So many files.
    pub(crate) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            left: AtomicUsize::new(most),
        })
    }

    /// Takes a place for one more; whether there was one.
    pub(crate) fn take(&self) -> bool {
        let one_less = |left: usize| left.checked_sub(1);
        self.left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less)
            .is_ok()
    }

    /// Gives so many places back.
    pub(crate) fn give_back(&self, count: usize) {
        self.left.fetch_add(count, Ordering::Relaxed);
    }
}

/// The files of one cgroup.
#[derive(Debug)]
pub(crate) struct Files {
    open: Vec<Open>,
    /// The place in `open` of what will be asked for next, as far as one can tell: each reading asks in the same order.
    next: usize,
    absent: Vec<Absent>,
    places: Arc<Places>,
}

#[derive(Debug)]
struct Open {
    controller: Controller,
    name: Name,
    file: OwnedFd,
}

/// A file that was not there.
#[derive(Debug)]
struct Absent {
    controller: Controller,
    name: Name,
    readings: u8,
}

impl Files {
    /// No file opened yet.
    pub(crate) fn new(places: &Arc<Places>) -> Self {
        Self {
            open: Vec::new(),
            next: 0,
            absent: Vec::new(),
            places: Arc::clone(places),
        }
    }

    /// The bytes of a file now, put into `buffer`.
    ///
    /// # Errors
    /// [`Unreadable`], with the path where something is wrong.
    pub(crate) fn read<'b>(
        &mut self,
        cgroup: &Cgroup,
        controller: Controller,
        name: &Name,
        buffer: &'b mut Vec<u8>,
    ) -> Result<&'b [u8], Unreadable> {
        if let Some(index) = self.find(controller, name) {
            if fill(&self.open[index].file, buffer).is_ok() {
                return Ok(buffer);
            }
            // A removed cgroup answers ENODEV; another one may have its name by now.
            self.close(index);
        }
        if self.is_absent(controller, name) {
            return Err(Unreadable::Gone);
        }
        let path = cgroup.file(controller, name).ok_or(Unreadable::Gone)?;
        let file = open(&path).map_err(|error| {
            self.note_absent(controller, name, error);
            unreadable(&path, error)
        })?;
        fill(&file, buffer).map_err(|error| unreadable(&path, error))?;
        self.keep(controller, name, file);
        Ok(buffer)
    }

    /// The place in `open` of a file that is open.
    fn find(&mut self, controller: Controller, name: &Name) -> Option<usize> {
        let known = |open: &Open| open.controller == controller && is_same(&open.name, name);
        let (before, behind) = self.open.split_at(self.next.min(self.open.len()));
        let next = behind.iter().position(known).map(|index| before.len() + index);
        let index = next.or_else(|| before.iter().position(known))?;
        self.next = index + 1;
        Some(index)
    }

    /// Closes all, for a cgroup that has ended: an open file would keep some of it in the kernel.
    pub(crate) fn let_go(&mut self) {
        self.places.give_back(self.open.len());
        self.open.clear();
        self.absent.clear();
    }

    /// Its cgroup may be another one by now, which may have what this one had not.
    pub(crate) fn forget_absent(&mut self) {
        self.absent.clear();
    }

    /// Whether the file was not there lately; counts the times that it is asked for.
    fn is_absent(&mut self, controller: Controller, name: &Name) -> bool {
        let known = |absent: &Absent| absent.controller == controller && is_same(&absent.name, name);
        let Some(index) = self.absent.iter().position(known) else {
            return false;
        };
        let absent = &mut self.absent[index];
        absent.readings += 1;
        if absent.readings < LOOK_AGAIN {
            return true;
        }
        self.absent.swap_remove(index);
        false
    }

    fn note_absent(&mut self, controller: Controller, name: &Name, error: Errno) {
        if error == Errno::NOENT {
            self.absent.push(Absent {
                controller,
                name: name.clone(),
                readings: 0,
            });
        }
    }

    fn keep(&mut self, controller: Controller, name: &Name, file: OwnedFd) {
        if self.places.take() {
            self.open.push(Open {
                controller,
                name: name.clone(),
                file,
            });
        }
    }

    fn close(&mut self, index: usize) {
        drop(self.open.swap_remove(index));
        self.places.give_back(1);
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        self.places.give_back(self.open.len());
    }
}

/// Looks at the letters only if they are not the very same ones.
fn is_same(one: &Name, other: &Name) -> bool {
    std::ptr::eq::<str>(&**one, &**other) || one == other
}

fn open(path: &Path) -> Result<OwnedFd, Errno> {
    openat(CWD, path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
}

fn unreadable(path: &Path, error: Errno) -> Unreadable {
    match error {
        Errno::NOENT | Errno::NODEV | Errno::NOTDIR => Unreadable::Gone,
        // Files that this kernel has and does not support, such as pressure that was switched off.
        Errno::OPNOTSUPP => Unreadable::Gone,
        error => Unreadable::Failed(path.to_owned(), error.into()),
    }
}

/// Reads a whole file from its beginning.
///
/// # Errors
/// The kernel's, as when what the file is about has ended.
pub(crate) fn fill(file: &OwnedFd, buffer: &mut Vec<u8>) -> Result<(), Errno> {
    buffer.clear();
    loop {
        buffer.reserve(PAGE);
        let at = buffer.len() as u64;
        let read = match pread(file, spare_capacity(buffer), at) {
            Err(Errno::INTR) => continue,
            read => read?,
        };
        if read == 0 || read % PAGE + LONGEST_LINE < PAGE && read < PAGE {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cgroup::Hierarchies;

    fn cgroup(root: &Path) -> Cgroup {
        std::fs::write(root.join("cgroup.controllers"), "cpu").unwrap();
        Cgroup::new(&Arc::new(Hierarchies::detect(root).unwrap()), "/a")
    }

    #[test]
    fn files_of_any_length_are_read_whole_and_again() {
        let root = tempfile::tempdir().unwrap();
        let cgroup = cgroup(root.path());
        std::fs::create_dir(root.path().join("a")).unwrap();
        let (mut files, mut buffer) = (Files::new(&Places::new(1)), Vec::new());
        for length in [0, 1, 3_583, 3_584, 4_095, 4_096, 4_097, 20_000, 5] {
            for name in ["kept", "not kept"].map(Name::from) {
                let content: Vec<u8> = (0..length).map(|index| (index % 251) as u8).collect();
                std::fs::write(root.path().join("a").join(&*name), &content).unwrap();
                let read = files.read(&cgroup, Controller::Cpu, &name, &mut buffer).unwrap();
                assert_eq!(read, content, "{name} {length}");
            }
        }
        assert_eq!(files.open.len(), 1);
    }

    #[test]
    fn a_file_that_was_not_there_is_looked_for_again_after_a_while() {
        let root = tempfile::tempdir().unwrap();
        let cgroup = cgroup(root.path());
        std::fs::create_dir(root.path().join("a")).unwrap();
        let (mut files, mut buffer) = (Files::new(&Places::new(9)), Vec::new());
        let mut read = || files.read(&cgroup, Controller::Cpu, &"x".into(), &mut buffer).is_ok();
        assert!(!read());
        std::fs::write(root.path().join("a/x"), "1").unwrap();
        let waited = std::iter::repeat_with(&mut read).take_while(|found| !found).count();
        assert_eq!(waited, usize::from(LOOK_AGAIN) - 1);
        assert!(read(), "and then it stays");
    }

    #[test]
    fn places_are_given_back() {
        let root = tempfile::tempdir().unwrap();
        let cgroup = cgroup(root.path());
        std::fs::create_dir(root.path().join("a")).unwrap();
        std::fs::write(root.path().join("a/x"), "1").unwrap();
        let places = Places::new(1);
        for _ in 0..3 {
            let mut files = Files::new(&places);
            files
                .read(&cgroup, Controller::Cpu, &"x".into(), &mut Vec::new())
                .unwrap();
            assert_eq!(files.open.len(), 1);
        }
    }

    #[test]
    fn what_is_not_there_is_gone_and_what_cannot_be_read_is_named() {
        let root = tempfile::tempdir().unwrap();
        let cgroup = cgroup(root.path());
        let (mut files, mut buffer) = (Files::new(&Places::new(9)), Vec::new());
        let missing = files.read(&cgroup, Controller::Cpu, &"x".into(), &mut buffer);
        assert!(matches!(missing, Err(Unreadable::Gone)));
        std::fs::create_dir_all(root.path().join("a/folder")).unwrap();
        match files.read(&cgroup, Controller::Cpu, &"folder".into(), &mut buffer) {
            Err(Unreadable::Failed(path, _)) => assert_eq!(path, root.path().join("a/folder")),
            other => panic!("{other:?}"),
        }
    }
}
