//! The daemon: its start, its containers, its end.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::api::Api;
use crate::bridge::Bridge;
use crate::cgroups::Cgroup;
use crate::image::{self, IMAGE};
use crate::leftovers;

const READY_WITHIN: Duration = Duration::from_secs(60);
const END_WITHIN: Duration = Duration::from_secs(30);

/// The daemon's own processes besides dockerd; their command lines name its folder.
const KIN: [&str; 2] = ["containerd", "containerd-shim"];

/// Why there can be no such daemon here; `None`: there can.
pub fn missing() -> Option<&'static str> {
    if !rustix::process::geteuid().is_root() {
        return Some("only root may start dockerd");
    }
    let has = |program: &str| std::env::split_paths(&path()).any(|folder| folder.join(program).is_file());
    match ["dockerd", "ip", "setpriv", "unshare"]
        .into_iter()
        .find(|program| !has(program))
    {
        Some("dockerd") => Some("there is no dockerd: deploy/prepare.sh docker gets it"),
        Some(_) => Some("ip, setpriv or unshare is missing: deploy/prepare.sh docker gets them"),
        None => None,
    }
}

/// Daemons are in sbin, which not every PATH has.
fn path() -> std::ffi::OsString {
    let mut path = std::env::var_os("PATH").unwrap_or_default();
    path.push(":/usr/sbin:/sbin");
    path
}

/// A running dockerd. Dropping it ends it with all its containers. Fields are dropped in this order.
#[derive(Debug)]
pub struct Engine {
    child: Child,
    flags: Vec<String>,
    api: Api,
    cgroup: Cgroup,
    bridge: Bridge,
    folder: TempDir,
}

impl Engine {
    /// Starts it with further flags of dockerd, waits until it answers, and gives it the image [`IMAGE`].
    ///
    /// # Errors
    /// It does not answer in time; its log is told.
    pub fn start(flags: &[&str]) -> Result<Self> {
        leftovers::clear();
        let name = leftovers::name();
        let folder = std::env::temp_dir().join(&name);
        let folder = tempfile::Builder::new()
            .prefix(&format!("{name}-"))
            .tempdir_in(folder.parent().unwrap_or(Path::new("/tmp")))
            .context("making a folder for dockerd")?;
        // Others may go through to what they can name: the socket.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o711)).context("opening dockerd's folder")?;
        let (bridge, number) = leftovers::bridge_name();
        let bridge = Bridge::make(&bridge, number)?;
        let cgroup = Cgroup::named(&format!("/{name}"));
        let flags: Vec<String> = flags.iter().map(ToString::to_string).collect();
        let engine = Self {
            child: spawn(folder.path(), &bridge.name, cgroup.path(), &flags)?,
            flags,
            api: Api {
                socket: folder.path().join("docker.sock"),
            },
            cgroup,
            bridge,
            folder,
        };
        engine.wait_until_ready()?;
        image::import(&engine.api)?;
        Ok(engine)
    }

    /// Where it listens.
    pub fn socket(&self) -> &Path {
        &self.api.socket
    }

    /// A folder that goes away with it; every user can reach what lies there and is told the name.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// The cgroup of all its containers; each has its id as the name.
    pub fn cgroup(&self) -> &str {
        self.cgroup.path()
    }

    /// Starts a container that does `words`; its id. `more` goes into the request as it is: `{"HostConfig": {…}}`.
    ///
    /// # Errors
    /// Docker refuses, and says why.
    pub fn run(&self, name: &str, words: &[&str], more: &Value) -> Result<String> {
        let id = self.create(name, words, more)?;
        self.api.order(&format!("/containers/{id}/start"))?;
        Ok(id)
    }

    /// Makes a container and does not start it.
    ///
    /// # Errors
    /// Docker refuses, and says why.
    pub fn create(&self, name: &str, words: &[&str], more: &Value) -> Result<String> {
        // Without a handler a container's first process would not heed SIGTERM, and Docker would wait.
        let mut body = json!({"Image": IMAGE, "Entrypoint": ["/work"], "Cmd": words, "StopSignal": "SIGKILL"});
        if let (Some(body), Some(more)) = (body.as_object_mut(), more.as_object()) {
            body.extend(more.clone());
        }
        let answer = self.api.post(&format!("/containers/create?name={name}"), &body)?;
        let id = answer.get("Id").and_then(Value::as_str);
        id.map(str::to_owned).context("a container without an id")
    }

    /// Removes a container, running or not.
    ///
    /// # Errors
    /// There is none.
    pub fn remove(&self, container: &str) -> Result<()> {
        self.api.delete(&format!("/containers/{container}?force=1&v=1"))?;
        Ok(())
    }

    /// Changes a container's limits.
    ///
    /// # Errors
    /// Docker refuses, and says why.
    pub fn update(&self, container: &str, limits: &Value) -> Result<()> {
        self.api.post(&format!("/containers/{container}/update"), limits)?;
        Ok(())
    }

    /// What Docker says of a container.
    ///
    /// # Errors
    /// There is none.
    pub fn inspect(&self, container: &str) -> Result<Value> {
        self.api.get(&format!("/containers/{container}/json"))
    }

