//! The simulated users, and how many of them were here lately.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How long after its last request a user counts as active.
const ACTIVE: Duration = Duration::from_secs(60);

/// When each user was here last: as many as there are, and never more.
#[derive(Debug)]
pub(crate) struct Users {
    /// Seconds since the start, and one more; 0 for never.
    last: Vec<AtomicU64>,
}

impl Users {
    pub(crate) fn new(count: u32) -> Self {
        Self {
            last: (0..count).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    /// Notes a request of a user, counted from 0.
    pub(crate) fn visit(&self, user: u32, since_start: Duration) {
        if let Some(last) = self.last.get(user as usize) {
            last.store(since_start.as_secs() + 1, Ordering::Relaxed);
        }
    }

    /// How many were here in the last minute.
    pub(crate) fn active(&self, since_start: Duration) -> usize {
        let earliest = (since_start.as_secs() + 1).saturating_sub(ACTIVE.as_secs()).max(1);
        let is_active = |last: &&AtomicU64| last.load(Ordering::Relaxed) >= earliest;
        self.last.iter().filter(is_active).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_active_for_a_minute() {
        let users = Users::new(3);
        let at = Duration::from_secs;
        assert_eq!(users.active(at(0)), 0);
        users.visit(0, at(0));
        users.visit(1, at(10));
        users.visit(1, at(11));
        users.visit(3, at(11));
        assert_eq!(
            [0, 11, 60, 61, 71, 72].map(|second| users.active(at(second))),
            [2, 2, 2, 1, 1, 0]
        );
    }
}
