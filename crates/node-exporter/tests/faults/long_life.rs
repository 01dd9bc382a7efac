//! A very long life: as many scrapes as a month and more of them brings.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::exporter::Exporter;

const SCRAPES: u32 = 100_000;

/// Until then buffers may find their sizes, and everything may happen once that a busy machine brings about.
const YOUTH: u32 = 1000;

/// How often in its youth the program is stopped in the middle of a scrape, at one moment of it or another, for longer
/// than its collectors may stall: the rest of such a scrape goes to a second thread, which needs memory of its own.
const STALLS: u32 = 16;
const STALL: Duration = Duration::from_millis(300);
const MOMENT: Duration = Duration::from_micros(200);

const FRESH_CONNECTION_EVERY: u32 = 100;

const GZIP_EVERY: u32 = 10;

const LOOK_EVERY: u32 = 10_000;

/// In percent of what it was after the youth.
const MOST_GROWTH: f64 = 2.0;

const PLAIN: &str = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
const GZIP: &str = "GET /metrics HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n";

#[test]
#[ignore = "slow: make test-faults"]
fn memory_stays_flat() {
    let exporter = Exporter::start::<&str>([]);
    let before = exporter.at_rest();
    let began = Instant::now();
    let mut connection = exporter.connect();
    for stall in 0..STALLS {
        connection.send(PLAIN).unwrap();
        std::thread::sleep(MOMENT * stall);
        exporter.signal(Signal::STOP);
        std::thread::sleep(STALL);
        exporter.signal(Signal::CONT);
        assert_eq!(connection.answer().unwrap().status, 200);
    }
    let (mut young, mut later) = (0, Vec::new());
    for number in 1..=SCRAPES {
        if number % FRESH_CONNECTION_EVERY == 0 {
            connection = exporter.connect();
        }
        let answer = connection
            .ask(if number % GZIP_EVERY == 0 { GZIP } else { PLAIN })
            .unwrap();
        assert_eq!(answer.status, 200);
        if number == YOUTH {
            young = exporter.held().resident_kib;
        } else if number % LOOK_EVERY == 0 {
            later.push(exporter.held().resident_kib);
        }
    }
    drop(connection);
    let grown = later
        .iter()
        .max()
        .map_or(0.0, |most| (*most as f64 / young as f64 - 1.0) * 100.0);
    println!(
        "{SCRAPES} scrapes in {:.0?}: {young} KiB after {YOUTH}, then {later:?} ({grown:+.1} %); {}",
        began.elapsed(),
        exporter.nothing_leaked(&before)
    );
    assert!(grown <= MOST_GROWTH, "memory grew by {grown:.1} %");
}
