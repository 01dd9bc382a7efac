//! When each request is due.

use std::time::Duration;

use tokio::time::Instant;

use super::options::Options;

/// The reactor's timer wakes at whole milliseconds.
pub(super) const TIMER_STEP: Duration = Duration::from_millis(2);

/// A request that is later than that at the end had no place, and is not sent; one that is less late was only woken late.
pub(super) const LATE: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(super) struct Schedule {
    started: Instant,
    rate: f64,
    duration: Duration,
}

impl Schedule {
    /// Begins now.
    pub(super) fn start(options: &Options) -> Self {
        Self {
            started: Instant::now(),
            rate: options.rate,
            duration: options.duration,
        }
    }

    /// How many requests there are in all; at least one.
    pub(super) fn total(&self) -> u64 {
        ((self.rate * self.duration.as_secs_f64()).round() as u64).max(1)
    }

    /// When the request of this number is to be sent.
    pub(super) fn due(&self, index: u64) -> Instant {
        self.started + Duration::from_secs_f64(index as f64 / self.rate)
    }

    /// Whether nothing more is to be sent.
    pub(super) fn is_over(&self) -> bool {
        self.elapsed() >= self.duration
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    pub(super) fn duration(&self) -> Duration {
        self.duration
    }
}
