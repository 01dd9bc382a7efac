//! How long the phases of a probe take.

use std::time::{Duration, Instant};

/// A phase; one that the deadline cut short is as long as it was until then.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Phase {
    /// It was not reached.
    #[default]
    Never,
    /// It goes on since then.
    Running(Instant),
    /// It is over, and took so long.
    Over(Duration),
}

impl Phase {
    /// Now.
    pub(super) fn begin(&mut self) {
        *self = Self::Running(Instant::now());
    }

    /// Now; nothing unless it runs.
    pub(super) fn end(&mut self) {
        if let Self::Running(since) = *self {
            *self = Self::Over(since.elapsed());
        }
    }

    /// Seconds so far; 0 when it was not reached.
    pub(super) fn seconds(&self) -> f64 {
        match self {
            Self::Never => 0.0,
            Self::Running(since) => since.elapsed().as_secs_f64(),
            Self::Over(took) => took.as_secs_f64(),
        }
    }
}

impl From<Option<Duration>> for Phase {
    fn from(took: Option<Duration>) -> Self {
        took.map_or(Self::Never, Self::Over)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phase_lasts_until_it_ends() {
        let mut phase = Phase::default();
        phase.end();
        assert_eq!((phase, phase.seconds()), (Phase::Never, 0.0));
        phase.begin();
        let running = phase.seconds();
        assert!(phase.seconds() >= running);
        phase.end();
        assert_eq!(phase.seconds(), phase.seconds());
        assert_eq!(Phase::from(Some(Duration::from_secs(2))).seconds(), 2.0);
    }
}
