//! SIGTERM in the middle of a scrape.

use std::fs::File;
use std::io::Write;
use std::net::TcpStream;
use std::time::Instant;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::process::Signal;

use crate::client::{PATIENCE, SCRAPE};
use crate::exporter::Exporter;

const TIMES: u32 = 5;

#[test]
#[ignore = "slow: make test-faults"]
fn the_answer_in_flight_is_delivered_whole() {
    for _ in 0..TIMES {
        let root = tempfile::tempdir().unwrap();
        let pipe = root.path().join("loadavg");
        // Whoever opens a pipe waits for its other end: a scrape that is as long as the test wants.
        mknodat(CWD, &pipe, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
        let exporter = Exporter::start([format!("--path.procfs={}", root.path().display())]);
        let mut connection = exporter.connect();
        connection.send(SCRAPE).unwrap();
        let mut loadavg = File::options().write(true).open(&pipe).unwrap();
        exporter.signal(Signal::TERM);
        let began = Instant::now();
        while TcpStream::connect(exporter.address()).is_ok() {
            assert!(began.elapsed() < PATIENCE, "it still listens");
        }
        loadavg.write_all(b"0.25 0.18 0.12 1/80 11206\n").unwrap();
        drop(loadavg);
        let answer = connection.answer().unwrap();
        let text = answer.metrics();
        assert!(
            text.contains("\nnode_load1 0.25\n") && text.contains("\nprocess_open_fds "),
            "{text}"
        );
        let (status, log) = exporter.wait();
        assert_eq!(status.code(), Some(0), "{log}");
        assert!(log.contains("msg=Stopped"), "{log}");
    }
    println!("SIGTERM in the middle of a scrape, {TIMES} times: the answer came whole, then exit code 0");
}
