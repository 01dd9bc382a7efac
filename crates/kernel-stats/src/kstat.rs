//! Statistics of ZFS, from /proc/spl/kstat/zfs: tables of names and data, and tables of one row.
//!
//! ```text
//! 9 1 0x01 2 96 1000 2000
//! name                            type data
//! hits                            4    5120
//! memory_available_bytes          3    -40960000
//! ```

use std::borrow::Cow;

use crate::ParseError;
use crate::fields::{Line, lines, signed, unsigned};

const ROW: &str = "a name, a type and data";
const TABLE: &str = "a row of names and a row of as many numbers";

/// One row of a table of names and data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named<'a> {
    /// The statistic's name, as in `hits` or `erpt-dropped`.
    pub name: &'a str,
    /// What it is now.
    pub data: Data<'a>,
}

/// Data of the types that ZFS uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Data<'a> {
    /// Type 3.
    Signed(i64),
    /// Type 4.
    Unsigned(u64),
    /// Type 7; may hold spaces. What is not UTF-8 in it is replaced by U+FFFD.
    Text(Cow<'a, str>),
    /// Any other type.
    Other,
}

/// Parses a table of names and data, as in arcstats or objset-0x36, in the file's order.
///
/// # Errors
/// When the row of headings is missing, or a row is not a name, a type and data of that type.
pub fn parse_named(bytes: &[u8]) -> Result<Vec<Named<'_>>, ParseError> {
    let mut lines = lines(bytes).skip(1);
    let headings = lines.next().unwrap_or(Line::whole(bytes));
    if !headings.fields(ROW).eq([b"name".as_slice(), b"type", b"data"]) {
        return Err(headings.error("the headings name, type and data"));
    }
    lines.map(named).collect()
}

fn named(line: Line<'_>) -> Result<Named<'_>, ParseError> {
    let mut fields = line.fields(ROW);
    let (name, kind) = (fields.text()?, fields.number()?);
    let data = match kind {
        3 => Data::Signed(fields.parsed(signed)?),
        4 => Data::Unsigned(fields.parsed(unsigned)?),
        7 => Data::Text(String::from_utf8_lossy(after_two_words(line.text))),
        _ => Data::Other,
    };
    Ok(Named { name, data })
}

/// What stands behind the second word of a line.
fn after_two_words(mut text: &[u8]) -> &[u8] {
    for _ in 0..2 {
        text = text.trim_ascii_start();
        let end = text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len());
        text = text.get(end..).unwrap_or_default();
    }
    text.trim_ascii()
}

/// Parses a table of one row, as in a pool's `io`, in the file's order.
///
/// # Errors
/// When there are not as many numbers as names.
pub fn parse_row(bytes: &[u8]) -> Result<Vec<(&str, u64)>, ParseError> {
    let mut lines = lines(bytes).skip(1);
    let (Some(names), Some(numbers)) = (lines.next(), lines.next()) else {
        return Err(Line::whole(bytes).error(TABLE));
    };
    let (mut names, mut numbers) = (names.fields(TABLE), numbers.fields(TABLE));
    let mut row = Vec::new();
    while let Some(name) = names.optional(|word| std::str::from_utf8(word).ok())? {
        row.push((name, numbers.number()?));
    }
    match numbers.next() {
        None => Ok(row),
        Some(extra) => Err(numbers.error_at(extra)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Data, Named, parse_named, parse_row};

    #[test]
    fn rows_have_data_of_several_types() {
        let row = |name, data| Named { name, data };
        let expected = vec![
            row("dataset_name", Data::Text("tank/my films".into())),
            row("writes", Data::Unsigned(4)),
            row("memory_available_bytes", Data::Signed(-40_960_000)),
            row("erpt-dropped", Data::Unsigned(u64::MAX)),
            row("other", Data::Other),
        ];
        assert_eq!(parse_named(include_bytes!("../fixtures/kstat_named")), Ok(expected));
        assert_eq!(parse_named(b"1 2 3\nname type data\n"), Ok(vec![]));
    }

    #[test]
    fn malformed_tables_are_errors() {
        let cases = [
            ("", r#"expected the headings name, type and data, found """#),
            (
                "1 2\nname data\n",
                r#"line 2: expected the headings name, type and data, found "name data""#,
            ),
            (
                "1 2\nname type data\nhits 4 x\n",
                r#"line 3: expected a name, a type and data, found "x""#,
            ),
            (
                "1 2\nname type data\nhits\n",
                r#"line 3: expected a name, a type and data, found "hits""#,
            ),
        ];
        for (text, error) in cases {
            assert_eq!(parse_named(text.as_bytes()).unwrap_err().to_string(), error);
        }
    }

    #[test]
    fn a_row_has_a_number_for_each_name() {
        let row = parse_row(include_bytes!("../fixtures/kstat_row")).unwrap();
        assert_eq!(row.len(), 12);
        assert_eq!(
            (row[0], row[11]),
            (("nread", 1_000_001), ("rcnt", 12)),
            "first and last: {row:?}"
        );
        for (text, found) in [("1\na b\n1\n", "1"), ("1\na b\n1 x\n", "x"), ("1\na b\n1 2 3\n", "3")] {
            let error = format!("line 3: expected a row of names and a row of as many numbers, found {found:?}");
            assert_eq!(parse_row(text.as_bytes()).unwrap_err().to_string(), error);
        }
        assert!(parse_row(b"1\na b\n").is_err());
    }
}
