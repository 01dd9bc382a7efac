//! `$1`, `${1}`, `$name` and `${name}` in a text, as Go's `Regexp.Expand` replaces them.

use std::borrow::Cow;

use regex::Captures;

/// More than this does not come of a text, however often it names a long group.
pub(crate) const LONGEST: usize = 64 * 1024;

/// The template with what the groups captured. What did not match or is no group is empty; `$$` is `$`; what only looks
/// like a reference stays as it is. Cut at [`LONGEST`].
pub(crate) fn expand(template: &str, captures: &Captures<'_>) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        rest = match reference(after) {
            Some((Reference::Dollar, rest)) => {
                out.push('$');
                rest
            }
            Some((Reference::Group(name), rest)) => {
                out.push_str(group(name, captures));
                rest
            }
            None => {
                out.push('$');
                after
            }
        };
        if out.len() > LONGEST {
            break;
        }
    }
    if out.len() <= LONGEST {
        out.push_str(rest);
    }
    out.truncate(out.floor_char_boundary(LONGEST));
    out
}

enum Reference<'t> {
    Dollar,
    Group(&'t str),
}

/// What follows a dollar sign, and the text behind it.
fn reference(after: &str) -> Option<(Reference<'_>, &str)> {
    if let Some(rest) = after.strip_prefix('$') {
        return Some((Reference::Dollar, rest));
    }
    let braced = after.strip_prefix('{');
    let text = braced.unwrap_or(after);
    let end = text
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(end).filter(|(name, _)| !name.is_empty())?;
    let rest = if braced.is_some() {
        rest.strip_prefix('}')?
    } else {
        rest
    };
    Some((Reference::Group(name), rest))
}

fn group<'c>(name: &str, captures: &Captures<'c>) -> &'c str {
    let digits = name.bytes().all(|byte| byte.is_ascii_digit());
    let found = match name.parse() {
        // A number with a leading zero is none.
        Ok(number) if digits && (name.len() == 1 || !name.starts_with('0')) => captures.get(number),
        _ => captures.name(name),
    };
    found.map_or("", |found| found.as_str())
}

/// Bytes as text: what is no UTF-8 becomes `U+FFFD` byte by byte, as it looks to Go's expressions.
pub(crate) fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::*;

    #[test]
    fn groups_are_expanded_as_go_does() {
        let regex = Regex::new(r"PING (?P<who>[^ ]+)( never)? ([0-9])").expect("an expression");
        let captures = regex.captures("PING :tok 7").expect("a match");
        for (template, expected) in [
            ("PONG ${1}", "PONG :tok"),
            ("PONG $1.", "PONG :tok."),
            ("$who-${who}", ":tok-:tok"),
            ("$0", "PING :tok 7"),
            ("<$2$3>", "<7>"),
            ("$1x", ""),
            ("${1}x", ":tokx"),
            ("$01", ""),
            ("$9 $nobody", " "),
            ("$$1", "$1"),
            ("$", "$"),
            ("5$ ", "5$ "),
            ("${", "${"),
            ("${}", "${}"),
            ("${1", "${1"),
            ("${1 }", "${1 }"),
            ("$-", "$-"),
            ("$99999999999999999999", ""),
            ("plain", "plain"),
        ] {
            assert_eq!(expand(template, &captures), expected, "{template}");
        }
    }

    #[test]
    fn what_comes_of_a_text_is_bounded() {
        let regex = Regex::new("(?s).*").expect("an expression");
        let line = "é".repeat(LONGEST / 3);
        let captures = regex.captures(&line).expect("a match");
        let expanded = expand(&format!("x{}", "$0".repeat(100)), &captures);
        assert_eq!(expanded.len(), LONGEST - 1);
    }

    #[test]
    fn each_byte_that_is_no_text_is_one_character() {
        assert_eq!(lossy(b"a\xff\xe2\x82b"), "a\u{fffd}\u{fffd}\u{fffd}b");
        assert_eq!(lossy("aé".as_bytes()), "aé");
    }
}
