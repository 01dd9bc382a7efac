//! How fast and how far walks go: so many files a second over all of them, so many files and so long each.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::walk::{Cut, Pace};

/// The least time a file takes, over all walks: 10,000 files a second at most.
const EACH: Duration = Duration::from_micros(100);

/// The clock is looked at once in so many files.
const BATCH: u64 = 64;

/// A walk ends after so many files …
const MOST_ENTRIES: u64 = 1_000_000;

/// … or this long.
const LONGEST: Duration = Duration::from_secs(120);

/// The time, which tests make up.
pub(super) trait Clock {
    /// Now.
    fn now(&self) -> Instant;

    /// Waits.
    fn sleep(&self, duration: Duration);
}

/// The system's clock.
pub(super) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn sleep(&self, duration: Duration) {
        // Should it end early, the next look at the clock makes up for it.
        thread::park_timeout(duration);
    }
}

/// Holds walks back; one for all of them.
pub(super) struct Throttle<'s, C> {
    clock: C,
    closed: &'s AtomicBool,
    began: Instant,
    entries: u64,
    /// When all files so far may have been looked at. Idle time is not saved up.
    free_at: Instant,
}

impl<'s, C: Clock> Throttle<'s, C> {
    /// Ends walks at once when `closed` is set.
    pub(super) fn new(clock: C, closed: &'s AtomicBool) -> Self {
        let now = clock.now();
        Self {
            clock,
            closed,
            began: now,
            entries: 0,
            free_at: now,
        }
    }

    /// A new walk.
    pub(super) fn begin(&mut self) {
        self.began = self.clock.now();
        self.entries = 0;
    }

    fn look_at_the_clock(&mut self) -> Result<(), Cut> {
        if self.closed.load(Ordering::Relaxed) {
            return Err(Cut::Stopped);
        }
        let now = self.clock.now();
        if now.saturating_duration_since(self.began) > LONGEST {
            return Err(Cut::TooLong);
        }
        if self.free_at > now {
            self.clock.sleep(self.free_at - now);
        } else {
            self.free_at = now;
        }
        Ok(())
    }
}

impl<C: Clock> Pace for Throttle<'_, C> {
    fn step(&mut self) -> Result<(), Cut> {
        self.entries += 1;
        self.free_at += EACH;
        if self.entries > MOST_ENTRIES {
            return Err(Cut::TooMany);
        }
        if self.entries.is_multiple_of(BATCH) {
            self.look_at_the_clock()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    struct Fake {
        start: Instant,
        passed: Cell<Duration>,
        slept: Cell<Duration>,
    }

    impl Fake {
        fn new() -> Self {
            Self {
                start: Instant::now(),
                passed: Cell::default(),
                slept: Cell::default(),
            }
        }

        fn pass(&self, duration: Duration) {
            self.passed.set(self.passed.get() + duration);
        }
    }

    impl Clock for &Fake {
        fn now(&self) -> Instant {
            self.start + self.passed.get()
        }

        fn sleep(&self, duration: Duration) {
            self.slept.set(self.slept.get() + duration);
            self.pass(duration);
        }
    }

    fn steps(throttle: &mut Throttle<'_, &Fake>, count: u64) {
        for _ in 0..count {
            throttle.step().unwrap();
        }
    }

    #[test]
    fn files_take_a_second_for_10_000_over_all_walks() {
        let (clock, closed) = (Fake::new(), AtomicBool::new(false));
        let mut throttle = Throttle::new(&clock, &closed);
        for _ in 0..10 {
            throttle.begin();
            steps(&mut throttle, 6_400);
        }
        assert_eq!(clock.slept.get(), Duration::from_millis(6_400));
    }

    #[test]
    fn idle_time_is_not_saved_up() {
        let (clock, closed) = (Fake::new(), AtomicBool::new(false));
        let mut throttle = Throttle::new(&clock, &closed);
        clock.pass(Duration::from_secs(3_600));
        throttle.begin();
        steps(&mut throttle, 6_400);
        assert!(clock.slept.get() >= Duration::from_millis(620), "{:?}", clock.slept);
    }

    #[test]
    fn a_walk_ends_after_a_million_files() {
        let (clock, closed) = (Fake::new(), AtomicBool::new(false));
        let mut throttle = Throttle::new(&clock, &closed);
        steps(&mut throttle, MOST_ENTRIES);
        assert_eq!(throttle.step(), Err(Cut::TooMany));
        throttle.begin();
        assert_eq!(throttle.step(), Ok(()));
    }

    #[test]
    fn a_walk_ends_after_two_minutes() {
        let (clock, closed) = (Fake::new(), AtomicBool::new(false));
        let mut throttle = Throttle::new(&clock, &closed);
        steps(&mut throttle, BATCH - 1);
        clock.pass(LONGEST + EACH);
        assert_eq!(throttle.step(), Err(Cut::TooLong));
    }

    #[test]
    fn a_walk_ends_with_the_program() {
        let (clock, closed) = (Fake::new(), AtomicBool::new(false));
        let mut throttle = Throttle::new(&clock, &closed);
        steps(&mut throttle, BATCH - 1);
        closed.store(true, Ordering::Relaxed);
        assert_eq!(throttle.step(), Err(Cut::Stopped));
    }
}
