//! The one error of all parsers: what was expected, where, and what stood there instead.

use std::fmt;

/// Longest piece of the input that an error repeats, in bytes.
const FOUND_LIMIT: usize = 80;

/// Bytes that are not what the kernel writes into this file.
///
/// Its text is `line 3: expected an interface and 16 numbers, found "eth0 1"`, without a line for files of one line
/// and without the path, which the reader of the file adds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}expected {expected}, found {found:?}")]
pub struct ParseError {
    place: Place,
    expected: &'static str,
    found: String,
}

impl ParseError {
    /// `line` counts from 1; 0 stands for a file of one line. `found` is made readable and cut to a length for logs.
    pub(crate) fn new(line: usize, expected: &'static str, found: &[u8]) -> Self {
        Self {
            place: Place(line),
            expected,
            found: excerpt(found),
        }
    }
}

fn excerpt(found: &[u8]) -> String {
    let found = found.trim_ascii();
    let cut = found.get(..FOUND_LIMIT).unwrap_or(found);
    let mut text = String::from_utf8_lossy(cut).into_owned();
    if cut.len() < found.len() {
        text.push('…');
    }
    text
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place(usize);

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => Ok(()),
            line => write!(f, "line {line}: "),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ParseError;

    #[test]
    fn text_names_line_expectation_and_finding() {
        let cases = [
            (
                ParseError::new(0, "3 numbers", b"0.21 x\n"),
                r#"expected 3 numbers, found "0.21 x""#,
            ),
            (
                ParseError::new(7, "a number", b"\xff\x01"),
                r#"line 7: expected a number, found "\u{fffd}\u{1}""#,
            ),
            (
                ParseError::new(1, "a number", b""),
                r#"line 1: expected a number, found """#,
            ),
        ];
        for (error, text) in cases {
            let shown = error.to_string();
            assert_eq!(shown.replace('\u{fffd}', r"\u{fffd}"), text);
        }
    }

    #[test]
    fn long_findings_are_cut() {
        let shown = ParseError::new(2, "a number", &[b'x'; 500]).to_string();
        assert_eq!(
            shown,
            format!("line 2: expected a number, found \"{}…\"", "x".repeat(80))
        );
    }
}
