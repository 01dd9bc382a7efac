//! `lab console`: takes the notifications that Alertmanager sends where there is nobody else to tell, and prints them. Slack's
//! kind of post is taken, too. Whoever wants to know what has come asks `GET /`.

mod history;
mod notification;
mod options;
mod render;
mod serve;
mod watchdog;

use std::{
    io::{self, IsTerminal, Write},
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context, Result, bail};
use clap::ArgMatches;
use tokio::{net::TcpListener, sync::Notify, time::sleep_until};

use crate::up::signals::Signals;
use history::History;
use notification::Notification;
use options::Options;
pub(crate) use options::command;
use render::Style;
use watchdog::{Change, Watchdog};

/// How long the Watchdog may stay away. It comes every minute or so.
pub(crate) const WATCHDOG_WITHIN: Duration = Duration::from_secs(300);
/// How many notifications `GET /` tells of.
pub(crate) const KEPT: usize = 1000;

/// What has come, and where it is printed.
pub(crate) struct Console {
    style: Style,
    inner: Mutex<Inner>,
    /// Wakes whoever waits for the Watchdog: it has come, so there is more time.
    came: Notify,
    /// What is printed no longer arrives anywhere.
    broken: Notify,
}

struct Inner {
    out: Box<dyn Write + Send>,
    history: History,
    watchdog: Watchdog,
}

/// Runs until a signal asks for the end.
///
/// # Errors
/// The address is taken, or nobody reads what is printed.
pub(crate) fn run(arguments: &ArgMatches) -> Result<ExitCode> {
    let options = Options::from_matches(arguments)?;
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting the runtime")?
        .block_on(listen(&options))?;
    Ok(ExitCode::SUCCESS)
}

async fn listen(options: &Options) -> Result<()> {
    let mut signals = Signals::listen().context("listening for signals")?;
    let listener = TcpListener::bind(options.listen)
        .await
        .with_context(|| format!("listening on {}; give another address with --listen", options.listen))?;
    let address = listener.local_addr().context("asking for the address")?;
    writeln!(io::stderr(), "lab: notifications are taken at http://{address}/").context("writing to standard error")?;
    let style = if options.json {
        Style::Json
    } else {
        Style::for_people(io::stdout().is_terminal())
    };
    let console = Console::new(style, Box::new(io::stdout()), options.keep, options.watchdog_within);
    tokio::select! {
        outcome = console.run(listener) => outcome,
        () = signals.asked_to_stop() => Ok(()),
    }
}

impl Console {
    pub(crate) fn new(style: Style, out: Box<dyn Write + Send>, keep: usize, watchdog_within: Duration) -> Arc<Self> {
        Arc::new(Self {
            style,
            inner: Mutex::new(Inner {
                out,
                history: History::of(keep),
                watchdog: Watchdog::new(watchdog_within, Instant::now()),
            }),
            came: Notify::new(),
            broken: Notify::new(),
        })
    }

    /// For people, on standard output.
    pub(crate) fn on_stdout(watchdog_within: Duration) -> Arc<Self> {
        let style = Style::for_people(io::stdout().is_terminal());
        Self::new(style, Box::new(io::stdout()), KEPT, watchdog_within)
    }

    /// Takes notifications, and says when the Watchdog stays away.
    ///
    /// # Errors
    /// Comes back only when nobody reads what is printed.
    pub(crate) async fn run(self: &Arc<Self>, listener: TcpListener) -> Result<()> {
        tokio::select! {
            () = serve::serve(listener, Arc::clone(self)) => Ok(()),
            () = self.mind_the_watchdog() => Ok(()),
            () = self.broken.notified() => bail!("nobody reads what the console prints"),
        }
    }

    async fn mind_the_watchdog(&self) {
        loop {
            let Some(due) = self.with(|inner| inner.watchdog.due()) else {
                self.came.notified().await;
                continue;
            };
            tokio::select! {
                () = self.came.notified() => {}
                () = sleep_until(due.into()) => {
                    let change = self.with(|inner| inner.watchdog.look(Instant::now()));
                    self.tell(change, SystemTime::now());
                }
            }
        }
    }

    /// Prints and keeps a notification. The Watchdog's are news only when it comes again.
    fn take(&self, notification: Notification) {
        let now = SystemTime::now();
        let (watchdogs, others) = notification.split(watchdog::is_it);
        if watchdogs {
            let change = self.with(|inner| inner.watchdog.came(Instant::now(), now));
            self.came.notify_one();
            self.tell(change, now);
        }
        if let Some(notification) = others {
            self.print(&self.style.notification(&notification, now));
            self.with(|inner| inner.history.keep(notification, now));
        }
    }

    fn tell(&self, change: Option<Change>, now: SystemTime) {
        if let Some(change) = change {
            self.print(&self.style.watchdog(change, now));
        }
    }

    /// What has come, as JSON.
    fn report(&self) -> String {
        self.with(|inner| inner.history.json(&inner.watchdog))
    }

    fn print(&self, text: &str) {
        let written = self.with(|inner| inner.out.write_all(text.as_bytes()).and_then(|()| inner.out.flush()));
        if written.is_err() {
            self.broken.notify_one();
        }
    }

    fn with<T>(&self, with: impl FnOnce(&mut Inner) -> T) -> T {
        with(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
