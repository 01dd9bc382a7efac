//! Counting: a walk through /proc by `getdents`, and one read for each process. The threads of a process are read one by
//! one only where it has more than one. A process that ends meanwhile, or is hidden from us, is passed over.

use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};

use kernel_stats::ParseError;
use kernel_stats::pid_stat::{self, PidStat};
use rustix::fs::{CWD, Mode, OFlags, RawDir, openat};
use rustix::io::Errno;

use crate::source::SourceError;

/// Room for some 300 entries of a directory.
const DIRECTORY_ROOM: usize = 8192;
/// Longer than any stat: 52 numbers of at most 20 digits and a name of at most 64 bytes.
const STAT_ROOM: usize = 2048;

/// Counts processes, again and again in the same buffers.
pub(super) struct Tally {
    root: PathBuf,
    processes: Box<[MaybeUninit<u8>]>,
    threads: Threads,
    stat: Stat,
}

/// The threads of one process.
struct Threads {
    buffer: Box<[MaybeUninit<u8>]>,
    path: String,
}

/// The stat of one process or thread.
struct Stat {
    buffer: Box<[u8]>,
    path: String,
}

/// What went wrong, and with which path.
enum Failure {
    Read(PathBuf, Errno),
    Parse(PathBuf, ParseError),
}

/// What there is at one time.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) processes: u64,
    pub(super) threads: u64,
    pub(super) states: States,
    pub(super) thread_states: States,
}

/// How many are in each state, which is a letter of ASCII.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct States([u32; 128]);

impl Default for States {
    fn default() -> Self {
        Self([0; 128])
    }
}

impl States {
    fn add(&mut self, state: char) {
        if let Some(count) = self.0.get_mut(state as usize) {
            *count += 1;
        }
    }

    /// The states that anyone is in, in the order of their letters.
    pub(super) fn seen(&self) -> impl Iterator<Item = (char, u32)> {
        let letters = (0..128_u8).map(char::from);
        letters.zip(self.0).filter(|(_, count)| *count > 0)
    }
}

impl Tally {
    /// Of the processes under `root`.
    pub(super) fn new(root: PathBuf) -> Self {
        Self {
            root,
            processes: Box::new_uninit_slice(DIRECTORY_ROOM),
            threads: Threads {
                buffer: Box::new_uninit_slice(DIRECTORY_ROOM),
                path: String::new(),
            },
            stat: Stat {
                buffer: vec![0; STAT_ROOM].into(),
                path: String::new(),
            },
        }
    }

    /// What there is now.
    ///
    /// # Errors
    /// When the root cannot be listed, or a stat cannot be read or is malformed.
    pub(super) fn count(&mut self) -> Result<Counts, SourceError> {
        let (threads, stat) = (&mut self.threads, &mut self.stat);
        let mut counts = Counts::default();
        let walked = each_number(CWD, &self.root, &mut self.processes, |root, pid| {
            let Some(process) = stat.read(root, pid)? else {
                return Ok(());
            };
            counts.add(&process);
            if process.num_threads < 2 {
                return Ok(());
            }
            threads.count(root, pid, stat, &mut counts.thread_states)
        });
        match walked {
            Ok(()) => Ok(counts),
            Err(failure) => Err(failure.into()),
        }
    }
}

impl Counts {
    /// Counts a process, and as a thread the one that has the process's own number.
    fn add(&mut self, process: &PidStat<'_>) {
        self.processes += 1;
        self.threads += process.num_threads;
        self.states.add(process.state);
        self.thread_states.add(process.state);
    }
}

impl Threads {
    /// Counts all threads of `pid` but the one that has its number.
    fn count(&mut self, root: BorrowedFd<'_>, pid: &str, stat: &mut Stat, states: &mut States) -> Result<(), Failure> {
        self.path.clear();
        self.path.extend([pid, "/task"]);
        let walked = each_number(root, Path::new(&self.path), &mut self.buffer, |tasks, tid| {
            if tid != pid
                && let Some(thread) = stat.read(tasks, tid)?
            {
                states.add(thread.state);
            }
            Ok(())
        });
        match walked {
            Err(Failure::Read(_, errno)) if is_passed_over(errno) => Ok(()),
            walked => walked,
        }
    }
}

