//! Controllers of cgroups, from /proc/cgroups.
//!
//! ```text
//! #subsys_name    hierarchy    num_cgroups    enabled
//! memory    4    49    1
//! ```

use crate::ParseError;
use crate::fields::{Line, lines};

/// One controller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Controller<'a> {
    /// The controller's name, as `memory`. Source: column `subsys_name`.
    pub name: &'a str,
    /// How many cgroups of its hierarchy use it. Source: column `num_cgroups`.
    pub cgroups: u64,
    /// 1, or 0 if a boot parameter switched it off. Source: column `enabled`.
    pub enabled: u64,
}

/// Parses /proc/cgroups, in the file's order, past its header. An empty file gives nothing.
///
/// # Errors
/// When a line is not a name and 3 numbers.
pub fn parse(bytes: &[u8]) -> Result<Vec<Controller<'_>>, ParseError> {
    let rows = lines(bytes).filter(|line| !line.text.starts_with(b"#"));
    rows.map(controller).collect()
}

fn controller(line: Line<'_>) -> Result<Controller<'_>, ParseError> {
    let mut fields = line.fields("a name and 3 numbers");
    let name = fields.text()?;
    let [_hierarchy, cgroups, enabled] = fields.numbers()?;
    Ok(Controller { name, cgroups, enabled })
}

#[cfg(test)]
mod tests {
    use super::{Controller, parse};

    #[test]
    fn controllers_keep_their_order() {
        let controller = |name, cgroups, enabled| Controller { name, cgroups, enabled };
        let expected = vec![
            controller("cpuset", 1, 1),
            controller("memory", 49, 1),
            controller("net_prio", 1, 0),
        ];
        assert_eq!(parse(include_bytes!("../fixtures/cgroups")), Ok(expected));
        assert_eq!(parse(b""), Ok(vec![]));
    }

    #[test]
    fn malformed_lines_are_errors() {
        for (line, found) in [("memory 4 49", "memory 4 49"), ("memory 4 many 1", "many")] {
            let text = format!("line 1: expected a name and 3 numbers, found {found:?}");
            assert_eq!(parse(line.as_bytes()).unwrap_err().to_string(), text);
        }
    }
}
