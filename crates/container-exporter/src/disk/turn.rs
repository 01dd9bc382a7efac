//! When a layer is walked: when somebody asked, at most once a minute, and the more seldom the longer it takes.

use std::time::{Duration, Instant};

/// The time between two walks of a layer …
const LEAST_PAUSE: Duration = Duration::from_secs(60);

/// … which is so many times that of the walk itself, so that large layers are walked seldom …
const PAUSE_FACTOR: u32 = 50;

/// … but never more than this.
const MOST_PAUSE: Duration = Duration::from_secs(20 * 60);

/// When a layer is walked.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Turn {
    /// Whether somebody asked since the last walk began.
    pub(super) asked: bool,
    /// Not before this; at once if never walked.
    pub(super) due: Option<Instant>,
}

impl Turn {
    /// Somebody wants to know. Whether the walker must be told: until the layer is due it waits for that anyway.
    pub(super) fn ask(&mut self, now: Instant) -> bool {
        !std::mem::replace(&mut self.asked, true) && self.due.is_none_or(|due| due <= now)
    }

    /// Whether it is to be walked, now or, for all that is known, later.
    pub(super) fn is_open(&self, now: Instant) -> bool {
        self.asked || self.due.is_some_and(|due| due > now)
    }

    /// It is walked now.
    pub(super) fn begin(&mut self) {
        self.asked = false;
    }

    /// It was walked from `began` to `now`.
    pub(super) fn end(&mut self, began: Instant, now: Instant) {
        let took = now.saturating_duration_since(began);
        let pause = took.saturating_mul(PAUSE_FACTOR).clamp(LEAST_PAUSE, MOST_PAUSE);
        self.due = Some(now + pause);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_layer_is_due_at_once_and_then_after_a_minute_or_fifty_times_its_walk() {
        let start = Instant::now();
        for (took, pause) in [(0, 60), (1, 60), (2, 100), (10, 500), (24, 1_200), (120, 1_200)] {
            let mut turn = Turn::default();
            assert!(turn.ask(start));
            turn.begin();
            turn.end(start, start + seconds(took));
            assert_eq!(turn.due, Some(start + seconds(took + pause)), "{took}");
        }
    }

    #[test]
    fn the_walker_is_told_of_the_first_question_after_a_layer_is_due() {
        let start = Instant::now();
        let mut turn = Turn::default();
        assert_eq!([turn.ask(start), turn.ask(start)], [true, false]);
        turn.begin();
        turn.end(start, start);
        let later = start + seconds(61);
        assert!(turn.is_open(start) && !turn.is_open(later));
        assert_eq!([turn.ask(start), turn.ask(later)], [false, false]);
        assert!(turn.is_open(later), "the walker has waited for it and finds it asked");
        turn.begin();
        turn.end(start, start);
        assert_eq!([turn.ask(later), turn.ask(later)], [true, false]);
    }
}
