//! Byte scanning that the parsers share: lines, fields between white space, and numbers. Nothing here allocates.

use crate::ParseError;

/// The lines of a file that hold more than white space, with their numbers.
pub(crate) fn lines(bytes: &[u8]) -> Lines<'_> {
    Lines { rest: bytes, number: 0 }
}

/// See [`lines`].
#[derive(Debug, Clone)]
pub(crate) struct Lines<'a> {
    rest: &'a [u8],
    number: usize,
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    fn next(&mut self) -> Option<Line<'a>> {
        while !self.rest.is_empty() {
            self.number += 1;
            let end = memchr::memchr(b'\n', self.rest).unwrap_or(self.rest.len());
            let (text, rest) = self.rest.split_at(end);
            self.rest = rest.get(1..).unwrap_or_default();
            if !text.trim_ascii_start().is_empty() {
                return Some(Line {
                    number: self.number,
                    text,
                });
            }
        }
        None
    }
}

/// One line and its number, which counts from 1 (0 in files of one line, whose errors need no number).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'a> {
    number: usize,
    /// The bytes of the line without its end.
    pub(crate) text: &'a [u8],
}

impl<'a> Line<'a> {
    /// Takes a file of one line as that line.
    pub(crate) fn whole(bytes: &'a [u8]) -> Self {
        Self { number: 0, text: bytes }
    }

    /// The fields of this line; `shape` is what errors say was expected.
    pub(crate) fn fields(self, shape: &'static str) -> Fields<'a> {
        self.fields_of(self.text, shape)
    }

    /// The fields of a part of this line.
    pub(crate) fn fields_of(self, part: &'a [u8], shape: &'static str) -> Fields<'a> {
        Fields {
            line: self,
            shape,
            rest: part,
        }
    }

    /// The error that shows this whole line.
    pub(crate) fn error(self, expected: &'static str) -> ParseError {
        self.error_at(expected, self.text)
    }

    /// The error that shows one part of this line.
    pub(crate) fn error_at(self, expected: &'static str, found: &[u8]) -> ParseError {
        ParseError::new(self.number, expected, found)
    }
}

/// The fields of a line, one after another. A missing field is an error that shows the line, a field of the wrong kind
/// one that shows the field.
#[derive(Debug, Clone)]
pub(crate) struct Fields<'a> {
    line: Line<'a>,
    shape: &'static str,
    rest: &'a [u8],
}

impl<'a> Iterator for Fields<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let text = self.rest.trim_ascii_start();
        let end = text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len());
        let (word, rest) = text.split_at(end);
        self.rest = rest;
        (!word.is_empty()).then_some(word)
    }
}

