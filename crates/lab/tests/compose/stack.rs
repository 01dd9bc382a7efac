//! The stack of Debian's programs in an engine of its own, which is gone with all in it when the test ends.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use private_docker::Engine;
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    compose::{DEBIAN, DRILL, compose, make_secrets, root, skipped},
    disk::Disk,
    http::{ask, percent_encode},
};

/// How often is looked whether something has happened, with pauses: two minutes of a machine that stands by.
const LOOKS: u32 = 480;
const PAUSE: Duration = Duration::from_millis(250);
/// The group that the engine's socket has.
const GROUP: &str = "65534";
/// Several times what Prometheus needs in a drill: it makes room for its files ahead.
const DISK: usize = 256;

/// A running stack. Fields are dropped in this order.
pub(crate) struct Stack {
    /// What COMPOSE_FILE is.
    files: String,
    pub(crate) engine: Engine,
    folder: TempDir,
    /// Where Prometheus' volume is, in a drill.
    pub(crate) disk: Option<Disk>,
}

impl Stack {
    /// Builds and starts it, and waits until all are healthy; `None`: not here, which was said.
    pub(crate) fn up() -> Option<Self> {
        let stack = Self::prepare(DEBIAN.to_owned(), None)?;
        stack.start();
        Some(stack)
    }

