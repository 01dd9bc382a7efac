//! Times as cAdvisor writes them: RFC 3339, in UTC.

use std::time::{Duration, UNIX_EPOCH};

/// What stands for no time at all.
const NEVER: &str = "0001-01-01T00:00:00Z";

/// The last second that four digits can name the year of.
const LAST: f64 = 253_402_300_799.0;

/// Seconds since 1970 as text.
pub(super) fn text(seconds: Option<f64>) -> String {
    let since = seconds.filter(|seconds| *seconds <= LAST);
    match since.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()) {
        Some(since) => humantime::format_rfc3339_micros(UNIX_EPOCH + since).to_string(),
        None => NEVER.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_utc() {
        for (seconds, expected) in [
            (Some(0.0), "1970-01-01T00:00:00.000000Z"),
            (Some(1_700_000_000.25), "2023-11-14T22:13:20.250000Z"),
            (None, NEVER),
            (Some(-1.0), NEVER),
            (Some(1e300), NEVER),
            (Some(f64::NAN), NEVER),
        ] {
            assert_eq!(text(seconds), expected, "{seconds:?}");
        }
    }
}
