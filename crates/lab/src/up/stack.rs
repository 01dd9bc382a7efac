//! The running children: started one after another, watched together and started again, stopped in reverse order.

use std::{
    fmt,
    fs::File,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, anyhow, bail};
use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process_group, prlimit};
use tokio::{
    process::{Child, Command},
    sync::mpsc,
    time::{Instant, timeout},
};

use super::{
    control::Act,
    http, listener, log,
    service::{Ready, Service},
};

/// Prometheus writes its head block to disk within this, even on a slow one.
const STOP_WITHIN: Duration = Duration::from_secs(15);

/// Before a child that has ended is started again; twice as long each time, unless it ran for a while.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
const A_WHILE: Duration = Duration::from_secs(60);

/// A child that was started.
pub(crate) struct Running {
    pub(crate) name: &'static str,
    pub(crate) url: String,
    pub(crate) pid: Pid,
    pub(crate) log: PathBuf,
    service: Service,
    exited: bool,
    /// It is to stay away.
    held: bool,
    started: Instant,
    pause: Duration,
    /// When it is to be started again.
    due: Option<Instant>,
}

/// A child that has ended.
struct Exit {
    index: usize,
    status: ExitStatus,
}

/// All children. Dropping it kills them; [`Stack::stop`] is the gentle way.
pub(crate) struct Stack {
    running: Vec<Running>,
    /// Whether what ends is started again: only what has been ready once.
    lasting: bool,
    exits: mpsc::UnboundedReceiver<Exit>,
    on_exit: mpsc::UnboundedSender<Exit>,
}

impl Running {
    /// It has ended by itself: when it is to be started again.
    fn fall(&mut self, now: Instant) {
        if now - self.started > A_WHILE {
            self.pause = FIRST_PAUSE;
        }
        self.due = Some(now + self.pause);
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
    }
}

impl Stack {
    pub(crate) fn new() -> Self {
        let (on_exit, exits) = mpsc::unbounded_channel();
        Self {
            running: Vec::new(),
            lasting: false,
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
        File::create(log).with_context(|| format!("creating {}", log.display()))?;
        let index = self.running.len();
        let pid = self.run(index, service, log)?;
        self.running.push(Running {
            name: service.name,
            url: service.url(),
            pid,
            log: log.to_path_buf(),
            service: service.clone(),
            exited: false,
            held: false,
            started: Instant::now(),
            pause: FIRST_PAUSE,
            due: None,
        });
        Ok(())
    }

    fn run(&self, index: usize, service: &Service, log: &Path) -> Result<Pid> {
        let child = command(service, log)?
            .spawn()
            .with_context(|| format!("starting {} ({})", service.name, service.program.display()))?;
        let pid = child
            .id()
            .and_then(|id| Pid::from_raw(id.cast_signed()))
            .context("a child that was just started has a pid")?;
        tokio::spawn(report_exit(index, child, self.on_exit.clone()));
        Ok(pid)
    }

    /// From now on what ends is started again, but for what has ended already.
    pub(crate) fn make_last(&mut self) {
        self.lasting = true;
    }

    /// Waits until any child ends, and says which and why.
    pub(crate) async fn next_exit(&mut self) -> Dead {
        let exit = self.exits.recv().await;
        let exit = exit.expect("the stack itself holds a sender, so the channel stays open");
        let running = &mut self.running[exit.index];
        running.exited = true;
        if self.lasting && !running.held {
            running.fall(Instant::now());
        }
        Dead {
            name: running.name,
            status: exit.status,
            log: running.log.clone(),
            held: running.held,
        }
    }

    /// When the next child is to be started again.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.running.iter().filter_map(|running| running.due).min()
    }

    /// Starts those again whose time has come.
    ///
    /// # Errors
    /// One cannot be started.
    pub(crate) fn start_due(&mut self) -> Result<()> {
        let now = Instant::now();
        for index in 0..self.running.len() {
            if self.running[index].due.is_some_and(|due| due <= now) {
                self.start_again(index)?;
            }
        }
        Ok(())
    }

    fn start_again(&mut self, index: usize) -> Result<()> {
        let Running { service, log, .. } = &self.running[index];
        let pid = self.run(index, service, log)?;
        let running = &mut self.running[index];
        (running.pid, running.exited, running.due) = (pid, false, None);
        running.started = Instant::now();
        Ok(())
    }

    /// Does what somebody on this machine asks for.
    ///
    /// # Errors
    /// There is no such service, it does not run, or the system refuses; in words.
    pub(crate) fn carry_out(&mut self, act: Act, name: &str) -> Result<(), String> {
        let index = self.running.iter().position(|running| running.name == name);
        let index = index.ok_or_else(|| format!("no service {name}"))?;
        let runs = !self.running[index].exited;
        match act {
            Act::Start => return self.release(index),
            Act::Stop => {
                self.running[index].held = true;
                self.running[index].due = None;
                // One that stands still could not heed it.
                self.signal(index, Signal::CONT);
                self.signal(index, Signal::TERM);
                return Ok(());
            }
            // What is gone has no limit and does not stand still.
            Act::Continue | Act::UnlimitFiles if !runs => return Ok(()),
            _ if !runs => return Err(format!("{name} does not run")),
            Act::Kill => self.signal(index, Signal::KILL),
            Act::Pause => self.signal(index, Signal::STOP),
            Act::Continue => self.signal(index, Signal::CONT),
            Act::LimitFiles(bytes) => return limit_files(self.running[index].pid, Some(bytes)),
            Act::UnlimitFiles => return limit_files(self.running[index].pid, None),
        }
        Ok(())
    }

    /// What was held is started, at once or as soon as it has ended.
    fn release(&mut self, index: usize) -> Result<(), String> {
        let running = &mut self.running[index];
        running.held = false;
        running.pause = FIRST_PAUSE;
        if running.exited {
            running.due = Some(Instant::now());
        }
        Ok(())
    }

    /// Stops all children, the last one first: SIGTERM, and SIGKILL for one that does not heed it in time.
    ///
    /// # Errors
    /// A child had to be killed.
    pub(crate) async fn stop(mut self) -> Result<()> {
        let mut killed = Vec::new();
        for index in (0..self.running.len()).rev() {
            self.running[index].held = true;
            self.signal(index, Signal::CONT);
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
    let out = File::options().append(true).open(log);
    let out = out.with_context(|| format!("opening {}", log.display()))?;
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

/// The most that a file may grow to; `None`: what it was.
pub(crate) fn limit_files(pid: Pid, bytes: Option<u64>) -> Result<(), String> {
    let said = |error: rustix::io::Errno| format!("limiting files of process {pid}: {error}");
    let now = rustix::process::getrlimit(Resource::Fsize);
    let current = bytes.or(now.current);
    // The hard one stays, so that this can be undone without any right.
    prlimit(Some(pid), Resource::Fsize, Rlimit { current, ..now })
        .map(drop)
        .map_err(said)
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
    /// Somebody asked for it.
    pub(crate) held: bool,
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
