//! When a container's settings are read: limits and weights change when somebody changes them.

use std::time::{Duration, Instant};

/// With every so many readings.
const READINGS: u8 = 4;
/// And once they are so old.
const AGE: Duration = Duration::from_secs(60);

/// When they were read last.
#[derive(Debug)]
pub(super) struct Turn {
    left: u8,
    read: Option<Instant>,
}

impl Turn {
    /// Never yet. Those in different places come in different readings after the first.
    pub(super) fn new(place: usize) -> Self {
        Self {
            left: (place % usize::from(READINGS)) as u8,
            read: None,
        }
    }

    /// Whether it ever came, and all could be read since.
    pub(super) fn has_come(&self) -> bool {
        self.read.is_some()
    }

    /// Whether it comes with this reading.
    pub(super) fn comes(&mut self, now: Instant) -> bool {
        let is_due = self.left == 0 || self.read.is_none_or(|read| now.duration_since(read) >= AGE);
        // The first time leaves the place as it is.
        if self.left == 0 {
            self.left = READINGS;
        }
        self.left -= 1;
        if is_due {
            self.read = Some(now);
        }
        is_due
    }

    /// The next reading is its turn, too: something may be other than before.
    pub(super) fn again(&mut self) {
        self.read = None;
    }
}

#[cfg(test)]
mod tests {
    use super::{AGE, READINGS, Turn};
    use std::time::{Duration, Instant};

    fn come(turn: &mut Turn, now: Instant) -> Vec<bool> {
        (0..9).map(|_| turn.comes(now)).collect()
    }

    #[test]
    fn it_comes_first_and_then_with_every_fourth_in_turns() {
        let now = Instant::now();
        for place in 0..8 {
            let comes = come(&mut Turn::new(place), now);
            let expected: Vec<_> = (0..9)
                .map(|reading| reading == 0 || reading % usize::from(READINGS) == place % usize::from(READINGS))
                .collect();
            assert_eq!(comes, expected, "{place}");
        }
    }

    #[test]
    fn it_comes_when_it_is_old_and_when_it_is_asked_for() {
        let (now, mut turn) = (Instant::now(), Turn::new(2));
        assert!(turn.comes(now));
        assert!(!turn.comes(now + AGE.saturating_sub(Duration::from_millis(1))));
        turn.again();
        assert!(!turn.has_come());
        assert!(turn.comes(now) && !turn.comes(now) && turn.has_come());
        assert!(turn.comes(now + AGE));
    }
}
