//! The stack that runs: where its parts are, and what can be done to them here.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

use super::{control::Control, http, undo::Undo};
use crate::up::state::State;

/// What a scenario needs. Without it, it is left out, and that is said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Need {
    /// A Docker that container-exporter asks.
    Docker,
    /// A copy of the configuration, in which things can be put and broken.
    Copy,
    /// A Redis that is `lab up`'s own.
    Redis,
    /// The right to mount.
    Root,
}

/// What is known of it.
pub(super) struct World {
    state: State,
    folder: PathBuf,
    /// Who changes the files of targets.
    files: Mutex<()>,
    stopped: AtomicBool,
}

/// Between two looks whether there is still something to wait for.
const LOOK: Duration = Duration::from_millis(100);

impl World {
    /// By the folder of state of a `lab up`.
    ///
    /// # Errors
    /// None runs there.
    pub(super) fn find(folder: &Path) -> Result<Self> {
        let state = State::read(folder)?;
        let folder = fs::canonicalize(folder).with_context(|| format!("finding {}", folder.display()))?;
        Ok(Self {
            state,
            folder,
            files: Mutex::new(()),
            stopped: AtomicBool::new(false),
        })
    }

    /// How many times faster than real.
    pub(super) fn factor(&self) -> u32 {
        self.state.drill.unwrap_or(1)
    }

    /// Everything is to end.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Lets time pass.
    ///
    /// # Errors
    /// Everything is to end.
    pub(super) fn rest(&self, time: Duration) -> Result<()> {
        let deadline = Instant::now() + time;
        while Instant::now() < deadline {
            if self.is_stopped() {
                bail!("stopped");
            }
            thread::park_timeout(LOOK);
        }
        Ok(())
    }

    /// Where a service is.
    ///
    /// # Errors
    /// It does not run.
    pub(super) fn address(&self, name: &str) -> Result<SocketAddr> {
        let service = self.state.services.iter().find(|service| service.name == name);
        let service = service.with_context(|| format!("{name} does not run"))?;
        address_of(&service.url)
    }

    /// Whether every target but those of drills was scraped three times.
    pub(super) fn has_history(&self) -> bool {
        // min(count_over_time(up{job!~"probe-.*"}[5m])) >= 3
        const QUERY: &str =
            "/api/v1/query?query=min%28count_over_time%28up%7Bjob%21~%22probe-.%2A%22%7D%5B5m%5D%29%29%20%3E%3D%203";
        let answer = self.address("prometheus").and_then(|address| http::get(address, QUERY));
        answer.is_ok_and(|answer| {
            let result = answer.pointer("/data/result").and_then(serde_json::Value::as_array);
            result.is_some_and(|result| !result.is_empty())
        })
    }

    /// Where notifications are told.
    ///
    /// # Errors
    /// The file of state is not of this program.
    pub(super) fn console(&self) -> Result<SocketAddr> {
        address_of(&self.state.console)
    }

    /// Why something that is needed is not here; `None`: it is.
    pub(super) fn lacks(&self, need: Need) -> Option<String> {
        let runs = |name: &str| self.address(name).is_ok();
        match need {
            Need::Copy if self.state.drill.is_none() => {
                Some("the files are not lab up's own: start it with --drill, or --drill=1".to_owned())
            }
            Need::Redis if !runs("redis") => Some("lab up has started no Redis".to_owned()),
            Need::Root if !rustix::process::geteuid().is_root() => Some("only root may mount".to_owned()),
            Need::Docker if !runs("container-exporter") => Some("container-exporter does not run".to_owned()),
            Need::Docker if self.state.docker.is_empty() => Some("lab up asks no Docker".to_owned()),
            Need::Docker => self.no_docker(),
            Need::Copy | Need::Redis | Need::Root => None,
        }
    }

    fn no_docker(&self) -> Option<String> {
        let reason = self.docker().get("/_ping").err()?;
        Some(format!("there is no Docker: {reason:#}"))
    }

    /// Docker's API.
    pub(super) fn docker(&self) -> private_docker::Api {
        private_docker::Api::at(&self.docker_socket())
    }

    /// Its socket, or the way to it that a drill has.
    pub(super) fn docker_socket(&self) -> PathBuf {
        let docker = &self.state.docker;
        PathBuf::from(docker.strip_prefix("unix://").unwrap_or(docker))
    }

    pub(super) fn prometheus_config(&self) -> &Path {
        &self.state.prometheus_config
    }

    pub(super) fn blackbox_config(&self) -> &Path {
        &self.state.blackbox_config
    }

    pub(super) fn alertmanager_config(&self) -> &Path {
        &self.state.alertmanager_config
    }

    /// Of the state of `lab up`.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Orders a service to `do_it`, until it is undone.
    ///
    /// # Errors
    /// It is refused.
    pub(super) fn order(&self, undo: &mut Undo, order: &str) -> Result<()> {
        let mut control = self.control()?;
        control.order(order)?;
        undo.by(move || {
            drop(control);
            Ok(())
        });
        Ok(())
    }

    /// # Errors
    /// Nobody takes orders.
    pub(super) fn control(&self) -> Result<Control> {
        Control::connect(&self.state.control)
    }

    /// Writes a file of the copy anew, until it is undone.
    ///
    /// # Errors
    /// It cannot be read or written.
    pub(super) fn change(&self, undo: &mut Undo, path: &Path, change: impl FnOnce(&str) -> String) -> Result<()> {
        let before = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        put(path, &change(&before))?;
        let path = path.to_path_buf();
        undo.by(move || put(&path, &before));
        Ok(())
    }

    /// Adds what is to be probed; `prober` answers for it.
    ///
    /// # Errors
    /// The file cannot be changed.
    pub(super) fn probe(self: &Arc<Self>, undo: &mut Undo, target: &str, prober: SocketAddr) -> Result<()> {
        let lines = format!("- targets: [\"{target}\"]\n  labels: {{__prober__: \"{prober}\"}}\n");
        self.targets(|text| format!("{text}{lines}"))?;
        let world = Arc::clone(self);
        undo.by(move || world.targets(|text| text.replace(&lines, "")));
        Ok(())
    }

    /// By way of another file, since Prometheus may read it at any time.
    fn targets(&self, change: impl FnOnce(&str) -> String) -> Result<()> {
        let _alone = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let path = self.prometheus_config().with_file_name("targets/probe-http.yml");
        let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        let new = path.with_extension("new");
        put(&new, &change(&text))?;
        fs::rename(&new, &path).with_context(|| format!("writing {}", path.display()))
    }
}

/// # Errors
/// The file cannot be written.
pub(super) fn put(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}

/// Of `http://127.0.0.1:9090/`.
fn address_of(url: &str) -> Result<SocketAddr> {
    let address = url.split('/').nth(2).and_then(|address| address.parse().ok());
    address.with_context(|| format!("no address in {url}"))
}
