//! `lab simulate`: makes each alert happen for real on a running stack, waits until it is pending, fires, is told and has
//! cleared, and says how long that took. What was done is undone, however it ends.

mod board;
mod compose;
mod containers;
mod control;
mod http;
mod need;
mod options;
mod proxy;
mod redis;
mod report;
mod run;
mod scenario;
mod scenarios;
mod server;
mod stack;
mod undo;
mod world;

use std::{
    io::{self, Write},
    process::ExitCode,
    sync::Arc,
    thread,
};

use anyhow::{Context, Result, ensure};
use clap::ArgMatches;

use crate::up::signals::Signals;
use board::Board;
use compose::Compose;
use options::Options;
pub(crate) use options::command;
use scenario::Scenario;
use stack::Stack;
use world::World;

/// Runs what was chosen, or lists it.
///
/// # Errors
/// No stack runs, or a name is unknown.
pub(crate) fn run(arguments: &ArgMatches) -> Result<ExitCode> {
    let options = Options::from_matches(arguments)?;
    let chosen = scenarios::chosen(&options.only)?;
    if options.list {
        say(&report::list(&chosen, options.project.is_some()))?;
        return Ok(ExitCode::SUCCESS);
    }
    let stack = match &options.project {
        Some(project) => Stack::Containers(Compose::find(&options.docker, project)?),
        None => Stack::of_lab_up(&options.state_dir)?,
    };
    let world = Arc::new(World::of(stack)?);
    ensure!(
        world.factor() > 1 || options.for_real,
        "these are the real rules, which take up to hours: start {} instead, or say --for-real",
        if options.project.is_some() {
            "compose with deploy/compose.drill.yaml"
        } else {
            "lab up --drill"
        }
    );
    if !options.json {
        say(&report::heading(&world))?;
    }
    let results = simulate(&world, &chosen, options.json)?;
    let text = if options.json {
        report::json(&world, &results)
    } else {
        report::table(&results)
    };
    say(&text)?;
    let failed = results.iter().any(report::Outcome::is_failed);
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// All of it in threads, so that what they do can be undone where they stand; a signal ends their waiting.
fn simulate(world: &Arc<World>, chosen: &[&'static Scenario], json: bool) -> Result<Vec<report::Outcome>> {
    let board = Arc::new(Board::new(Arc::clone(world)));
    let poller = board.watch().context("starting a thread")?;
    let stopper = stop_on_signal(Arc::clone(&board))?;
    let tell: run::Tell = if json {
        Arc::new(|_: &str| {})
    } else {
        Arc::new(|line: &str| drop(say(line)))
    };
    let results = run::stages(world, &board, chosen, &tell);
    board.stop();
    poller.join().ok();
    stopper.done();
    Ok(results)
}

/// A thread that waits for signals.
struct Stopper {
    done: tokio::sync::oneshot::Sender<()>,
    thread: thread::JoinHandle<()>,
}

impl Stopper {
    fn done(self) {
        self.done.send(()).ok();
        self.thread.join().ok();
    }
}

fn stop_on_signal(board: Arc<Board>) -> Result<Stopper> {
    let (done, is_done) = tokio::sync::oneshot::channel();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting the runtime")?;
    let mut signals = runtime
        .block_on(async { Signals::listen() })
        .context("listening for signals")?;
    let wait = move || {
        runtime.block_on(async {
            tokio::select! {
                () = signals.asked_to_stop() => board.stop(),
                _ = is_done => {}
            }
        });
    };
    let thread = thread::Builder::new().name("signals".to_owned()).spawn(wait);
    let thread = thread.context("starting a thread")?;
    Ok(Stopper { done, thread })
}

fn say(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .context("writing to standard output")
}
