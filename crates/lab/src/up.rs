//! `lab up`: starts the exporters and the real Prometheus, shows what runs where, starts again what ends by itself, and stops
//! all of it at the end.

pub(crate) mod control;
mod dashboards;
mod docker;
mod drill;
pub(crate) mod http;
mod listener;
mod log;
mod options;
mod ours;
mod redis;
mod service;
pub(crate) mod signals;
pub(crate) mod stack;
pub(crate) mod state;
mod table;

use std::{
    fs,
    future::pending,
    io::{self, Write},
    net::TcpListener,
    path::Path,
    process::ExitCode,
};

use anyhow::{Context, Result};
use clap::ArgMatches;
use tokio::time::{Instant, sleep_until};

use control::Control;

use options::Options;
pub(crate) use options::command;
use service::Service;
use signals::Signals;
use stack::Stack;
use state::{Entry, State};

use crate::{
    complain,
    console::{Console, WATCHDOG_WITHIN},
    drill::Pace,
};

/// Runs until a signal asks for the end.
///
/// # Errors
/// Something that is needed is missing or taken, or a service does not become ready.
pub(crate) fn run(arguments: &ArgMatches) -> Result<ExitCode> {
    let mut options = Options::from_matches(arguments)?;
    if let Some(pace) = options.drill {
        drill::prepare(&mut options, pace)?;
        note(&drill::loudly(pace))?;
    }
    let (services, notes) = service::all(&options)?;
    check(&options, &services)?;
    for text in notes {
        note(&text)?;
    }
    let console = console(&options, &services)?;
    let dashboards = listener::bind(
        "the viewer of dashboards",
        options.dashboards_listen,
        "--dashboards-listen",
    )?;
    let folder = redis::folder(&options);
    fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting the runtime")?
        .block_on(supervise(&options, &services, console, dashboards))
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

async fn supervise(
    options: &Options,
    services: &[Service],
    console: Option<TcpListener>,
    dashboards: TcpListener,
) -> Result<ExitCode> {
    // Before the first child, so that no signal can leave one behind.
    let mut signals = Signals::listen().context("listening for signals")?;
    let mut stack = Stack::new();
    let mut control = Control::listen(&options.state_dir)?;
    let outcome = tokio::select! {
        outcome = start_and_watch(options, services, &mut stack, &mut control) => outcome,
        outcome = print_notifications(console, options.drill.unwrap_or(Pace::REAL)) => outcome,
        outcome = dashboards::show(options, dashboards) => outcome,
        () = signals.asked_to_stop() => Ok(()),
    };
    State::remove(&options.state_dir);
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
async fn print_notifications(listener: Option<TcpListener>, pace: Pace) -> Result<()> {
    let Some(listener) = listener else {
        return pending().await;
    };
    listener.set_nonblocking(true).context("listening for notifications")?;
    let listener = tokio::net::TcpListener::from_std(listener).context("listening for notifications")?;
    Console::on_stdout(pace.watchdog(WATCHDOG_WITHIN)).run(listener).await
}

/// Comes back only when a service cannot be started.
async fn start_and_watch(
    options: &Options,
    services: &[Service],
    stack: &mut Stack,
    control: &mut Control,
) -> Result<()> {
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
    stack.make_last();
    state(options, stack, control).write(&options.state_dir)?;
    say(&table::render(stack.running(), options.drill))?;
    if stack.running().any(|running| running.name == service::ALERTMANAGER) {
        say(&format!(
            "Notifications are printed here, and told at http://{}/\n\n",
            options.console_listen
        ))?;
    }
    say(&format!("Dashboards are at http://{}/\n\n", options.dashboards_listen))?;
    loop {
        watch(stack, control).await?;
        state(options, stack, control).write(&options.state_dir)?;
    }
}

/// Waits until something happens to a service, and sees to it.
async fn watch(stack: &mut Stack, control: &mut Control) -> Result<()> {
    let due = stack.next_due();
    tokio::select! {
        dead = stack.next_exit() => {
            if !dead.held {
                note(&format!("{dead}; it is started again"))?;
            }
        }
        order = control.next() => {
            let outcome = stack.carry_out(order.act, &order.service);
            order.answer(outcome);
        }
        () = until(due) => stack.start_due()?,
    }
    Ok(())
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => pending().await,
    }
}

/// For other programs.
fn state(options: &Options, stack: &Stack, control: &Control) -> State {
    let entry = |running: &stack::Running| Entry {
        name: running.name.to_owned(),
        url: running.url.clone(),
        pid: running.pid.as_raw_nonzero().get(),
        log: running.log.clone(),
    };
    State {
        pid: std::process::id(),
        control: control.path().to_path_buf(),
        drill: options.drill.map(Pace::factor),
        prometheus_config: options.prometheus_config.clone(),
        blackbox_config: options.blackbox_config.clone(),
        alertmanager_config: options.alertmanager_config.clone(),
        console: format!("http://{}/", options.console_listen),
        docker: options.docker.clone(),
        services: stack.running().map(entry).collect(),
    }
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
