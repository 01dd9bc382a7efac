//! What a probe has to tell while it goes: kept for `debug=true` and the history, and sent to the program's own log at
//! the level that `--log.prober` allows.

use std::cell::RefCell;
use std::fmt::{Display, Write};
use std::time::SystemTime;

use log::Level;

/// More lines than this are not kept: a target that goes on and on must not fill the memory.
const MOST_LINES: usize = 200;

/// The lines of one probe.
#[derive(Debug)]
pub(crate) struct ProbeLog {
    context: String,
    least: Level,
    lines: RefCell<Lines>,
}

#[derive(Debug, Default)]
struct Lines {
    text: String,
    count: usize,
}

impl ProbeLog {
    /// A log of a probe with this module and target.
    pub(crate) fn new(module: &str, target: &str, least: Level) -> Self {
        Self {
            context: format!("module={} target={}", quoted(module), quoted(target)),
            least,
            lines: RefCell::default(),
        }
    }

    /// One line: a message and pairs of names and values. Nothing of it may be secret.
    pub(crate) fn line(&self, level: Level, message: &str, pairs: &[(&str, &dyn Display)]) {
        let mut lines = self.lines.borrow_mut();
        lines.count += 1;
        if lines.count > MOST_LINES {
            return;
        }
        // Every probe writes several of these, so they go straight into the text that is kept.
        let text = &mut lines.text;
        let time = humantime::format_rfc3339_millis(SystemTime::now());
        // Writing to a String cannot fail.
        write!(text, "time={time} level={level} msg=").ok();
        push_quoted(text, &message);
        text.push(' ');
        let about = text.len();
        text.push_str(&self.context);
        for (name, value) in pairs {
            write!(text, " {name}=").ok();
            push_quoted(text, value);
        }
        if level <= self.least {
            let about = text.get(about..).unwrap_or_default();
            log::log!(level, "{message} {about}");
        }
        text.push('\n');
    }

    /// For what goes as it should, which nobody needs to read while it does.
    pub(crate) fn debug(&self, message: &str, pairs: &[(&str, &dyn Display)]) {
        self.line(Level::Debug, message, pairs);
    }

    /// For what does not.
    pub(crate) fn error(&self, message: &str, pairs: &[(&str, &dyn Display)]) {
        self.line(Level::Error, message, pairs);
    }

    /// All lines so far.
    pub(crate) fn text(&self) -> String {
        self.lines.borrow().text.clone()
    }
}

/// As logfmt quotes.
fn quoted(text: &str) -> String {
    let mut quoted = String::new();
    push_quoted(&mut quoted, &text);
    quoted
}

fn push_quoted(text: &mut String, value: &dyn Display) {
    let start = text.len();
    write!(text, "{value}").ok();
    let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'=' | b'\\');
    let written = text.get(start..).unwrap_or_default();
    if written.is_empty() || !written.bytes().all(plain) {
        let written = text.split_off(start);
        write!(text, "{written:?}").ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_plain_is_quoted() {
        let log = ProbeLog::new("a module", "x", Level::Error);
        log.line(
            Level::Debug,
            "Went",
            &[("n", &7), ("empty", &""), ("odd", &"a=\"b\"\n"), ("ü", &"ü")],
        );
        log.line(Level::Error, "Two words", &[]);
        let text = log.text();
        let lines: Vec<_> = text
            .lines()
            .filter_map(|line| line.split_once(" level="))
            .map(|(_, rest)| rest)
            .collect();
        let expected = [
            r#"DEBUG msg=Went module="a module" target=x n=7 empty="" odd="a=\"b\"\n" ü="ü""#,
            r#"ERROR msg="Two words" module="a module" target=x"#,
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn a_probe_without_an_end_stops_telling() {
        let log = ProbeLog::new("m", "x", Level::Error);
        for _ in 0..MOST_LINES + 5 {
            log.line(Level::Debug, "Again", &[]);
        }
        assert_eq!(log.text().lines().count(), MOST_LINES);
    }
}
