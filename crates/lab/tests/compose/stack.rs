//! The stack of Debian's programs in an engine of its own, which is gone with all in it when the test ends.

use std::{
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use private_docker::Engine;
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    compose::{DEBIAN, compose, make_secrets, root, skipped},
    http::{ask, percent_encode},
};

const WITHIN: Duration = Duration::from_secs(120);
/// The group that the engine's socket has.
const GROUP: &str = "65534";

/// A running stack. Fields are dropped in this order.
pub(crate) struct Stack {
    prometheus: String,
    engine: Engine,
    folder: TempDir,
}

impl Stack {
    /// Builds and starts it, and waits until all are healthy; `None`: not here, which was said.
    pub(crate) fn up() -> Option<Self> {
        compose(DEBIAN)?;
        if let Some(why) = private_docker::missing() {
            skipped(why);
            return None;
        }
        // Ports on loopback by a program of Docker's, since the engine leaves the machine's firewall alone.
        let engine = Engine::start(&["--userland-proxy=true"]).expect("an engine starts");
        let folder = tempfile::tempdir().expect("a folder");
        make_secrets(folder.path());
        let mut stack = Self {
            prometheus: String::new(),
            engine,
            folder,
        };
        stack.run(stack.with_engine(Command::new(root().join("deploy/debian-images"))));
        stack.compose(&["up", "--build", "--detach", "--wait"]);
        stack.prometheus = stack.address("prometheus", "9090");
        Some(stack)
    }

    fn with_engine(&self, mut command: Command) -> Command {
        command.env("DOCKER_HOST", format!("unix://{}", self.engine.socket().display()));
        command
    }

    /// What docker compose says.
    fn compose(&self, arguments: &[&str]) -> String {
        self.run(self.command(arguments))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.with_engine(compose(DEBIAN).expect("it was there"));
        command
            .args(arguments)
            .env("DOCKER_GID", GROUP)
            .env("DOCKER_SOCKET", self.engine.socket())
            .env("SECRETS", self.folder.path().join("secrets"))
            // Beside another stack on this machine.
            .env("TARGETS_SUBNET", "172.30.242.0/24")
            .env("TARGETS_GATEWAY", "172.30.242.1");
        for service in ["PROMETHEUS", "ALERTMANAGER", "PUSHGATEWAY", "DEMO_APP", "GRAFANA"] {
            command.env(format!("{service}_PORT"), "0");
        }
        command
    }

    /// Fails with all that it says if it fails.
    fn run(&self, mut command: Command) -> String {
        let output = command.stdin(Stdio::null()).output().expect("the program starts");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let complains = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success(),
            "{command:?}:\n{said}{complains}{}",
            self.logs()
        );
        said
    }

    /// The last words of every container, for a failure.
    fn logs(&self) -> String {
        let command = compose(DEBIAN).map(|command| self.with_engine(command));
        let output = command.and_then(|mut command| {
            let command = command.args(["logs", "--no-color", "--tail=20"]);
            command.env("DOCKER_GID", GROUP).output().ok()
        });
        output.map_or_else(String::new, |output| {
            String::from_utf8_lossy(&output.stdout).into_owned()
        })
    }

    /// Where a port of a service is on this machine.
    fn address(&self, service: &str, port: &str) -> String {
        self.compose(&["port", service, port]).trim().to_owned()
    }

    /// What Prometheus answers.
    pub(crate) fn query(&self, query: &str) -> Vec<Value> {
        let path = format!("/api/v1/query?query={}", percent_encode(query));
        let body = ask("GET", &self.prometheus, &path, "").expect("Prometheus answers");
        let answer: Value = serde_json::from_str(&body).expect("Prometheus writes JSON");
        assert_eq!(answer["status"], "success", "{query}: {body}");
        let result = answer["data"]["result"].as_array();
        result.expect("an instant vector").clone()
    }

    /// Until the query has an answer.
    pub(crate) fn wait_for(&self, what: &str, query: &str) {
        let end = Instant::now() + WITHIN;
        while self.query(query).is_empty() {
            let down = self.query("up == 0 or probe_success == 0");
            assert!(
                Instant::now() < end,
                "not in time: {what}; down: {down:?}\n{}",
                self.logs()
            );
            thread::sleep(Duration::from_millis(500));
        }
    }

    /// To Pushgateway.
    pub(crate) fn push(&self, path: &str, text: &str) {
        let body = ask("PUT", &self.address("pushgateway", "9091"), path, text).expect("Pushgateway answers");
        assert_eq!(body, "", "it has nothing to say when it has taken it");
    }

    /// Stops it, and lists what is left of it.
    pub(crate) fn down(&self) -> String {
        self.compose(&["down", "--volumes"]);
        let lists: [&[&str]; 3] = [
            &["ps", "--all", "--quiet"],
            &["volume", "ls", "--quiet"],
            &["network", "ls", "--quiet", "--filter=label=com.docker.compose.project"],
        ];
        let docker = |arguments: &&[&str]| {
            let mut command = self.with_engine(Command::new("docker"));
            command.args(*arguments);
            self.run(command)
        };
        lists.iter().map(docker).collect()
    }
}

impl Drop for Stack {
    /// The engine would leave bridges of networks behind.
    fn drop(&mut self) {
        // A test that has failed has said why.
        self.command(&["down", "--volumes"]).output().ok();
    }
}
