//! Memory of a NUMA node and what it is used for, from meminfo in /sys/devices/system/node/nodeN. Its names change
//! between kernels.
//!
//! ```text
//! Node 0 MemTotal:       23161036 kB
//! Node 0 Active(anon):       1012 kB
//! Node 0 HugePages_Total:     0
//! ```

use crate::ParseError;
use crate::fields::{Line, lines};
use crate::meminfo::named_value;

const SHAPE: &str = "Node, its number, a name, a number and kB or nothing";

/// Parses meminfo of a node into names as the file has them (`Active(anon)`), without the colon, and values: bytes where
/// the file says kB, else the bare number. An empty file gives nothing.
///
/// # Errors
/// When a line is not the node, a name and a number, has a unit other than kB, or holds more bytes than `u64` can.
pub fn parse(bytes: &[u8]) -> Result<Vec<(&str, u64)>, ParseError> {
    lines(bytes).map(entry).collect()
}

fn entry(line: Line<'_>) -> Result<(&str, u64), ParseError> {
    let mut fields = line.fields(SHAPE);
    fields.parsed(|word| (word == b"Node").then_some(()))?;
    fields.number()?;
    named_value(line, fields, SHAPE)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn kilobytes_become_bytes_and_counts_stay() {
        let expected = vec![
            ("MemTotal", 23_161_036 * 1024),
            ("Active(anon)", 1012 * 1024),
            ("HugePages_Total", 3),
        ];
        assert_eq!(parse(include_bytes!("../fixtures/node_meminfo")), Ok(expected));
        assert_eq!(parse(b""), Ok(vec![]));
    }

    #[test]
    fn malformed_lines_are_errors() {
        for (line, found) in [
            ("MemTotal: 1 kB", "MemTotal:"),
            ("Node 0 MemTotal:", "Node 0 MemTotal:"),
            ("Node 0 MemTotal: x kB", "x"),
            ("Node 0 MemTotal: 1 MB", "MB"),
            (
                "Node 0 MemTotal: 18446744073709551615 kB",
                "Node 0 MemTotal: 18446744073709551615 kB",
            ),
        ] {
            let text = format!("line 1: expected {}, found {found:?}", super::SHAPE);
            assert_eq!(parse(line.as_bytes()).unwrap_err().to_string(), text);
        }
    }
}
