//! The floor: what it costs only to open, read and close the files that our exporter reads in a scrape.

use std::{
    ffi::{CString, OsStr},
    fs,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use rustix::{
    buffer::spare_capacity,
    fs::{Mode, OFlags},
    io::read,
    time::{ClockId, clock_gettime},
};

use super::{pair::Pair, strace, target::Target};
use crate::program;

/// Scrapes until the exporter is in its stride: what it looks up once it has looked up.
const WARM_UP: u32 = 5;

/// The kernel fills at most a page at a time for most of its files.
const ROOM: usize = 4096;

/// The files of one scrape, each as often as it was read.
pub(super) struct Floor {
    files: Vec<CString>,
    /// Still there, because some of the files are about this very process.
    _exporter: Target,
}

impl Floor {
    /// Watches our program in a scrape.
    ///
    /// # Errors
    /// There is no strace, or it may not be used here.
    pub(super) async fn find(pair: &Pair) -> Result<Self> {
        let strace = program::on_path("strace").context("no strace on PATH: deploy/prepare.sh bench gets it")?;
        let log = tempfile::NamedTempFile::new().context("making a file for strace's log")?;
        let [ours, _] = &pair.programs;
        // -I2: a signal ends it and the program, which it would ignore otherwise.
        let [follow, output, trace] = ["-fyI2", "-o", "-e"].map(OsStr::new);
        let calls = format!("trace={}", strace::CALLS);
        let argv = [
            strace.as_os_str(),
            follow,
            output,
            log.path().as_os_str(),
            trace,
            calls.as_ref(),
            ours.as_os_str(),
        ];
        let mut exporter = Target::start(&argv, &pair.flags).await.context("under strace")?;
        for _ in 0..WARM_UP {
            exporter.scrape().await?;
        }
        // strace writes a line before the call returns, so that all of a scrape is there when its answer is.
        let before = fs::read(log.path()).context("reading strace's log")?.len();
        exporter.scrape().await?;
        let text = fs::read(log.path()).context("reading strace's log")?;
        let text = String::from_utf8_lossy(text.get(before..).unwrap_or_default()).into_owned();
        let files = strace::files_read(&text).into_iter().map(CString::new);
        let files: Vec<CString> = files.collect::<Result<_, _>>().context("a path in strace's log")?;
        ensure!(!files.is_empty(), "strace saw no file being read");
        Ok(Self {
            files,
            _exporter: exporter,
        })
    }

    pub(super) fn files(&self) -> usize {
        self.files.len()
    }

    /// CPU time of reading all of them once.
    pub(super) fn read(&self, buffer: &mut Vec<u8>) -> Duration {
        let started = cpu_time();
        for file in &self.files {
            buffer.clear();
            // A file that cannot be read, such as the speed of a device that is down, costs an exporter the same attempt.
            read_file(file, buffer).ok();
        }
        cpu_time() - started
    }
}

fn read_file(file: &CString, buffer: &mut Vec<u8>) -> rustix::io::Result<()> {
    let file = rustix::fs::open(file, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    loop {
        buffer.reserve(ROOM);
        if read(&file, spare_capacity(buffer))? == 0 {
            return Ok(());
        }
    }
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}
