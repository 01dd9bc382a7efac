//! The program under test, and what it holds: descriptors, threads, memory.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::client::{Answer, Connection, PATIENCE, SCRAPE};

/// The program: that of `NODE_EXPORTER`, else the one that cargo built for the tests.
pub(crate) fn program() -> PathBuf {
    let given = std::env::var_os("NODE_EXPORTER").filter(|program| !program.is_empty());
    given.map_or_else(|| env!("CARGO_BIN_EXE_node-exporter").into(), PathBuf::from)
}

/// A running exporter. Dropping it ends it.
pub(crate) struct Exporter {
    child: Child,
    address: SocketAddr,
    log: Option<JoinHandle<Vec<String>>>,
}

/// What it holds.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) descriptors: Vec<String>,
    pub(crate) threads: usize,
    pub(crate) resident_kib: u64,
}

impl Held {
    fn sockets(&self) -> usize {
        self.descriptors
            .iter()
            .filter(|name| name.starts_with("socket:"))
            .count()
    }
}

impl Exporter {
    pub(crate) fn start<S: AsRef<OsStr>>(flags: impl IntoIterator<Item = S>) -> Self {
        Self::spawn(Command::new(program()), flags)
    }

    /// `command` is the program, perhaps behind another one that becomes it.
    pub(crate) fn spawn<S: AsRef<OsStr>>(mut command: Command, flags: impl IntoIterator<Item = S>) -> Self {
        command.arg("--web.listen-address=127.0.0.1:0").args(flags);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap())
            .lines()
            .map_while(Result::ok);
        let mut seen = Vec::new();
        let address = loop {
            let line = lines.next().unwrap_or_else(|| panic!("it ended:\n{}", seen.join("\n")));
            if let Some((_, rest)) = line.split_once("address=") {
                break rest.split(' ').next().unwrap().parse().unwrap();
            }
            seen.push(line);
        };
        // Somebody has to take the log, or a full pipe would stop the program.
        let log = std::thread::spawn(move || lines.collect());
        Self {
            child,
            address,
            log: Some(log),
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn connect(&self) -> Connection {
        Connection::open(self.address).unwrap()
    }

    /// One request on a connection of its own, and how long all of that took.
    pub(crate) fn ask(&self, request: &str) -> (Answer, Duration) {
        let began = Instant::now();
        let answer = self.connect().ask(request).unwrap();
        (answer, began.elapsed())
    }

    /// What it holds once it has done everything for the first time and nobody wants anything of it.
    pub(crate) fn at_rest(&self) -> Held {
        let mut connection = self.connect();
        for _ in 0..5 {
            assert_eq!(connection.ask(SCRAPE).unwrap().status, 200);
        }
        let mut held = self.held();
        let with_connection = held.sockets();
        drop(connection);
        self.until(|now| {
            let same = (&now.descriptors, now.threads) == (&held.descriptors, held.threads);
            held = now.clone();
            same && now.sockets() < with_connection
        })
    }

    pub(crate) fn held(&self) -> Held {
        let pid = self.child.id();
        let entries = |name: &str| std::fs::read_dir(format!("/proc/{pid}/{name}")).unwrap().flatten();
        let links = entries("fd").filter_map(|entry| std::fs::read_link(entry.path()).ok());
        let mut descriptors: Vec<String> = links.map(|link| link.display().to_string()).collect();
        descriptors.sort();
        // Exact, where the figure of /proc/PID/status may lag behind by a batch for each CPU.
        let memory = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap();
        let resident = memory.lines().find_map(|line| line.strip_prefix("Rss:")).unwrap();
        Held {
            descriptors,
            threads: entries("task").count(),
            resident_kib: resident.trim().trim_end_matches(" kB").parse().unwrap(),
        }
    }

    /// Waits until what it holds is as wanted.
    pub(crate) fn until(&self, mut wanted: impl FnMut(&Held) -> bool) -> Held {
        let began = Instant::now();
        loop {
            let held = self.held();
            if wanted(&held) {
                return held;
            }
            assert!(began.elapsed() < PATIENCE, "still, after {PATIENCE:?}: {held:#?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until it holds no more than `before`; its figures then, for the line that a test prints.
    pub(crate) fn nothing_leaked(&self, before: &Held) -> String {
        let (descriptors, threads) = (before.descriptors.len(), before.threads);
        let after = self.until(|now| now.descriptors.len() <= descriptors && now.threads <= threads);
        format!(
            "{descriptors} -> {} descriptors, {threads} -> {} threads, {} -> {} KiB",
            after.descriptors.len(),
            after.threads,
            before.resident_kib,
            after.resident_kib
        )
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// How it ended by itself, and the rest of its log.
    pub(crate) fn wait(mut self) -> (ExitStatus, String) {
        let began = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            assert!(began.elapsed() < PATIENCE, "it does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
        let log = self.log.take().unwrap().join().unwrap();
        (self.child.wait().unwrap(), log.join("\n"))
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Whether a scrape, its time and its text are as those of a program at rest.
pub(crate) fn assert_in_time((answer, took): (Answer, Duration), limit: Duration) -> Duration {
    let text = answer.metrics();
    assert!(text.contains("\nprocess_open_fds "), "{text}");
    assert!(took < limit, "it took {took:?}");
    took
}
