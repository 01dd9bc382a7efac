//! What became of the requests so far.

use std::{collections::BTreeMap, time::Duration};

use super::latencies::Latencies;

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoAnswer {
    /// It did not come in time.
    Timeout,
    /// The connection was refused or broke.
    Connection,
}

#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) sent: u64,
    /// Answers by status.
    pub(super) statuses: BTreeMap<u16, u64>,
    pub(super) timeouts: u64,
    pub(super) broken: u64,
    /// Of all answers, and of those that did not come in time: to leave them out would flatter the target.
    pub(super) latencies: Latencies,
}

impl Tally {
    /// Counts a request that goes out.
    pub(super) fn sent(&mut self) {
        self.sent += 1;
    }

    /// Counts its end.
    pub(super) fn note(&mut self, result: Result<u16, NoAnswer>, took: Duration) {
        match result {
            Ok(status) => *self.statuses.entry(status).or_default() += 1,
            Err(NoAnswer::Timeout) => self.timeouts += 1,
            Err(NoAnswer::Connection) => {
                self.broken += 1;
                return;
            }
        }
        self.latencies.add(took);
    }

    pub(super) fn answered(&self) -> u64 {
        self.statuses.values().sum()
    }

    pub(super) fn under_way(&self) -> u64 {
        self.sent - self.answered() - self.timeouts - self.broken
    }

    /// Answers of 400 and above, and requests without an answer.
    pub(super) fn errors(&self) -> u64 {
        let bad: u64 = self.statuses.range(400..).map(|(_, count)| count).sum();
        bad + self.timeouts + self.broken
    }
}
