//! A real Redis on a port and a Unix socket of its own.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::Start;

/// Dropping it ends it.
pub(super) struct Redis {
    child: Child,
    port: u16,
}

impl Redis {
    /// `None`: there is no redis-server on PATH.
    pub(super) fn start(folder: &Path) -> Option<Self> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let child = Command::new("redis-server")
            .args(["--save", "", "--appendonly", "no", "--bind", "127.0.0.1", "--dir"])
            .arg(folder)
            .arg("--unixsocket")
            .arg(folder.join("redis.sock"))
            .args(["--port", &port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .ok()?;
        let started = Self { child, port };
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(Instant::now() < deadline, "redis-server does not listen");
            std::thread::yield_now();
        }
        Some(started)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Start<'_> {
    pub(super) fn redis(&mut self, redis: Option<&Redis>) {
        self.name("redis", format!("127.0.0.1:{}", redis.map_or(1, |redis| redis.port)));
        self.name("redis_socket", self.folder.join("redis.sock").display());
    }
}
