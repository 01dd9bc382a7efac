//! Load averages, from /proc/loadavg.
//!
//! ```text
//! 0.20 0.11 0.08 4/82 4329
//! ```

use crate::ParseError;
use crate::fields::{Line, fraction};

/// How many threads ran or waited for a CPU or for I/O, as averages that forget slowly. They have no unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LoadAvg {
    /// Over about 1 minute.
    pub load1: f64,
    /// Over about 5 minutes.
    pub load5: f64,
    /// Over about 15 minutes.
    pub load15: f64,
}

/// Parses /proc/loadavg.
///
/// # Errors
/// When the file does not begin with three numbers, as when it is empty.
pub fn parse(bytes: &[u8]) -> Result<LoadAvg, ParseError> {
    let mut fields = Line::whole(bytes).fields("3 numbers");
    Ok(LoadAvg {
        load1: fields.parsed(fraction)?,
        load5: fields.parsed(fraction)?,
        load15: fields.parsed(fraction)?,
    })
}

#[cfg(test)]
mod tests {
    use super::{LoadAvg, parse};

    #[test]
    fn averages_are_read() {
        let expected = LoadAvg {
            load1: 0.2,
            load5: 0.11,
            load15: 0.08,
        };
        assert_eq!(parse(include_bytes!("../fixtures/loadavg")), Ok(expected));
    }

    #[test]
    fn fewer_than_three_numbers_are_an_error() {
        let cases: [(&[u8], &str); 3] = [
            (b"", r#"expected 3 numbers, found """#),
            (b"0.21 0.2", r#"expected 3 numbers, found "0.21 0.2""#),
            (b"0.21 x 0.2", r#"expected 3 numbers, found "x""#),
        ];
        for (bytes, text) in cases {
            assert_eq!(parse(bytes).unwrap_err().to_string(), text);
        }
    }
}
