//! Pressure stall information, from /proc/pressure/{cpu,io,memory,irq} and the `*.pressure` files of cgroups. Linux
//! 4.20 and later.
//!
//! ```text
//! some avg10=0.06 avg60=0.33 avg300=0.19 total=2572544
//! full avg10=0.06 avg60=0.32 avg300=0.18 total=2489251
//! ```

use crate::ParseError;
use crate::fields::{Line, fraction, lines, split_once, unsigned};

const SHAPE: &str = "avg10, avg60, avg300 and total";

/// How long tasks waited for one resource.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Pressure {
    /// When at least one task waited. `None` for `irq`. Source: `some`.
    pub some: Option<Stall>,
    /// When all tasks waited. `None` for `cpu` before Linux 5.13. Source: `full`.
    pub full: Option<Stall>,
}

/// How long it was.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Stall {
    /// Percent of the last 10 seconds.
    pub avg10: f64,
    /// Percent of the last 60 seconds.
    pub avg60: f64,
    /// Percent of the last 300 seconds.
    pub avg300: f64,
    /// Microseconds since boot, or since the cgroup was made.
    pub total_micros: u64,
}

/// Parses a file of pressure stall information. Unknown lines and fields are passed over; an empty file says nothing.
///
/// # Errors
/// When a line `some` or `full` lacks one of its four numbers.
pub fn parse(bytes: &[u8]) -> Result<Pressure, ParseError> {
    let mut pressure = Pressure::default();
    for line in lines(bytes) {
        match line.fields(SHAPE).next() {
            Some(b"some") => pressure.some = Some(stall(line)?),
            Some(b"full") => pressure.full = Some(stall(line)?),
            _ => {}
        }
    }
    Ok(pressure)
}

fn stall(line: Line<'_>) -> Result<Stall, ParseError> {
    let (mut avg10, mut avg60, mut avg300, mut total) = (None, None, None, None);
    for field in line.fields(SHAPE).skip(1) {
        let malformed = || line.error_at(SHAPE, field);
        let (name, value) = split_once(field, b'=').ok_or_else(malformed)?;
        match name {
            b"avg10" => avg10 = Some(fraction(value).ok_or_else(malformed)?),
            b"avg60" => avg60 = Some(fraction(value).ok_or_else(malformed)?),
            b"avg300" => avg300 = Some(fraction(value).ok_or_else(malformed)?),
            b"total" => total = Some(unsigned(value).ok_or_else(malformed)?),
            _ => {}
        }
    }
    match (avg10, avg60, avg300, total) {
        (Some(avg10), Some(avg60), Some(avg300), Some(total_micros)) => Ok(Stall {
            avg10,
            avg60,
            avg300,
            total_micros,
        }),
        _ => Err(line.error(SHAPE)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Pressure, Stall, parse};

    const SOME: Stall = Stall {
        avg10: 0.06,
        avg60: 0.33,
        avg300: 0.19,
        total_micros: 2_572_544,
    };
    const FULL: Stall = Stall {
        avg10: 0.06,
        avg60: 0.32,
        avg300: 0.18,
        total_micros: 2_489_251,
    };

    #[test]
    fn both_lines_are_read() {
        assert_eq!(
            parse(include_bytes!("../fixtures/pressure")),
            Ok(Pressure {
                some: Some(SOME),
                full: Some(FULL)
            })
        );
    }

    #[test]
    fn either_line_may_be_absent() {
        let cases: [(&[u8], Pressure); 4] = [
            (
                b"some avg10=0.06 avg60=0.33 avg300=0.19 total=2572544\n",
                Pressure {
                    some: Some(SOME),
                    full: None,
                },
            ),
            (
                b"full avg10=0.06 avg60=0.32 avg300=0.18 total=2489251 new=x\n",
                Pressure {
                    some: None,
                    full: Some(FULL),
                },
            ),
            (b"most x\n", Pressure::default()),
            (b"", Pressure::default()),
        ];
        for (bytes, expected) in cases {
            assert_eq!(parse(bytes), Ok(expected));
        }
    }

    #[test]
    fn malformed_lines_are_errors() {
        let cases: [(&[u8], &str); 3] = [
            (
                b"some avg10=0.1\n",
                r#"line 1: expected avg10, avg60, avg300 and total, found "some avg10=0.1""#,
            ),
            (
                b"\nfull avg10=x\n",
                r#"line 2: expected avg10, avg60, avg300 and total, found "avg10=x""#,
            ),
            (
                b"some total\n",
                r#"line 1: expected avg10, avg60, avg300 and total, found "total""#,
            ),
        ];
        for (bytes, text) in cases {
            assert_eq!(parse(bytes).unwrap_err().to_string(), text);
        }
    }
}
