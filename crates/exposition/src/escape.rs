//! Escaping of help and label values in the text formats.

/// Appends `text` with backslash, line feed and, where `quotes`, the double quote escaped.
#[inline]
pub(crate) fn push_escaped(out: &mut Vec<u8>, text: &str, quotes: bool) {
    if needs_escape(text.as_bytes()) {
        push_slowly(out, text.as_bytes(), quotes);
    } else {
        out.extend_from_slice(text.as_bytes());
    }
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

/// Whether a backslash, a line feed or a double quote occurs. Label values are short, so eight bytes at a time with
/// an overlapping last word beats what wider vectors save.
#[inline]
fn needs_escape(text: &[u8]) -> bool {
    match text.last_chunk::<8>() {
        Some(last) => {
            word_needs_escape(u64::from_le_bytes(*last)) || {
                text.as_chunks::<8>()
                    .0
                    .iter()
                    .any(|chunk| word_needs_escape(u64::from_le_bytes(*chunk)))
            }
        }
        None => text.iter().any(|byte| matches!(byte, b'\\' | b'\n' | b'"')),
    }
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
