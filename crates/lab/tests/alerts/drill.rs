//! A stack of the test's own for a drill, and `lab simulate` on it.

use std::{
    collections::BTreeMap,
    env,
    io::{BufRead, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use private_docker::Engine;
use serde_json::Value;
use tempfile::TempDir;

use crate::root;

/// Its programs; the first five are ours.
const LISTEN: [&str; 9] = [
    "node-exporter",
    "container-exporter",
    "blackbox-exporter",
    "redis-exporter",
    "demo-app",
    "redis",
    "prometheus",
    "alertmanager",
    "console",
];
const OURS: usize = 5;
const END_WITHIN: Duration = Duration::from_secs(60);

/// What `lab simulate --list` says.
pub(crate) struct Listed {
    /// The scenario of each alert.
    pub(crate) scenarios: BTreeMap<String, String>,
    /// Why there is none.
    pub(crate) reasons: BTreeMap<String, String>,
}

/// What became of an alert.
#[derive(Clone)]
pub(crate) struct Played {
    pub(crate) outcome: String,
    pub(crate) reason: String,
    /// Until it was pending, fired, was told; then until it was resolved and that was told.
    pub(crate) seconds: [Option<f64>; 5],
}

pub(crate) fn listed() -> Listed {
    let output = Command::new(env!("CARGO_BIN_EXE_lab"))
        .args(["simulate", "--list"])
        .output();
    let output = output.expect("lab can be started");
    let text = String::from_utf8(output.stdout).expect("lab prints text");
    let parts = text.split_once("\nCannot be made to happen:\n");
    let (scenarios, reasons) = parts.unwrap_or((&text, ""));
    let pair = |line: &str| {
        let (name, rest) = line.split_once(' ').expect("a name and what is said of it");
        (name.to_owned(), rest.trim_start().to_owned())
    };
    let mut of_alerts = BTreeMap::new();
    for (scenario, rest) in scenarios.lines().map(pair) {
        let (alerts, _) = rest.split_once(": ").expect("alerts and what is done");
        for alert in alerts.split(", ") {
            of_alerts.insert(alert.to_owned(), scenario.clone());
        }
    }
    Listed {
        scenarios: of_alerts,
        reasons: reasons.lines().map(pair).collect(),
    }
}

/// A running stack. Dropping it ends it.
pub(crate) struct Drill {
    lab: Child,
    state: TempDir,
    /// Goes after lab.
    _docker: Option<Engine>,
}

impl Drill {
    pub(crate) fn start() -> Self {
        let docker = engine();
        let state = tempfile::tempdir().expect("a temporary directory");
        let mut command = Command::new(program("lab"));
        command
            .arg("up")
            .arg("--drill")
            .arg("--state-dir")
            .arg(state.path().join("lab"));
        let held = LISTEN.map(|_| TcpListener::bind("127.0.0.1:0").expect("a free port"));
        for (name, listener) in LISTEN.iter().zip(&held) {
            let address = listener.local_addr().expect("bound");
            command.args([format!("--{name}-listen"), address.to_string()]);
        }
        for name in &LISTEN[..OURS] {
            command.arg(format!("--{name}")).arg(program(name));
        }
        if let Some(dir) = env::var_os("PROMETHEUS_DIR") {
            command
                .arg("--prometheus-dir")
                .arg(&dir)
                .arg("--alertmanager-dir")
                .arg(&dir);
        }
        let socket = docker
            .as_ref()
            .map(|engine| format!("unix://{}", engine.socket().display()));
        command.args(["--docker", socket.as_deref().unwrap_or_default()]);
        command.current_dir(root()).stdin(Stdio::null()).stdout(Stdio::piped());
        drop(held);
        let mut lab = command.spawn().expect("lab can be started");
        let mut lines = BufReader::new(lab.stdout.take().expect("it is piped")).lines();
        let is_ready = lines
            .by_ref()
            .any(|line| line.expect("text").starts_with("Everything is ready"));
        assert!(is_ready, "lab has ended before it was ready");
        // Somebody must read what the console prints.
        let read = move || lines.for_each(drop);
        drop(
            std::thread::Builder::new()
                .name("console".to_owned())
                .spawn(read)
                .expect("a thread"),
        );
        Self {
            lab,
            state,
            _docker: docker,
        }
    }

    /// Everything; what became of each alert.
    pub(crate) fn simulate(&mut self) -> BTreeMap<String, Played> {
        let began = Instant::now();
        let mut command = Command::new(program("lab"));
        command
            .args(["simulate", "--json", "--state-dir"])
            .arg(self.state.path().join("lab"));
        if let Some(only) = env::var_os("ONLY") {
            command.arg("--only").arg(only);
        }
        let output = command.stderr(Stdio::inherit()).output().expect("lab can be started");
        eprintln!("lab simulate has taken {} s", began.elapsed().as_secs());
        let document: Value = serde_json::from_slice(&output.stdout).expect("lab simulate prints JSON");
        let scenarios = document["scenarios"].as_array().expect("a list");
        scenarios.iter().flat_map(played).collect()
    }

    /// Its exit code.
    pub(crate) fn stop(&mut self) -> Option<i32> {
        Command::new("kill")
            .arg(self.lab.id().to_string())
            .status()
            .expect("kill can be started");
        let deadline = Instant::now() + END_WITHIN;
        loop {
            if let Some(status) = self.lab.try_wait().expect("lab is our child") {
                return status.code();
            }
            assert!(Instant::now() < deadline, "lab does not end");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Drill {
    fn drop(&mut self) {
        if matches!(self.lab.try_wait(), Ok(None)) {
            self.stop();
        }
    }
}

fn played(scenario: &Value) -> Vec<(String, Played)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let alerts = scenario["alerts"].as_array().into_iter().flatten();
    let of = |alert: &Value| Played {
        outcome: text(&scenario["outcome"]),
        reason: text(&scenario["reason"]),
        seconds: ["pending", "firing", "told", "resolved", "told_resolved"].map(|name| alert[name].as_f64()),
    };
    alerts.map(|alert| (text(&alert["alert"]), of(alert))).collect()
}

/// A Docker of the test's own; without one it is said.
fn engine() -> Option<Engine> {
    if let Some(why) = private_docker::missing() {
        let all = env::var_os("PILOTLIGHT_ALL").is_some_and(|all| all == "1");
        assert!(!all, "PILOTLIGHT_ALL=1, and {why}");
        eprintln!("without containers: {why}");
        return None;
    }
    Some(Engine::start(&[]).expect("a Docker engine starts"))
}

/// What `make build` has made, when the environment names its folder; else what cargo has built beside lab.
fn program(name: &str) -> PathBuf {
    let beside = || Path::new(env!("CARGO_BIN_EXE_lab")).with_file_name(name);
    let file = env::var_os("BINARIES_DIR").map_or_else(beside, |dir| PathBuf::from(dir).join(name));
    assert!(file.is_file(), "{} is missing: run make build first", file.display());
    file
}
