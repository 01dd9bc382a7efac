//! The CPU quota of a cgroup, from cpu.max of cgroup v2.
//!
//! ```text
//! 50000 100000
//! ```

use crate::ParseError;
use crate::fields::{Line, unsigned};

const SHAPE: &str = "a quota or max, and a period";

/// How much CPU time a cgroup may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CpuMax {
    /// Microseconds of CPU time in each period. `None` without a limit, which the file calls `max`.
    pub quota_micros: Option<u64>,
    /// The period's length in microseconds.
    pub period_micros: u64,
}

/// Parses cpu.max.
///
/// # Errors
/// When the file is not a quota or `max`, and a period.
pub fn parse(bytes: &[u8]) -> Result<CpuMax, ParseError> {
    let mut fields = Line::whole(bytes).fields(SHAPE);
    let quota = |word: &[u8]| match word {
        b"max" => Some(None),
        digits => unsigned(digits).map(Some),
    };
    Ok(CpuMax {
        quota_micros: fields.parsed(quota)?,
        period_micros: fields.number()?,
    })
}

#[cfg(test)]
mod tests {
    use super::{CpuMax, parse};

    #[test]
    fn a_quota_is_a_number_or_none() {
        let max = |quota_micros, period_micros| CpuMax {
            quota_micros,
            period_micros,
        };
        assert_eq!(
            parse(include_bytes!("../fixtures/cpu_max")),
            Ok(max(Some(50_000), 100_000))
        );
        assert_eq!(parse(b"max 100000\n"), Ok(max(None, 100_000)));
    }

    #[test]
    fn anything_else_is_an_error() {
        for (text, found) in [("", ""), ("max", "max"), ("-1 100000", "-1"), ("5 x", "x")] {
            let expected = format!("expected a quota or max, and a period, found {found:?}");
            assert_eq!(parse(text.as_bytes()).unwrap_err().to_string(), expected);
        }
    }
}