impl<'a> Fields<'a> {
    /// The next field as it stands.
    pub(crate) fn word(&mut self) -> Result<&'a [u8], ParseError> {
        self.next().ok_or_else(|| self.line.error(self.shape))
    }

    /// The next field as text.
    pub(crate) fn text(&mut self) -> Result<&'a str, ParseError> {
        self.parsed(|word| std::str::from_utf8(word).ok())
    }

    /// The next field through `parse`, which says `None` to what it does not take.
    pub(crate) fn parsed<T>(&mut self, parse: impl FnOnce(&'a [u8]) -> Option<T>) -> Result<T, ParseError> {
        let word = self.word()?;
        parse(word).ok_or_else(|| self.error_at(word))
    }

    /// The next field as an unsigned decimal number.
    pub(crate) fn number(&mut self) -> Result<u64, ParseError> {
        self.parsed(unsigned)
    }

    /// The next `N` fields as unsigned decimal numbers.
    pub(crate) fn numbers<const N: usize>(&mut self) -> Result<[u64; N], ParseError> {
        let mut numbers = [0; N];
        for number in &mut numbers {
            *number = self.number()?;
        }
        Ok(numbers)
    }

    /// The next field as an unsigned decimal number; `None` at the end of the line.
    pub(crate) fn optional_number(&mut self) -> Result<Option<u64>, ParseError> {
        self.optional(unsigned)
    }

    /// The next field through `parse`; `None` at the end of the line.
    pub(crate) fn optional<T>(&mut self, parse: impl FnOnce(&'a [u8]) -> Option<T>) -> Result<Option<T>, ParseError> {
        let Some(word) = self.next() else { return Ok(None) };
        parse(word).map(Some).ok_or_else(|| self.error_at(word))
    }

    /// What follows the fields that were taken.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The error that shows `found` as the part which does not fit this line's shape.
    pub(crate) fn error_at(&self, found: &[u8]) -> ParseError {
        self.line.error_at(self.shape, found)
    }
}

/// `word` at its first `separator`, which goes into neither half.
pub(crate) fn split_once(word: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let (before, after) = word.split_at(memchr::memchr(separator, word)?);
    Some((before, after.get(1..)?))
}

/// An unsigned decimal number. `None` for anything but digits, and above `u64::MAX`.
pub(crate) fn unsigned(digits: &[u8]) -> Option<u64> {
    digits_of(digits, 10)
}

/// An unsigned decimal number of 32 bits, as CPU and device numbers are.
pub(crate) fn unsigned_32(digits: &[u8]) -> Option<u32> {
    unsigned(digits)?.try_into().ok()
}

/// An unsigned hexadecimal number without prefix.
pub(crate) fn hexadecimal(digits: &[u8]) -> Option<u64> {
    digits_of(digits, 16)
}

/// A decimal number that may have a minus sign.
pub(crate) fn signed(digits: &[u8]) -> Option<i64> {
    match digits.strip_prefix(b"-") {
        Some(digits) => 0_i64.checked_sub_unsigned(unsigned(digits)?),
        None => unsigned(digits)?.try_into().ok(),
    }
}

/// A whole number in the range of both `i64` and `u64`, as the nearest `f64`: what a sample of it holds.
pub(crate) fn whole(digits: &[u8]) -> Option<f64> {
    unsigned(digits)
        .map(|number| number as f64)
        .or_else(|| signed(digits).map(|number| number as f64))
}

/// A finite decimal fraction.
pub(crate) fn fraction(digits: &[u8]) -> Option<f64> {
    let number: f64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    number.is_finite().then_some(number)
}

fn digits_of(digits: &[u8], base: u32) -> Option<u64> {
    let mut number = 0_u64;
    for &digit in digits {
        let digit = char::from(digit).to_digit(base)?;
        number = number.checked_mul(base.into())?.checked_add(digit.into())?;
    }
    (!digits.is_empty()).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::{Line, fraction, hexadecimal, lines, signed, split_once, unsigned, unsigned_32, whole};

    #[test]
    fn lines_are_numbered_and_blank_ones_skipped() {
        let found: Vec<_> = lines(b"a\n\n \t\r\nb c\r\nd")
            .map(|line| (line.number, line.text))
            .collect();
        assert_eq!(
            found,
            [(1, b"a".as_slice()), (4, b"b c\r".as_slice()), (5, b"d".as_slice())]
        );
    }

    #[test]
    fn fields_stand_between_any_white_space() {
        let found: Vec<_> = Line::whole(b"  a\tbc \r\nd ").fields("letters").collect();
        assert_eq!(found, [b"a".as_slice(), b"bc", b"d"]);
    }

    #[test]
    fn a_missing_field_shows_the_line_and_a_wrong_one_itself() {
        let mut fields = Line::whole(b"1 x 3").fields("4 numbers");
        assert_eq!(fields.number(), Ok(1));
        assert_eq!(
            fields.number().unwrap_err().to_string(),
            r#"expected 4 numbers, found "x""#
        );
        assert_eq!(fields.optional_number(), Ok(Some(3)));
        assert_eq!(fields.optional_number(), Ok(None));
        assert_eq!(
            fields.number().unwrap_err().to_string(),
            r#"expected 4 numbers, found "1 x 3""#
        );
    }

    #[test]
    fn unsigned_numbers_reject_signs_overflow_and_nothing() {
        let cases: [(&[u8], Option<u64>); 8] = [
            (b"0", Some(0)),
            (b"007", Some(7)),
            (b"18446744073709551615", Some(u64::MAX)),
            (b"18446744073709551616", None),
            (b"99999999999999999999", None),
            (b"", None),
            (b"-1", None),
            (b"1a", None),
        ];
        for (digits, number) in cases {
            assert_eq!(unsigned(digits), number, "{digits:?}");
        }
        assert_eq!(unsigned_32(b"4294967295"), Some(u32::MAX));
        assert_eq!(unsigned_32(b"4294967296"), None);
    }

    #[test]
    fn signed_numbers_cover_both_ends() {
        let cases: [(&[u8], Option<i64>); 6] = [
            (b"-9223372036854775808", Some(i64::MIN)),
            (b"-9223372036854775809", None),
            (b"9223372036854775807", Some(i64::MAX)),
            (b"9223372036854775808", None),
            (b"-", None),
            (b"--1", None),
        ];
        for (digits, number) in cases {
            assert_eq!(signed(digits), number, "{digits:?}");
        }
    }

    #[test]
    fn hexadecimal_numbers_take_either_case() {
        assert_eq!(hexadecimal(b"00fF"), Some(255));
        assert_eq!(hexadecimal(b"10000000000000000"), None);
        assert_eq!(hexadecimal(b"0x1"), None);
    }

    #[test]
    fn whole_numbers_span_signed_and_unsigned() {
        assert_eq!(whole(b"-1"), Some(-1.0));
        assert_eq!(whole(b"18446744073709551615"), Some(18_446_744_073_709_551_615.0));
        assert_eq!(whole(b"-0").map(f64::to_bits), Some(0.0_f64.to_bits()));
        assert_eq!(whole(b"1.5"), None);
    }

    #[test]
    fn fractions_are_finite() {
        assert_eq!(fraction(b"0.21"), Some(0.21));
        for digits in [b"inf".as_slice(), b"NaN", b"1e999", b"", b"x", b"\xff"] {
            assert_eq!(fraction(digits), None, "{digits:?}");
        }
    }

    #[test]
    fn split_once_keeps_later_separators() {
        assert_eq!(split_once(b"a=b=c", b'='), Some((b"a".as_slice(), b"b=c".as_slice())));
        assert_eq!(split_once(b"a=", b'='), Some((b"a".as_slice(), b"".as_slice())));
        assert_eq!(split_once(b"a", b'='), None);
    }
}
