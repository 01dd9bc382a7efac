//! Files of bcachefs with more than one value or with rounded ones, from /sys/fs/bcachefs/UUID.
//!
//! ```text
//! since mount:                  12
//! since filesystem creation:    3.25k
//! ```

use crate::ParseError;
use crate::fields::{Line, fraction, lines, split_once};

const SIZE: &str = "a number with or without a unit";

/// Bytes that one algorithm keeps, from `compression_stats`. They are rounded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Compression<'a> {
    /// The algorithm, as in `lz4`; `none` and `incompressible` too.
    pub algorithm: &'a str,
    /// Bytes on disk.
    pub compressed: f64,
    /// Bytes of the data.
    pub uncompressed: f64,
}

/// Writes of B-tree nodes for one reason, from `btree_write_stats`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BtreeWrite<'a> {
    /// The reason, as in `journal_reclaim`.
    pub reason: &'a str,
    /// How many there were.
    pub count: u64,
    /// Bytes of one on average, rounded.
    pub average_size: f64,
}

/// Bytes of one kind that a device read or wrote, from `io_done`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IoDone<'a> {
    /// `read` or `write`.
    pub operation: &'a str,
    /// What they hold, as in `btree`.
    pub data_type: &'a str,
    /// How many, since the file system was mounted.
    pub bytes: u64,
}

/// Parses a file of one number, which may be rounded and have a unit, as in `202M`: whole bytes then.
///
/// # Errors
/// When the file is anything else.
pub fn parse_size(bytes: &[u8]) -> Result<f64, ParseError> {
    Line::whole(bytes).fields(SIZE).parsed(size)
}

/// Parses a file of `counters`: what was counted since the file system was made.
///
/// # Errors
/// When there is no such line, or it has no number.
pub fn parse_counter(bytes: &[u8]) -> Result<f64, ParseError> {
    const SHAPE: &str = "a number since filesystem creation";
    for line in lines(bytes) {
        if let Some(number) = line.text.strip_prefix(b"since filesystem creation:") {
            return line.fields_of(number, SHAPE).parsed(size);
        }
    }
    Err(Line::whole(bytes).error(SHAPE))
}

/// Parses compression_stats, in the file's order.
///
/// # Errors
/// When a line below the headings is not an algorithm and two sizes.
pub fn parse_compression_stats(bytes: &[u8]) -> Result<Vec<Compression<'_>>, ParseError> {
    lines(bytes)
        .skip(1)
        .map(|line| {
            let mut fields = line.fields("an algorithm and two sizes");
            Ok(Compression {
                algorithm: fields.text()?.trim_end_matches(':'),
                compressed: fields.parsed(size)?,
                uncompressed: fields.parsed(size)?,
            })
        })
        .collect()
}

/// Parses errors into their names and counts, in the file's order.
///
/// # Errors
/// When a line does not begin with a name and a count; what follows is the time of the last one.
pub fn parse_errors(bytes: &[u8]) -> Result<Vec<(&str, u64)>, ParseError> {
    lines(bytes)
        .map(|line| {
            let mut fields = line.fields("an error and its count");
            Ok((fields.text()?, fields.number()?))
        })
        .collect()
}

/// Parses btree_write_stats, in the file's order.
///
/// # Errors
/// When a line below the headings is not a reason, a count and a size.
pub fn parse_btree_write_stats(bytes: &[u8]) -> Result<Vec<BtreeWrite<'_>>, ParseError> {
    lines(bytes)
        .skip(1)
        .map(|line| {
            let mut fields = line.fields("a reason, a count and a size");
            Ok(BtreeWrite {
                reason: fields.text()?.trim_end_matches(':'),
                count: fields.number()?,
                average_size: fields.parsed(size)?,
            })
        })
        .collect()
}

/// Parses io_done of a device, in the file's order.
///
/// # Errors
/// When a line below `read:` or `write:` is not a type of data, a colon and a number.
pub fn parse_io_done(bytes: &[u8]) -> Result<Vec<IoDone<'_>>, ParseError> {
    let (mut done, mut operation) = (Vec::new(), None);
    for line in lines(bytes) {
        match (line.text.trim_ascii(), operation) {
            (b"read:", _) => operation = Some("read"),
            (b"write:", _) => operation = Some("write"),
            (_, Some(operation)) => {
                let (data_type, bytes) = named_number(line, "a type of data, a colon and a number")?;
                done.push(IoDone {
                    operation,
                    data_type,
                    bytes,
                });
            }
            (_, None) => {}
        }
    }
    Ok(done)
}

/// Parses io_errors of a device into types and counts since the file system was made, in the file's order.
///
/// # Errors
/// When a line of that part is not a type, a colon and a number.
pub fn parse_io_errors(bytes: &[u8]) -> Result<Vec<(&str, u64)>, ParseError> {
    let is_heading = |line: &Line<'_>| line.text.starts_with(b"IO errors since ");
    lines(bytes)
        .skip_while(|line| !line.text.starts_with(b"IO errors since filesystem creation"))
        .skip(1)
        .take_while(|line| !is_heading(line))
        .map(|line| named_number(line, "a type of error, a colon and a number"))
        .collect()
}

fn named_number<'a>(line: Line<'a>, shape: &'static str) -> Result<(&'a str, u64), ParseError> {
    let (name, number) = split_once(line.text, b':').ok_or_else(|| line.error(shape))?;
    let name = line.fields_of(name, shape).text()?;
    Ok((name, line.fields_of(number, shape).number()?))
}

