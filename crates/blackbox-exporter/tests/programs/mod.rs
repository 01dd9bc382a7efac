//! Running the programs, as people and process managers do: ours, and upstream's where there is one to compare with.
#![allow(dead_code, reason = "not every test needs all of it")]
#![allow(clippy::print_stderr, reason = "says that there is nothing to compare with")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

/// Our program.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_blackbox-exporter");

const UPSTREAM: [&str; 2] = ["prometheus-blackbox-exporter", "blackbox_exporter"];

/// Upstream's program, from the directory in `PEERS` or from PATH. `None`: there is nothing to compare with, which is
/// said, and is a failure with `PEERS` or with PILOTLIGHT_ALL=1.
pub(crate) fn upstream() -> Option<PathBuf> {
    let peers = std::env::var_os("PEERS").filter(|peers| !peers.is_empty());
    let path = peers.clone().or_else(|| std::env::var_os("PATH")).unwrap_or_default();
    let candidates = std::env::split_paths(&path).flat_map(|dir| UPSTREAM.map(|name| dir.join(name)));
    let found = candidates.into_iter().find(|file| file.is_file());
    if found.is_none() {
        let all = std::env::var_os("PILOTLIGHT_ALL").is_some_and(|all| all == "1");
        assert!(
            peers.is_none() && !all,
            "PEERS={peers:?} and PATH have none of {UPSTREAM:?}"
        );
        eprintln!("no upstream blackbox_exporter on PATH or in PEERS: only ours is tested");
    }
    found
}

/// Runs it to its end.
pub(crate) fn run(args: &[&str]) -> Output {
    run_program(Path::new(PROGRAM), args)
}

/// The same of another program.
pub(crate) fn run_program(program: &Path, args: &[&str]) -> Output {
    Command::new(program).args(args).stdin(Stdio::null()).output().unwrap()
}

/// A running exporter. Dropping it ends it.
pub(crate) struct Exporter {
    child: Child,
    log: Box<dyn BufRead + Send + Sync>,
    address: String,
}

/// What it answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header's value, by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines
            .filter(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
            .next()
    }
}

impl Exporter {
    /// With this configuration, on a port of its own.
    pub(crate) fn start(config: &Path, args: &[&str]) -> Self {
        Self::start_program(Path::new(PROGRAM), config, args)
    }

    /// The same of another program.
    pub(crate) fn start_program(program: &Path, config: &Path, args: &[&str]) -> Self {
        let mut child = Command::new(program)
            .arg("--web.listen-address=127.0.0.1:0")
            .arg(format!("--config.file={}", config.display()))
            .args(args)
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = Box::new(BufReader::new(child.stderr.take().unwrap()));
        let address = value_in(&line_with(&mut log, "address="), "address=");
        Self { child, log, address }
    }

    /// Lets it say what it wants from now on: nobody listens. A full pipe would stop it.
    pub(crate) fn drop_log(&mut self) {
        let mut log = std::mem::replace(&mut self.log, Box::new(std::io::empty()));
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
    }

    /// Asks without a body, and reads the whole answer.
    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[&str]) -> Answer {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        // A program that hangs fails the test, and does not hang it.
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
        // HTTP/1.0, so that the body comes in one piece.
        write!(stream, "{method} {path} HTTP/1.0\r\nHost: x\r\n{headers}\r\n").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(answer[..end].to_vec()).unwrap();
        Answer {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            body: answer[end + 4..].to_vec(),
            head,
        }
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[])
    }

    /// Waits until the log has a line with this.
    pub(crate) fn wait_for(&mut self, words: &str) -> String {
        line_with(&mut self.log, words)
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// The exit code after `signal`.
    pub(crate) fn end(mut self, signal: Signal) -> Option<i32> {
        self.signal(signal);
        let mut rest = String::new();
        self.log.read_to_string(&mut rest).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn line_with(log: &mut impl BufRead, words: &str) -> String {
    let mut seen = String::new();
    loop {
        let start = seen.len();
        assert!(
            log.read_line(&mut seen).unwrap() > 0,
            "it ended without {words:?}:\n{seen}"
        );
        let line = seen.get(start..).unwrap();
        if line.contains(words) {
            return line.to_owned();
        }
    }
}

fn value_in(line: &str, key: &str) -> String {
    let (_, rest) = line.split_once(key).unwrap();
    rest.split_whitespace().next().unwrap().to_owned()
}
