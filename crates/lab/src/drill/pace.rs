//! How much less time a drill takes.

use std::time::Duration;

/// How many times faster than real a drill is, and what cannot be faster: Prometheus scrapes whole seconds at best, a slow probe
/// must have the time to be slow, and a window needs some scrapes in it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pace {
    factor: u32,
}

/// Between two scrapes.
const SCRAPE: Duration = Duration::from_secs(1);
/// Between two probes: one that takes more than a second, which is slow, must still be able to succeed.
const PROBE: Duration = Duration::from_secs(3);
/// Four probes, as there are four scrapes in a minute.
const WINDOW: Duration = Duration::from_secs(12);
/// Whoever watches sees it pending.
const WAIT: Duration = Duration::from_secs(3);
/// Between two notifications of a group, and before its first.
const GROUP: Duration = Duration::from_secs(1);

impl Pace {
    /// A minute is a second.
    #[cfg(test)]
    pub(crate) const DRILL: Self = Self { factor: 60 };
    /// Nothing is changed.
    pub(crate) const REAL: Self = Self { factor: 1 };

    pub(crate) fn new(factor: u32) -> Self {
        Self { factor: factor.max(1) }
    }

    pub(crate) fn factor(self) -> u32 {
        self.factor
    }

    /// `scrape_interval` and `evaluation_interval`.
    pub(crate) fn scrape(self, real: Duration) -> Duration {
        self.shorter(real, SCRAPE)
    }

    /// The `scrape_interval` of jobs that probe.
    pub(crate) fn probe(self, real: Duration) -> Duration {
        self.shorter(real, PROBE)
    }

    /// `[5m]` and the like.
    pub(crate) fn window(self, real: Duration) -> Duration {
        self.shorter(real, WINDOW)
    }

    /// `for` and `keep_firing_for`.
    pub(crate) fn wait(self, real: Duration) -> Duration {
        self.shorter(real, WAIT)
    }

    /// `offset`, which leads back to some scrape however short it is.
    pub(crate) fn offset(self, real: Duration) -> Duration {
        self.shorter(real, SCRAPE)
    }

    /// `group_wait`, `group_interval` and `repeat_interval`.
    pub(crate) fn group(self, real: Duration) -> Duration {
        self.shorter(real, GROUP)
    }

    /// How long the Watchdog may stay away.
    pub(crate) fn watchdog(self, real: Duration) -> Duration {
        self.shorter(real, WINDOW)
    }

    /// Never longer than it really is, and nothing stays nothing.
    fn shorter(self, real: Duration, floor: Duration) -> Duration {
        (real / self.factor).max(floor).min(real)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_a_sixtieth_but_not_less_than_it_can_be() {
        let drill = Pace::DRILL;
        let seconds = Duration::from_secs;
        for (shorter, real, drilled) in [
            (Pace::scrape as fn(Pace, Duration) -> Duration, 15, 1),
            (Pace::probe, 15, 3),
            (Pace::window, 300, 12),
            (Pace::window, 10_800, 180),
            (Pace::wait, 0, 0),
            (Pace::wait, 2, 2),
            (Pace::wait, 120, 3),
            (Pace::wait, 3600, 60),
            (Pace::offset, 4500, 75),
            (Pace::group, 0, 0),
            (Pace::group, 300, 5),
            (Pace::watchdog, 300, 12),
        ] {
            assert_eq!(shorter(drill, seconds(real)), seconds(drilled), "{real} s");
            assert_eq!(shorter(Pace::REAL, seconds(real)), seconds(real));
        }
    }
}