    /// The same with the rules of a drill, and Prometheus' volume on a file system that can be filled.
    pub(crate) fn up_for_a_drill() -> Option<Self> {
        // Before the engine, whose mounts are a copy of this machine's.
        let disk = private_docker::missing().is_none().then(|| Disk::of(DISK));
        let stack = Self::prepare(format!("{DEBIAN}:{DRILL}"), disk)?;
        let output = Command::new(env!("CARGO_BIN_EXE_lab"))
            .arg("drill")
            .arg(stack.copy())
            .current_dir(root())
            .output();
        let output = output.expect("lab starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        stack.start();
        Some(stack)
    }

    fn prepare(mut files: String, disk: Option<Disk>) -> Option<Self> {
        compose(DEBIAN)?;
        if let Some(why) = private_docker::missing() {
            skipped(why);
            return None;
        }
        // Ports on loopback by a program of Docker's, since the engine leaves the machine's firewall alone.
        let engine = Engine::start(&["--userland-proxy=true"]).expect("an engine starts");
        let folder = tempfile::tempdir().expect("a folder");
        make_secrets(folder.path());
        if let Some(disk) = &disk {
            let path = folder.path().join("disk.yaml");
            fs::write(&path, volume_on(disk.path())).expect("a file");
            files += &format!(":{}", path.display());
        }
        Some(Self {
            files,
            engine,
            folder,
            disk,
        })
    }

    fn start(&self) {
        self.run(self.with_engine(Command::new(root().join("deploy/debian-images"))));
        self.compose(&["up", "--build", "--detach", "--wait"]);
    }

    /// The copy of the configuration that a drill runs with.
    fn copy(&self) -> PathBuf {
        self.folder.path().join("drill")
    }

    pub(crate) fn with_engine(&self, mut command: Command) -> Command {
        command.env("DOCKER_HOST", format!("unix://{}", self.engine.socket().display()));
        command
    }

    /// What docker compose says.
    pub(crate) fn compose(&self, arguments: &[&str]) -> String {
        self.run(self.command(arguments))
    }

    /// What docker says.
    pub(crate) fn docker(&self, arguments: &[&str]) -> String {
        let mut command = self.with_engine(Command::new("docker"));
        command.args(arguments);
        self.run(command)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.with_engine(compose(&self.files).expect("it was there"));
        command
            .args(arguments)
            .env("DOCKER_GID", GROUP)
            .env("DOCKER_SOCKET", self.engine.socket())
            .env("SECRETS", self.folder.path().join("secrets"))
            .env("DRILL", self.copy())
            // Beside another stack on this machine.
            .env("TARGETS_SUBNET", "172.30.242.0/24")
            .env("TARGETS_GATEWAY", "172.30.242.1");
        for service in [
            "PROMETHEUS",
            "ALERTMANAGER",
            "PUSHGATEWAY",
            "DEMO_APP",
            "GRAFANA",
            "CONSOLE",
            "LONGTERM",
        ] {
            command.env(format!("{service}_PORT"), "0");
        }
        command
    }

    /// Fails with all that it says if it fails.
    pub(crate) fn run(&self, mut command: Command) -> String {
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
        let output = self.command(&["logs", "--no-color", "--tail=20"]).output().ok();
        output.map_or_else(String::new, |output| {
            String::from_utf8_lossy(&output.stdout).into_owned()
        })
    }

    /// What Docker says of a service's container, by a pointer such as `/State/Pid`; null as long as it says nothing.
    pub(crate) fn state(&self, service: &str, of: &str) -> Value {
        let container = self.engine.inspect(&container(service)).unwrap_or_default();
        container.pointer(of).cloned().unwrap_or_default()
    }

    /// What a service answers, wherever its port is on this machine just now.
    pub(crate) fn ask(&self, service: &str, port: u16, method: &str, path: &str, body: &str) -> io::Result<String> {
        let at = format!("/NetworkSettings/Ports/{port}~1tcp/0/HostPort");
        let state = self.state(service, &at);
        let public = state
            .as_str()
            .ok_or_else(|| io::Error::other(format!("{service} has no port")))?;
        ask(method, &format!("127.0.0.1:{public}"), path, body)
    }

    /// What Prometheus answers; an error as long as it does not.
    pub(crate) fn try_query(&self, query: &str) -> io::Result<Vec<Value>> {
        self.try_query_of("prometheus", 9090, query)
    }

    /// What another one that speaks its language answers.
    pub(crate) fn try_query_of(&self, service: &str, port: u16, query: &str) -> io::Result<Vec<Value>> {
        // VictoriaMetrics keeps what is younger than half a minute to itself unless it is asked for.
        let path = format!("/api/v1/query?latency_offset=1ms&query={}", percent_encode(query));
        let body = self.ask(service, port, "GET", &path, "")?;
        let answer: Value = serde_json::from_str(&body)?;
        let result = answer["data"]["result"].as_array();
        result
            .cloned()
            .ok_or_else(|| io::Error::other(format!("{query}: {body}")))
    }

    pub(crate) fn query(&self, query: &str) -> Vec<Value> {
        self.try_query(query).expect("Prometheus answers")
    }

    /// Until the query has an answer.
    pub(crate) fn wait_for(&self, what: &str, query: &str) {
        self.until(what, || self.try_query(query).is_ok_and(|answer| !answer.is_empty()));
    }

    /// Until it is so.
    pub(crate) fn until(&self, what: &str, is_so: impl Fn() -> bool) {
        assert!(
            self.is_soon(is_so),
            "not in time: {what}; down: {:?}\n{}",
            self.try_query("up == 0 or probe_success == 0 or ALERTS"),
            self.logs()
        );
    }

    /// Whether it becomes so in time.
    pub(crate) fn is_soon(&self, is_so: impl Fn() -> bool) -> bool {
        (0..LOOKS).any(|_| {
            let found = is_so();
            if !found {
                thread::sleep(PAUSE);
            }
            found
        })
    }

    /// To Pushgateway.
    pub(crate) fn push(&self, path: &str, text: &str) {
        let body = self
            .ask("pushgateway", 9091, "PUT", path, text)
            .expect("Pushgateway answers");
        assert_eq!(body, "", "it has nothing to say when it has taken it");
    }

    /// Stops it, and lists what is left of it.
    pub(crate) fn down(&self) -> String {
        self.compose(&["--profile=*", "down", "--volumes"]);
        let lists: [&[&str]; 3] = [
            &["ps", "--all", "--quiet"],
            &["volume", "ls", "--quiet"],
            &["network", "ls", "--quiet", "--filter=label=com.docker.compose.project"],
        ];
        lists.iter().map(|arguments| self.docker(arguments)).collect()
    }
}

/// As compose calls it.
pub(crate) fn container(service: &str) -> String {
    format!("pilotlight-{service}-1")
}

/// Over the other files: Prometheus' volume is there.
fn volume_on(path: &Path) -> String {
    let path = path.display();
    format!(
        "volumes:\n  prometheus:\n    driver: local\n    driver_opts: {{type: none, o: bind, device: \"{path}\"}}\n"
    )
}

impl Drop for Stack {
    /// The engine would leave bridges of networks behind.
    fn drop(&mut self) {
        // A test that has failed has said why.
        self.command(&["--profile=*", "down", "--volumes"]).output().ok();
    }
}
