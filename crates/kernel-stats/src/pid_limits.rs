//! Limits of a process, from /proc/PID/limits.
//!
//! ```text
//! Limit                     Soft Limit           Hard Limit           Units
//! Max cpu time              unlimited            unlimited            seconds
//! Max open files            4321                 5000                 files
//! ```

use crate::ParseError;
use crate::fields::{Line, lines, unsigned};

const HEADER_LINES: usize = 1;
const SHAPE: &str = "a name, two spaces and two limits";

/// One limit, in the unit that the file names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit<'a> {
    /// As the file has it, such as `Max open files`.
    pub name: &'a str,
    /// What holds. `None`: unlimited.
    pub soft: Option<u64>,
    /// How far the process may raise it. `None`: unlimited.
    pub hard: Option<u64>,
}

/// Parses /proc/PID/limits, in the file's order, past its header. An empty file gives nothing.
///
/// # Errors
/// When a line is not a name and two limits.
pub fn parse(bytes: &[u8]) -> Result<Vec<Limit<'_>>, ParseError> {
    limits(bytes).collect()
}

/// The same one by one, for files that are read in numbers. Each line of another shape is an error of its own.
pub fn limits(bytes: &[u8]) -> impl Iterator<Item = Result<Limit<'_>, ParseError>> {
    lines(bytes).skip(HEADER_LINES).map(limit)
}

fn limit(line: Line<'_>) -> Result<Limit<'_>, ParseError> {
    // Names have single spaces in them and at least two behind them.
    let end = memchr::memmem::find(line.text, b"  ").ok_or_else(|| line.error(SHAPE))?;
    let (name, values) = line.text.split_at(end);
    let mut values = line.fields_of(values, SHAPE);
    Ok(Limit {
        name: std::str::from_utf8(name).map_err(|_| line.error_at(SHAPE, name))?,
        soft: values.parsed(value)?,
        hard: values.parsed(value)?,
    })
}

fn value(word: &[u8]) -> Option<Option<u64>> {
    match word {
        b"unlimited" => Some(None),
        _ => unsigned(word).map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::{Limit, parse};

    #[test]
    fn limits_keep_their_order() {
        let limit = |name, soft, hard| Limit { name, soft, hard };
        let expected = vec![
            limit("Max cpu time", None, None),
            limit("Max stack size", Some(8_388_608), None),
            limit("Max open files", Some(4321), Some(5000)),
            limit("Max nice priority", Some(0), Some(0)),
        ];
        assert_eq!(parse(include_bytes!("../fixtures/pid_limits")), Ok(expected));
        assert_eq!(parse(b""), Ok(vec![]));
    }

    #[test]
    fn malformed_lines_are_errors() {
        for (line, found) in [
            ("Max open files", "Max open files"),
            ("Max open files  1", "Max open files  1"),
            ("Max open files  1 x files", "x"),
        ] {
            let text = format!("line 2: expected a name, two spaces and two limits, found {found:?}");
            let error = parse(format!("Limit\n{line}\n").as_bytes()).unwrap_err();
            assert_eq!(error.to_string(), text);
        }
    }
}
