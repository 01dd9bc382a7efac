//! Escaping of help and label values in the text formats.

/// Appends `text` with backslash, line feed and, where `quotes`, the double quote escaped.
#[inline]
pub(crate) fn push_escaped(out: &mut Vec<u8>, text: &str, quotes: bool) {
    let bytes = text.as_bytes();
    if bytes.len() <= 8 {
        let word = short_word(bytes);
        if word_needs_escape(word) {
            push_slowly(out, bytes, quotes);
        } else {
            push_block(out, &word.to_le_bytes(), bytes.len());
        }
    } else if needs_escape(bytes) {
        push_slowly(out, bytes, quotes);
    } else {
        push_short(out, bytes);
    }
}

/// Appends the first `length` bytes of `block`. A copy of fixed size is two instructions where one of any size is a call.
#[inline]
pub(crate) fn push_block<const N: usize>(out: &mut Vec<u8>, block: &[u8; N], length: usize) {
    let end = out.len() + length.min(N);
    out.extend_from_slice(block);
    out.truncate(end);
}

/// Appends text that is seldom longer than 16 bytes, such as digits.
#[inline]
pub(crate) fn push_short(out: &mut Vec<u8>, text: &[u8]) {
    let length = text.len();
    match (text.first_chunk::<8>(), text.last_chunk::<8>()) {
        (Some(first), Some(last)) if length <= 16 => {
            // Two words that overlap: the second is written over the end of the first.
            let end = out.len() + length;
            out.extend_from_slice(first);
            out.truncate(end - 8);
            out.extend_from_slice(last);
        }
        (None, _) => push_block(out, &short_word(text).to_le_bytes(), length),
        _ => out.extend_from_slice(text),
    }
}

/// Up to eight bytes as one little-endian word, read as two halves that may overlap.
#[inline]
fn short_word(text: &[u8]) -> u64 {
    let length = text.len();
    if let Some(word) = text.first_chunk::<8>() {
        return u64::from_le_bytes(*word);
    }
    if let (Some(first), Some(last)) = (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        let (first, last) = (
            u64::from(u32::from_le_bytes(*first)),
            u64::from(u32::from_le_bytes(*last)),
        );
        return first | last << (8 * (length - 4));
    }
    let byte = |index: usize| text.get(index).map_or(0, |byte| u64::from(*byte) << (8 * index));
    byte(0) | byte(1) | byte(2)
}

#[cold]
fn push_slowly(out: &mut Vec<u8>, text: &[u8], quotes: bool) {
    for &byte in text {
        match byte {
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'"' if quotes => out.extend_from_slice(b"\\\""),
            _ => out.push(byte),
        }
    }
}

/// Whether a backslash, a line feed or a double quote occurs in a longer text: eight bytes at a time, the last word
/// overlapping.
#[inline]
fn needs_escape(text: &[u8]) -> bool {
    let special = |chunk: &[u8; 8]| word_needs_escape(u64::from_le_bytes(*chunk));
    text.last_chunk::<8>().is_some_and(special) || text.as_chunks::<8>().0.iter().any(special)
}

/// Whether one of the eight bytes is special: a byte is zero where it equals what it is compared with, and
/// subtracting one from a zero byte borrows into its high bit.
#[inline]
fn word_needs_escape(word: u64) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = 0x8080_8080_8080_8080;
    let zero_byte = |xored: u64| xored.wrapping_sub(ONES) & !xored & HIGHS;
    let equal_to = |byte: u8| zero_byte(word ^ (ONES * u64::from(byte)));
    equal_to(b'\\') | equal_to(b'\n') | equal_to(b'"') != 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What Prometheus' parser does with an escaped label value.
    fn unescape(text: &str) -> String {
        let mut out = String::new();
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            out.push(match character {
                '\\' => match characters.next() {
                    Some('n') => '\n',
                    Some(other) => other,
                    None => panic!("a lone backslash at the end of {text}"),
                },
                other => other,
            });
        }
        out
    }

    fn escaped(text: &str, quotes: bool) -> String {
        let mut out = Vec::new();
        push_escaped(&mut out, text, quotes);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn help_keeps_its_quotes_and_label_values_do_not() {
        assert_eq!(escaped("a\"b\\c\nd", true), "a\\\"b\\\\c\\nd");
        assert_eq!(escaped("a\"b\\c\nd", false), "a\"b\\\\c\\nd");
    }

    #[test]
    fn special_characters_are_found_at_every_place_of_every_length() {
        for length in 0..40 {
            let plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN".get(..length).unwrap();
            assert_eq!(escaped(plain, true), plain);
            for place in 0..length {
                for special in ["\\", "\n", "\""] {
                    let (before, behind) = plain.split_at(place);
                    let text = format!("{before}{special}{}", behind.get(1..).unwrap());
                    assert_eq!(unescape(&escaped(&text, true)), text);
                    assert_eq!(escaped(&text, true).len(), length + 1);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn escaped_text_reads_back_and_never_ends_its_quotes_or_line(text in "[a-z\\\\\n\"ü ]{0,40}") {
            let escaped = escaped(&text, true);
            prop_assert_eq!(unescape(&escaped), text);
            prop_assert!(!escaped.contains('\n'));
            prop_assert!(!escaped.replace("\\\\", "").replace("\\\"", "").contains('"'));
        }

        #[test]
        fn any_text_reads_back(text: String) {
            prop_assert_eq!(unescape(&escaped(&text, true)), text.clone());
        }
    }
}
