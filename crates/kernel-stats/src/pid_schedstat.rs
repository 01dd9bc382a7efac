//! Scheduler times of one thread, from /proc/PID/schedstat, which is about the main thread alone, and /proc/TID/schedstat
//! for any other.
//!
//! ```text
//! 2921420352 3335335707 1543
//! ```

use crate::ParseError;
use crate::fields::Line;

/// What the scheduler did with one thread since it was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ThreadSchedstat {
    /// Time that it ran, in nanoseconds. Source: column 1.
    pub running_nanos: u64,
    /// Time that it waited for a CPU, in nanoseconds. Source: column 2.
    pub waiting_nanos: u64,
    /// Timeslices that it ran. Source: column 3.
    pub timeslices: u64,
}

/// Parses /proc/PID/schedstat.
///
/// # Errors
/// When the file does not begin with 3 numbers.
pub fn parse(bytes: &[u8]) -> Result<ThreadSchedstat, ParseError> {
    let [running_nanos, waiting_nanos, timeslices] = Line::whole(bytes).fields("3 numbers").numbers()?;
    Ok(ThreadSchedstat {
        running_nanos,
        waiting_nanos,
        timeslices,
    })
}

#[cfg(test)]
mod tests {
    use super::{ThreadSchedstat, parse};

    #[test]
    fn columns_are_read() {
        let expected = ThreadSchedstat {
            running_nanos: 2_921_420_352,
            waiting_nanos: 3_335_335_707,
            timeslices: 1543,
        };
        assert_eq!(parse(include_bytes!("../fixtures/pid_schedstat")), Ok(expected));
    }

    #[test]
    fn anything_else_is_an_error() {
        for (text, found) in [("", ""), ("1 2", "1 2"), ("1 -2 3", "-2")] {
            let expected = format!("expected 3 numbers, found {found:?}");
            assert_eq!(parse(text.as_bytes()).unwrap_err().to_string(), expected);
        }
    }
}
