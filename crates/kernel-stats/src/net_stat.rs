//! Caches of the network stack per CPU, from the files of /proc/net/stat: a header, and a row of hexadecimal numbers per
//! CPU that the kernel could have. Columns differ between files and kernels.
//!
//! ```text
//! entries  allocs   destroys hash_grows lookups  hits
//! 00000002 00000002 00000000 00000000   00000031 0000002d
//! ```

use crate::ParseError;
use crate::fields::{Line, hexadecimal, lines};

/// The counts of one file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NetStat<'a> {
    /// The names of the columns. `entries` is one number for all CPUs, shown in each row.
    pub columns: Vec<&'a str>,
    numbers: Vec<u64>,
}

impl NetStat<'_> {
    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.numbers.len().checked_div(self.columns.len()).unwrap_or(0)
    }

    /// The number at `row` and `column`, both counted from 0; `None` out of range.
    pub fn number(&self, row: usize, column: usize) -> Option<u64> {
        let start = row.checked_mul(self.columns.len())?;
        (column < self.columns.len()).then(|| self.numbers.get(start + column).copied())?
    }
}

/// Parses a file of /proc/net/stat. An empty file gives nothing.
///
/// # Errors
/// When a row has other than one hexadecimal number a column.
pub fn parse(bytes: &[u8]) -> Result<NetStat<'_>, ParseError> {
    let mut lines = lines(bytes);
    let mut stat = NetStat::default();
    if let Some(header) = lines.next() {
        let mut names = header.fields("names of columns");
        while let Some(name) = names.optional(|word| std::str::from_utf8(word).ok())? {
            stat.columns.push(name);
        }
    }
    for line in lines {
        stat.push(line)?;
    }
    Ok(stat)
}

impl NetStat<'_> {
    fn push(&mut self, line: Line<'_>) -> Result<(), ParseError> {
        let mut fields = line.fields("one hexadecimal number a column");
        for _ in &self.columns {
            self.numbers.push(fields.parsed(hexadecimal)?);
        }
        match fields.next() {
            Some(more) => Err(fields.error_at(more)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn numbers_are_found_by_row_and_column() {
        let stat = parse(include_bytes!("../fixtures/net_stat")).unwrap();
        assert_eq!(stat.columns, ["entries", "allocs", "lookups", "hits"]);
        assert_eq!(stat.rows(), 2);
        let numbers =
            [(0, 1), (1, 2), (1, 3), (0, 4), (2, 0), (usize::MAX, 0)].map(|(row, column)| stat.number(row, column));
        assert_eq!(numbers, [Some(0), Some(0x31), Some(0x2d), None, None, None]);
    }

    #[test]
    fn an_empty_file_has_no_rows() {
        assert_eq!(parse(b"").unwrap().rows(), 0);
        assert_eq!(parse(b"entries\n").unwrap().rows(), 0);
    }

    #[test]
    fn rows_of_another_length_are_errors() {
        for (row, found) in [("1", "1"), ("1 2 3", "3"), ("1 x", "x")] {
            let text = format!("line 2: expected one hexadecimal number a column, found {found:?}");
            let error = parse(format!("entries hits\n{row}\n").as_bytes()).unwrap_err();
            assert_eq!(error.to_string(), text);
        }
    }
}
