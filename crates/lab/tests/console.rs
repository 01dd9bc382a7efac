//! `lab console` as Alertmanager, a browser and a rude client meet it.
#![expect(clippy::disallowed_methods, reason = "these tests start lab")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, ChildStdout, Command, Stdio},
};

use serde_json::{Value, json};

/// Dropping it ends it.
struct Console {
    child: Child,
    address: String,
    out: BufReader<ChildStdout>,
}

impl Console {
    fn start(args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_lab"))
            .args(["console", "--listen=127.0.0.1:0"])
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("lab can be started");
        let mut line = String::new();
        let mut stderr = BufReader::new(child.stderr.take().expect("it is piped"));
        stderr.read_line(&mut line).expect("text");
        let (_, url) = line.trim_end().split_once("http://").expect("it says where it is");
        let out = BufReader::new(child.stdout.take().expect("it is piped"));
        Self {
            child,
            address: url.trim_end_matches('/').to_owned(),
            out,
        }
    }

    /// The status and the body.
    fn ask(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> (String, String) {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        stream.write_all(head.as_bytes()).expect("it reads");
        // Too large a body may be refused before its end.
        stream.write_all(body).ok();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok();
        let answer = String::from_utf8(answer).expect("text");
        let (head, body) = answer.split_once("\r\n\r\n").expect("an HTTP answer");
        (head.split(' ').nth(1).expect("a status").to_owned(), body.to_owned())
    }

    fn post(&self, body: &Value) -> String {
        self.ask("POST", "/any", "", body.to_string().as_bytes()).0
    }

    fn report(&self) -> Value {
        serde_json::from_str(&self.ask("GET", "/", "", b"").1).expect("JSON")
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).expect("text");
        line
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        self.child.kill().expect("it is our child");
        self.child.wait().expect("it is our child");
    }
}

fn alert(name: &str) -> Value {
    json!({"status": "firing", "receiver": "pages", "alerts": [{
        "status": "firing", "labels": {"alertname": name, "severity": "critical"}, "annotations": {"summary": "It is so"},
        "startsAt": "2026-01-02T03:04:05Z", "endsAt": "0001-01-01T00:00:00Z",
    }]})
}

#[test]
fn a_notification_is_printed_and_kept() {
    let mut console = Console::start(&[]);
    assert_eq!(console.post(&alert("A")), "200");
    assert!(console.line().ends_with("  FIRING  critical  A  to pages\n"));
    assert_eq!(console.line(), "    It is so\n");
    let report = console.report();
    assert_eq!(
        (&report["taken"], &report["watchdog"]["state"]),
        (&json!(1), &json!("awaited"))
    );
    assert_eq!(report["notifications"][0]["alerts"][0]["labels"]["alertname"], "A");
}

#[test]
fn who_takes_it_for_slack_hears_slacks_own_word() {
    let console = Console::start(&["--json"]);
    let (status, word) = console.ask("POST", "/slack", "", br#"{"attachments": [{"title": "a"}]}"#);
    assert_eq!((status.as_str(), word.as_str()), ("200", "ok"));
}

#[test]
fn only_notifications_are_taken_and_what_is_not_one_does_no_harm() {
    let console = Console::start(&["--json"]);
    let large = vec![b' '; 4 * 1024 * 1024 + 1];
    for (method, headers, body, status) in [
        ("POST", "", &b"{"[..], "400"),
        ("POST", "", b"\xff\x00", "400"),
        ("POST", "", b"{}", "400"),
        ("POST", "Origin: http://elsewhere\r\n", br#"{"text": "a"}"#, "403"),
        ("POST", "", &large, "413"),
        ("PUT", "", b"", "405"),
    ] {
        let (answered, text) = console.ask(method, "/", headers, body);
        assert_eq!(answered, status, "{text}");
    }
    assert_eq!(console.ask("GET", "/nothing", "", b"").0, "404");
    assert_eq!(console.ask("GET", "/-/healthy", "", b"").0, "200");
    assert_eq!(console.report()["taken"], 0);
}

#[test]
fn a_watchdog_that_stays_away_is_said_and_so_is_its_return() {
    let mut console = Console::start(&["--json", "--watchdog-within=200ms"]);
    let state = |line: String| serde_json::from_str::<Value>(&line).expect("a line of JSON")["watchdog"].clone();
    assert_eq!(state(console.line()), "away");
    assert_eq!(console.post(&alert("Watchdog")), "200");
    assert_eq!(state(console.line()), "coming");
    assert_eq!(state(console.line()), "away");
    assert_eq!(console.report()["taken"], 0, "the Watchdog is no news");
}
