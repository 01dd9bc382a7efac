//! Counts of the virtual memory system since boot, from /proc/vmstat. Its names change between kernels.
//!
//! ```text
//! nr_free_pages 981804
//! pgfault 1620484
//! ```

use crate::ParseError;
use crate::fields::lines;

/// Parses /proc/vmstat into names and numbers, in the file's order. Units differ by name and are mostly pages or
/// events. An empty file gives nothing.
///
/// # Errors
/// When a line is not a name and an unsigned number.
pub fn parse(bytes: &[u8]) -> Result<Vec<(&str, u64)>, ParseError> {
    lines(bytes)
        .map(|line| {
            let mut fields = line.fields("a name and a number");
            Ok((fields.text()?, fields.number()?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn names_keep_their_order() {
        let expected = vec![
            ("nr_free_pages", 981_804),
            ("pgpgin", 1_309_929),
            ("pgpgout", 1_441_632),
            ("pgfault", 1_620_484),
            ("oom_kill", 0),
        ];
        assert_eq!(parse(include_bytes!("../fixtures/vmstat")), Ok(expected));
        assert_eq!(parse(b""), Ok(vec![]));
    }

    #[test]
    fn malformed_lines_are_errors() {
        let cases: [(&[u8], &str); 3] = [
            (b"a 1\nb\n", r#"line 2: expected a name and a number, found "b""#),
            (b"a 1.5\n", r#"line 1: expected a name and a number, found "1.5""#),
            (
                b"a\xff 1\n",
                "line 1: expected a name and a number, found \"a\u{fffd}\"",
            ),
        ];
        for (bytes, text) in cases {
            assert_eq!(parse(bytes).unwrap_err().to_string(), text);
        }
    }
}
