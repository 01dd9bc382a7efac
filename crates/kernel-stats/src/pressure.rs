//! Pressure stall information, from /proc/pressure/{cpu,io,memory,irq} and the `*.pressure` files of cgroups. Linux
//! 4.20 and later.
//!
//! ```text
//! some avg10=0.06 avg60=0.33 avg300=0.19 total=2572544
//! full avg10=0.06 avg60=0.32 avg300=0.18 total=2489251
//! ```

use crate::ParseError;
use crate::fields::{Line, lines, unsigned};

const SHAPE: &str = "averages and total=MICROSECONDS";

/// How long tasks waited for one resource, in microseconds since boot, or since the cgroup was made. The kernel's
/// averages are left alone: whoever has the totals has those of any time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pressure {
    /// When at least one task waited. `None` for `irq`. Source: `some`.
    pub some_micros: Option<u64>,
    /// When all tasks waited. `None` for `cpu` before Linux 5.13. Source: `full`.
    pub full_micros: Option<u64>,
}

/// Parses a file of pressure stall information. Unknown lines and fields are passed over; an empty file says nothing.
///
/// # Errors
/// When a line `some` or `full` has no total.
pub fn parse(bytes: &[u8]) -> Result<Pressure, ParseError> {
    let mut pressure = Pressure::default();
    for line in lines(bytes) {
        match line.fields(SHAPE).next() {
            Some(b"some") => pressure.some_micros = Some(total(line)?),
            Some(b"full") => pressure.full_micros = Some(total(line)?),
            _ => {}
        }
    }
    Ok(pressure)
}

fn total(line: Line<'_>) -> Result<u64, ParseError> {
    let total = line.fields(SHAPE).find_map(|field| field.strip_prefix(b"total="));
    let digits = total.ok_or_else(|| line.error(SHAPE))?;
    unsigned(digits).ok_or_else(|| line.error_at(SHAPE, digits))
}

#[cfg(test)]
mod tests {
    use super::{Pressure, parse};

    #[test]
    fn both_lines_are_read() {
        assert_eq!(
            parse(include_bytes!("../fixtures/pressure")),
            Ok(Pressure {
                some_micros: Some(2_572_544),
                full_micros: Some(2_489_251)
            })
        );
    }

    #[test]
    fn either_line_may_be_absent() {
        let cases: [(&[u8], Pressure); 4] = [
            (
                b"some avg10=0.06 avg60=0.33 avg300=0.19 total=2572544\n",
                Pressure {
                    some_micros: Some(2_572_544),
                    full_micros: None,
                },
            ),
            (
                b"full avg10=0.06 avg60=0.32 avg300=0.18 total=2489251 new=x\n",
                Pressure {
                    some_micros: None,
                    full_micros: Some(2_489_251),
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
    fn lines_without_a_total_are_errors() {
        let cases: [(&[u8], &str); 3] = [
            (
                b"some avg10=0.1\n",
                r#"line 1: expected averages and total=MICROSECONDS, found "some avg10=0.1""#,
            ),
            (
                b"\nfull avg10=0.1 total=x\n",
                r#"line 2: expected averages and total=MICROSECONDS, found "x""#,
            ),
            (
                b"some total\n",
                r#"line 1: expected averages and total=MICROSECONDS, found "some total""#,
            ),
        ];
        for (bytes, text) in cases {
            assert_eq!(parse(bytes).unwrap_err().to_string(), text);
        }
    }
}