/// A number as `prt_human_readable_u64` of the kernel writes it.
fn size(word: &[u8]) -> Option<f64> {
    let (last, before) = word.split_last()?;
    let unit = b"kmgtpe".iter().position(|unit| unit.eq_ignore_ascii_case(last));
    let (number, power) = unit.map_or((word, 0), |unit| (before, unit as i32 + 1));
    // A sign or an exponent is no part of the format, but of what `fraction` takes.
    let is_plain = number.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.');
    let number = fraction(number).filter(|_| is_plain)?;
    Some((number * 1024_f64.powi(power)).trunc())
}

#[cfg(test)]
mod tests {
    use super::{
        BtreeWrite, Compression, IoDone, parse_btree_write_stats, parse_compression_stats, parse_counter, parse_errors,
        parse_io_done, parse_io_errors, parse_size,
    };

    #[test]
    fn sizes_are_rounded_and_have_units() {
        let cases: [(&[u8], Option<f64>); 11] = [
            (b"0\n", Some(0.0)),
            (b"405\n", Some(405.0)),
            (b"23.5k", Some(24_064.0)),
            (b"202M", Some(211_812_352.0)),
            (b"4.71T", Some(5_178_699_766_824.0)),
            (b"1E", Some(1024_f64.powi(6))),
            (b"-1", None),
            (b"1e5", None),
            (b"inf", None),
            (b"k", None),
            (b"", None),
        ];
        for (bytes, size) in cases {
            assert_eq!(parse_size(bytes).ok(), size, "{bytes:?}");
        }
        let error = "expected a number with or without a unit, found \"many\"";
        assert_eq!(parse_size(b"many\n").unwrap_err().to_string(), error);
    }

    #[test]
    fn counters_are_of_the_whole_life() {
        assert_eq!(
            parse_counter(include_bytes!("../fixtures/bcachefs_counter")),
            Ok(3328.0)
        );
        for (bytes, found) in [
            (
                b"since filesystem creation: x\n".as_slice(),
                "line 1: expected a number since filesystem creation, found \"x\"",
            ),
            (b"5\n", "expected a number since filesystem creation, found \"5\""),
        ] {
            assert_eq!(parse_counter(bytes).unwrap_err().to_string(), found);
        }
    }

    #[test]
    fn tables_keep_their_order() {
        let compression = |algorithm, compressed, uncompressed| Compression {
            algorithm,
            compressed,
            uncompressed,
        };
        let expected = vec![
            compression("none", 76_235_669_504.0, 76_235_669_504.0),
            compression("lz4", 2_415_919_104.0, 7_247_757_312.0),
            compression("incompressible", 1_835_008.0, 1_835_008.0),
        ];
        let fixture = include_bytes!("../fixtures/bcachefs_compression_stats");
        assert_eq!(parse_compression_stats(fixture), Ok(expected));

        let errors = parse_errors(include_bytes!("../fixtures/bcachefs_errors"));
        assert_eq!(
            errors,
            Ok(vec![("alloc_key_data_type_wrong", 4), ("dirent_to_missing_inode", 9)])
        );

        let writes = parse_btree_write_stats(include_bytes!("../fixtures/bcachefs_btree_write_stats")).unwrap();
        let initial = BtreeWrite {
            reason: "initial",
            count: 1201,
            average_size: 66_048.0,
        };
        assert_eq!((writes.len(), writes[0]), (5, initial));
    }

    #[test]
    fn devices_read_write_and_fail() {
        let done = |operation, data_type, bytes| IoDone {
            operation,
            data_type,
            bytes,
        };
        let expected = vec![
            done("read", "sb", 50_001),
            done("read", "user", 5_000_300_000_000),
            done("write", "sb", 50_004),
            done("write", "user", 12),
        ];
        assert_eq!(
            parse_io_done(include_bytes!("../fixtures/bcachefs_io_done")),
            Ok(expected)
        );
        let errors = parse_io_errors(include_bytes!("../fixtures/bcachefs_io_errors"));
        assert_eq!(errors, Ok(vec![("read", 31), ("write", 11), ("checksum", 0)]));
        assert_eq!(parse_io_errors(b"IO errors since 8 y ago\n  read: 7\n"), Ok(vec![]));
    }

    #[test]
    fn malformed_lines_are_errors() {
        let cases = [
            (
                parse_compression_stats(b"type\nlz4 1G\n").err(),
                r#"line 2: expected an algorithm and two sizes, found "lz4 1G""#,
            ),
            (
                parse_errors(b"wrong x\n").err(),
                r#"line 1: expected an error and its count, found "x""#,
            ),
            (
                parse_btree_write_stats(b"nr\ninitial: 1.5 2\n").err(),
                r#"line 2: expected a reason, a count and a size, found "1.5""#,
            ),
            (
                parse_io_done(b"read:\nsb 1\n").err(),
                r#"line 2: expected a type of data, a colon and a number, found "sb 1""#,
            ),
            (
                parse_io_errors(b"IO errors since filesystem creation\n  read: x\n").err(),
                r#"line 2: expected a type of error, a colon and a number, found "x""#,
            ),
        ];
        for (error, text) in cases {
            assert_eq!(error.unwrap().to_string(), text);
        }
    }
}
