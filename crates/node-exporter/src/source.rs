//! Reading of kernel files into a buffer that is kept. The kernel's files tell no size, so nobody asks for it. Files of
//! /proc and /sys stay open: to find and open one takes as long as the kernel takes to write most of them.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use exporter_toolkit::collector::CollectError;
use kernel_stats::ParseError;
use rustix::fs::{CWD, Mode, OFlags, PROC_SUPER_MAGIC, fstatfs, openat};
use rustix::io::Errno;
use rustix::path::Arg;

/// A file of /sys is a page at most.
const PAGE: usize = 4096;

/// What statfs(2) says of sysfs.
pub(crate) const SYSFS_MAGIC: i64 = 0x6265_6572;

/// Most files are shorter; a buffer that grew for a longer one stays as long.
const ROOM: usize = 1024;

/// With less room than this a read is not worth a system call.
const LEAST_ROOM: usize = 128;

/// One file that is read at each scrape.
#[derive(Debug)]
pub(crate) struct Source {
    path: PathBuf,
    /// The open file, if the kernel makes it: all others may be replaced by new ones of the same name.
    kept: Option<OwnedFd>,
    /// It was seen in another file system, where it need not be looked for again.
    is_elsewhere: bool,
    shape: Shape,
    buffer: Vec<u8>,
}

/// What is known about how the kernel makes a file, and so about when it has ended: to read once more only to be told so
/// costs a system call.
#[derive(Clone, Copy, Debug)]
enum Shape {
    /// Nothing. It has ended when a read gives nothing.
    Unknown,
    /// Lines of so many bytes at most.
    Lines(usize),
    /// One piece.
    Whole,
}

impl Shape {
    /// Whether a read of `read` bytes with so much `room` was the last.
    fn has_ended(self, read: usize, room: usize) -> bool {
        match self {
            Self::Unknown => read == 0,
            // The kernel may end a read at its own page, too.
            Self::Lines(longest) => read == 0 || read + longest < room.min(PAGE),
            Self::Whole => read < room,
        }
    }
}

/// Why a file gave nothing, with its path.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SourceError {
    /// It could not be read.
    #[error("reading {path}: {error}")]
    Read {
        /// Which file.
        path: PathBuf,
        /// What the kernel said.
        error: io::Error,
    },
    /// It reads, but not as expected.
    #[error("parsing {path}: {error}")]
    Parse {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        error: ParseError,
    },
}

impl From<SourceError> for CollectError {
    /// A file that is not there, or not for us, is a feature that this host lacks.
    fn from(error: SourceError) -> Self {
        use io::ErrorKind::{NotADirectory, NotFound, PermissionDenied, Unsupported};
        match &error {
            SourceError::Read { error: cause, .. }
                if matches!(cause.kind(), NotFound | NotADirectory | PermissionDenied | Unsupported) =>
            {
                CollectError::NoData(error.into())
            }
            _ => CollectError::failed(error),
        }
    }
}

impl Source {
    /// The file at `path`, not opened yet.
    pub(crate) fn new(path: PathBuf) -> Self {
        Self {
            path,
            kept: None,
            is_elsewhere: false,
            shape: Shape::Unknown,
            buffer: Vec::new(),
        }
    }

    /// The same file, opened already.
    pub(crate) fn opened(mut self, file: OwnedFd) -> Self {
        self.kept = Some(file);
        self
    }

    /// The same file, whose lines have no more than so many bytes. The kernel ends a read before the line that has no
    /// room, in its own page or in ours: where there was room for one more, the file has ended, and need not be read again
    /// to see so. That counts where the kernel looks through a large table at each read.
    pub(crate) fn with_lines_up_to(mut self, bytes: usize) -> Self {
        self.shape = Shape::Lines(bytes);
        self
    }

    /// The same file, which the kernel makes in one piece, as it does with what it calls single files and with settings: a
    /// read that does not fill its room has all of it.
    pub(crate) fn in_one_piece(mut self) -> Self {
        self.shape = Shape::Whole;
        self
    }

    /// Where the file is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The file's bytes now.
    ///
    /// # Errors
    /// What the kernel said, with the path.
    pub(crate) fn read(&mut self) -> Result<&[u8], SourceError> {
        match self.fill() {
            Ok(()) => Ok(&self.buffer),
            Err(error) => Err(SourceError::Read {
                path: self.path.clone(),
                error: error.into(),
            }),
        }
    }

    /// The file as `parse` understands it.
    ///
    /// # Errors
    /// What the kernel or the parser said, with the path.
    pub(crate) fn parse<'a, T>(
        &'a mut self,
        parse: impl FnOnce(&'a [u8]) -> Result<T, ParseError>,
    ) -> Result<T, SourceError> {
        self.read()?;
        parse(&self.buffer).map_err(|error| SourceError::Parse {
            path: self.path.clone(),
            error,
        })
    }

