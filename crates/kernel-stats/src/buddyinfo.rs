//! Free blocks of memory by size, from /proc/buddyinfo.
//!
//! ```text
//! Node 0, zone      DMA      0      0      0      0      0      0      0      0      1      1      3
//! Node 0, zone   Normal  97402  69277  35613  16813   6495   3220   1259    513    234    125    162
//! ```

use crate::ParseError;
use crate::fields::{Line, lines, unsigned};

/// The free blocks of one zone of memory. Source: one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreeBlocks<'a> {
    /// The kernel's number of the NUMA node.
    pub node: &'a str,
    /// The zone's name, as `Normal`.
    pub zone: &'a str,
    /// How many blocks of 2ⁿ pages are free, by n.
    pub counts: Vec<u64>,
}

/// Parses /proc/buddyinfo, in the file's order. An empty file gives nothing.
///
/// # Errors
/// When a line is not a node, a zone and numbers.
pub fn parse(bytes: &[u8]) -> Result<Vec<FreeBlocks<'_>>, ParseError> {
    lines(bytes).map(free_blocks).collect()
}

fn free_blocks(line: Line<'_>) -> Result<FreeBlocks<'_>, ParseError> {
    let mut fields = line.fields("Node, its number, zone, its name and numbers");
    fields.parsed(|word| (word == b"Node").then_some(()))?;
    let node = fields.text()?;
    fields.parsed(|word| (word == b"zone").then_some(()))?;
    let zone = fields.text()?;
    let mut counts = Vec::new();
    while let Some(count) = fields.optional(unsigned)? {
        counts.push(count);
    }
    Ok(FreeBlocks {
        node: node.trim_end_matches(','),
        zone: zone.trim_end_matches(','),
        counts,
    })
}

#[cfg(test)]
mod tests {
    use super::{FreeBlocks, parse};

    #[test]
    fn zones_keep_their_order() {
        let zone = |zone, counts: [u64; 11]| FreeBlocks {
            node: "0",
            zone,
            counts: counts.to_vec(),
        };
        let expected = vec![
            zone("DMA", [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 3]),
            zone("DMA32", [1, 1, 4, 2, 5, 4, 3, 3, 4, 2, 752]),
            zone(
                "Normal",
                [97402, 69277, 35613, 16813, 6495, 3220, 1259, 513, 234, 125, 162],
            ),
        ];
        assert_eq!(parse(include_bytes!("../fixtures/buddyinfo")), Ok(expected));
        assert_eq!(parse(b""), Ok(vec![]));
    }

    #[test]
    fn malformed_lines_are_errors() {
        for (line, found) in [
            ("Node 0, zone", "Node 0, zone"),
            ("Node 0, zone DMA 1 x", "x"),
            ("zone 0", "zone"),
        ] {
            let text = format!("line 1: expected Node, its number, zone, its name and numbers, found {found:?}");
            assert_eq!(parse(line.as_bytes()).unwrap_err().to_string(), text);
        }
    }
}
