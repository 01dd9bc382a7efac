//! Names are found by the static program where there is nothing but itself. Needs root, and the program in `REDIS_EXPORTER`:
//! `make test-faults` has both.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "all of this is test: it fails by panicking, says what it skips, and starts programs"
)]

mod rig;

use std::fs;
use std::process::Command;

use rig::{Exporter, Redis};
use tempfile::TempDir;

/// A folder with the program in it, and the exporter that sees nothing else.
fn start(files: &[(&str, &str)], address: &str) -> (TempDir, Exporter) {
    let program = std::env::var_os("REDIS_EXPORTER").expect("REDIS_EXPORTER names the static program");
    let root = tempfile::tempdir().unwrap();
    fs::copy(program, root.path().join("redis-exporter")).unwrap();
    fs::create_dir(root.path().join("etc")).unwrap();
    for (name, text) in files {
        fs::write(root.path().join("etc").join(name), text).unwrap();
    }
    let mut command = Command::new("chroot");
    command
        .arg(root.path())
        .arg("/redis-exporter")
        .arg(format!("--redis.addr={address}"));
    let exporter = Exporter::run(command);
    (root, exporter)
}

#[test]
#[ignore = "needs root and the static program"]
fn names_are_found_with_a_hosts_file_and_localhost_without() {
    let Some(redis) = Redis::start(&[]) else { return };
    let port = redis.port();
    let hosts: &[(&str, &str)] = &[("hosts", "127.0.0.1 cache.internal\n")];
    for (files, host) in [
        (hosts, "cache.internal"),
        (&[], "localhost"),
        (&[], "LocalHost"),
        (hosts, "localhost"),
        (&[], "127.0.0.1"),
    ] {
        let (_root, exporter) = start(files, &format!("redis://{host}:{port}"));
        let answer = exporter.metrics();
        assert_eq!((answer.value("redis_up"), answer.error()), (Some(1.0), ""), "{host}");
    }
}

#[test]
#[ignore = "needs root and the static program"]
fn a_name_that_nobody_knows_is_said() {
    let (_root, exporter) = start(&[], "redis://cache.invalid:1");
    let answer = exporter.ask("/metrics", &["X-Prometheus-Scrape-Timeout-Seconds: 5"]);
    assert_eq!(answer.value("redis_up"), Some(0.0));
    assert!(
        answer.error().starts_with("looking up cache.invalid: "),
        "{}",
        answer.error()
    );
}