    fn fill(&mut self) -> Result<(), Errno> {
        self.buffer.clear();
        if let Some(file) = &self.kept {
            if read_from_start(file, self.shape, &mut self.buffer).is_ok() {
                return Ok(());
            }
            // It went away with the module or device that made it, which may have come back.
            self.kept = None;
            self.buffer.clear();
        }
        let file = openat(CWD, &self.path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
        read_to_end(&file, self.shape, &mut self.buffer)?;
        if !self.is_elsewhere {
            match fstatfs(&file).map(|stat| stat.f_type) {
                Ok(PROC_SUPER_MAGIC) => self.kept = Some(file),
                Ok(SYSFS_MAGIC) => {
                    self.shape = Shape::Whole;
                    self.kept = Some(file);
                }
                _ => self.is_elsewhere = true,
            }
        }
        Ok(())
    }
}

/// What was read, or `None` where this host lacks the file, which then is missing alone.
///
/// # Errors
/// Everything else that went wrong.
pub(crate) fn if_present<T>(result: Result<T, impl Into<CollectError>>) -> Result<Option<T>, CollectError> {
    match result.map_err(Into::into) {
        Ok(found) => Ok(Some(found)),
        Err(CollectError::NoData(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The names in the directory at `path`, sorted; those that are no text are left out.
///
/// # Errors
/// What the kernel said, with the path.
pub(crate) fn names_in(path: &Path) -> Result<Vec<String>, SourceError> {
    let read = || -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(path)? {
            names.extend(entry?.file_name().into_string());
        }
        names.sort_unstable();
        Ok(names)
    };
    read().map_err(|error| SourceError::Read {
        path: path.to_owned(),
        error,
    })
}

/// Appends all of the file at `path`, relative to the open directory `dir`, to `buffer`.
///
/// # Errors
/// What the kernel said.
pub(crate) fn read_at(dir: impl AsFd, path: impl AsRef<Path>, buffer: &mut Vec<u8>) -> io::Result<()> {
    let file = openat(dir, path.as_ref(), OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    Ok(read_to_end(&file, Shape::Unknown, buffer)?)
}

fn read_to_end(file: &OwnedFd, shape: Shape, buffer: &mut Vec<u8>) -> Result<(), Errno> {
    read_all(buffer, shape, |buffer| {
        rustix::io::read(file, rustix::buffer::spare_capacity(buffer))
    })
}

/// Reads the file anew, wherever it was read to.
fn read_from_start(file: &OwnedFd, shape: Shape, buffer: &mut Vec<u8>) -> Result<(), Errno> {
    read_all(buffer, shape, |buffer| {
        let position = buffer.len() as u64;
        rustix::io::pread(file, rustix::buffer::spare_capacity(buffer), position)
    })
}

fn read_all(
    buffer: &mut Vec<u8>,
    shape: Shape,
    mut read: impl FnMut(&mut Vec<u8>) -> Result<usize, Errno>,
) -> Result<(), Errno> {
    loop {
        if buffer.capacity() - buffer.len() < LEAST_ROOM {
            buffer.reserve(ROOM.max(buffer.len()));
        }
        let room = buffer.capacity() - buffer.len();
        match read(buffer) {
            Ok(read) if shape.has_ended(read, room) => return Ok(()),
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Puts a file of /sys, relative to the open directory `dir`, into `buffer`. Such a file is a page at most and comes
/// whole with one read.
///
/// # Errors
/// What the kernel said.
pub(crate) fn attribute_at(dir: impl AsFd, name: impl Arg, buffer: &mut Vec<u8>) -> rustix::io::Result<()> {
    let file = openat(dir, name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    attribute_of(&file, buffer)
}

/// Puts an open file of /sys into `buffer`, read anew.
///
/// # Errors
/// What the kernel said.
pub(crate) fn attribute_of(file: &OwnedFd, buffer: &mut Vec<u8>) -> rustix::io::Result<()> {
    buffer.clear();
    buffer.reserve(PAGE);
    rustix::io::retry_on_intr(|| rustix::io::pread(file, rustix::buffer::spare_capacity(buffer), 0))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn a_file_that_was_opened_already_is_read_and_not_what_its_path_says() {
        let file = std::fs::File::open("/proc/self/mountinfo").unwrap();
        let mut source = Source::new("/does/not/exist".into()).opened(file.into());
        for round in ["first", "again"] {
            let length = source.read().unwrap().len();
            assert!(length > 0, "{round}");
        }
    }

    #[test]
    fn a_file_is_read_whole_again_and_again() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut source = Source::new(file.path().to_owned());
        for text in ["x".repeat(100_000), String::new(), "short".to_owned()] {
            std::fs::write(file.path(), &text).unwrap();
            assert_eq!(source.read().unwrap(), text.as_bytes());
        }
    }

    #[test]
    fn a_file_of_proc_stays_open_and_is_read_anew() {
        let mut source = Source::new("/proc/uptime".into());
        let first = source.read().unwrap().to_vec();
        assert!(source.kept.is_some());
        let deadline = Instant::now() + Duration::from_secs(5);
        while source.read().unwrap() == first {
            assert!(Instant::now() < deadline, "the same after 5 s");
        }
    }

    #[test]
    fn a_file_that_is_replaced_is_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("os-release");
        std::fs::write(&path, "old").unwrap();
        let mut source = Source::new(path.clone());
        assert_eq!(source.read().unwrap(), b"old");
        std::fs::write(path.with_extension("new"), "new").unwrap();
        std::fs::rename(path.with_extension("new"), &path).unwrap();
        assert_eq!(source.read().unwrap(), b"new");
        assert!(source.kept.is_none());
    }

    #[test]
    fn a_file_of_proc_that_goes_away_is_looked_for_again() {
        // A thread's folder goes away when the thread ends.
        let (send, receive) = std::sync::mpsc::channel::<()>();
        let (tell, told) = std::sync::mpsc::channel();
        let thread = std::thread::Builder::new().spawn(move || {
            tell.send(rustix::thread::gettid()).unwrap();
            receive.recv().ok();
        });
        let path = format!("/proc/self/task/{}/stat", told.recv().unwrap().as_raw_nonzero());
        let mut source = Source::new(path.into());
        assert!(source.read().is_ok() && source.kept.is_some());
        drop(send);
        thread.unwrap().join().unwrap();
        // The folder outlives the thread by a moment.
        let deadline = Instant::now() + Duration::from_secs(5);
        while source.read().is_ok() {
            assert!(Instant::now() < deadline, "still there after 5 s");
        }
        let error = CollectError::from(source.read().unwrap_err());
        assert!(matches!(error, CollectError::NoData(_)), "{error}");
    }

    #[test]
    fn a_file_of_short_lines_is_read_until_a_line_would_have_had_room() {
        for number in [0, 1, 5, 9, 10, 39, 40, 41, 100] {
            let text = ("x".repeat(99) + "\n").repeat(number);
            // As the kernel gives it: whole lines, a page at most, as many as there is room for.
            let mut rest = text.as_bytes();
            let mut reads = 0;
            let mut buffer = Vec::new();
            read_all(&mut buffer, Shape::Lines(100), |buffer| {
                reads += 1;
                let room = (buffer.capacity() - buffer.len()).min(4096) / 100 * 100;
                let (part, after) = rest.split_at(room.min(rest.len()));
                buffer.extend_from_slice(part);
                rest = after;
                Ok(part.len())
            })
            .unwrap();
            assert_eq!(buffer, text.as_bytes(), "{number}");
            assert!(number > 9 || reads == 1, "{number}: {reads} reads");
        }
    }

    #[test]
    fn a_missing_file_is_no_data_and_names_itself() {
        let error = CollectError::from(Source::new("/does/not/exist".into()).read().unwrap_err());
        assert!(
            matches!(&error, CollectError::NoData(why) if why.to_string().contains("/does/not/exist")),
            "{error}"
        );
    }

    #[test]
    fn a_missing_file_is_missing_alone_and_a_malformed_one_is_not() {
        let root = crate::testing::root(&[("good", "1 2 3 4/5 6"), ("bad", "x")]);
        let load = |name: &str| if_present(Source::new(root.path().join(name)).parse(kernel_stats::loadavg::parse));
        assert_eq!(load("good").unwrap().map(|load| load.load1), Some(1.0));
        assert!(load("none").unwrap().is_none());
        assert!(matches!(load("bad"), Err(CollectError::Failed(_))));
    }

    #[test]
    fn names_in_a_directory_are_sorted() {
        let root = crate::testing::root(&[("b", ""), ("a/x", ""), ("c10", ""), ("c2", "")]);
        assert_eq!(names_in(root.path()).unwrap(), ["a", "b", "c10", "c2"]);
        let error = CollectError::from(names_in(&root.path().join("none")).unwrap_err());
        assert!(matches!(error, CollectError::NoData(_)), "{error}");
    }

    #[test]
    fn a_malformed_file_is_a_failure_that_names_itself() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "0.21 x").unwrap();
        let error = Source::new(file.path().to_owned())
            .parse(kernel_stats::loadavg::parse)
            .unwrap_err();
        let error = CollectError::from(error);
        let text = error.to_string();
        assert!(matches!(error, CollectError::Failed(_)));
        assert!(
            text.starts_with(&format!("parsing {}: expected", file.path().display())),
            "{text}"
        );
    }
}