impl Stat {
    /// What the kernel says of `id`, or `None` if it is gone or hidden from us.
    fn read(&mut self, directory: BorrowedFd<'_>, id: &str) -> Result<Option<PidStat<'_>>, Failure> {
        self.path.clear();
        self.path.extend([id, "/stat"]);
        let file = openat(
            directory,
            self.path.as_str(),
            OFlags::RDONLY | OFlags::CLOEXEC,
            Mode::empty(),
        );
        // The kernel makes all of it for the first read.
        let length = match file.and_then(|file| rustix::io::read(file, &mut *self.buffer)) {
            Err(errno) if is_passed_over(errno) => return Ok(None),
            Err(errno) => return Err(Failure::Read(PathBuf::from(&self.path), errno)),
            Ok(length) => length,
        };
        let bytes = self.buffer.get(..length).unwrap_or_default();
        let stat = pid_stat::parse(bytes).map_err(|error| Failure::Parse(PathBuf::from(&self.path), error))?;
        Ok(Some(stat))
    }
}

/// Ended meanwhile, or not for us to see, as with the mount option `hidepid`.
fn is_passed_over(errno: Errno) -> bool {
    matches!(errno, Errno::NOENT | Errno::SRCH | Errno::ACCESS | Errno::PERM)
}

/// Calls `visit` with the open directory for each entry that is a number.
fn each_number(
    parent: impl AsFd,
    path: &Path,
    buffer: &mut [MaybeUninit<u8>],
    mut visit: impl FnMut(BorrowedFd<'_>, &str) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let failed = |errno| Failure::Read(path.to_owned(), errno);
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let directory = openat(parent, path, flags, Mode::empty()).map_err(failed)?;
    let mut entries = RawDir::new(&directory, buffer);
    while let Some(entry) = entries.next() {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_bytes();
        if name.iter().all(u8::is_ascii_digit)
            && let Ok(name) = std::str::from_utf8(name)
        {
            visit(directory.as_fd(), name).map_err(|failure| failure.under(path))?;
        }
    }
    Ok(())
}

impl Failure {
    fn under(self, directory: &Path) -> Self {
        match self {
            Self::Read(path, errno) => Self::Read(directory.join(path), errno),
            Self::Parse(path, error) => Self::Parse(directory.join(path), error),
        }
    }
}

impl From<Failure> for SourceError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Read(path, errno) => Self::Read {
                path,
                error: errno.into(),
            },
            Failure::Parse(path, error) => Self::Parse { path, error },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::root;

    fn stat(state: char, threads: u32) -> String {
        format!("1 (a b) {state} 1 1 1 0 -1 0 0 0 0 0 5 6 0 0 20 0 {threads} 0 8 9 10\n")
    }

    fn count(root: &tempfile::TempDir) -> Result<Counts, SourceError> {
        Tally::new(root.path().to_owned()).count()
    }

    #[test]
    fn processes_and_threads_are_counted_by_state() {
        let (single, leader, thread) = (stat('S', 1), stat('S', 3), stat('D', 3));
        let root = root(&[
            ("1/stat", &single),
            ("20/stat", &leader),
            ("20/task/20/stat", "read twice if this is an error"),
            ("20/task/21/stat", &thread),
            ("20/task/22/stat", &thread),
            ("self/stat", "no number"),
        ]);
        let counts = count(&root).unwrap();
        assert_eq!((counts.processes, counts.threads), (2, 4));
        assert_eq!(counts.states.seen().collect::<Vec<_>>(), [('S', 2)]);
        assert_eq!(counts.thread_states.seen().collect::<Vec<_>>(), [('D', 2), ('S', 2)]);
    }

    #[test]
    fn processes_that_end_meanwhile_are_passed_over() {
        let leader = stat('S', 3);
        let root = root(&[
            ("1/stat", &leader),
            ("2/status", ""),
            ("3/stat", &leader),
            ("3/task/4/status", ""),
        ]);
        let counts = count(&root).unwrap();
        assert_eq!((counts.processes, counts.threads), (2, 6));
    }

    #[test]
    fn a_malformed_stat_is_an_error_that_names_it() {
        for path in ["1/stat", "2/task/3/stat"] {
            let leader = stat('S', 2);
            let root = root(&[("2/stat", &leader), (path, "1 (a) S x\n")]);
            let text = count(&root).unwrap_err().to_string();
            assert!(
                text.starts_with(&format!("parsing {}: ", root.path().join(path).display())),
                "{text}"
            );
            assert!(text.contains(r#"found "1 (a) S x""#), "{text}");
        }
    }

    #[test]
    fn more_entries_than_fit_into_the_buffer_are_all_counted() {
        let single = stat('R', 1);
        let paths: Vec<String> = (1..=1000).map(|pid| format!("{pid}/stat")).collect();
        let files: Vec<(&str, &str)> = paths.iter().map(|path| (path.as_str(), single.as_str())).collect();
        assert_eq!(count(&root(&files)).unwrap().processes, 1000);
    }
}
