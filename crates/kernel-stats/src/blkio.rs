//! I/O of a cgroup by block device and operation, from blkio.throttle.io_service_bytes and its like in cgroup v1. The
//! unit is that of the file: bytes, requests.
//!
//! ```text
//! 254:0 Read 8388608
//! 254:0 Total 16777216
//! Total 16777216
//! ```

use crate::ParseError;
use crate::fields::{Line, lines, split_once, unsigned_32};

const SHAPE: &str = "a device's numbers, an operation and a number";

/// One operation on one device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The device's major number.
    pub major: u32,
    /// The device's minor number.
    pub minor: u32,
    /// `Read`, `Write`, `Sync`, `Async`, `Discard` since Linux 4.19, or `Total`.
    pub operation: &'a str,
    /// How much of it since the cgroup was made.
    pub value: u64,
}

/// Parses such a file, in its order, without the line that sums up all devices. An empty file gives nothing.
///
/// # Errors
/// When a line is not a device, an operation and a number.
pub fn parse(bytes: &[u8]) -> Result<Vec<Entry<'_>>, ParseError> {
    entries(bytes).collect()
}

/// The same one by one, for files that are read in numbers. Each line of another shape is an error of its own.
pub fn entries(bytes: &[u8]) -> impl Iterator<Item = Result<Entry<'_>, ParseError>> {
    lines(bytes).filter(|line| !line.text.starts_with(b"Total")).map(entry)
}

fn entry(line: Line<'_>) -> Result<Entry<'_>, ParseError> {
    let mut fields = line.fields(SHAPE);
    let [major, minor] = fields.parsed(device)?;
    Ok(Entry {
        major,
        minor,
        operation: fields.text()?,
        value: fields.number()?,
    })
}

/// A device's numbers, as in `254:0`.
pub(crate) fn device(word: &[u8]) -> Option<[u32; 2]> {
    let (major, minor) = split_once(word, b':')?;
    Some([unsigned_32(major)?, unsigned_32(minor)?])
}

#[cfg(test)]
mod tests {
    use super::{Entry, parse};

    #[test]
    fn operations_are_read_and_the_sum_is_not() {
        let entry = |minor, operation, value| Entry {
            major: 254,
            minor,
            operation,
            value,
        };
        let expected = vec![
            entry(0, "Read", 8_388_608),
            entry(0, "Write", 8_527_872),
            entry(0, "Total", 16_949_248),
            entry(16, "Read", 512),
        ];
        assert_eq!(parse(include_bytes!("../fixtures/blkio")), Ok(expected));
        assert_eq!(parse(b"Total 0\n"), Ok(vec![]));
        assert_eq!(parse(b""), Ok(vec![]));
    }

    #[test]
    fn malformed_lines_are_errors() {
        for (line, found) in [("8 Read 1", "8"), ("8:0 Read", "8:0 Read"), ("8:0 Read -1", "-1")] {
            let text = format!("line 1: expected a device's numbers, an operation and a number, found {found:?}");
            assert_eq!(parse(line.as_bytes()).unwrap_err().to_string(), text);
        }
    }
}
