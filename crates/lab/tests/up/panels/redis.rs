//! Clients of Redis that find some keys and not others, and one that errs; and a replica.

use std::{
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use crate::harness::Ports;

/// They go on until this is dropped.
pub(super) struct Clients {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    replica: Option<Child>,
}

/// What is asked again and again.
const COMMANDS: &str = "SET a 1 EX 1000\r\nGET a\r\nGET nobody\r\nLPUSH a 1\r\n";

impl Clients {
    /// None at all without a `server`.
    pub(super) fn start(server: &str, port: u16, folder: &Path) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        if server.is_empty() {
            return Self {
                stop,
                thread: None,
                replica: None,
            };
        }
        let stopped = Arc::clone(&stop);
        Self {
            stop,
            thread: Some(thread::spawn(move || ask(port, &stopped))),
            replica: Some(replica(server, port, folder)),
        }
    }
}

fn ask(port: u16, stop: &AtomicBool) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("Redis listens");
    let mut answers = [0; 1024];
    while !stop.load(Ordering::Relaxed) {
        let asked = stream
            .write_all(COMMANDS.as_bytes())
            .and_then(|()| stream.read(&mut answers));
        // The stack may be stopped first.
        if !matches!(asked, Ok(1..)) {
            return;
        }
        thread::sleep(Duration::from_millis(50));
    }
}

fn replica(server: &str, port: u16, folder: &Path) -> Child {
    let own = Ports::free().redis.to_string();
    Command::new(server)
        .args(["--port", &own, "--bind", "127.0.0.1", "--save", "", "--dir"])
        .arg(folder)
        .args(["--replicaof", "127.0.0.1", &port.to_string()])
        .stdout(Stdio::null())
        .spawn()
        .expect("a replica can be started")
}

impl Drop for Clients {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(mut replica) = self.replica.take() {
            replica.kill().expect("it is our child");
            replica.wait().expect("it is our child");
        }
        if let Some(thread) = self.thread.take() {
            thread.join().expect("asking does not panic");
        }
    }
}