    /// What `of` says of a container, a pointer such as `/State/Running`, once it is `wanted`.
    ///
    /// # Errors
    /// It is not within a minute; what it is then is told.
    pub fn wait_for(&self, container: &str, of: &str, wanted: &Value) -> Result<()> {
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            let now = self.inspect(container)?.pointer(of).cloned().unwrap_or_default();
            if now == *wanted {
                return Ok(());
            }
            if Instant::now() > deadline {
                bail!("{of} of {container} is {now}, not {wanted}");
            }
            pause();
        }
    }

    /// Sends dockerd a signal, such as STOP and CONT.
    pub fn signal(&self, signal: Signal) {
        // It may have ended by itself, which the next request tells.
        kill_process(Pid::from_child(&self.child), signal).ok();
    }

    /// Ends dockerd. Containers go on where it was started with `--live-restore`.
    pub fn stop(&mut self) {
        self.signal(Signal::CONT);
        self.signal(Signal::TERM);
        let deadline = Instant::now() + END_WITHIN;
        while matches!(self.child.try_wait(), Ok(None)) {
            if Instant::now() > deadline {
                // It may have ended just now.
                self.child.kill().ok();
                self.child.wait().ok();
            }
            pause();
        }
    }

    /// Starts it again after [`Engine::stop`], at the same place.
    ///
    /// # Errors
    /// It does not answer in time; its log is told.
    pub fn start_again(&mut self) -> Result<()> {
        self.child = spawn(self.folder.path(), &self.bridge.name, self.cgroup.path(), &self.flags)?;
        self.wait_until_ready()
    }

    fn wait_until_ready(&self) -> Result<()> {
        let deadline = Instant::now() + READY_WITHIN;
        while let Err(error) = self.api.get("/_ping") {
            if Instant::now() > deadline || !Path::new(&format!("/proc/{}/fd/0", self.child.id())).exists() {
                let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
                bail!("dockerd does not answer: {error:#}; it says:\n{log}");
            }
            pause();
        }
        Ok(())
    }

    fn remove_all(&self) -> Result<()> {
        let all = self.api.get("/containers/json?all=1")?;
        for container in all.as_array().into_iter().flatten() {
            let id = container.get("Id").and_then(Value::as_str).unwrap_or_default();
            // One that is on its way out is gone in a moment anyway.
            self.remove(id).ok();
        }
        Ok(())
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.signal(Signal::CONT);
        // A daemon that does not answer cannot; then its cgroup's end is the end of its containers.
        self.remove_all().ok();
        self.stop();
        kill_kin(self.folder.path());
    }
}

/// Its mounts are not the machine's, and yet shared from here on: containers may ask for the host's as they change. dockerd would make
/// containers by the machine's containerd where one runs, which knows none of these mounts; its place is taken by a folder that
/// outlives dockerd.
const MOUNTS: &str = r#"
    mount --make-rshared / && mkdir -p /run/containerd && mount --bind "$1" /run/containerd && shift && exec "$@"
"#;

/// In mounts of its own, which go away with its processes, and with an end of its own if this thread ends before it.
#[expect(clippy::disallowed_methods, reason = "to run dockerd is what this is for")]
fn spawn(folder: &Path, bridge: &str, cgroup: &str, flags: &[String]) -> Result<Child> {
    let at = |name: &str| folder.join(name).display().to_string();
    let log = File::options().create(true).append(true).open(folder.join("log"));
    let log = log.context("making dockerd's log")?;
    fs::write(folder.join("daemon.json"), "{}").context("making dockerd's configuration")?;
    fs::create_dir_all(folder.join("containerd")).context("making a folder for containerd")?;
    Command::new("unshare")
        .args([
            "--mount",
            "--propagation=slave",
            "sh",
            "-c",
            MOUNTS,
            "sh",
            &at("containerd"),
        ])
        .args(["setpriv", "--pdeathsig", "TERM", "dockerd"])
        .arg(format!("--host=unix://{}", at("docker.sock")))
        .arg(format!("--data-root={}", at("data")))
        .arg(format!("--exec-root={}", at("exec")))
        .arg(format!("--pidfile={}", at("pid")))
        .args([format!("--bridge={bridge}"), format!("--cgroup-parent={cgroup}")])
        // Of this machine's network only the bridge is changed, and its systemd is asked for nothing.
        .args([
            "--iptables=false",
            "--ip6tables=false",
            "--ip-masq=false",
            "--ip-forward=false",
        ])
        .args(["--userland-proxy=false", "--exec-opt=native.cgroupdriver=cgroupfs"])
        .args(["--group=65534"])
        // Instead of the machine's own.
        .arg(format!("--config-file={}", at("daemon.json")))
        .args(flags)
        .env("PATH", path())
        .env_remove("DOCKER_HOST")
        .stdin(Stdio::null())
        .stdout(log.try_clone().context("opening dockerd's log twice")?)
        .stderr(log)
        .spawn()
        .context("starting dockerd")
}

/// Kills what a dockerd that was killed left behind.
fn kill_kin(folder: &Path) {
    let needle = folder.display().to_string();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line);
        let program = line.split('\0').next().and_then(|program| program.rsplit('/').next());
        let is_kin = program.is_some_and(|program| KIN.iter().any(|kin| program.starts_with(kin)));
        let pid = entry
            .file_name()
            .to_str()
            .and_then(|pid| Pid::from_raw(pid.parse().ok()?));
        if let (true, true, Some(pid)) = (is_kin, line.contains(&needle), pid) {
            // It may have ended by itself.
            kill_process(pid, Signal::KILL).ok();
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "neither dockerd nor the kernel sends an event when it is done"
)]
pub(crate) fn pause() {
    std::thread::sleep(Duration::from_millis(20));
}
