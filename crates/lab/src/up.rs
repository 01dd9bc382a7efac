//! `lab up`: starts the exporters and the real Prometheus, shows what runs where, and stops all of it at the end.

mod docker;
pub(crate) mod http;
mod listener;
mod log;
mod options;
mod ours;
mod redis;
mod service;
pub(crate) mod signals;
mod stack;
mod table;

use std::{
    fs,
    future::pending,
    io::{self, Write},
    net::TcpListener,
    path::Path,
    process::ExitCode,
};

use anyhow::{Context, Result, bail};
use clap::ArgMatches;

use options::Options;
pub(crate) use options::command;
use service::Service;
use signals::Signals;
use stack::Stack;

use crate::{complain, console::Console};

/// Runs until a signal asks for the end, or a service ends by itself.
///
/// # Errors
/// Something that is needed is missing or taken, a service does not become ready, or one ends by itself.
pub(crate) fn run(arguments: &ArgMatches) -> Result<ExitCode> {
    let options = Options::from_matches(arguments)?;
    let (services, notes) = service::all(&options)?;
    check(&options, &services)?;
    for text in notes {
        note(&text)?;
    }
    let console = console(&options, &services)?;
    let folder = redis::folder(&options);
    fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting the runtime")?
        .block_on(supervise(&options, &services, console))
}

/// Where Alertmanager's notifications are taken; without an Alertmanager there are none.
fn console(options: &Options, services: &[Service]) -> Result<Option<TcpListener>> {
    if !services.iter().any(|service| service.name == service::ALERTMANAGER) {
        note(
            "no alertmanager on PATH, so nobody is told of alerts; get it with deploy/prepare.sh run (into target/tools/bin), then give --alertmanager-dir DIR",
        )?;
        return Ok(None);
    }
    let (listen, config) = (options.console_listen, &options.alertmanager_config);
    let text = fs::read_to_string(config).with_context(|| {
        format!(
            "reading {}: start lab in the repository's root, or give --alertmanager-config FILE",
            config.display()
        )
    })?;
    if !text.contains(&format!(":{}/", listen.port())) {
        note(&format!(
            "{} has no receiver on port {}, so no notification will be printed here",
            config.display(),
            listen.port()
        ))?;
    }
    listener::bind("the console", listen, "--console-listen").map(Some)
}

/// Finds what would go wrong before anything is started.
fn check(options: &Options, services: &[Service]) -> Result<()> {
    let config = &options.prometheus_config;
    let text = config_text(config)?;
    for service in services {
        listener::check_free(service)?;
        if service.scraped && !text.contains(&format!(":{}", service.listen.port())) {
            note(&format!(
                "{} has no target on port {}, so Prometheus will not scrape {} there",
                config.display(),
                service.listen.port(),
                service.name
            ))?;
        }
    }
    if let Err(why) = docker::check(&options.docker) {
        note(&format!(
            "container-exporter will tell of cgroups without the names of containers: {why:#}"
        ))?;
    }
    Ok(())
}

/// What Prometheus is told of whom to scrape: its configuration, and the files of targets beside it.
fn config_text(config: &Path) -> Result<String> {
    let mut text = fs::read_to_string(config).with_context(|| {
        format!(
            "reading {}: start lab in the repository's root, or give --prometheus-config FILE",
            config.display()
        )
    })?;
    // A configuration of another make need not have any.
    for entry in fs::read_dir(config.with_file_name("targets")).into_iter().flatten() {
        let path = entry.context("listing the targets")?.path();
        text += &fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    }
    Ok(text)
}

async fn supervise(options: &Options, services: &[Service], console: Option<TcpListener>) -> Result<ExitCode> {
    // Before the first child, so that no signal can leave one behind.
    let mut signals = Signals::listen().context("listening for signals")?;
    let mut stack = Stack::new();
    let outcome = tokio::select! {
        outcome = start_and_watch(options, services, &mut stack) => outcome,
        outcome = print_notifications(console) => outcome,
        () = signals.asked_to_stop() => Ok(()),
    };
    if let Err(error) = &outcome {
        // At once: to stop the others can take a while.
        complain(error);
    }
    stack.stop().await?;
    say("Everything is stopped.\n")?;
    Ok(if outcome.is_ok() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Comes back only when they cannot be printed.
async fn print_notifications(listener: Option<TcpListener>) -> Result<()> {
    let Some(listener) = listener else {
        return pending().await;
    };
    listener.set_nonblocking(true).context("listening for notifications")?;
    let listener = tokio::net::TcpListener::from_std(listener).context("listening for notifications")?;
    Console::on_stdout().run(listener).await
}

/// Comes back only when a service fails.
async fn start_and_watch(options: &Options, services: &[Service], stack: &mut Stack) -> Result<()> {
    for service in services {
        say(&format!("Starting {}\n", service.name))?;
        let log = options.state_dir.join(format!("{}.log", service.name));
        match stack.start(service, &log, options.ready_within).await {
            Err(error) if !service.needed && stack.has_ended(service) => {
                note(&format!("{error:#}; the rest goes on without it"))?;
            }
            started => started?,
        }
    }
    say(&table::render(stack.running()))?;
    if stack.running().any(|running| running.name == service::ALERTMANAGER) {
        say(&format!(
            "Notifications are printed here, and told at http://{}/\n\n",
            options.console_listen
        ))?;
    }
    let dead = stack.next_exit().await;
    bail!("{dead}");
}

fn say(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .context("writing to standard output")
}

fn note(text: &str) -> Result<()> {
    writeln!(io::stderr(), "lab: note: {text}").context("writing to standard error")
}
