//! Our program beside upstream's redis_exporter 1.86 on the same servers under load: the same families with the same types
//! and help, the same series, and values that two scrapes of upstream's bracket.
//!
//! Upstream's program comes from the directory in `PEERS`, or from PATH; redis-server from PATH. Where one of these cannot
//! be had there is nothing to compare, which is said.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "all of this is test: it fails by panicking, says what it skips, and starts programs"
)]

mod rig;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rig::{Exporter, Redis, upstream};

/// A value has to be bracketed in one of these.
const ROUNDS: usize = 6;

/// How long upstream's program may take to listen.
const START_WITHIN: Duration = Duration::from_secs(20);

/// Where ours differs on purpose: how series begin without the namespace, and why.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("exporter_build_info", "its own version"),
    ("exporter_last_scrape_", "how long it took, which is never the same"),
    ("exporter_scrape_duration_seconds", "the same"),
    ("exporter_scrapes_total", "of the program"),
];

/// What goes up and down between two scrapes, and so is not bracketed by them. Its series are compared all the same.
const RESTLESS: &[&str] = &[
    "allocator_",
    "client_recent_max_",
    "mem_",
    "memory_used_",
    "start_time_seconds",
];

/// Upstream's program. Dropping it ends it.
struct Upstream {
    child: Child,
    port: u16,
}

impl Upstream {
    fn start(program: &Path, args: &[&str]) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let child = Command::new(program)
            .arg(format!("-web.listen-address=127.0.0.1:{port}"))
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let started = Self { child, port };
        let began = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(began.elapsed() < START_WITHIN, "upstream's program does not listen");
            std::thread::yield_now();
        }
        started
    }

    fn metrics(&self) -> String {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        // Version 1.0 keeps the answer in one piece.
        write!(stream, "GET /metrics HTTP/1.0\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// HELP and TYPE lines of Redis' families.
fn heads<'t>(text: &'t str, namespace: &str) -> BTreeSet<&'t str> {
    let is_ours = |line: &&str| {
        let name = line.strip_prefix("# HELP ").or_else(|| line.strip_prefix("# TYPE "));
        name.is_some_and(|name| name.starts_with(namespace))
    };
    text.lines().filter(is_ours).collect()
}

/// Values by series, names without the namespace.
fn series(text: &str, namespace: &str) -> BTreeMap<String, f64> {
    let samples = text.lines().filter_map(|line| {
        let (name, value) = line.strip_prefix(namespace)?.rsplit_once(' ')?;
        Some((name.to_owned(), value.parse().ok()?))
    });
    samples.filter(|(name, _)| !is_excepted(name)).collect()
}

fn is_excepted(series: &str) -> bool {
    EXCEPTIONS.iter().any(|(start, _)| series.starts_with(start))
}

fn is_restless(series: &str) -> bool {
    RESTLESS.iter().any(|start| series.starts_with(start))
}

/// What ours lacks, has too much, or tells otherwise.
fn differences(before: &str, ours: &str, after: &str, namespace: &str) -> BTreeSet<String> {
    let mut wrong = BTreeSet::new();
    for head in heads(before, namespace).symmetric_difference(&heads(ours, namespace)) {
        wrong.insert(format!("only one has: {head}"));
    }
    let [before, ours, after] = [before, ours, after].map(|text| series(text, namespace));
    for (name, first) in &before {
        let Some(second) = after.get(name) else { continue };
        match ours.get(name) {
            None => drop(wrong.insert(format!("{name} is missing"))),
            Some(value) if first.min(*second) <= *value && *value <= first.max(*second) => {}
            Some(_) if is_restless(name) => {}
            Some(_) => drop(wrong.insert(format!("{name} has another value"))),
        }
    }
    for name in ours
        .keys()
        .filter(|name| !before.contains_key(*name) && !after.contains_key(*name))
    {
        wrong.insert(format!("{name} is ours alone"));
    }
    wrong
}

/// Keys in two databases, commands that fail, commands that are slow.
const LOAD: &str = "SET plain value
    SET counter 41
    INCR counter
    LPUSH list a b c
    HSET hash field value
    INCR list
    NONSENSE
    SELECT 5
    SET passing away EX 1000
    SET there stays
    GET there
    GET nothing
    GETEX there
    CLIENT LIST
    CONFIG GET maxmemory
    DEBUG SLEEP 0.02
    SLOWLOG LEN";

