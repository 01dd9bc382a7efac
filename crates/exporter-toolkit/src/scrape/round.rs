//! One scrape on its way through the collectors. A thread runs them in order; when one of them stalls, the rest go on
//! with a fresh thread while it still may come in time; whoever finishes the last one puts the answer together.

use std::error::Error;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::request::{Answer, Request};
use crate::lead::LastWords;

/// How long one collector may hold up the others. It stays in the scrape until the deadline all the same.
const STALL: Duration = Duration::from_millis(250);

/// How a collector's run ended. Nobody puts a reason into words before somebody reads it.
#[derive(Debug)]
pub(super) enum End {
    Done,
    NoData(Box<dyn Error + Send + Sync>),
    Failed(Box<dyn Error + Send + Sync>),
    Panicked(String),
    /// The run of an earlier scrape has not come back yet.
    StillRunning,
    /// Not back at the deadline of this scrape.
    Late,
}

/// A collector's part in a scrape.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) took: Duration,
    pub(super) end: End,
}

/// A scrape and how far it got.
pub(super) struct Round {
    pub(super) request: Request,
    pub(super) started: Instant,
    progress: Mutex<Progress>,
}

struct Progress {
    /// The collectors to run, by their place in the registry.
    order: Vec<usize>,
    outcomes: Vec<Option<Outcome>>,
    next: usize,
    unfinished: usize,
    /// Which of the round's threads goes on to the next collector.
    holder: u32,
    /// When the holder began the collector that it is at; `None` once the holder is through.
    began: Option<Instant>,
    answer: Option<oneshot::Sender<Answer>>,
}

impl Round {
    pub(super) fn new(request: Request, order: Vec<usize>) -> (Self, oneshot::Receiver<Answer>) {
        let (sender, receiver) = oneshot::channel();
        let started = Instant::now();
        let progress = Progress {
            outcomes: order.iter().map(|_| None).collect(),
            unfinished: order.len(),
            order,
            next: 0,
            holder: 0,
            began: Some(started),
            answer: Some(sender),
        };
        (
            Self {
                request,
                started,
                progress: Mutex::new(progress),
            },
            receiver,
        )
    }

    /// When a collector should be back, for those that wait on purpose: with a tenth of the time left to write it all.
    pub(super) fn collector_deadline(&self) -> Instant {
        let whole = self.request.deadline.saturating_duration_since(self.started);
        self.started + whole * 9 / 10
    }

    /// The next step for the thread `holder`: its place in the order and the collector. `None` when all are taken or
    /// another thread goes on.
    pub(super) fn take(&self, holder: u32) -> Option<(usize, usize)> {
        let mut progress = self.lock();
        if progress.holder != holder {
            return None;
        }
        let step = progress.next;
        let collector = progress.order.get(step).copied();
        progress.began = collector.map(|_| Instant::now());
        progress.next += 1;
        Some((step, collector?))
    }

    /// Notes how a step ended. True for the last one: the caller then puts the answer together.
    pub(super) fn finish(&self, step: usize, outcome: Outcome) -> bool {
        let mut progress = self.lock();
        let open = progress.answer.is_some() && progress.unfinished > 0;
        let Some(place) = progress.outcomes.get_mut(step).filter(|_| open) else {
            return false;
        };
        *place = Some(outcome);
        progress.unfinished -= 1;
        progress.unfinished == 0
    }

    /// When to look whether the holder stalls: `None` when nothing is left to hand over.
    pub(super) fn next_look(&self) -> Option<Instant> {
        let progress = self.lock();
        let rest = progress.next < progress.order.len();
        progress.began.filter(|_| rest).map(|began| began + STALL)
    }

    /// The number of the thread that is to go on, if the holder stalls on a collector and others wait behind it.
    pub(super) fn hand_over(&self) -> Option<u32> {
        let mut progress = self.lock();
        progress.began.filter(|began| began.elapsed() >= STALL)?;
        if progress.next >= progress.order.len() {
            return None;
        }
        progress.holder += 1;
        progress.began = Some(Instant::now());
        Some(progress.holder)
    }

    /// Ends the round at its deadline. True if someone has to put the answer together without the late ones.
    pub(super) fn close(&self) -> bool {
        let mut progress = self.lock();
        progress.holder += 1;
        std::mem::take(&mut progress.unfinished) > 0
    }

    /// Whether there is nothing to do.
    pub(super) fn is_empty(&self) -> bool {
        self.lock().order.is_empty()
    }

    /// All collectors of the round with how they ended, in order, for the one who puts the answer together.
    pub(super) fn take_outcomes(&self) -> Vec<(usize, Outcome)> {
        let late = || Outcome {
            took: self.started.elapsed(),
            end: End::Late,
        };
        let mut progress = self.lock();
        let outcomes = std::mem::take(&mut progress.outcomes);
        let outcomes = progress.order.iter().zip(outcomes);
        outcomes
            .map(|(collector, outcome)| (*collector, outcome.unwrap_or_else(late)))
            .collect()
    }

    /// Takes the answer to where the scraper waits for it.
    pub(super) fn deliver(&self, answer: Answer) -> Option<LastWords> {
        let sender = self.lock().answer.take()?;
        // The scraper may have gone; there is nobody else to tell.
        Some(Box::new(move || drop(sender.send(answer))))
    }

    fn lock(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
