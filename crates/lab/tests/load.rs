//! `lab load` against demo-app: the rate that it keeps, the faults that it asks for, whom it counts waiting, and whom it
//! does not aim at.
#![expect(clippy::disallowed_methods, reason = "these tests start lab and demo-app")]
#![expect(clippy::panic, reason = "a test fails by panicking")]

use std::{
    env,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::Instant,
};

use serde_json::Value;

/// A running demo-app. Dropping it ends it.
struct DemoApp {
    child: Child,
    url: String,
}

impl DemoApp {
    fn start(args: &[&str]) -> Self {
        let beside = || Path::new(env!("CARGO_BIN_EXE_lab")).with_file_name("demo-app");
        let program = env::var_os("DEMO_APP").map_or_else(beside, PathBuf::from);
        let mut child = Command::new(&program)
            .arg("--web.listen-address=127.0.0.1:0")
            .args(args)
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}; run `cargo build --workspace` first", program.display()));
        let log = BufReader::new(child.stderr.take().expect("it is piped"));
        let lines = log.lines().map(|line| line.expect("text"));
        let line = lines
            .into_iter()
            .find(|line| line.contains("address="))
            .expect("it listens");
        let (_, rest) = line.split_once("address=").expect("an address");
        let address = rest.split_whitespace().next().expect("an address");
        Self {
            child,
            url: format!("http://{address}"),
        }
    }

    fn load(&self, args: &[&str]) -> Value {
        let output = load(&[&["--url", &self.url, "--json"], args].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("JSON")
    }
}

impl Drop for DemoApp {
    fn drop(&mut self) {
        self.child.kill().expect("it is ours");
        self.child.wait().expect("it is ours");
    }
}

fn load(args: &[&str]) -> Output {
    let lab = Command::new(env!("CARGO_BIN_EXE_lab")).arg("load").args(args).output();
    lab.expect("lab can be started")
}

fn number(report: &Value, name: &str) -> f64 {
    report[name].as_f64().unwrap_or_else(|| panic!("{name} in {report}"))
}

#[test]
fn it_sends_what_was_asked_for_and_ends_by_itself() {
    let app = DemoApp::start(&[
        "--latency-distribution=constant",
        "--latency-mean=5ms",
        "--error-rate=0",
    ]);
    let began = Instant::now();
    let report = app.load(&["--rate=100", "--duration=1s", "--errors=0.2"]);
    assert!(began.elapsed().as_secs_f64() < 10.0);
    assert_eq!((number(&report, "sent"), number(&report, "not_sent")), (100.0, 0.0));
    let failed = number(&report, "errors");
    assert!((5.0..40.0).contains(&failed), "{report}");
    let (good, made) = (&report["statuses"]["200"], &report["statuses"]["201"]);
    assert_eq!(
        good.as_f64().unwrap_or(0.0) + made.as_f64().unwrap_or(0.0) + failed,
        100.0
    );
    assert_eq!(report["statuses"]["500"].as_f64(), Some(failed));
    assert!(report["latency_seconds"]["p50"].as_f64() >= Some(0.005), "{report}");
}

#[test]
fn a_request_that_has_to_wait_for_a_place_counts_its_wait() {
    let app = DemoApp::start(&[
        "--latency-distribution=constant",
        "--latency-mean=100ms",
        "--error-rate=0",
    ]);
    let report = app.load(&["--rate=50", "--duration=1s", "--concurrency=1", "--path=/api/users"]);
    // One at a time, a tenth of a second each: ten of the fifty at most, each of which waits 80 ms longer than the one before.
    let sent = number(&report, "sent");
    assert!((2.0..=10.0).contains(&sent), "{report}");
    assert_eq!(sent + number(&report, "not_sent"), 50.0, "{report}");
    let longest = report["latency_seconds"]["max"].as_f64().expect("a latency");
    assert!(longest > 0.1 + (sent - 1.0) * 0.08 - 0.01, "{report}");
}

#[test]
fn answers_that_do_not_come_in_time_are_errors() {
    let app = DemoApp::start(&["--latency-distribution=constant", "--latency-mean=10s"]);
    let report = app.load(&["--rate=20", "--duration=100ms", "--timeout=50ms"]);
    assert_eq!(
        (number(&report, "timeouts"), number(&report, "errors")),
        (2.0, 2.0),
        "{report}"
    );
    assert!(report["latency_seconds"]["p99"].as_f64() >= Some(0.05), "{report}");
}

#[test]
fn the_report_for_people_has_the_same() {
    let app = DemoApp::start(&["--latency-mean=0s", "--error-rate=0"]);
    let output = load(&[
        "--url",
        &app.url,
        "--rate=50",
        "--duration=100ms",
        "--errors=1",
        "--error-kind=path",
    ]);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(text.lines().count(), 5, "{text}");
    assert!(
        text.contains("answers    5 × 404\nerrors     5 (100.00 %): 5 by status"),
        "{text}"
    );
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "",
        "no progress where it is over so soon"
    );
}

#[test]
fn another_machine_is_refused_before_anything_is_sent() {
    let output = load(&["--url=http://192.0.2.1:8000"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "lab: --url http://192.0.2.1:8000/: 192.0.2.1 is not this machine; --allow-remote loads it all the same\n"
    );
}

#[test]
fn nobody_there_is_said_at_once() {
    let app = DemoApp::start(&[]);
    let url = app.url.clone();
    drop(app);
    let output = load(&["--url", &url]);
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        error.starts_with(&format!("lab: nothing to load at {url}/: ")),
        "{error}"
    );
}
