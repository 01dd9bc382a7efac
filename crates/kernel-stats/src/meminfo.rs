//! Memory and what it is used for, from /proc/meminfo. Its names change between kernels.
//!
//! ```text
//! MemTotal:       24684084 kB
//! Active(anon):       1008 kB
//! HugePages_Total:       0
//! ```

use crate::ParseError;
use crate::fields::{Fields, Line, lines};

const SHAPE: &str = "a name, a number and kB or nothing";

/// Parses /proc/meminfo into names as the file has them (`Active(anon)`), without the colon, and values: bytes where
/// the file says kB, else the bare number, as for the counts `HugePages_Total`, `_Free`, `_Rsvd` and `_Surp`. An empty
/// file gives nothing.
///
/// # Errors
/// When a line is not a name and a number, has a unit other than kB, or holds more bytes than `u64` can.
pub fn parse(bytes: &[u8]) -> Result<Vec<(&str, u64)>, ParseError> {
    lines(bytes).map(entry).collect()
}

fn entry(line: Line<'_>) -> Result<(&str, u64), ParseError> {
    named_value(line, line.fields(SHAPE), SHAPE)
}

/// A name with its colon, a number and its unit: the rest of a line of this shape.
pub(crate) fn named_value<'a>(
    line: Line<'a>,
    mut fields: Fields<'a>,
    shape: &'static str,
) -> Result<(&'a str, u64), ParseError> {
    let name = fields.text()?;
    let number = fields.number()?;
    let value = match fields.next() {
        None => Some(number),
        Some(b"kB") => number.checked_mul(1024),
        Some(unit) => return Err(fields.error_at(unit)),
    };
    Ok((
        name.strip_suffix(':').unwrap_or(name),
        value.ok_or_else(|| line.error(shape))?,
    ))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn kilobytes_become_bytes_and_counts_stay() {
        let expected = vec![
            ("MemTotal", 24_684_084 * 1024),
            ("MemAvailable", 24_303_648 * 1024),
            ("Active(anon)", 1008 * 1024),
            ("Committed_AS", 52_840 * 1024),
            ("HugePages_Total", 3),
            ("Hugepagesize", 2048 * 1024),
            ("DirectMap1G", 25_165_824 * 1024),
        ];
        assert_eq!(parse(include_bytes!("../fixtures/meminfo")), Ok(expected));
        assert_eq!(parse(b""), Ok(vec![]));
    }

    #[test]
    fn malformed_lines_are_errors() {
        let cases: [(&[u8], &str); 4] = [
            (b"MemTotal:\n", r#"found "MemTotal:""#),
            (b"MemTotal: x kB\n", r#"found "x""#),
            (b"MemTotal: 1 MB\n", r#"found "MB""#),
            (
                b"MemTotal: 18446744073709551615 kB\n",
                r#"found "MemTotal: 18446744073709551615 kB""#,
            ),
        ];
        for (bytes, found) in cases {
            let text = format!("line 1: expected a name, a number and kB or nothing, {found}");
            assert_eq!(parse(bytes).unwrap_err().to_string(), text);
        }
    }
}
