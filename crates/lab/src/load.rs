//! `lab load`: requests at a steady rate for some time, and what became of them. The rate does not heed how fast answers
//! come: as with real users, the next ones arrive all the same, and those that have to wait count their wait.

mod connection;
mod latencies;
mod options;
mod paths;
mod progress;
mod report;
mod schedule;
mod tally;
mod target;

use std::{
    io::{self, Write},
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, Result};
use clap::ArgMatches;
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{Instant, sleep_until},
};

use crate::up::signals::Signals;
use connection::Pool;
use options::Options;
pub(crate) use options::command;
use schedule::Schedule;
use tally::Tally;
use target::Target;

/// What all requests of a run share.
struct Run {
    options: Options,
    pool: Pool,
    tally: Mutex<Tally>,
}

impl Run {
    fn tally<T>(&self, with: impl FnOnce(&mut Tally) -> T) -> T {
        with(&mut self.tally.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Loads until the time is over or a signal asks for the end, and reports in either case.
///
/// # Errors
/// The target may not be aimed at, or nobody listens there.
pub(crate) fn run(arguments: &ArgMatches) -> Result<ExitCode> {
    let options = Options::from_matches(arguments)?;
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting the runtime")?
        .block_on(load(options))?;
    Ok(ExitCode::SUCCESS)
}

async fn load(options: Options) -> Result<()> {
    let mut signals = Signals::listen().context("listening for signals")?;
    let target = Target::find(&options.url, options.allow_remote).await?;
    let pool = Pool::open(target).await?;
    let run = Arc::new(Run {
        options,
        pool,
        tally: Mutex::default(),
    });
    let (json, schedule) = (run.options.json, Schedule::start(&run.options));
    let mut requests = JoinSet::new();
    tokio::select! {
        () = send_all(&run, &schedule, &mut requests) => {}
        () = progress::show(&run, &schedule) => {}
        () = signals.asked_to_stop() => {}
    }
    progress::clear();
    let seconds = schedule.elapsed().as_secs_f64();
    let text = run.tally(|tally| {
        let figures = report::Figures::of(tally, &run.options, seconds);
        if json { figures.json() } else { figures.text() }
    });
    say(&text)
}

/// Sends each request at its time, or as soon as a place is free, and waits for the last answers.
async fn send_all(run: &Arc<Run>, schedule: &Schedule, requests: &mut JoinSet<()>) {
    let places = Arc::new(Semaphore::new(run.options.concurrency));
    for index in 0..schedule.total() {
        let due = schedule.due(index);
        sleep_until(due).await;
        let place = Arc::clone(&places).acquire_owned().await;
        if schedule.is_over() && due.elapsed() > schedule::LATE {
            break;
        }
        let (run, began) = (Arc::clone(run), began(due));
        run.tally(Tally::sent);
        requests.spawn(async move {
            let result = run.pool.ask(&run.options, index).await;
            run.tally(|tally| tally.note(result, began.elapsed()));
            drop(place);
        });
        while requests.try_join_next().is_some() {}
    }
    while requests.join_next().await.is_some() {}
}

/// The timer wakes up to a millisecond late, which is nobody's fault; whoever is later had to wait for a place.
fn began(due: Instant) -> Instant {
    let now = Instant::now();
    if now - due > schedule::TIMER_STEP { due } else { now }
}

fn say(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .context("writing to standard output")
}
