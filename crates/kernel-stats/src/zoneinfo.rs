//! Zones of memory, from /proc/zoneinfo. Its names change between kernels; the first zone of a node also has the counts
//! of the whole node.
//!
//! ```text
//! Node 0, zone      DMA
//!   per-node stats
//!       nr_inactive_anon 1319
//!   pages free     3840
//!         min      11
//!         protection: (0, 3019, 22603, 22603, 22603)
//!       nr_free_pages 3840
//!   pagesets
//!     cpu: 0
//!               count:    0
//! ```

use crate::ParseError;
use crate::fields::{Line, lines, unsigned};

/// One zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone<'a> {
    /// The kernel's number of the NUMA node.
    pub node: &'a str,
    /// The zone's name, as `Normal`.
    pub name: &'a str,
    /// Names and numbers, most of them pages, in the file's order.
    pub counts: Vec<(&'a str, u64)>,
    /// Pages that allocations which could use another zone leave free, by that zone.
    pub protection: Vec<u64>,
}

impl Zone<'_> {
    /// The number called `name`.
    pub fn count(&self, name: &str) -> Option<u64> {
        self.counts
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, count)| *count)
    }
}

/// Parses /proc/zoneinfo, in the file's order. What it says of single CPUs is passed over. An empty file gives nothing.
///
/// # Errors
/// When a line of two fields is not a name and a number, or `protection` is not a list of numbers.
pub fn parse(bytes: &[u8]) -> Result<Vec<Zone<'_>>, ParseError> {
    let mut zones = Vec::new();
    for line in lines(bytes) {
        match line.text.strip_prefix(b"Node ") {
            Some(rest) => zones.push(zone(line, rest)?),
            None => zones
                .last_mut()
                .ok_or_else(|| line.error("Node, its number, zone and its name"))?
                .add(line)?,
        }
    }
    Ok(zones)
}

fn zone<'a>(line: Line<'a>, rest: &'a [u8]) -> Result<Zone<'a>, ParseError> {
    let mut fields = line.fields_of(rest, "Node, its number, zone and its name");
    let node = fields.text()?;
    fields.parsed(|word| (word == b"zone").then_some(()))?;
    Ok(Zone {
        node: node.trim_end_matches(','),
        name: fields.text()?,
        counts: Vec::new(),
        protection: Vec::new(),
    })
}

impl<'a> Zone<'a> {
    fn add(&mut self, line: Line<'a>) -> Result<(), ParseError> {
        let text = line.text.trim_ascii();
        if let Some(list) = text.strip_prefix(b"protection:") {
            self.protection = protection(list).ok_or_else(|| line.error("numbers in parentheses"))?;
            return Ok(());
        }
        let mut fields = line.fields("a name and a number");
        let (name, number) = (fields.text()?, fields.next());
        // Names with a colon are of single CPUs. Words alone, and several of them, are headings.
        match number {
            Some(number) if fields.next().is_none() && !name.ends_with(':') && text != b"per-node stats" => {
                let number = unsigned(number).ok_or_else(|| fields.error_at(number))?;
                self.counts.push((name, number));
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

fn protection(list: &[u8]) -> Option<Vec<u64>> {
    let list = list.trim_ascii().strip_prefix(b"(")?.strip_suffix(b")")?;
    list.split(|&byte| byte == b',')
        .map(|number| unsigned(number.trim_ascii()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Zone, parse};

    #[test]
    fn zones_keep_their_order_and_leave_out_cpus() {
        let expected = vec![
            Zone {
                node: "0",
                name: "DMA",
                counts: vec![
                    ("nr_inactive_anon", 1319),
                    ("nr_mapped", 2667),
                    ("min", 11),
                    ("high", 17),
                    ("nr_free_pages", 3840),
                ],
                protection: vec![0, 3019, 22603, 22603, 22603],
            },
            Zone {
                node: "0",
                name: "Movable",
                counts: vec![("min", 32)],
                protection: vec![0, 0, 0, 0, 0],
            },
        ];
        let zones = parse(include_bytes!("../fixtures/zoneinfo")).unwrap();
        assert_eq!(zones, expected);
        assert_eq!((zones[0].count("high"), zones[1].count("high")), (Some(17), None));
        assert_eq!(parse(b""), Ok(vec![]));
    }

    #[test]
    fn malformed_lines_are_errors() {
        for (text, error) in [
            (
                "min 1\n",
                r#"line 1: expected Node, its number, zone and its name, found "min 1""#,
            ),
            (
                "Node 0\n",
                r#"line 1: expected Node, its number, zone and its name, found "Node 0""#,
            ),
            (
                "Node 0, zone A\nmin x\n",
                r#"line 2: expected a name and a number, found "x""#,
            ),
            (
                "Node 0, zone A\nprotection: (1, x)\n",
                r#"line 2: expected numbers in parentheses, found "protection: (1, x)""#,
            ),
        ] {
            assert_eq!(parse(text.as_bytes()).unwrap_err().to_string(), error);
        }
    }
}
