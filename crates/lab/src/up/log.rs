//! The one line of a service's log that says why it ended.

use std::{fs, path::Path};

/// Longer than this no line helps on a terminal.
const LIMIT: usize = 400;

/// The last error in the log, else its last line. `None` if it is empty or cannot be read.
pub(crate) fn last_words(log: &Path) -> Option<String> {
    last_words_of(&String::from_utf8_lossy(&fs::read(log).ok()?))
}

fn last_words_of(text: &str) -> Option<String> {
    let lines = || text.lines().rev().filter(|line| !line.trim().is_empty());
    let line = lines().find(|line| is_error(line)).or_else(|| lines().next())?;
    let words = match (value(line, "msg"), value(line, "err").or_else(|| value(line, "error"))) {
        (Some(message), Some(error)) => format!("{message}: {error}"),
        (Some(message), None) => message,
        _ => line.to_owned(),
    };
    let one_line = words.split_whitespace().collect::<Vec<_>>().join(" ");
    Some(one_line.chars().take(LIMIT).collect())
}

fn is_error(line: &str) -> bool {
    value(line, "level").is_some_and(|level| level.eq_ignore_ascii_case("error"))
}

/// The value of a key in a logfmt line: `key=word` or `key="words with \"quotes\""`.
fn value(line: &str, key: &str) -> Option<String> {
    let start = format!("{key}=");
    let (_, rest) = line
        .split_once(&format!(" {start}"))
        .or_else(|| Some(("", line.strip_prefix(&start)?)))?;
    match rest.strip_prefix('"') {
        Some(quoted) => Some(unquote(quoted)),
        None => rest.split_whitespace().next().map(str::to_owned),
    }
}

fn unquote(quoted: &str) -> String {
    let mut text = String::new();
    let mut chars = quoted.chars();
    while let Some(char) = chars.next() {
        match char {
            '"' => break,
            '\\' => match chars.next() {
                Some('n' | 't') => text.push(' '),
                Some(escaped) => text.push(escaped),
                None => break,
            },
            char => text.push(char),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_error_wins_over_what_follows_it() {
        let log = r#"ts=1 caller=main.go:1 level=info msg="Starting"
ts=2 caller=main.go:479 level=error msg="Error loading config (--config.file=p.yml)" err="parsing YAML file p.yml: yaml: unmarshal errors:\n  line 2: field \"x\" not found"
ts=3 caller=main.go:500 level=info msg="See you next time!"
"#;
        assert_eq!(
            last_words_of(log).as_deref(),
            Some(
                "Error loading config (--config.file=p.yml): parsing YAML file p.yml: yaml: unmarshal errors: line 2: field \"x\" not found"
            )
        );
    }

    #[test]
    fn a_line_is_shown_as_it_is_when_it_is_not_logfmt() {
        let table = [
            ("", None),
            ("\n\n", None),
            ("a\nerror: unknown flag\n\n", Some("error: unknown flag")),
            ("time=1 level=ERROR source=main.go:1 msg=bad", Some("bad")),
            ("level=error msg=\"cut in the mid\\", Some("cut in the mid")),
            ("level=info msg=\"Listening on\" address=:1", Some("Listening on")),
        ];
        for (log, words) in table {
            assert_eq!(last_words_of(log).as_deref(), words, "{log:?}");
        }
    }
}
