//! The stack that runs: where its parts are, and what can be done to them here.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};

use super::{
    control::Orders,
    http,
    need::Need,
    stack::{Files, Stack},
    undo::Undo,
};

/// What is known of it.
pub(super) struct World {
    stack: Stack,
    files: Files,
    /// Who changes the files of targets.
    targets: Mutex<()>,
    stopped: AtomicBool,
}

/// Between two looks whether there is still something to wait for.
const LOOK: Duration = Duration::from_millis(100);

impl World {
    /// # Errors
    /// The files of the stack are not there.
    pub(super) fn of(stack: Stack) -> Result<Self> {
        Ok(Self {
            files: stack.files()?,
            stack,
            targets: Mutex::new(()),
            stopped: AtomicBool::new(false),
        })
    }

    /// How many times faster than real.
    pub(super) fn factor(&self) -> u32 {
        self.files.drill.unwrap_or(1)
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
        self.stack.address(name)
    }

    /// This machine, as the stack reaches it.
    ///
    /// # Errors
    /// Nothing is known of the stack's network.
    pub(super) fn here(&self) -> Result<IpAddr> {
        match &self.stack {
            Stack::Processes { .. } => Ok(Ipv4Addr::LOCALHOST.into()),
            Stack::Containers(compose) => compose.here(),
        }
    }

    /// blackbox-exporter, as Prometheus reaches it.
    ///
    /// # Errors
    /// It does not run.
    pub(super) fn prober(&self) -> Result<String> {
        const NAME: &str = "blackbox-exporter";
        match &self.stack {
            Stack::Processes { .. } => self.address(NAME).map(|address| address.to_string()),
            Stack::Containers(_) => Ok(format!("{NAME}:9115")),
        }
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
    /// Nowhere that can be asked.
    pub(super) fn console(&self) -> Result<SocketAddr> {
        self.stack.address("console")
    }

    /// Why something that is needed is not here; `None`: it is.
    pub(super) fn lacks(&self, need: Need) -> Option<String> {
        let is_root = rustix::process::geteuid().is_root();
        match (need, &self.stack) {
            (need, Stack::Containers(_)) if need.never_on_compose().is_some() => {
                need.never_on_compose().map(str::to_owned)
            }
            (Need::Copy, Stack::Processes { .. }) if self.files.drill.is_none() => {
                Some("the files are not lab up's own: start it with --drill, or --drill=1".to_owned())
            }
            (Need::Copy, Stack::Containers(_)) if self.files.drill.is_none() => {
                Some("the files are the repository's own: start it with deploy/compose.drill.yaml".to_owned())
            }
            (Need::Redis, Stack::Processes { .. }) if self.address("redis").is_err() => {
                Some("lab up has started no Redis".to_owned())
            }
            (Need::Root, _) if !is_root => Some("only root may mount".to_owned()),
            (Need::Signals, Stack::Containers(_)) if !is_root => {
                Some("only root may signal processes of containers".to_owned())
            }
            (Need::Past, _) => self.past().err().map(|why| format!("{why:#}")),
            (Need::Docker, stack) => stack.no_docker(),
            _ => None,
        }
    }

    /// A program that a service runs.
    ///
    /// # Errors
    /// It does not run here.
    pub(super) fn program(&self, service: &str) -> Result<PathBuf> {
        self.stack.program(service)
    }

    /// promtool, beside Prometheus.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn past(&self) -> Result<PathBuf> {
        let prometheus = self.program("prometheus")?;
        let prometheus = fs::read_link(&prometheus).with_context(|| format!("following {}", prometheus.display()))?;
        let promtool = prometheus.with_file_name("promtool");
        ensure!(promtool.is_file(), "there is no {}", promtool.display());
        Ok(promtool)
    }

    /// Docker's API.
    pub(super) fn docker(&self) -> private_docker::Api {
        private_docker::Api::at(&self.docker_socket())
    }

    /// Its socket, or the way to it that a drill has.
    pub(super) fn docker_socket(&self) -> PathBuf {
        self.stack.docker_socket()
    }

    pub(super) fn prometheus_config(&self) -> &Path {
        &self.files.prometheus
    }

    pub(super) fn blackbox_config(&self) -> &Path {
        &self.files.blackbox
    }

    pub(super) fn alertmanager_config(&self) -> &Path {
        &self.files.alertmanager
    }

    /// Where a drill may leave something for as long as it lasts.
    pub(super) fn folder(&self) -> &Path {
        &self.files.folder
    }

    /// Orders a service to `do_it`, until it is undone.
    ///
    /// # Errors
    /// It is refused.
    pub(super) fn order(&self, undo: &mut Undo, order: &str) -> Result<()> {
        let mut orders = self.orders()?;
        orders.order(order)?;
        undo.by(move || {
            drop(orders);
            Ok(())
        });
        Ok(())
    }

    /// # Errors
    /// Nobody takes orders.
    pub(super) fn orders(&self) -> Result<Box<dyn Orders>> {
        self.stack.orders()
    }

    /// Tells a service to read its configuration again.
    ///
    /// # Errors
    /// It does not run, or refuses.
    pub(super) fn reload(&self, service: &str) -> Result<()> {
        self.stack.reload(service)
    }

    /// Lets a service read a configuration that is none, until it is undone.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(super) fn misread(self: &Arc<Self>, undo: &mut Undo, service: &'static str, config: &Path) -> Result<()> {
        let world = Arc::clone(self);
        undo.by(move || world.reload(service));
        self.change(undo, config, |text| format!("{text}\nnonsense\n"))?;
        // It is refused, which is what this is about.
        self.reload(service).ok();
        Ok(())
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
    pub(super) fn probe(self: &Arc<Self>, undo: &mut Undo, target: &str, prober: &str) -> Result<()> {
        let lines = format!("- targets: [\"{target}\"]\n  labels: {{__prober__: \"{prober}\"}}\n");
        self.scrape(undo, "probe-http.yml", lines)
    }

    /// Adds lines to a file of targets.
    ///
    /// # Errors
    /// The file cannot be changed.
    pub(super) fn scrape(self: &Arc<Self>, undo: &mut Undo, file: &'static str, lines: String) -> Result<()> {
        self.targets(file, |text| format!("{text}{lines}"))?;
        let world = Arc::clone(self);
        undo.by(move || world.targets(file, |text| text.replace(&lines, "")));
        Ok(())
    }

    /// By way of another file, since Prometheus may read it at any time.
    fn targets(&self, file: &str, change: impl FnOnce(&str) -> String) -> Result<()> {
        let _alone = self.targets.lock().unwrap_or_else(PoisonError::into_inner);
        let path = self.prometheus_config().with_file_name("targets").join(file);
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
