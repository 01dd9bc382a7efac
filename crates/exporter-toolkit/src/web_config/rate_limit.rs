//! A token bucket that behaves as Go's `golang.org/x/time/rate` does.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How many requests are let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limit {
    /// Time until one more request is allowed. Never zero.
    pub(super) interval: Duration,
    /// Requests that may come at once after a quiet time. Never zero.
    pub(super) burst: u32,
}

/// A limit with its tokens.
#[derive(Debug)]
pub(super) struct RateLimiter {
    limit: Limit,
    bucket: Mutex<Bucket>,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    filled_at: Option<Instant>,
}

impl RateLimiter {
    /// A full bucket.
    pub(super) fn new(limit: Limit) -> Self {
        let bucket = Mutex::new(Bucket {
            tokens: f64::from(limit.burst),
            filled_at: None,
        });
        Self { limit, bucket }
    }

    pub(super) fn limit(&self) -> Limit {
        self.limit
    }

    /// Takes a token, if there is one.
    pub(super) fn allow(&self, now: Instant) -> bool {
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let quiet = now.saturating_duration_since(bucket.filled_at.unwrap_or(now));
        let gained = quiet.as_secs_f64() / self.limit.interval.as_secs_f64();
        bucket.tokens = (bucket.tokens + gained).min(f64::from(self.limit.burst));
        bucket.filled_at = Some(now);
        let allowed = bucket.tokens >= 1.0;
        if allowed {
            bucket.tokens -= 1.0;
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_one_an_interval() {
        let limiter = RateLimiter::new(Limit {
            interval: Duration::from_secs(1),
            burst: 2,
        });
        let start = Instant::now();
        let times_and_answers = [
            (0, true),
            (0, true),
            (0, false),
            (500, false),
            (1_000, true),
            (1_000, false),
            (60_000, true),
            (60_000, true),
            (60_000, false),
        ];
        for (millis, allowed) in times_and_answers {
            assert_eq!(
                limiter.allow(start + Duration::from_millis(millis)),
                allowed,
                "at {millis} ms"
            );
        }
    }

    #[test]
    fn a_clock_that_seems_to_go_back_gives_nothing() {
        let limiter = RateLimiter::new(Limit {
            interval: Duration::from_secs(1),
            burst: 1,
        });
        let now = Instant::now() + Duration::from_secs(10);
        assert!(limiter.allow(now));
        assert!(!limiter.allow(now - Duration::from_secs(5)));
    }
}
