//! What the log says of collectors: each change once, not each scrape.

use std::collections::HashSet;
use std::error::Error;
use std::mem::{Discriminant, discriminant};
use std::sync::{Mutex, PoisonError};

use exposition::{Reason, Rejected};
use log::{debug, error, info, warn};

use super::round::End;

/// More different clashes than this are not told apart: the first ones name the cause.
const MOST_NAMED: usize = 200;

/// How a collector did last.
#[derive(Debug, Default)]
pub(super) struct Status {
    last: Mutex<Option<Last>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Last {
    kind: Discriminant<End>,
    is_trouble: bool,
}

impl Status {
    /// Logs `end` if it is news.
    pub(super) fn update(&self, collector: &str, end: &End) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Last {
            kind: discriminant(end),
            is_trouble: !matches!(end, End::Done | End::NoData(_)),
        };
        let before = last.replace(now);
        if before == *last {
            return;
        }
        match end {
            End::Done if before.is_some_and(|before| before.is_trouble) => info!(collector; "collector recovered"),
            End::Done => {}
            End::NoData(why) => debug!(collector, why:%; "collector returned no data"),
            End::Failed(error) => error!(collector, err = chain(error.as_ref()); "collector failed"),
            End::Panicked(why) => error!(collector, err = why; "collector panicked, a defect of this program"),
            End::StillRunning => warn!(collector; "collector is still stuck in an earlier scrape"),
            End::Late => warn!(collector; "collector missed the scrape's deadline"),
        }
    }
}

/// An error with all that caused it.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// Names each clash between series once.
#[derive(Debug, Default)]
pub(super) struct Clashes {
    named: Mutex<HashSet<(String, usize)>>,
}

impl Clashes {
    /// Logs `rejected`, which `collector` wrote, unless its family was named before.
    pub(super) fn report(&self, rejected: &Rejected, collector: &str) {
        let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        if named.len() >= MOST_NAMED || !named.insert((rejected.family.clone(), rejected.part)) {
            return;
        }
        let (metric, labels) = (rejected.family.as_str(), rejected.labels.as_str());
        match rejected.reason {
            Reason::Duplicate => {
                error!(collector, metric, labels; "dropped a series that was collected before with the same name and label values");
            }
            Reason::Inconsistent => {
                error!(collector, metric; "dropped a metric that was collected before with another help or type");
            }
        }
    }
}
