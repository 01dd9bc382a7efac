//! Starts lab as a person would, reads what it prints, and asks its Prometheus.

use std::{
    env,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

const END_WITHIN: Duration = Duration::from_secs(40);

/// Our programs, with the addresses that prometheus.yml has for them and the variables that name other builds of them.
pub(crate) const OURS: [(&str, &str, &str); 5] = [
    ("node-exporter", "127.0.0.1:9100", "NODE_EXPORTER"),
    ("container-exporter", "127.0.0.1:8080", "CONTAINER_EXPORTER"),
    ("blackbox-exporter", "127.0.0.1:9115", "BLACKBOX_EXPORTER"),
    ("redis-exporter", "127.0.0.1:9121", "REDIS_EXPORTER"),
    ("demo-app", "127.0.0.1:8000", "DEMO_APP"),
];

/// Alertmanager and Prometheus.
pub(crate) const OTHERS: usize = 2;

/// Where Alertmanager is: as with Prometheus in $PROMETHEUS_DIR; else in $PEERS, else on PATH, which needs no flag.
fn alertmanager_dir() -> Option<PathBuf> {
    let dirs = ["PROMETHEUS_DIR", "PEERS"]
        .iter()
        .filter_map(env::var_os)
        .map(PathBuf::from);
    dirs.into_iter()
        .find(|dir| dir.join("prometheus-alertmanager").is_file())
}

/// A port for each service that nobody else has.
#[derive(Clone)]
pub(crate) struct Ports {
    /// In the order of [`OURS`].
    pub(crate) ours: [u16; OURS.len()],
    pub(crate) redis: u16,
    pub(crate) prometheus: u16,
    pub(crate) alertmanager: u16,
    pub(crate) console: u16,
    pub(crate) dashboards: u16,
}

impl Ports {
    pub(crate) fn free() -> Self {
        let [ours @ .., redis, prometheus, alertmanager, console, dashboards] =
            [(); OURS.len() + 5].map(|()| free_port());
        Self {
            ours,
            redis,
            prometheus,
            alertmanager,
            console,
            dashboards,
        }
    }

    /// Of one of our programs.
    pub(crate) fn of(&self, name: &str) -> u16 {
        let index = OURS.iter().position(|(ours, ..)| *ours == name);
        self.ours[index.expect("one of OURS")]
    }

    /// Whether nobody listens on any of them.
    pub(crate) fn are_free(&self) -> bool {
        let others = [
            self.redis,
            self.prometheus,
            self.alertmanager,
            self.console,
            self.dashboards,
        ];
        self.ours.into_iter().chain(others).all(is_free)
    }

    pub(crate) fn prometheus_address(&self) -> String {
        address(self.prometheus)
    }
}

/// A port that no other test here gets, and none of those that the system chooses from: it would give it to somebody's
/// connection before the service listens.
fn free_port() -> u16 {
    const FIRST: u32 = 10_000;
    /// Up to 32,768, where the system's begin.
    const COUNT: u32 = 22_000;
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    let start = std::process::id().wrapping_mul(101);
    loop {
        let next = start.wrapping_add(GIVEN.fetch_add(1, Ordering::Relaxed));
        let port = u16::try_from(FIRST + next % COUNT).expect("below 65,536");
        if is_free(port) {
            return port;
        }
    }
}

/// Where a service with this port is.
pub(crate) fn address(port: u16) -> String {
    format!("127.0.0.1:{port}")
}

/// A running `lab up`. Dropping it stops it.
pub(crate) struct Lab {
    child: Child,
    stdout: BufReader<ChildStdout>,
    prometheus: String,
    _state: TempDir,
}

/// How lab ended.
pub(crate) struct End {
    pub(crate) code: Option<i32>,
    pub(crate) stderr: String,
}

impl Lab {
    pub(crate) fn start(ports: &Ports, config_dir: &Path) -> Self {
        Self::start_with(ports, config_dir, &[])
    }

    /// With further flags, which take the place of the harness's own.
    pub(crate) fn start_with(ports: &Ports, config_dir: &Path, args: &[&str]) -> Self {
        let state = tempfile::tempdir().expect("a temporary directory");
        let mut command = Command::new(env!("CARGO_BIN_EXE_lab"));
        command
            .arg("up")
            .args(["--prometheus-listen", &ports.prometheus_address()])
            .args(["--redis-listen", &address(ports.redis)])
            .arg("--prometheus-config")
            .arg(config_dir.join("prometheus.yml"))
            .args(["--alertmanager-listen", &address(ports.alertmanager)])
            .args(["--console-listen", &address(ports.console)])
            .args(["--dashboards-listen", &address(ports.dashboards)])
            .arg("--alertmanager-config")
            .arg(config_dir.join("alertmanager.yml"))
            .arg("--state-dir")
            .arg(state.path().join("lab"))
            .args(args);
        for (name, _, variable) in OURS {
            command.args([format!("--{name}-listen"), address(ports.of(name))]);
            let flag = format!("--{name}");
            if !args.contains(&flag.as_str()) {
                command.arg(flag).arg(built(name, variable));
            }
        }
        if !args.contains(&"--docker") {
            // Whether this machine has a Docker must not matter.
            command.args(["--docker", ""]);
        }
        if !args.contains(&"--redis-server") {
            // Nor whether it has a Redis, but where a test asks for one.
            command.args(["--redis-server", ""]);
        }
        if let (false, Some(dir)) = (args.contains(&"--prometheus-dir"), env::var_os("PROMETHEUS_DIR")) {
            command.arg("--prometheus-dir").arg(dir);
        }
        if let (false, Some(dir)) = (args.contains(&"--alertmanager-dir"), alertmanager_dir()) {
            command.arg("--alertmanager-dir").arg(dir);
        }
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("lab can be started");
        let stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        Self {
            child,
            stdout,
            prometheus: ports.prometheus_address(),
            _state: state,
        }
    }

    /// Reads the table to its end: the pids of all services, Prometheus' last. Lab's own deadline ends the wait.
    pub(crate) fn wait_until_ready(&mut self) -> Vec<u32> {
        self.wait_until_ready_with(OURS.len() + OTHERS)
    }

    /// The same with so many rows.
    pub(crate) fn wait_until_ready_with(&mut self, rows: usize) -> Vec<u32> {
        let lines = self.stdout.by_ref().lines().map(|line| line.expect("lab prints text"));
        let pids: Vec<u32> = lines
            .take_while(|line| !line.starts_with("Everything is ready"))
            .filter_map(pid_of_row)
            .collect();
        if pids.len() != rows {
            let end = self.wait_for_end();
            assert_eq!(end.stderr, "", "lab ended before it was ready");
        }
        pids
    }

    pub(crate) fn signal(&self, name: &str) {
        send_signal(self.child.id(), name);
    }

    pub(crate) fn wait_for_end(&mut self) -> End {
        let mut code = None;
        poll_until(END_WITHIN, "lab ends", || {
            code = self
                .child
                .try_wait()
                .expect("lab is our child")
                .map(|status| status.code());
            code.is_some()
        });
        let mut stderr = String::new();
        let pipe = self.child.stderr.as_mut().expect("it is piped");
        pipe.read_to_string(&mut stderr).expect("lab prints text");
        End {
            code: code.flatten(),
            stderr,
        }
    }

    /// The vector that a PromQL query answers with.
    pub(crate) fn query(&self, query: &str) -> Vec<Value> {
        let answer = self.get(&format!("/api/v1/query?query={}", percent_encode(query)));
        answer["data"]["result"].as_array().cloned().unwrap_or_default()
    }

    /// `pending` or `firing`; empty while the alert is neither.
    pub(crate) fn alert_state(&self, alert: &str) -> String {
        let answer = self.get("/api/v1/alerts");
        let alerts = answer["data"]["alerts"].as_array().cloned().unwrap_or_default();
        let found = alerts.iter().find(|found| found["labels"]["alertname"] == alert);
        found
            .and_then(|alert| alert["state"].as_str())
            .unwrap_or_default()
            .to_owned()
    }

    /// Whether Prometheus answers questions.
    pub(crate) fn answers(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect(&self.prometheus) else {
            return false;
        };
        let request = format!("GET /-/ready HTTP/1.0\r\nHost: {}\r\n\r\n", self.prometheus);
        let mut answer = String::new();
        let asked = stream
            .write_all(request.as_bytes())
            .and_then(|()| stream.read_to_string(&mut answer));
        asked.is_ok() && answer.starts_with("HTTP/1.0 200 ")
    }

    /// What the console has taken of an alert: the status of each, as it came.
    pub(crate) fn told_of(&self, ports: &Ports, alert: &str) -> Vec<String> {
        let answer = get(&address(ports.console), "/");
        let notifications = answer["notifications"].as_array().cloned().unwrap_or_default();
        let alerts = notifications
            .iter()
            .flat_map(|one| one["alerts"].as_array().cloned().unwrap_or_default());
        alerts
            .filter(|one| one["labels"]["alertname"] == alert)
            .map(|one| one["status"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// Whether Prometheus keeps exemplars of a series.
    pub(crate) fn has_exemplars(&self, query: &str) -> bool {
        let query = percent_encode(query);
        let answer = self.get(&format!("/api/v1/query_exemplars?query={query}&start=0&end=9999999999"));
        answer["data"].as_array().is_some_and(|found| !found.is_empty())
    }

    fn get(&self, path: &str) -> Value {
        get(&self.prometheus, path)
    }
}

fn get(address: &str, path: &str) -> Value {
    let mut stream = TcpStream::connect(address).expect("somebody listens");
    let request = format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("it is read");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("a text");
    let (_, body) = answer.split_once("\r\n\r\n").expect("an HTTP answer");
    serde_json::from_str(body).expect("a JSON body")
}

impl Drop for Lab {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.signal("TERM");
            self.child.wait().expect("lab is our child");
        }
    }
}

/// The third column of a row of the table; other lines have none.
fn pid_of_row(line: String) -> Option<u32> {
    let pid = line.split_whitespace().nth(2)?.parse().ok()?;
    assert!(line.contains("://127.0.0.1:") && line.ends_with(".log"), "{line}");
    Some(pid)
}

/// The program that the environment names, else the one that cargo built beside lab.
pub(crate) fn built(name: &str, variable: &str) -> PathBuf {
    let beside = || Path::new(env!("CARGO_BIN_EXE_lab")).with_file_name(name);
    let file = env::var_os(variable).map_or_else(beside, PathBuf::from);
    assert!(
        file.is_file(),
        "{} is missing: run `cargo build --workspace` first",
        file.display()
    );
    file
}

/// The redis-server on PATH; empty, and said, where there is none.
pub(crate) fn redis_server() -> String {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut files = env::split_paths(&path).map(|folder| folder.join("redis-server"));
    let found = files.find(|file| file.is_file());
    let all = env::var_os("PILOTLIGHT_ALL").is_some_and(|all| all == "1");
    assert!(
        found.is_some() || !all,
        "PILOTLIGHT_ALL=1, and PATH has no redis-server"
    );
    if found.is_none() {
        eprintln!("without Redis: PATH has no redis-server");
    }
    found.map_or_else(String::new, |file| file.display().to_string())
}

/// Sends a form, which must be accepted.
pub(crate) fn post(address: &str, path: &str, form: &str) {
    let mut stream = TcpStream::connect(address).expect("somebody listens");
    let length = form.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{form}"
    );
    stream.write_all(request.as_bytes()).expect("it is read");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("a text");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

/// Runs `lab load` to its end.
pub(crate) fn load(address: &str, args: &[&str]) {
    let output = Command::new(env!("CARGO_BIN_EXE_lab"))
        .args(["load", "--url", &format!("http://{address}")])
        .args(args)
        .output()
        .expect("lab can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

pub(crate) fn send_signal(pid: u32, name: &str) {
    let status = Command::new("kill")
        .args(["-s", name, &pid.to_string()])
        .status()
        .expect("kill can be started");
    assert!(status.success(), "kill -s {name} {pid}");
}

pub(crate) fn is_alive(pid: u32) -> bool {
    Path::new("/proc").join(pid.to_string()).exists()
}

pub(crate) fn is_free(port: u16) -> bool {
    TcpListener::bind(("127.0.0.1", port)).is_ok()
}

pub(crate) fn poll_until(within: Duration, what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + within;
    while !is_so() {
        assert!(Instant::now() < end, "not within {} s: {what}", within.as_secs());
        thread::sleep(Duration::from_millis(100));
    }
}

/// Polls until `read` answers `wanted`; says what it answered last if it never does.
pub(crate) fn wait_for(within: Duration, wanted: &str, read: impl Fn() -> String) {
    let end = Instant::now() + within;
    loop {
        let now = read();
        if now == wanted {
            return;
        }
        assert!(
            Instant::now() < end,
            "not {wanted:?} within {} s, but {now:?}",
            within.as_secs()
        );
        thread::sleep(Duration::from_millis(100));
    }
}

fn percent_encode(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
