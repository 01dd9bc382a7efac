//! A program under measurement: started on a free port, scraped, looked at through /proc, ended.

use std::{
    fs,
    net::{Ipv4Addr, TcpListener},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow};
use tokio::time::timeout;

use super::client::Scraper;
use crate::up::http;

/// From start to the first answer.
const READY_WITHIN: Duration = Duration::from_secs(20);

/// What a program cost.
pub(super) struct Cost {
    pub(super) name: &'static str,
    pub(super) cpu_a_scrape: Duration,
    pub(super) resident_kib: u64,
    pub(super) median: Duration,
    pub(super) slowest_percent: Duration,
    pub(super) wire_bytes: usize,
}

/// A program under measurement. Dropping it ends it.
pub(super) struct Target {
    name: &'static str,
    child: Child,
    scraper: Scraper,
    took: Vec<Duration>,
    wire_bytes: usize,
    cpu_at_begin: Duration,
}

impl Target {
    pub(super) async fn start(name: &'static str, program: &Path, flags: &[String]) -> Result<Self> {
        let port = free_port()?;
        let url = format!("http://127.0.0.1:{port}/metrics")
            .parse()
            .context("a URL of numbers is valid")?;
        let child = spawn(program, port, flags)?;
        let (took, scraper) = (Vec::new(), Scraper::new(url));
        let target = Self {
            name,
            child,
            scraper,
            took,
            wire_bytes: 0,
            cpu_at_begin: Duration::ZERO,
        };
        timeout(READY_WITHIN, http::until_ready(target.scraper.url()))
            .await
            .map_err(|_| {
                anyhow!(
                    "{} did not answer {} within {} s",
                    program.display(),
                    target.scraper.url(),
                    READY_WITHIN.as_secs()
                )
            })?;
        Ok(target)
    }

    pub(super) async fn scrape(&mut self) -> Result<()> {
        let started = Instant::now();
        self.wire_bytes = self.scraper.scrape().await?;
        self.took.push(started.elapsed());
        Ok(())
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
            name: self.name,
            cpu_a_scrape: (self.cpu()? - self.cpu_at_begin) / scrapes.max(1),
            resident_kib: self.resident_kib()?,
            median: at(50),
            slowest_percent: at(99),
            wire_bytes: self.wire_bytes,
        })
    }

    /// User and system time of the whole process, ended threads included.
    fn cpu(&self) -> Result<Duration> {
        let text = self.proc("stat")?;
        // The program's name may hold anything, so count from the last parenthesis: state is the first field behind it.
        let fields: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<u64>().ok());
        let (user, system) = ticks(11)
            .zip(ticks(12))
            .context("/proc/PID/stat lacks utime and stime")?;
        let per_second = rustix::param::clock_ticks_per_second();
        Ok(Duration::from_millis((user + system) * 1000 / per_second))
    }

    fn resident_kib(&self) -> Result<u64> {
        let text = self.proc("status")?;
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .context("/proc/PID/status lacks VmRSS")?;
        line.trim()
            .trim_end_matches(" kB")
            .parse()
            .with_context(|| format!("VmRSS: {line}"))
    }

    fn proc(&self, file: &str) -> Result<String> {
        let path = format!("/proc/{}/{file}", self.child.id());
        fs::read_to_string(&path).with_context(|| format!("{} is gone: reading {path}", self.name))
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        // Both fail only when it has ended by itself.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "to run other programs is what lab is for; exporters never do"
)]
fn spawn(program: &Path, port: u16, flags: &[String]) -> Result<Child> {
    Command::new(program)
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .args(flags)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| format!("starting {}", program.display()))
}

fn free_port() -> Result<u16> {
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("finding a free port")?;
    Ok(socket.local_addr().context("finding a free port")?.port())
}
