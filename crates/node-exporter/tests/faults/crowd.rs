//! Many clients: thousands of idle connections, hundreds of scrapes at once.

use std::sync::Barrier;
use std::time::Duration;

use rustix::process::{Resource, getrlimit, setrlimit};

use crate::client::{Answer, Connection, SCRAPE};
use crate::exporter::{Exporter, assert_in_time};

const IDLE: usize = 10_000;

/// What so many connections cost is looked at before there are too many for the program.
const LOOK_AT: usize = 500;

const IN_TIME: Duration = Duration::from_secs(3);

const HEALTHY: &str = "GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n";

/// Lets this process and its children open as many files as it may; how many these are.
fn raise_limit() -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).unwrap();
    limit.maximum.map_or(usize::MAX, |limit| limit.try_into().unwrap())
}

/// Whether the other end has closed it.
fn is_closed(connection: &Connection) -> bool {
    let stream = connection.stream();
    stream.set_nonblocking(true).unwrap();
    !matches!(stream.peek(&mut [0]), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
}

fn idle_connections(name: &str, open: impl Fn(&Exporter) -> Connection) {
    let count = IDLE.min(raise_limit().saturating_sub(100));
    let exporter = Exporter::start::<&str>([]);
    let before = exporter.at_rest();
    let (mut idle, mut of_one, mut slowest) = (Vec::new(), 0.0, Duration::ZERO);
    while idle.len() < count {
        idle.push(open(&exporter));
        if idle.len() % LOOK_AT == 0 {
            slowest = slowest.max(assert_in_time(exporter.ask(SCRAPE), IN_TIME));
        }
        if idle.len() == LOOK_AT {
            let grown = exporter.held().resident_kib.saturating_sub(before.resident_kib);
            of_one = grown as f64 / LOOK_AT as f64;
        }
    }
    let full = exporter.held();
    let open = idle.iter().filter(|connection| !is_closed(connection)).count();
    drop(idle);
    println!(
        "{count} idle connections, {name}: the slowest scrape beside them {slowest:.2?}; {of_one:.1} KiB each; \
         {open} still open in the end, {} KiB then; {}",
        full.resident_kib,
        exporter.nothing_leaked(&before)
    );
}

#[test]
#[ignore = "slow: make test-faults"]
fn idle_connections_that_asked_once_keep_nobody_out() {
    idle_connections("each after one request", |exporter| {
        let mut connection = exporter.connect();
        assert_eq!(connection.ask(HEALTHY).unwrap().status, 200);
        connection
    });
}

#[test]
#[ignore = "slow: make test-faults"]
fn idle_connections_that_never_asked_keep_nobody_out() {
    idle_connections("silent from the start", Exporter::connect);
}

const AT_ONCE: usize = 200;
const ROUNDS: usize = 5;

/// All connected first, then all asking at once.
fn scrape_at_once(exporter: &Exporter) -> Vec<Answer> {
    let ready = Barrier::new(AT_ONCE);
    std::thread::scope(|scope| {
        let scrapes: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                scope.spawn(|| {
                    let mut connection = exporter.connect();
                    ready.wait();
                    connection.ask(SCRAPE).unwrap()
                })
            })
            .collect();
        scrapes.into_iter().map(|scrape| scrape.join().unwrap()).collect()
    })
}

fn concurrent(flag: &str, limit: Option<usize>) {
    let exporter = Exporter::start([flag]);
    let before = exporter.at_rest();
    let (mut good, mut refused) = (0, 0);
    for _ in 0..ROUNDS {
        for answer in scrape_at_once(&exporter) {
            match (answer.status, limit) {
                (503, Some(limit)) => {
                    let text = format!("Limit of concurrent requests reached ({limit}), try again later.\n");
                    assert_eq!(answer.text(), text);
                    refused += 1;
                }
                _ => {
                    assert!(answer.metrics().contains("\nprocess_open_fds "));
                    good += 1;
                }
            }
        }
    }
    assert_eq!(good + refused, AT_ONCE * ROUNDS);
    assert!(good >= ROUNDS * limit.unwrap_or(AT_ONCE), "{good} answers");
    println!(
        "{AT_ONCE} scrapes at once, {ROUNDS} times, {flag}: {good} answered, {refused} refused, none lost; {}",
        exporter.nothing_leaked(&before)
    );
}

#[test]
#[ignore = "slow: make test-faults"]
fn concurrent_scrapes_are_all_answered() {
    concurrent("--web.max-requests=0", None);
}

#[test]
#[ignore = "slow: make test-faults"]
fn concurrent_scrapes_past_the_limit_are_told_so() {
    concurrent("--web.max-requests=40", Some(40));
}
