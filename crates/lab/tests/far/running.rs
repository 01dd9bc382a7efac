//! Programs that run while a test does, and what they answer.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::built::built;

/// The machine may be busy.
const WITHIN: Duration = Duration::from_secs(60);

/// A program that listens. Dropping it ends it.
pub(crate) struct Running {
    child: Child,
    address: String,
    log: PathBuf,
}

/// An address of this machine that nobody listens on.
pub(crate) fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("bound").to_string()
}

impl Running {
    /// Starts a program that is going to listen on `address`, and waits until it does. What it says goes to `folder`.
    pub(crate) fn start(program: &Path, arguments: &[String], address: &str, folder: &Path) -> Self {
        Self::start_with(program, arguments, address, folder, &[])
    }

    /// The same with variables.
    pub(crate) fn start_with(
        program: &Path,
        arguments: &[String],
        address: &str,
        folder: &Path,
        variables: &[(&str, &str)],
    ) -> Self {
        let log = folder.join(format!("{}.log", address.replace(':', "-")));
        let out = File::options().create(true).append(true).open(&log).expect("a log");
        let child = Command::new(program)
            .args(arguments)
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(out.try_clone().expect("a log"))
            .stderr(out)
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        let mut running = Self {
            child,
            address: address.to_owned(),
            log,
        };
        let what = format!("{} listens", program.display());
        running.wait_until(&what, |running| TcpStream::connect(&running.address).is_ok());
        running
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Polls; its end, or none of this within a minute, is a failure that shows its log.
    pub(crate) fn wait_until(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let end = Instant::now() + WITHIN;
        while !is_so(self) {
            let ended = self.child.try_wait().expect("it is our child");
            assert!(ended.is_none() && Instant::now() < end, "not: {what}\n{}", self.said());
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// All that it has said.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Ends it as systemd would.
    pub(crate) fn stop(mut self) {
        let status = Command::new("kill").arg(self.child.id().to_string()).status();
        assert!(status.expect("kill can be started").success());
        self.child.wait().expect("it is our child");
    }

    /// The body of an answer, whatever its status; empty where nobody answers.
    pub(crate) fn get(&self, path: &str) -> String {
        get(&self.address, path).unwrap_or_default()
    }

    /// What a question in PromQL is answered with.
    pub(crate) fn query(&self, query: &str) -> Vec<Value> {
        let query: String = query.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let answer: Value =
            serde_json::from_str(&self.get(&format!("/api/v1/query?query={query}"))).unwrap_or_default();
        answer["data"]["result"].as_array().cloned().unwrap_or_default()
    }
}

fn get(address: &str, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    let request = format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer.split_once("\r\n\r\n")?.1.to_owned())
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// One of our exporters, without anything to look at but this machine.
pub(crate) fn exporter(name: &str, folder: &Path, flags: &[String]) -> Running {
    let address = free_address();
    let mut arguments = vec![format!("--web.listen-address={address}")];
    match name {
        "blackbox-exporter" => arguments.push(format!(
            "--config.file={}",
            crate::tools::root().join("prometheus/blackbox.yml").display()
        )),
        "redis-exporter" => arguments.push("--redis.addr=redis://127.0.0.1:1".to_owned()),
        _ => {}
    }
    arguments.extend_from_slice(flags);
    Running::start(&built(name), &arguments, &address, folder)
}

/// What a kind of Prometheus is started with.
pub(crate) struct Prometheus<'a> {
    pub(crate) config: &'a Path,
    pub(crate) is_agent: bool,
    /// Of a pair.
    pub(crate) replica: &'a str,
}

impl Prometheus<'_> {
    /// `None`: there is no such program here. Its data are beside its configuration.
    pub(crate) fn start(&self) -> Option<Running> {
        let program = crate::tools::find(&["prometheus"])?;
        let folder = self.config.parent().expect("a file in a folder");
        let address = free_address();
        let data = self.config.with_extension("data");
        let kind = if self.is_agent { "agent" } else { "tsdb" };
        let mut arguments = vec![
            format!("--config.file={}", self.config.display()),
            format!("--storage.{kind}.path={}", data.display()),
            format!("--web.listen-address={address}"),
        ];
        match (is_of_generation_2(&program), self.is_agent) {
            (true, true) => arguments.push("--enable-feature=agent".to_owned()),
            (true, false) => arguments.push("--enable-feature=expand-external-labels".to_owned()),
            (false, true) => arguments.push("--agent".to_owned()),
            (false, false) => {}
        }
        let variables = [("REPLICA", self.replica)];
        Some(Running::start_with(&program, &arguments, &address, folder, &variables))
    }
}

fn is_of_generation_2(program: &Path) -> bool {
    let output = Command::new(program).arg("--version").output().expect("it starts");
    crate::tools::text(&output).contains("version 2.")
}

/// The output of a program that must succeed.
pub(crate) fn said(program: impl AsRef<OsStr>, arguments: &[&str]) -> String {
    let output = Command::new(&program).args(arguments).stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|error| panic!("{}: {error}", program.as_ref().display()));
    let text = crate::tools::text(&output);
    assert!(output.status.success(), "{arguments:?}: {text}");
    text
}
