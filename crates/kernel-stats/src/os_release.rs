//! What the operating system calls itself, from /etc/os-release or /usr/lib/os-release.
//!
//! ```text
//! PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
//! VERSION_CODENAME=bookworm
//! # comment
//! ```

use std::borrow::Cow;

use crate::ParseError;
use crate::fields::{Line, lines};

const SHAPE: &str = "a name, an equals sign and a value whose quotes are closed";

/// The names and values of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OsRelease<'a> {
    /// In the file's order. Values are without quotes and escapes.
    pub assignments: Vec<(&'a str, Cow<'a, str>)>,
}

impl OsRelease<'_> {
    /// The value of a name; the last one where the file has several. Empty where it has none.
    pub fn get(&self, name: &str) -> &str {
        self.assignments
            .iter()
            .rev()
            .find(|(found, _)| *found == name)
            .map_or("", |(_, value)| value)
    }
}

/// Parses an os-release file. Comments and empty lines are passed over; an empty file assigns nothing.
///
/// # Errors
/// When a line is not UTF-8, is no assignment, or leaves a quote open.
pub fn parse(bytes: &[u8]) -> Result<OsRelease<'_>, ParseError> {
    let is_comment = |line: &Line<'_>| line.text.trim_ascii_start().starts_with(b"#");
    let assignments = lines(bytes)
        .filter(|line| !is_comment(line))
        .map(assignment)
        .collect::<Result<_, _>>()?;
    Ok(OsRelease { assignments })
}

fn assignment(line: Line<'_>) -> Result<(&str, Cow<'_, str>), ParseError> {
    let text = std::str::from_utf8(line.text).ok();
    let (name, value) = text
        .and_then(|text| text.split_once('='))
        .ok_or_else(|| line.error(SHAPE))?;
    let name = name.trim();
    let value = unquoted(value.trim()).ok_or_else(|| line.error(SHAPE))?;
    Ok((name.strip_prefix("export ").map_or(name, str::trim_start), value))
}

/// The value without quotes, escapes and comment; `None` if a quote is left open.
fn unquoted(value: &str) -> Option<Cow<'_, str>> {
    let inner = value
        .strip_prefix('"')
        .and_then(|value| value.strip_suffix('"'))
        .unwrap_or(value);
    if !inner.contains(['"', '\'', '\\', '#']) {
        return Some(Cow::Borrowed(inner));
    }
    evaluated(value).map(Cow::Owned)
}

/// Evaluates a value with quotes and comments piece by piece, as a shell does. White space before a comment goes.
fn evaluated(value: &str) -> Option<String> {
    let mut text = String::with_capacity(value.len());
    let mut quoted_to = 0;
    let mut rest = value.chars();
    while let Some(letter) = rest.next() {
        match letter {
            '#' => break,
            '"' => double_quoted(&mut rest, &mut text)?,
            '\'' => single_quoted(&mut rest, &mut text)?,
            _ => {
                text.push(letter);
                continue;
            }
        }
        quoted_to = text.len();
    }
    text.truncate(quoted_to.max(text.trim_end().len()));
    Some(text)
}

fn single_quoted(rest: &mut std::str::Chars<'_>, text: &mut String) -> Option<()> {
    loop {
        match rest.next()? {
            '\'' => return Some(()),
            letter => text.push(letter),
        }
    }
}

fn double_quoted(rest: &mut std::str::Chars<'_>, text: &mut String) -> Option<()> {
    loop {
        match rest.next()? {
            '"' => return Some(()),
            '\\' => match rest.next()? {
                // os-release(5) has the shell's four; the next three are those of the Go exporter.
                letter @ ('"' | '\\' | '$' | '`') => text.push(letter),
                'n' => text.push('\n'),
                'r' => text.push('\r'),
                't' => text.push('\t'),
                letter => text.extend(['\\', letter]),
            },
            letter => text.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{OsRelease, parse};

    #[test]
    fn debian_is_read() {
        let expected = [
            ("PRETTY_NAME", "Debian GNU/Linux 12 (bookworm)"),
            ("NAME", "Debian GNU/Linux"),
            ("VERSION_ID", "12"),
            ("VERSION", "12 (bookworm)"),
            ("VERSION_CODENAME", "bookworm"),
            ("ID", "debian"),
            ("HOME_URL", "https://www.debian.org/"),
        ];
        let assignments = expected.map(|(name, value)| (name, value.into())).to_vec();
        assert_eq!(
            parse(include_bytes!("../fixtures/os_release")),
            Ok(OsRelease { assignments })
        );
    }

    #[test]
    fn values_are_unquoted_as_in_a_shell() {
        let cases = [
            (r#"N="a \"q\" b""#, r#"a "q" b"#),
            (r#"N="a \$HOME \`t\` \\ b""#, r"a $HOME `t` \ b"),
            (r#"N="a\nb\z""#, "a\nb\\z"),
            (r"N='a \n b'", r"a \n b"),
            (r"N=a\ b", r"a\ b"),
            ("N=a b  # c", "a b"),
            ("N=a#b", "a"),
            (r#"N="a"  # c"#, "a"),
            (r#"N="a#b ""#, "a#b "),
            (r#"N="a "  # c"#, "a "),
            (r#"N="a"b"c""#, "abc"),
            ("export N=a", "a"),
            (" N = a ", "a"),
            ("N=", ""),
            ("N=\"\"", ""),
            ("N=a\nN=b\r\n", "b"),
            ("M=a", ""),
        ];
        for (line, value) in cases {
            assert_eq!(parse(line.as_bytes()).unwrap().get("N"), value, "{line}");
        }
    }

    #[test]
    fn comments_and_empty_lines_assign_nothing() {
        assert_eq!(parse(b"# a=b\n\n  # c\n"), Ok(OsRelease::default()));
        assert_eq!(parse(b""), Ok(OsRelease::default()));
    }

    #[test]
    fn malformed_lines_are_errors() {
        for (line, found) in [
            (b"junk line".as_slice(), "junk line"),
            (b"N=\"a", "N=\"a"),
            (b"N='a", "N='a"),
            (b"N=\"a\\\"", "N=\"a\\\""),
            (b"N=\"", "N=\""),
        ] {
            let text =
                format!("line 1: expected a name, an equals sign and a value whose quotes are closed, found {found:?}");
            assert_eq!(parse(line).unwrap_err().to_string(), text);
        }
        assert!(parse(b"N=\xff").is_err());
    }
}
