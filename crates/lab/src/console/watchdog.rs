//! The dead man's switch: the alert Watchdog always fires, so whoever no longer hears it knows that no alert would be heard.

use std::time::{Duration, Instant, SystemTime};

use super::notification::Alert;

/// Whether an alert is the Watchdog, alive. That it is over is what Alertmanager says when Prometheus has not told it for minutes.
pub(super) fn is_it(alert: &Alert) -> bool {
    alert.label("alertname") == "Watchdog" && !alert.is_resolved()
}

/// What is news about it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Change {
    /// For the first time.
    Comes,
    /// After it had stayed away.
    ComesAgain,
    /// For so long; it never came before if `ever` is false.
    StaysAway { within: Duration, ever: bool },
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Awaited,
    Coming,
    Away,
}

pub(crate) struct Watchdog {
    within: Duration,
    state: State,
    since: Instant,
    last: Option<SystemTime>,
}

impl Watchdog {
    pub(super) fn new(within: Duration, now: Instant) -> Self {
        Self {
            within,
            state: State::Awaited,
            since: now,
            last: None,
        }
    }

    /// It has come.
    pub(super) fn came(&mut self, now: Instant, clock: SystemTime) -> Option<Change> {
        let ever = self.last.replace(clock).is_some();
        let before = std::mem::replace(&mut self.state, State::Coming);
        self.since = now;
        match before {
            State::Coming => None,
            State::Away if ever => Some(Change::ComesAgain),
            State::Away | State::Awaited => Some(Change::Comes),
        }
    }

    /// Whether it has stayed away for too long by now; said once.
    pub(super) fn look(&mut self, now: Instant) -> Option<Change> {
        if self.due().is_none_or(|due| now < due) {
            return None;
        }
        self.state = State::Away;
        Some(Change::StaysAway {
            within: self.within,
            ever: self.last.is_some(),
        })
    }

    /// When to look at it next; `None` while it is away.
    pub(super) fn due(&self) -> Option<Instant> {
        (self.state != State::Away).then(|| self.since + self.within)
    }

    /// `awaited`, `coming` or `away`.
    pub(super) fn state(&self) -> &'static str {
        match self.state {
            State::Awaited => "awaited",
            State::Coming => "coming",
            State::Away => "away",
        }
    }

    /// When it came last.
    pub(super) fn last(&self) -> Option<SystemTime> {
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watchdog_that_is_over_is_none() {
        let alert = |name: &str, status: &str| Alert {
            status: status.to_owned(),
            labels: [("alertname".to_owned(), name.to_owned())].into(),
            ..Alert::default()
        };
        assert!(is_it(&alert("Watchdog", "firing")));
        assert!(!is_it(&alert("Watchdog", "resolved")));
        assert!(!is_it(&alert("TargetDown", "firing")));
    }

    #[test]
    fn each_change_is_told_once() {
        let (start, clock) = (Instant::now(), SystemTime::UNIX_EPOCH);
        let after = |seconds| start + Duration::from_secs(seconds);
        let within = Duration::from_secs(60);
        let away = |ever| Some(Change::StaysAway { within, ever });
        let mut watchdog = Watchdog::new(within, start);
        assert_eq!(watchdog.look(after(59)), None);
        assert_eq!(
            (watchdog.look(after(60)), watchdog.look(after(61))),
            (away(false), None)
        );
        assert_eq!(watchdog.came(after(70), clock), Some(Change::Comes));
        assert_eq!(watchdog.came(after(100), clock), None);
        assert_eq!(watchdog.due(), Some(after(160)));
        assert_eq!(
            (watchdog.look(after(159)), watchdog.look(after(160))),
            (None, away(true))
        );
        assert_eq!((watchdog.due(), watchdog.state()), (None, "away"));
        assert_eq!(watchdog.came(after(200), clock), Some(Change::ComesAgain));
        assert_eq!((watchdog.state(), watchdog.last()), ("coming", Some(clock)));
    }
}
