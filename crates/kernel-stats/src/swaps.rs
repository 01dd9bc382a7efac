//! Areas of swap, from /proc/swaps.
//!
//! ```text
//! Filename                Type        Size        Used        Priority
//! /dev/dm-2                               partition    131068        176        -2
//! ```

use crate::ParseError;
use crate::fields::{Line, lines, signed};

const HEADER_LINES: usize = 1;

/// One area of swap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Swap<'a> {
    /// Its path; white space and backslashes stand as escapes in octal, as `\040`.
    pub filename: &'a str,
    /// `partition` or `file`. Source: column `Type`.
    pub kind: &'a str,
    /// Its size in KiB. Source: column `Size`.
    pub size_kib: u64,
    /// What is in use of it, in KiB. Source: column `Used`.
    pub used_kib: u64,
    /// Areas with a higher one are filled first; negative where the kernel chose it.
    pub priority: i64,
}

/// Parses /proc/swaps, in the file's order, past its header. An empty file gives nothing.
///
/// # Errors
/// When a line is not a path, a type and 3 numbers.
pub fn parse(bytes: &[u8]) -> Result<Vec<Swap<'_>>, ParseError> {
    lines(bytes).skip(HEADER_LINES).map(swap).collect()
}

fn swap(line: Line<'_>) -> Result<Swap<'_>, ParseError> {
    let mut fields = line.fields("a path, a type and 3 numbers");
    Ok(Swap {
        filename: fields.text()?,
        kind: fields.text()?,
        size_kib: fields.number()?,
        used_kib: fields.number()?,
        priority: fields.parsed(signed)?,
    })
}

#[cfg(test)]
mod tests {
    use super::{Swap, parse};

    #[test]
    fn areas_keep_their_order() {
        let expected = vec![
            Swap {
                filename: "/dev/dm-2",
                kind: "partition",
                size_kib: 131_068,
                used_kib: 176,
                priority: -2,
            },
            Swap {
                filename: r"/swap\040file",
                kind: "file",
                size_kib: 2048,
                used_kib: 1024,
                priority: 5,
            },
        ];
        assert_eq!(parse(include_bytes!("../fixtures/swaps")), Ok(expected));
        assert_eq!(parse(b""), Ok(vec![]));
    }

    #[test]
    fn malformed_lines_are_errors() {
        for (line, found) in [("/a file 1 2", "/a file 1 2"), ("/a file 1 -2 3", "-2")] {
            let text = format!("line 2: expected a path, a type and 3 numbers, found {found:?}");
            let error = parse(format!("Filename\n{line}\n").as_bytes()).unwrap_err();
            assert_eq!(error.to_string(), text);
        }
    }
}
