//! The program's systemd and logind collectors on a bus of ours, whose metrics must equal `tests/golden/live/systemd.txt`
//! and `logind.txt`; so must upstream's node_exporter 1.11 (or newer) where there is one, in the directory `PEERS` or on PATH.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "the test runs both programs")]

#[expect(
    clippy::unwrap_used,
    dead_code,
    unused_imports,
    reason = "it is shared with the unit tests"
)]
#[path = "../src/dbus/peer/mod.rs"]
mod peer;

mod programs;

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use peer::{Mood, Peer, busy};

use self::programs::{OURS, Program, upstream};

const FLAGS: [&str; 7] = [
    "--collector.disable-defaults",
    "--collector.logind",
    "--collector.systemd",
    // Debian's program has another default.
    r"--collector.systemd.unit-exclude=.+\.(automount|device|scope|slice)",
    "--collector.systemd.enable-task-metrics",
    "--collector.systemd.enable-restarts-metrics",
    "--collector.systemd.enable-start-time-metrics",
];

fn start(program: impl AsRef<OsStr>, bus: &Peer) -> Program {
    let mut command = Command::new(program);
    Program::start(command.args(FLAGS).env("DBUS_SYSTEM_BUS_ADDRESS", bus.address()))
}

/// The lines about `collector` of an answer to a scraper with this many seconds.
fn scrape(program: &Program, collector: &str, seconds: &str) -> String {
    let text = program.scrape_within(seconds);
    let about = format!("node_{collector}_");
    let success = format!("node_scrape_collector_success{{collector=\"{collector}\"}}");
    let lines = text.lines().filter(|line| {
        let name = line.trim_start_matches("# HELP ").trim_start_matches("# TYPE ");
        name.starts_with(&about) || name.starts_with(&success)
    });
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn a_busy_host_has_the_golden_metrics_and_upstream_says_the_same() {
    let bus = Peer::start(busy(), Mood::Answers);
    let ours = start(OURS, &bus);
    let reference = upstream().map(|program| start(program, &bus));
    for collector in ["systemd", "logind"] {
        let golden = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/golden/live")
            .join(collector)
            .with_extension("txt");
        let text = scrape(&ours, collector, "10");
        let success = format!("node_scrape_collector_success{{collector=\"{collector}\"}} 1\n");
        assert!(text.contains(&success), "{text}");
        let metrics = text.replace(&success, "");
        if std::env::var_os("UPDATE_GOLDEN").is_some_and(|update| update == "1") {
            fs::write(&golden, &metrics).unwrap();
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        assert_eq!(metrics, expected, "{}", golden.display());
        if let Some(reference) = &reference {
            assert_eq!(scrape(reference, collector, "10"), text, "upstream's");
        }
    }
}

#[test]
fn a_bus_that_fails_in_any_way_costs_one_scrape_and_leaves_nothing_behind() {
    let bus = Peer::start(busy(), Mood::Answers);
    let ours = start(OURS, &bus);
    let whole = scrape(&ours, "systemd", "10");
    let (files, threads) = (ours.count("fd"), ours.count("task"));
    for mood in [
        Mood::Chatters,
        Mood::Garbles,
        Mood::HangsUp,
        Mood::HangsUpInAnswer,
        Mood::StopsInAnswer,
    ] {
        bus.set_mood(mood);
        let started = Instant::now();
        let text = scrape(&ours, "systemd", "0.5");
        assert!(started.elapsed() < Duration::from_secs(5), "{mood:?}");
        assert_eq!(
            text, "node_scrape_collector_success{collector=\"systemd\"} 0\n",
            "{mood:?}"
        );
        bus.set_mood(Mood::Answers);
        assert_eq!(scrape(&ours, "systemd", "10"), whole, "after {mood:?}");
    }
    bus.hang_up();
    assert_eq!(scrape(&ours, "systemd", "10"), whole, "after the bus restarted");
    // A scrape's own connection may still be closing; the buses were lost six times.
    let after = (ours.count("fd"), ours.count("task"));
    assert!(
        after.0 <= files + 2 && after.1 <= threads + 2,
        "{after:?} files and threads, before {files} and {threads}"
    );
}
