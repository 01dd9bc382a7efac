//! Reading of kernel files: open, read, close, into a buffer that is kept. The kernel's files tell no size, so nobody
//! asks for it.

use std::ffi::CStr;
use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use exporter_toolkit::collector::CollectError;
use kernel_stats::ParseError;
use rustix::fs::{CWD, Mode, OFlags, openat};

/// The kernel fills at most a page at a time for most of its files.
const ROOM: usize = 4096;

/// One file that is read at each scrape.
#[derive(Debug)]
pub(crate) struct Source {
    path: PathBuf,
    buffer: Vec<u8>,
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
                CollectError::NoData(error.to_string().into())
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
            buffer: Vec::new(),
        }
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
        self.buffer.clear();
        match read_at(CWD, &self.path, &mut self.buffer) {
            Ok(()) => Ok(&self.buffer),
            Err(error) => Err(SourceError::Read {
                path: self.path.clone(),
                error,
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
        self.buffer.clear();
        if let Err(error) = read_at(CWD, &self.path, &mut self.buffer) {
            return Err(SourceError::Read {
                path: self.path.clone(),
                error,
            });
        }
        parse(&self.buffer).map_err(|error| SourceError::Parse {
            path: self.path.clone(),
            error,
        })
    }
}

/// Appends all of the file at `path`, relative to the open directory `dir`, to `buffer`.
///
/// # Errors
/// What the kernel said.
pub(crate) fn read_at(dir: impl AsFd, path: impl AsRef<Path>, buffer: &mut Vec<u8>) -> io::Result<()> {
    let file = openat(dir, path.as_ref(), OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    loop {
        buffer.reserve(ROOM);
        match rustix::io::read(&file, rustix::buffer::spare_capacity(buffer)) {
            Ok(0) => return Ok(()),
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Puts a file of /sys, relative to the open directory `dir`, into `buffer`. Such a file is a page at most and comes
/// whole with one read.
///
/// # Errors
/// What the kernel said.
pub(crate) fn attribute_at(dir: impl AsFd, name: &CStr, buffer: &mut Vec<u8>) -> rustix::io::Result<()> {
    buffer.clear();
    buffer.reserve(ROOM);
    let file = openat(dir, name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    rustix::io::retry_on_intr(|| rustix::io::read(&file, rustix::buffer::spare_capacity(buffer)))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_missing_file_is_no_data_and_names_itself() {
        let error = CollectError::from(Source::new("/does/not/exist".into()).read().unwrap_err());
        assert!(
            matches!(&error, CollectError::NoData(why) if why.contains("/does/not/exist")),
            "{error}"
        );
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
