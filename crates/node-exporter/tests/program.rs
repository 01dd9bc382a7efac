//! The program as people and process managers meet it: flags, signals, sockets, TLS and passwords.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(
    clippy::disallowed_methods,
    reason = "the test runs the program, and curl and python as its peers"
)]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};

const PROGRAM: &str = env!("CARGO_BIN_EXE_node-exporter");

fn run(args: &[&str]) -> Output {
    Command::new(PROGRAM).args(args).stdin(Stdio::null()).output().unwrap()
}

/// A running exporter. Dropping it ends it.
struct Exporter {
    child: Child,
    log: BufReader<ChildStderr>,
    address: String,
}

impl Exporter {
    fn start(args: &[&str]) -> Self {
        let mut command = Command::new(PROGRAM);
        command.arg("--web.listen-address=127.0.0.1:0").args(args);
        Self::spawn(command)
    }

    fn spawn(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut seen = String::new();
        let address = loop {
            let start = seen.len();
            assert!(log.read_line(&mut seen).unwrap() > 0, "it ended:\n{seen}");
            if let Some((_, rest)) = seen.get(start..).unwrap().split_once("address=") {
                break rest.split_whitespace().next().unwrap().to_owned();
            }
        };
        Self { child, log, address }
    }

    /// What curl says to `path` under these options.
    fn curl(&self, scheme: &str, path: &str, options: &[&str]) -> (String, bool) {
        let url = format!("{scheme}://{}{path}", self.address);
        let output = Command::new("curl")
            .args([
                "--silent",
                "--show-error",
                "--max-time",
                "20",
                "--write-out",
                "\n%{http_code} %{http_version}",
            ])
            .args(options)
            .arg(url)
            .output()
            .expect("curl is here: deploy/prepare.sh test");
        (
            String::from_utf8_lossy(&output.stdout).into_owned(),
            output.status.success(),
        )
    }

    /// The exit code after `signal`, and the rest of the log.
    fn end(mut self, signal: Signal) -> (Option<i32>, String) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
        let mut rest = String::new();
        self.log.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap().code(), rest)
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[test]
fn help_and_version_go_to_standard_output() {
    for (args, words) in [
        (["--help"], "--collector.netdev.device-exclude"),
        (["--help"], "--web.config.file"),
        (["--version"], "node_exporter, version"),
    ] {
        let output = run(&args);
        assert!(output.status.success());
        assert!(String::from_utf8_lossy(&output.stdout).contains(words), "{args:?}");
    }
}

#[test]
fn every_wrong_flag_is_named_before_anything_starts() {
    for (args, named) in [
        (&["--bogus"][..], &["--bogus"][..]),
        (&["extra"], &["extra"]),
        (
            &["--web.telemetry-path=/a", "--web.telemetry-path=/b"],
            &["--web.telemetry-path"],
        ),
        (
            &[
                "--collector.netdev.device-include=(",
                "--web.max-requests=x",
                "--log.level=foo",
                "--web.telemetry-path=metrics",
                "--web.config.file=/does/not/exist",
            ],
            &[
                "--collector.netdev.device-include",
                "--web.max-requests",
                "--log.level",
                "--web.telemetry-path",
                "/does/not/exist",
            ],
        ),
        (
            &[
                "--collector.diskstats.device-include=a",
                "--collector.diskstats.device-exclude=b",
            ],
            &["--collector.diskstats.device-include", "mutually exclusive"],
        ),
        (&["--web.listen-address=127.0.0.1:x"], &["127.0.0.1:x"]),
        (&["--web.listen-address=nowhere"], &["nowhere", "HOST:PORT"]),
    ] {
        let output = run(args);
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{args:?}: {text}");
        for name in named {
            assert!(text.contains(name), "{name} is not in {text}");
        }
        assert!(!text.contains("panic"), "{text}");
    }
}

#[test]
fn either_signal_ends_it_with_exit_0() {
    for signal in [Signal::TERM, Signal::INT] {
        let (code, log) = Exporter::start(&[]).end(signal);
        assert_eq!(code, Some(0), "{log}");
        assert!(log.contains("msg=Stopped"), "{log}");
    }
}

