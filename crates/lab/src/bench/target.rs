//! A program under measurement: started on a free port, scraped, looked at through /proc, ended.

use std::{
    ffi::OsStr,
    fs,
    net::{Ipv4Addr, TcpListener},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tokio::time::timeout;

use super::client::Scraper;
use crate::up::http;

/// From start to the first answer.
const READY_WITHIN: Duration = Duration::from_secs(20);

/// From the signal to the end.
const END_WITHIN: Duration = Duration::from_secs(3);

/// Somewhat longer than container-exporter lets scrapes share one reading.
const SHARED_FOR: Duration = Duration::from_millis(520);

/// Fields of /proc/PID/stat, by their numbers in proc(5).
const UTIME: usize = 14;
const STIME: usize = 15;
const PROCESSOR: usize = 39;

/// What a program cost.
pub(super) struct Cost {
    pub(super) cpu_a_scrape: Duration,
    pub(super) resident_kib: u64,
    pub(super) median: Duration,
    pub(super) slowest_percent: Duration,
    pub(super) wire_bytes: usize,
}

/// A program under measurement. Dropping it ends it.
pub(super) struct Target {
    process: Process,
    scraper: Scraper,
    took: Vec<Duration>,
    wire_bytes: usize,
    cpu_at_begin: Duration,
}

impl Target {
    /// `argv` is the program, perhaps behind another one that runs it.
    ///
    /// # Errors
    /// It does not start or does not answer.
    pub(super) async fn start(argv: &[&OsStr], flags: &[String]) -> Result<Self> {
        let port = free_port()?;
        Self::listening(Process::spawn(argv, port, flags)?, port).await
    }

    /// A process that was started to listen on `port`.
    ///
    /// # Errors
    /// It does not answer.
    pub(super) async fn listening(process: Process, port: u16) -> Result<Self> {
        let url = format!("http://127.0.0.1:{port}/metrics")
            .parse()
            .context("a URL of numbers is valid")?;
        let target = Self {
            process,
            scraper: Scraper::new(url),
            took: Vec::new(),
            wire_bytes: 0,
            cpu_at_begin: Duration::ZERO,
        };
        let url = target.scraper.url();
        if timeout(READY_WITHIN, http::until_ready(url)).await.is_err() {
            let pid = target.process.child.id();
            bail!("process {pid} did not answer {url} within {} s", READY_WITHIN.as_secs());
        }
        Ok(target)
    }

    pub(super) async fn scrape(&mut self) -> Result<()> {
        let started = Instant::now();
        self.wire_bytes = self.scraper.scrape().await?;
        self.took.push(started.elapsed());
        Ok(())
    }

    /// A scrape after what exporters share between scrapes has gone stale.
    pub(super) async fn scrape_anew(&mut self) -> Result<()> {
        pause(SHARED_FOR);
        self.scrape().await
    }

    /// The text of a scrape.
    pub(super) async fn text(&self) -> Result<String> {
        self.scraper.text().await
    }

    /// CPU time of all threads that there are, to the nanosecond. Ended threads do not count.
    pub(super) fn precise_cpu(&self) -> Result<Duration> {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.process.child.id())).context("looking at threads")?;
        let ran = |task: fs::DirEntry| {
            let text = fs::read_to_string(task.path().join("schedstat")).ok()?;
            text.split(' ').next()?.parse::<u64>().ok()
        };
        Ok(Duration::from_nanos(tasks.flatten().filter_map(ran).sum()))
    }

    /// How many files it has open.
    pub(super) fn open_files(&self) -> Result<usize> {
        let folder = format!("/proc/{}/fd", self.process.child.id());
        Ok(fs::read_dir(folder).context("looking at open files")?.count())
    }

    /// What was before does not count.
    pub(super) fn begin(&mut self) -> Result<()> {
        self.took.clear();
        self.cpu_at_begin = self.cpu()?;
        Ok(())
    }

    pub(super) fn cost(&mut self) -> Result<Cost> {
        let scrapes = u32::try_from(self.took.len()).context("a number of scrapes that was given as u32")?;
        self.took.sort();
        let at = |share: usize| {
            self.took
                .get(self.took.len() * share / 100)
                .copied()
                .unwrap_or_default()
        };
        Ok(Cost {
            cpu_a_scrape: (self.cpu()? - self.cpu_at_begin) / scrapes.max(1),
            resident_kib: self.resident_kib()?,
            median: at(50),
            slowest_percent: at(99),
            wire_bytes: self.wire_bytes,
        })
    }

    /// The slowest scrape since it began.
    pub(super) fn slowest(&self) -> Option<Duration> {
        self.took.iter().max().copied()
    }

    /// User and system time of the whole process, ended threads included.
    fn cpu(&self) -> Result<Duration> {
        let [user, system] = self.process.stat([UTIME, STIME])?;
        let per_second = rustix::param::clock_ticks_per_second();
        Ok(Duration::from_millis((user + system) * 1000 / per_second))
    }

    /// Resident memory now.
    pub(super) fn resident_kib(&self) -> Result<u64> {
        self.process.resident_kib()
    }

    /// The most resident memory that it ever had.
    pub(super) fn peak_resident_kib(&self) -> Result<u64> {
        self.process.peak_resident_kib()
    }
}

