//! The running children: started one after another, watched together, stopped in reverse order.

use std::{
    fmt,
    fs::File,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, anyhow, bail};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    process::{Child, Command},
    sync::mpsc,
    time::timeout,
};

use super::{
    http, listener, log,
    service::{Ready, Service},
};

/// Prometheus writes its head block to disk within this, even on a slow one.
const STOP_WITHIN: Duration = Duration::from_secs(15);

/// A child that was started.
pub(crate) struct Running {
    pub(crate) name: &'static str,
    pub(crate) url: String,
    pub(crate) pid: Pid,
    pub(crate) log: PathBuf,
    exited: bool,
}

/// A child that has ended.
struct Exit {
    index: usize,
    status: ExitStatus,
}

/// All children. Dropping it kills them; [`Stack::stop`] is the gentle way.
pub(crate) struct Stack {
    running: Vec<Running>,
    exits: mpsc::UnboundedReceiver<Exit>,
    on_exit: mpsc::UnboundedSender<Exit>,
}

impl Stack {
    pub(crate) fn new() -> Self {
        let (on_exit, exits) = mpsc::unbounded_channel();
        Self {
            running: Vec::new(),
            exits,
            on_exit,
        }
    }

    /// Those that run, in the order of their start.
    pub(crate) fn running(&self) -> impl Iterator<Item = &Running> {
        self.running.iter().filter(|child| !child.exited)
    }

    /// Whether a service was started and has ended by itself.
    pub(crate) fn has_ended(&self, service: &Service) -> bool {
        let is_it = |child: &&Running| child.name == service.name;
        self.running.iter().find(is_it).is_some_and(|child| child.exited)
    }

    /// Starts a service and waits until it is ready.
    ///
    /// # Errors
    /// It cannot be started, is not ready in time, or any service of the stack ends meanwhile.
    pub(crate) async fn start(&mut self, service: &Service, log: &Path, within: Duration) -> Result<()> {
        self.spawn(service, log)?;
        tokio::select! {
            dead = self.next_exit() => bail!("{dead}"),
            ready = until_ready(service, within) => ready.map_err(|what| {
                anyhow!("{} did not {what} within {} s; see its log {}", service.name, within.as_secs(), log.display())
            }),
        }
    }

    fn spawn(&mut self, service: &Service, log: &Path) -> Result<()> {
        let child = command(service, log)?
            .spawn()
            .with_context(|| format!("starting {} ({})", service.name, service.program.display()))?;
        let pid = child
            .id()
            .and_then(|id| Pid::from_raw(id.cast_signed()))
            .context("a child that was just started has a pid")?;
        let index = self.running.len();
        self.running.push(Running {
            name: service.name,
            url: service.url(),
            pid,
            log: log.to_path_buf(),
            exited: false,
        });
        tokio::spawn(report_exit(index, child, self.on_exit.clone()));
        Ok(())
    }

    /// Waits until any child ends, and says which and why.
    pub(crate) async fn next_exit(&mut self) -> Dead {
        let exit = self.exits.recv().await;
        let exit = exit.expect("the stack itself holds a sender, so the channel stays open");
        self.running[exit.index].exited = true;
        let Running { name, log, .. } = &self.running[exit.index];
        Dead {
            name,
            status: exit.status,
            log: log.clone(),
        }
    }

    /// Stops all children, the last one first: SIGTERM, and SIGKILL for one that does not heed it in time.
    ///
    /// # Errors
    /// A child had to be killed.
    pub(crate) async fn stop(mut self) -> Result<()> {
        let mut killed = Vec::new();
        for index in (0..self.running.len()).rev() {
            self.signal(index, Signal::TERM);
            if timeout(STOP_WITHIN, self.until_exited(index)).await.is_err() {
                killed.push(self.running[index].name);
                self.signal(index, Signal::KILL);
                self.until_exited(index).await;
            }
        }
        if killed.is_empty() {
            return Ok(());
        }
        bail!(
            "{} did not stop within {} s and had to be killed",
            killed.join(", "),
            STOP_WITHIN.as_secs()
        )
    }

    fn signal(&self, index: usize, signal: Signal) {
        let running = &self.running[index];
        if !running.exited {
            // Fails only when it has ended a moment ago; until_exited then comes back at once.
            kill_process_group(running.pid, signal).ok();
        }
    }

    async fn until_exited(&mut self, index: usize) {
        while !self.running[index].exited {
            self.next_exit().await;
        }
    }
}

/// Comes back when the service does its work, or with what it has not done in time.
async fn until_ready(service: &Service, within: Duration) -> Result<(), String> {
    let address = service.address();
    match service.ready {
        Ready::Answers(path) => {
            let url = format!("http://{address}{path}");
            let uri = url.parse().map_err(|_| format!("have an address: {url}"))?;
            let ready = timeout(within, http::until_ready(&uri)).await;
            ready.map_err(|_| format!("answer {url} with 200"))
        }
        Ready::Listening => {
            let ready = timeout(within, listener::until_taken(address)).await;
            ready.map_err(|_| format!("listen on {address}"))
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "to run other programs is what lab is for; exporters never do"
)]
fn command(service: &Service, log: &Path) -> Result<Command> {
    let out = File::create(log).with_context(|| format!("creating {}", log.display()))?;
    let err = out
        .try_clone()
        .with_context(|| format!("opening {} twice", log.display()))?;
    let mut command = Command::new(&service.program);
    command
        .args(&service.args)
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(err)
        // A group of its own, so that a terminal's Ctrl-C reaches lab only, which then stops its children in order.
        .process_group(0)
        .kill_on_drop(true);
    Ok(command)
}

async fn report_exit(index: usize, mut child: Child, on_exit: mpsc::UnboundedSender<Exit>) {
    // wait() fails only for a child that somebody else has waited for, and nobody else can.
    if let Ok(status) = child.wait().await {
        // No receiver: the stack is gone and with it whoever wants to know.
        drop(on_exit.send(Exit { index, status }));
    }
}

/// A child that ended by itself, in one line.
pub(crate) struct Dead {
    name: &'static str,
    status: ExitStatus,
    log: PathBuf,
}

impl fmt::Display for Dead {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} ended by itself with ", self.name)?;
        match (self.status.code(), self.status.signal()) {
            (Some(code), _) => write!(out, "exit code {code}")?,
            (None, Some(signal)) => write!(out, "signal {signal}")?,
            (None, None) => write!(out, "{}", self.status)?,
        }
        match log::last_words(&self.log) {
            Some(words) => write!(out, "; its log {} ends: {words}", self.log.display()),
            None => write!(out, "; its log {} is empty", self.log.display()),
        }
    }
}
