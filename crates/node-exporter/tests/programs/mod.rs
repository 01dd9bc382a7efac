//! Our program and upstream's, started and scraped by tests that compare them.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "all of this is test")]
#![allow(dead_code, reason = "not every test needs both programs")]

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Our program.
pub(crate) const OURS: &str = env!("CARGO_BIN_EXE_node-exporter");

const NAMES: [&str; 2] = ["node_exporter", "prometheus-node-exporter"];

/// Upstream's program, from the directory in `PEERS` or from PATH.
pub(crate) fn upstream() -> Option<PathBuf> {
    let peers = std::env::var_os("PEERS").filter(|peers| !peers.is_empty());
    let path = peers.clone().or_else(|| std::env::var_os("PATH")).unwrap_or_default();
    let candidates = std::env::split_paths(&path).flat_map(|dir| NAMES.map(|name| dir.join(name)));
    let found = candidates.into_iter().find(|file| file.is_file());
    assert!(
        found.is_some() || peers.is_none(),
        "PEERS={peers:?} has none of {NAMES:?}"
    );
    found
}

/// A program under test. Dropping it ends it.
pub(crate) struct Program {
    child: Child,
    address: SocketAddr,
}

impl Program {
    /// Starts the program in the network of this thread and waits until it listens.
    pub(crate) fn start(command: &mut Command) -> Self {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .unwrap()
            .local_addr()
            .unwrap();
        let child = command
            .arg(format!("--web.listen-address={address}"))
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let started = Self { child, address };
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(address).is_err() {
            assert!(Instant::now() < deadline, "{command:?} does not listen");
            std::thread::yield_now();
        }
        started
    }

    /// The metrics.
    pub(crate) fn scrape(&self) -> String {
        self.scrape_within("10")
    }

    /// The metrics, for a scraper that waits for so many seconds.
    pub(crate) fn scrape_within(&self, seconds: &str) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        // HTTP/1.0, so that the body comes in one piece.
        let head = format!("Accept: text/plain;version=0.0.4\r\nX-Prometheus-Scrape-Timeout-Seconds: {seconds}");
        write!(stream, "GET /metrics HTTP/1.0\r\n{head}\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(
            head.starts_with("HTTP/1.0 200") || head.starts_with("HTTP/1.1 200"),
            "{head}"
        );
        body.to_owned()
    }
}

impl Program {
    /// How many things the kernel has in a folder of the process, such as `fd` or `task`.
    pub(crate) fn count(&self, of: &str) -> usize {
        std::fs::read_dir(format!("/proc/{}/{of}", self.child.id()))
            .unwrap()
            .count()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
