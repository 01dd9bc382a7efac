//! What the memory of a cgroup is used for on each NUMA node, from memory.numa_stat: pages in v1, bytes in v2 (Linux
//! 5.10 and later).
//!
//! v1, whose names begin with `hierarchical_` where cgroups below count too:
//! ```text
//! file=5891 N0=5000 N1=891
//! hierarchical_file=6000 N0=5100 N1=900
//! ```
//!
//! v2:
//! ```text
//! anon N0=1056768 N1=8192
//! file N0=20971520 N1=0
//! ```

use crate::ParseError;
use crate::fields::{lines, split_once, unsigned, unsigned_32};

const SHAPE: &str = "a name, and numbers of nodes with their values";

/// One use of memory on one node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeMemory<'a> {
    /// What it is used for, as `file` or `hierarchical_anon`.
    pub name: &'a str,
    /// The node's number.
    pub node: u32,
    /// How much: pages in v1, bytes or a number of events in v2.
    pub value: u64,
}

/// Parses either version's file, in its order. The sum over all nodes, which v1 puts first, is left out. An empty file
/// gives nothing.
///
/// # Errors
/// When a line is not a name, and nodes with their values.
pub fn parse(bytes: &[u8]) -> Result<Vec<NodeMemory<'_>>, ParseError> {
    let mut all = Vec::new();
    for line in lines(bytes) {
        let mut fields = line.fields(SHAPE);
        let word = fields.text()?;
        let name = word.split_once('=').map_or(word, |(name, _)| name);
        for field in fields {
            all.push(on_node(name, field).ok_or_else(|| line.error_at(SHAPE, field))?);
        }
    }
    Ok(all)
}

fn on_node<'a>(name: &'a str, field: &[u8]) -> Option<NodeMemory<'a>> {
    let (node, value) = split_once(field.strip_prefix(b"N")?, b'=')?;
    Some(NodeMemory {
        name,
        node: unsigned_32(node)?,
        value: unsigned(value)?,
    })
}

#[cfg(test)]
mod tests {
    use super::{NodeMemory, parse};

    fn on_node(name: &str, node: u32, value: u64) -> NodeMemory<'_> {
        NodeMemory { name, node, value }
    }

    #[test]
    fn sums_of_v1_are_left_out() {
        let expected = vec![
            on_node("total", 0, 13),
            on_node("total", 1, 5),
            on_node("file", 0, 3),
            on_node("file", 1, 4),
            on_node("hierarchical_anon", 0, 102),
            on_node("hierarchical_anon", 1, 7),
        ];
        assert_eq!(parse(include_bytes!("../fixtures/memory_numa_stat_v1")), Ok(expected));
    }

    #[test]
    fn lines_of_v2_have_no_sum() {
        let expected = vec![
            on_node("anon", 0, 1_056_768),
            on_node("anon", 1, 8192),
            on_node("file", 0, 20_971_520),
            on_node("file", 1, 0),
        ];
        assert_eq!(parse(include_bytes!("../fixtures/memory_numa_stat_v2")), Ok(expected));
        assert_eq!(parse(b""), Ok(vec![]));
    }

    #[test]
    fn malformed_nodes_are_errors() {
        for (line, found) in [
            ("file=3 N0", "N0"),
            ("anon 0=1", "0=1"),
            ("anon N0=x", "N0=x"),
            ("anon Nx=1", "Nx=1"),
        ] {
            let text = format!("line 1: expected {}, found {found:?}", super::SHAPE);
            assert_eq!(parse(line.as_bytes()).unwrap_err().to_string(), text);
        }
    }
}
