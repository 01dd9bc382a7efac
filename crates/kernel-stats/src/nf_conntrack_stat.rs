//! Events of connection tracking since boot, from /proc/net/stat/nf_conntrack: a header, and a row of hexadecimal
//! numbers per CPU. Columns differ between kernels, so the header says which is which.
//!
//! ```text
//! entries  clashres found new invalid ignore delete chainlength insert insert_failed drop early_drop icmp_error  expect_new expect_create expect_delete search_restart
//! 00000002  00000000 00000000 00000000 0000000b 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000  00000000 00000000 00000000 00000000
//! ```

use crate::ParseError;
use crate::fields::{Line, hexadecimal, lines};

/// Events of all CPUs together. What the kernel does not count is 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ConntrackStat {
    /// Look-ups that found an entry.
    pub found: u64,
    /// Packets that cannot be tracked.
    pub invalid: u64,
    /// Packets that were already part of a connection. Always 0 on current kernels.
    pub ignore: u64,
    /// Entries that were inserted.
    pub insert: u64,
    /// Insertions that failed.
    pub insert_failed: u64,
    /// Packets that were dropped because tracking failed.
    pub drop: u64,
    /// Entries that were dropped to make room, as the table was full.
    pub early_drop: u64,
    /// Look-ups that were started over, as the table was resized. Since Linux 2.6.35.
    pub search_restart: u64,
}

/// Parses /proc/net/stat/nf_conntrack into sums over its rows. Unknown columns are passed over.
///
/// # Errors
/// When the first line is not a header, as in an empty file, or a row has other than one hexadecimal number a column.
pub fn parse(bytes: &[u8]) -> Result<ConntrackStat, ParseError> {
    let mut lines = lines(bytes);
    let names = lines.next().filter(|line| line.fields("").next() == Some(b"entries"));
    let names = names.ok_or_else(|| Line::whole(bytes).error("a header that begins with entries"))?;
    let mut stat = ConntrackStat::default();
    for row in lines {
        stat.add(names, row)?;
    }
    Ok(stat)
}

impl ConntrackStat {
    fn add(&mut self, names: Line<'_>, row: Line<'_>) -> Result<(), ParseError> {
        let mut fields = row.fields("one hexadecimal number a column");
        for name in names.fields("") {
            let number = fields.parsed(hexadecimal)?;
            if let Some(sum) = self.sum_of(name) {
                *sum = sum.saturating_add(number);
            }
        }
        match fields.next() {
            Some(more) => Err(fields.error_at(more)),
            None => Ok(()),
        }
    }

    fn sum_of(&mut self, name: &[u8]) -> Option<&mut u64> {
        match name {
            b"found" => Some(&mut self.found),
            b"invalid" => Some(&mut self.invalid),
            b"ignore" => Some(&mut self.ignore),
            b"insert" => Some(&mut self.insert),
            b"insert_failed" => Some(&mut self.insert_failed),
            b"drop" => Some(&mut self.drop),
            b"early_drop" => Some(&mut self.early_drop),
            b"search_restart" => Some(&mut self.search_restart),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ConntrackStat, parse};

    #[test]
    fn rows_are_summed() {
        let expected = ConntrackStat {
            found: 0x3,
            invalid: 0xb + 0x1,
            ignore: 0,
            insert: 0,
            insert_failed: 0x2,
            drop: 0x2,
            early_drop: 0,
            search_restart: 0x11,
        };
        assert_eq!(parse(include_bytes!("../fixtures/nf_conntrack_stat")), Ok(expected));
    }

    #[test]
    fn the_header_orders_the_columns() {
        let bytes = b"entries drop new search_restart ignore\n1 a 2 b c\n1 a 2 b ffffffffffffffff\n";
        let expected = ConntrackStat {
            drop: 20,
            search_restart: 22,
            ignore: u64::MAX,
            ..ConntrackStat::default()
        };
        assert_eq!(parse(bytes), Ok(expected));
    }

    #[test]
    fn malformed_files_are_errors() {
        let cases: [(&[u8], &str); 5] = [
            (b"", r#"expected a header that begins with entries, found """#),
            (
                b"00000000 00000001\n",
                r#"expected a header that begins with entries, found "00000000 00000001""#,
            ),
            (
                b"entries drop\n1\n",
                r#"line 2: expected one hexadecimal number a column, found "1""#,
            ),
            (
                b"entries drop\n1 2 3\n",
                r#"line 2: expected one hexadecimal number a column, found "3""#,
            ),
            (
                b"entries drop\n1 x\n",
                r#"line 2: expected one hexadecimal number a column, found "x""#,
            ),
        ];
        for (bytes, text) in cases {
            assert_eq!(parse(bytes).unwrap_err().to_string(), text);
        }
    }
}
