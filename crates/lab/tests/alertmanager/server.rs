//! A running Alertmanager that tells nobody, to ask what it would silence.

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    table::{Case, Labels},
    tools,
};

const WITHIN: Duration = Duration::from_secs(30);

/// Dropping it ends it.
pub(crate) struct Alertmanager {
    child: Child,
    address: String,
    _folder: TempDir,
}

impl Alertmanager {
    /// `None`: there is no such program here.
    pub(crate) fn start(config: &str) -> Option<Self> {
        let program = tools::find(&["prometheus-alertmanager", "alertmanager"])?;
        let folder = tempfile::tempdir().expect("a temporary directory");
        let file = folder.path().join("alertmanager.yml");
        // Its alerts are asked for, not sent.
        std::fs::write(&file, config.replace("127.0.0.1:9099", "127.0.0.1:1")).expect("the folder is ours");
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = free.local_addr().expect("bound").to_string();
        drop(free);
        let child = Command::new(program)
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.path={}", folder.path().join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .arg("--cluster.listen-address=")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(folder.path().join("log")).expect("the folder is ours"))
            .spawn()
            .expect("Alertmanager can be started");
        let mut started = Self {
            child,
            address,
            _folder: folder,
        };
        started.wait_until_ready();
        Some(started)
    }

    fn wait_until_ready(&mut self) {
        let end = Instant::now() + WITHIN;
        while self.request("GET", "/-/ready", "").is_none() {
            let ended = self.child.try_wait().expect("it is our child");
            let log = || std::fs::read_to_string(self._folder.path().join("log")).unwrap_or_default();
            assert!(ended.is_none() && Instant::now() < end, "Alertmanager: {}", log());
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Whether the case's alert is silent beside what fires with it.
    pub(crate) fn inhibits(&self, case: &Case) -> Option<bool> {
        // Alerts that fire for one case must not be there for the next.
        let (of_case, ended) = (json!("2099-01-01T00:00:00Z"), json!("2020-01-01T00:00:00Z"));
        let all: Vec<&Labels> = case.firing.iter().chain([&case.labels]).collect();
        self.post(&all, &of_case);
        let silent = self.state_of(&case.labels);
        self.post(&all, &ended);
        silent
    }

    fn post(&self, alerts: &[&Labels], ends_at: &Value) {
        let alerts: Vec<Value> = alerts
            .iter()
            .map(|labels| json!({"labels": labels, "startsAt": "2019-01-01T00:00:00Z", "endsAt": ends_at}))
            .collect();
        let body = Value::from(alerts).to_string();
        self.request("POST", "/api/v2/alerts", &body)
            .expect("Alertmanager takes alerts");
    }

    fn state_of(&self, labels: &Labels) -> Option<bool> {
        let answer = self.request("GET", "/api/v2/alerts", "").expect("Alertmanager answers");
        let alerts: Vec<Value> = serde_json::from_str(&answer).expect("JSON");
        let found = alerts.iter().find(|alert| {
            let its: BTreeMap<String, String> = serde_json::from_value(alert["labels"].clone()).expect("labels");
            its == *labels
        })?;
        Some(
            found["status"]["inhibitedBy"]
                .as_array()
                .is_some_and(|by| !by.is_empty()),
        )
    }

    /// The body of an answer of 200.
    fn request(&self, method: &str, path: &str, body: &str) -> Option<String> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        let request = format!(
            "{method} {path} HTTP/1.0\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        head.contains(" 200 ").then(|| body.to_owned())
    }
}

impl Drop for Alertmanager {
    fn drop(&mut self) {
        self.child.kill().expect("it is our child");
        self.child.wait().expect("it is our child");
    }
}
