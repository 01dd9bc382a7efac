//! A redis-server on a port of its own, in a folder that goes away with it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// Somebody else may take a port between our looking and the server's.
const ATTEMPTS: usize = 5;

/// A running redis-server. Dropping it ends it.
pub(crate) struct Redis {
    child: Child,
    folder: TempDir,
    port: u16,
}

impl Redis {
    /// A server with these settings. `None`, and said, where there is no redis-server to be had.
    pub(crate) fn start(settings: &[&str]) -> Option<Self> {
        let Some(program) = super::on_path("redis-server") else {
            let all = std::env::var_os("PILOTLIGHT_ALL").is_some_and(|all| all == "1");
            assert!(!all, "PILOTLIGHT_ALL=1, and PATH has no redis-server");
            println!("skipped: PATH has no redis-server");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let started = (0..ATTEMPTS).find_map(|_| spawn(&program, folder.path(), settings));
        let (child, port) = started.expect("redis-server starts");
        Some(Self { child, folder, port })
    }

    /// Where it listens without TLS.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// `redis://127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// `unix:///…`.
    pub(crate) fn socket(&self) -> String {
        format!("unix://{}", self.folder.path().join("redis.sock").display())
    }

    /// Runs commands, one a line. The first lines of the answers.
    pub(crate) fn run(&self, commands: &str) -> Vec<String> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        let mut reader = BufReader::new(&stream);
        let mut answer = |command: &str| {
            (&stream).write_all(format!("{command}\r\n").as_bytes()).unwrap();
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            if let Some(length) = line
                .strip_prefix('$')
                .and_then(|length| length.trim().parse::<usize>().ok())
            {
                let mut text = vec![0; length + 2];
                reader.read_exact(&mut text).unwrap();
                return String::from_utf8_lossy(&text).trim().to_owned();
            }
            line.trim().to_owned()
        };
        commands
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .map(&mut answer)
            .collect()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A port that is free now.
fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

/// `None` when the port was taken by then.
fn spawn(program: &PathBuf, folder: &Path, settings: &[&str]) -> Option<(Child, u16)> {
    let port = free_port();
    let mut child = Command::new(program)
        .args([
            "--port",
            &port.to_string(),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--dir",
        ])
        .arg(folder)
        .arg("--unixsocket")
        .arg(folder.join("redis.sock"))
        .args(settings)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let log = BufReader::new(child.stdout.take().unwrap());
    let mut lines = log.lines().map_while(Result::ok);
    if lines.any(|line| line.contains("eady to accept connections")) {
        // What it says from here on is for nobody; a closed pipe would end it.
        std::thread::Builder::new().spawn(move || lines.for_each(drop)).unwrap();
        return Some((child, port));
    }
    child.wait().unwrap();
    None
}