/// A running exporter. Dropping it ends it.
pub(super) struct Process {
    child: Child,
}

impl Process {
    /// Starts it; it listens on `port` of the loopback address.
    ///
    /// # Errors
    /// It does not start.
    pub(super) fn spawn(argv: &[&OsStr], port: u16, flags: &[String]) -> Result<Self> {
        let listen = format!("--web.listen-address=127.0.0.1:{port}");
        Self::run(argv, &[&[listen], flags].concat())
    }

    /// Starts it with these flags alone.
    ///
    /// # Errors
    /// It does not start.
    #[expect(
        clippy::disallowed_methods,
        reason = "to run other programs is what lab is for; exporters never do"
    )]
    pub(super) fn run(argv: &[&OsStr], flags: &[String]) -> Result<Self> {
        let [program, arguments @ ..] = argv else {
            bail!("no program to start");
        };
        let child = Command::new(program)
            .args(arguments)
            .args(flags)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| format!("starting {}", program.display()))?;
        Ok(Self { child })
    }

    /// The CPU that its first thread is on, or was on last.
    pub(super) fn processor(&self) -> Result<usize> {
        let [processor] = self.stat([PROCESSOR])?;
        usize::try_from(processor).context("the number of a CPU")
    }

    /// Resident memory now.
    pub(super) fn resident_kib(&self) -> Result<u64> {
        self.status_kib("VmRSS")
    }

    /// The most resident memory that it ever had.
    pub(super) fn peak_resident_kib(&self) -> Result<u64> {
        self.status_kib("VmHWM")
    }

    fn status_kib(&self, name: &str) -> Result<u64> {
        let text = self.proc("status")?;
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
            .with_context(|| format!("/proc/PID/status lacks {name}"))?;
        line.trim()
            .trim_end_matches(" kB")
            .parse()
            .with_context(|| format!("{name}: {line}"))
    }

    /// Fields of /proc/PID/stat by their numbers in proc(5).
    fn stat<const N: usize>(&self, numbers: [usize; N]) -> Result<[u64; N]> {
        let text = self.proc("stat")?;
        // The program's name may hold anything, so count from the last parenthesis: state, number 3, is the first behind it.
        let fields: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let mut values = [0; N];
        for (value, number) in values.iter_mut().zip(numbers) {
            let field = fields.get(number - 3).and_then(|field| field.parse().ok());
            *value = field.with_context(|| format!("/proc/PID/stat lacks field {number}"))?;
        }
        Ok(values)
    }

    fn proc(&self, file: &str) -> Result<String> {
        let path = format!("/proc/{}/{file}", self.child.id());
        fs::read_to_string(&path).with_context(|| format!("a program ended by itself: reading {path}"))
    }

    /// Whether it ended within `limit`.
    fn ends_within(&mut self, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        while Instant::now() < deadline {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return true;
            }
            pause(Duration::from_millis(1));
        }
        false
    }
}

impl Drop for Process {
    /// By a signal that can be passed on, so that a program that runs another one does not leave it behind.
    fn drop(&mut self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).ok();
        if !self.ends_within(END_WITHIN) {
            // Both fail only when it has ended by itself.
            self.child.kill().ok();
            self.child.wait().ok();
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "another process sends no event when it gets this far"
)]
pub(super) fn pause(duration: Duration) {
    thread::sleep(duration);
}

/// A port of the loopback address that nobody listens on.
///
/// # Errors
/// There is none.
pub(super) fn free_port() -> Result<u16> {
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("finding a free port")?;
    Ok(socket.local_addr().context("finding a free port")?.port())
}
