//! What is counted over all scrapes of a target.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use exposition::{Desc, Kind, Summary};

use crate::output::Output;

const SCRAPES: Desc<'_> = Desc::counter("exporter_scrapes_total", "Current total redis scrapes.", &[]);
const DURATION: Desc<'_> = Desc::new(
    "exporter_scrape_duration_seconds",
    "Durations of scrapes by the exporter",
    Kind::Summary,
    &[],
);
const REQUEST_ERRORS: Desc<'_> = Desc::counter(
    "target_scrape_request_errors_total",
    "Errors in requests to the exporter",
    &[],
);

/// Counts since the start.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    scrapes: AtomicU64,
    /// How many scrapes had a target, and how long these took.
    durations: Mutex<(u64, Duration)>,
    request_errors: AtomicU64,
}

impl Totals {
    /// Counts a scrape that begins.
    pub(crate) fn begin(&self) {
        self.scrapes.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a scrape that is over.
    pub(crate) fn observe(&self, took: Duration) {
        let mut durations = self.durations();
        durations.0 += 1;
        durations.1 += took;
    }

    /// Counts a request that made no sense.
    pub(crate) fn count_request_error(&self) {
        self.request_errors.fetch_add(1, Ordering::Relaxed);
    }

    /// Writes them all.
    pub(crate) fn encode(&self, out: &mut Output<'_>) {
        let (count, sum) = *self.durations();
        out.scalar(&SCRAPES, self.scrapes.load(Ordering::Relaxed) as f64);
        out.family(&DURATION, |family| {
            let value = Summary {
                quantiles: &[],
                sum: sum.as_secs_f64(),
                count,
            };
            family.summary(&[], &value);
        });
        out.scalar(&REQUEST_ERRORS, self.request_errors.load(Ordering::Relaxed) as f64);
    }

    fn durations(&self) -> MutexGuard<'_, (u64, Duration)> {
        self.durations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::testing::samples;

    #[test]
    fn scrapes_are_counted_and_timed() {
        let totals = Totals::default();
        totals.begin();
        totals.begin();
        totals.observe(Duration::from_millis(1500));
        totals.count_request_error();
        let expected = [
            "redis_exporter_scrape_duration_seconds_sum 1.5",
            "redis_exporter_scrape_duration_seconds_count 1",
            "redis_exporter_scrapes_total 2",
            "redis_target_scrape_request_errors_total 1",
        ];
        assert_eq!(samples(|out| totals.encode(out)), expected);
    }
}
