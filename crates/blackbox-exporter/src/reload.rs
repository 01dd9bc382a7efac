//! The thread that reads the configuration again: when asked to, at SIGHUP, and when the file has changed. A file may lie
//! where reading blocks, so neither the web server nor the probes do it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use log::{error, info};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::time::{MissedTickBehavior, interval};

use crate::live_config::LiveConfig;

/// Where to send what became of it.
type Request = oneshot::Sender<Result<(), String>>;

/// Asks the thread. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Reloader(UnboundedSender<Request>);

impl Reloader {
    /// Starts the thread, which also looks for changes as often as `every` says.
    ///
    /// # Errors
    /// When the system has no thread to give, or no signal.
    pub(crate) fn start(config: Arc<LiveConfig>, every: Option<Duration>) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        // Before the thread runs, so that no SIGHUP ends the program.
        let hangup = {
            let _inside = runtime.enter();
            signal(SignalKind::hangup())?
        };
        let (sender, requests) = unbounded_channel();
        std::thread::Builder::new()
            .name("reload".to_owned())
            .spawn(move || runtime.block_on(obey(&config, hangup, requests, every)))?;
        Ok(Self(sender))
    }

    /// Reloads the configuration.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub(crate) async fn reload(&self) -> Result<(), String> {
        let gone = "the thread that reloads has ended";
        let (sender, result) = oneshot::channel();
        self.0.send(sender).map_err(|_| gone)?;
        result.await.map_err(|_| gone)?
    }
}

async fn obey(
    config: &LiveConfig,
    mut hangup: Signal,
    mut requests: UnboundedReceiver<Request>,
    every: Option<Duration>,
) {
    let mut ticks = every.map(interval);
    if let Some(ticks) = &mut ticks {
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    }
    loop {
        tokio::select! {
            request = requests.recv() => {
                let Some(request) = request else { return };
                let result = told(config.reload());
                // Whoever asked may have gone.
                drop(request.send(result));
            }
            Some(()) = hangup.recv() => drop(told(config.reload())),
            () = tick(&mut ticks) => drop(config.reload_if_changed().map(told)),
        }
    }
}

/// The next look at the file; never without an interval.
async fn tick(ticks: &mut Option<tokio::time::Interval>) {
    match ticks {
        Some(ticks) => drop(ticks.tick().await),
        None => std::future::pending().await,
    }
}

fn told(result: Result<(), String>) -> Result<(), String> {
    match &result {
        Ok(()) => info!("Reloaded config file"),
        Err(error) => error!(err = error.as_str(); "Error reloading config"),
    }
    result
}
