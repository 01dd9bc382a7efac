//! Files of one value, as in /sys and /proc/sys.
//!
//! ```text
//! 4096
//! ```

use crate::ParseError;
use crate::fields::{hexadecimal, signed, unsigned};

/// The text of the file without white space at its ends. An empty file is an empty text.
///
/// # Errors
/// When the text is not UTF-8.
pub fn text(bytes: &[u8]) -> Result<&str, ParseError> {
    let trimmed = bytes.trim_ascii();
    std::str::from_utf8(trimmed).map_err(|_| ParseError::new(0, "text in UTF-8", trimmed))
}

/// The number in the file: decimal, or hexadecimal after `0x`.
///
/// # Errors
/// When the file is anything else, as when it is empty, or the number does not fit.
pub fn parse_u64(bytes: &[u8]) -> Result<u64, ParseError> {
    let trimmed = bytes.trim_ascii();
    let number = match trimmed.strip_prefix(b"0x") {
        Some(digits) => hexadecimal(digits),
        None => unsigned(trimmed),
    };
    number.ok_or_else(|| ParseError::new(0, "an unsigned number", trimmed))
}

/// The limit in a file of cgroup v2: a number, or `max` for none, which is `None`.
///
/// # Errors
/// As [`parse_u64`], for anything but `max`.
pub fn parse_limit(bytes: &[u8]) -> Result<Option<u64>, ParseError> {
    match bytes.trim_ascii() {
        b"max" => Ok(None),
        _ => parse_u64(bytes).map(Some),
    }
}

/// The number in the file: decimal with or without a minus sign, or hexadecimal after `0x`.
///
/// # Errors
/// When the file is anything else, as when it is empty, or the number does not fit.
pub fn parse_i64(bytes: &[u8]) -> Result<i64, ParseError> {
    let trimmed = bytes.trim_ascii();
    let number = match trimmed.strip_prefix(b"0x") {
        Some(digits) => hexadecimal(digits).and_then(|number| number.try_into().ok()),
        None => signed(trimmed),
    };
    number.ok_or_else(|| ParseError::new(0, "a number", trimmed))
}

#[cfg(test)]
mod tests {
    use super::{parse_i64, parse_limit, parse_u64, text};

    #[test]
    fn text_is_trimmed() {
        assert_eq!(text(b" performance \n"), Ok("performance"));
        assert_eq!(text(b"\n"), Ok(""));
        assert_eq!(
            text(b"\xff\n").unwrap_err().to_string(),
            "expected text in UTF-8, found \"\u{fffd}\""
        );
    }

    #[test]
    fn unsigned_numbers_are_decimal_or_hexadecimal() {
        let cases: [(&[u8], Option<u64>); 8] = [
            (b"4096\n", Some(4096)),
            (b"0x1af4\n", Some(0x1af4)),
            (b"18446744073709551615", Some(u64::MAX)),
            (b"18446744073709551616", None),
            (b"-1", None),
            (b"0x", None),
            (b"", None),
            (b"1 2", None),
        ];
        for (bytes, number) in cases {
            assert_eq!(parse_u64(bytes).ok(), number, "{bytes:?}");
        }
        assert_eq!(
            parse_u64(b"x\n").unwrap_err().to_string(),
            r#"expected an unsigned number, found "x""#
        );
    }

    #[test]
    fn a_limit_may_be_none() {
        assert_eq!(parse_limit(b"67108864\n"), Ok(Some(67_108_864)));
        assert_eq!(parse_limit(b"max\n"), Ok(None));
        assert_eq!(
            parse_limit(b"maximum\n").unwrap_err().to_string(),
            r#"expected an unsigned number, found "maximum""#
        );
    }

    #[test]
    fn signed_numbers_are_decimal_or_hexadecimal() {
        let cases: [(&[u8], Option<i64>); 6] = [
            (b"-1\n", Some(-1)),
            (b"45000\n", Some(45_000)),
            (b"0x10", Some(16)),
            (b"0xffffffffffffffff", None),
            (b"9223372036854775808", None),
            (b"", None),
        ];
        for (bytes, number) in cases {
            assert_eq!(parse_i64(bytes).ok(), number, "{bytes:?}");
        }
        assert_eq!(
            parse_i64(b"x\n").unwrap_err().to_string(),
            r#"expected a number, found "x""#
        );
    }
}