const SETTINGS: [&str; 6] = [
    "--latency-monitor-threshold",
    "1",
    "--slowlog-log-slower-than",
    "10000",
    "--enable-debug-command",
    "yes",
];

/// Compares on one server with these flags.
fn compare(redis: &Redis, flags: &[&str], namespace: &str) {
    let Some(program) = upstream() else {
        return println!("nothing to compare: no redis_exporter on PATH or in PEERS");
    };
    let address = format!("-redis.addr={}", redis.address());
    let flags = [&[address.as_str()], flags].concat();
    let (theirs, ours) = (Upstream::start(&program, &flags), Exporter::start(&flags));
    // So that what both ask for stands in the statistics already.
    theirs.metrics();
    ours.metrics();
    let mut wrong = BTreeSet::new();
    for round in 0..ROUNDS {
        let (before, candidate, after) = (theirs.metrics(), ours.metrics().text, theirs.metrics());
        let of_round = differences(&before, &candidate, &after, namespace);
        wrong = if round == 0 { of_round } else { &wrong & &of_round };
        if wrong.is_empty() {
            let count = series(&candidate, namespace).len();
            return println!("{count} series compared in {} rounds: {flags:?}", round + 1);
        }
    }
    panic!("{flags:?}: {} differences:\n{wrong:#?}", wrong.len());
}

#[test]
fn every_series_of_upstream_is_here_with_its_value() {
    let Some(redis) = Redis::start(&SETTINGS) else { return };
    redis.run(LOAD);
    compare(&redis, &[], "redis_");
    let all = [
        "-include-config-metrics",
        "-include-system-metrics",
        "-append-instance-role-label",
        "-ping-on-connect",
        "-namespace=x",
    ];
    compare(&redis, &all, "x_");
    let less = [
        "-exclude-latency-histogram-metrics",
        "-config-command=-",
        "-include-metrics-for-empty-databases=false",
        "-set-client-name=false",
        "-redis-only-metrics",
    ];
    compare(&redis, &less, "redis_");
}

#[test]
fn replicas_and_their_master_are_told_of_alike() {
    let Some(master) = Redis::start(&SETTINGS) else { return };
    let port = master.port().to_string();
    let follow = ["--replicaof", "127.0.0.1", &port, "--repl-diskless-sync-delay", "0"];
    let replica = Redis::start(&follow).unwrap();
    let began = Instant::now();
    while !replica
        .run("INFO replication")
        .concat()
        .contains("master_link_status:up")
    {
        assert!(began.elapsed() < START_WITHIN, "the replica does not find its master");
        std::thread::yield_now();
    }
    master.run(LOAD);
    compare(&master, &[], "redis_");
    compare(&replica, &[], "redis_");
}

#[test]
fn a_node_of_a_cluster_tells_of_the_cluster() {
    let Some(node) = Redis::start(&["--cluster-enabled", "yes"]) else {
        return;
    };
    compare(&node, &["-is-cluster"], "redis_");
}

#[test]
fn what_differs_is_found() {
    let (first, second) = (
        "redis_a 1\nredis_b{x=\"1\"} 5\nredis_gone 1\n",
        "redis_a 3\nredis_b{x=\"1\"} 4\n",
    );
    for (ours, wrong) in [
        ("redis_a 1\nredis_b{x=\"1\"} 4.5\n", &[][..]),
        ("redis_a 3.1\nredis_b{x=\"1\"} 4\n", &["a has another value"]),
        ("redis_a 3\n", &["b{x=\"1\"} is missing"]),
        ("redis_a 3\nredis_b{x=\"1\"} 4\nredis_c 1\n", &["c is ours alone"]),
        (
            "# TYPE redis_a gauge\nredis_a 3\nredis_b{x=\"1\"} 4\n",
            &["only one has: # TYPE redis_a gauge"],
        ),
    ] {
        let found = differences(first, ours, second, "redis_");
        assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), wrong, "{ours}");
    }
}