#[test]
fn a_taken_port_is_named() {
    let first = Exporter::start(&[]);
    let output = run(&[&format!("--web.listen-address={}", first.address)]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text.contains(&format!("listening on {}", first.address)) && text.contains("in use"),
        "{text}"
    );
}

#[test]
fn the_health_check_tells_whether_it_runs() {
    let exporter = Exporter::start(&[]);
    let listen = format!("--web.listen-address={}", exporter.address);
    assert_eq!(run(&["--healthcheck", &listen]).status.code(), Some(0));
    exporter.end(Signal::TERM);
    let output = run(&["--healthcheck", &listen]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("health check of"));
}

#[test]
fn collectors_are_chosen_by_flags_and_by_the_query() {
    let flags = [
        "--collector.disable-defaults",
        "--collector.loadavg",
        "--collector.uname",
    ];
    let exporter = Exporter::start(&flags);
    let (text, _) = exporter.curl("http", "/metrics?collect[]=loadavg", &["--globoff"]);
    assert!(
        text.contains("\nnode_load1 ") && !text.contains("node_uname_info"),
        "{text}"
    );
    let (text, _) = exporter.curl("http", "/metrics?collect[]=cpu", &["--globoff"]);
    assert!(text.ends_with("disabled collector: cpu\n400 1.1"), "{text}");
    let (text, _) = exporter.curl("http", "/metrics", &[]);
    assert!(
        text.contains("node_exporter_build_info{") && text.contains("process_open_fds "),
        "{text}"
    );
    assert!(
        text.contains("promhttp_metric_handler_requests_total{code=\"200\"} 1"),
        "{text}"
    );
}

#[test]
fn sockets_from_systemd_are_served() {
    // What systemd does: a listening socket as descriptor 3, and two variables.
    let pass = "import os, socket, sys
s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(); os.dup2(s.fileno(), 3); os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid())); os.execv(sys.argv[1], sys.argv[1:])";
    let mut command = Command::new("python3");
    command.args(["-c", pass, PROGRAM, "--web.systemd-socket"]);
    let exporter = Exporter::spawn(command);
    assert!(exporter.curl("http", "/-/healthy", &[]).0.ends_with("200 1.1"));
    let output = run(&["--web.systemd-socket"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--web.systemd-socket"));
}

#[test]
fn tls_and_passwords_guard_everything() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| dir.path().join(name).display().to_string();
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    std::fs::write(file("cert.pem"), made.cert.pem()).unwrap();
    std::fs::write(file("key.pem"), made.signing_key.serialize_pem()).unwrap();
    let hash = bcrypt::hash("test", 4).unwrap();
    let config =
        format!("tls_server_config: {{cert_file: cert.pem, key_file: key.pem}}\nbasic_auth_users: {{alice: {hash}}}\n");
    std::fs::write(file("web.yml"), config).unwrap();
    let exporter = Exporter::start(&[
        "--collector.disable-defaults",
        &format!("--web.config.file={}", file("web.yml")),
    ]);
    let cert = file("cert.pem");
    let trust = ["--cacert", &cert];
    for path in ["/metrics", "/", "/-/healthy", "/bogus"] {
        assert!(exporter.curl("https", path, &trust).0.ends_with("401 2"), "{path}");
        let wrong = [trust.as_slice(), &["--user", "alice:wrong"]].concat();
        assert!(exporter.curl("https", path, &wrong).0.ends_with("401 2"), "{path}");
    }
    let right = [trust.as_slice(), &["--user", "alice:test"]].concat();
    let (text, _) = exporter.curl("https", "/metrics", &right);
    assert!(
        text.contains("node_exporter_build_info") && text.ends_with("200 2"),
        "{text}"
    );
    assert!(!exporter.curl("http", "/metrics", &[]).1, "plain HTTP is not answered");
    let listen = format!("--web.listen-address={}", exporter.address);
    assert_eq!(
        run(&["--healthcheck", &listen]).status.code(),
        Some(0),
        "a TLS server that answers is healthy"
    );
    let (code, log) = exporter.end(Signal::TERM);
    assert_eq!(code, Some(0));
    assert!(!log.contains(&hash) && !log.contains("wrong"), "{log}");
}
