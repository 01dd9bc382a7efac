//! What is wrong with an exposition, in the words of Go's parser.

use std::fmt::Write as _;

/// Text that is no exposition: the line and what stands there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("text format parsing error in line {line}: {message}")]
pub struct ParseError {
    /// The line, from 1 on.
    pub line: usize,
    /// What was expected or found.
    pub message: String,
}

/// `text` in double quotes, as Go's `%q` writes it.
pub(super) fn quoted(text: &[u8]) -> String {
    let mut out = String::from('"');
    push_escaped(&mut out, text, '"');
    out.push('"');
    out
}

/// One byte in single quotes, as Go's `%q` writes it.
pub(super) fn quoted_byte(byte: u8) -> String {
    let mut out = String::from('\'');
    let mut buffer = [0; 4];
    push_escaped(&mut out, char::from(byte).encode_utf8(&mut buffer).as_bytes(), '\'');
    out.push('\'');
    out
}

fn push_escaped(out: &mut String, text: &[u8], quote: char) {
    for chunk in text.utf8_chunks() {
        for character in chunk.valid().chars() {
            push_character(out, character, quote);
        }
        for byte in chunk.invalid() {
            push_code(out, format_args!("\\x{byte:02x}"));
        }
    }
}

fn push_character(out: &mut String, character: char, quote: char) {
    match character {
        '\\' => out.push_str("\\\\"),
        '\x07' => out.push_str("\\a"),
        '\x08' => out.push_str("\\b"),
        '\x0c' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\x0b' => out.push_str("\\v"),
        _ if character == quote => out.extend(['\\', quote]),
        ' '..='~' => out.push(character),
        '\0'..='\x7f' => push_code(out, format_args!("\\x{:02x}", u32::from(character))),
        _ if is_printable(character) => out.push(character),
        '\u{80}'..='\u{ffff}' => push_code(out, format_args!("\\u{:04x}", u32::from(character))),
        _ => push_code(out, format_args!("\\U{:08x}", u32::from(character))),
    }
}

/// The standard library's idea of what a person can see, which differs from Go's in a few rare characters only.
fn is_printable(character: char) -> bool {
    !character.is_whitespace() && character.escape_debug().count() == 1
}

fn push_code(out: &mut String, code: std::fmt::Arguments<'_>) {
    out.write_fmt(code).expect("a String takes all that is written to it");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_quoted_as_go_does() {
        for (text, expected) in [
            (b"a\"b\\'".as_slice(), r#""a\"b\\'""#),
            (b"\x00\x07\n\x7f", r#""\x00\a\n\x7f""#),
            (b"\xffx", r#""\xffx""#),
            ("ü\u{200b}\u{e0001}".as_bytes(), r#""ü\u200b\U000e0001""#),
        ] {
            assert_eq!(quoted(text), expected);
        }
        for (byte, expected) in [(b'}', "'}'"), (b'\'', r"'\''"), (b'"', "'\"'"), (b'\n', r"'\n'")] {
            assert_eq!(quoted_byte(byte), expected);
        }
    }
}
