//! What a probe has to tell while it goes: kept for `debug=true` and the history, and sent to the program's own log at
//! the level that `--log.prober` allows.

use std::cell::RefCell;
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
    pub(crate) fn line(&self, level: Level, message: &str, pairs: &[(&str, &dyn std::fmt::Display)]) {
        let mut lines = self.lines.borrow_mut();
        lines.count += 1;
        if lines.count > MOST_LINES {
            return;
        }
        let mut about = self.context.clone();
        for (name, value) in pairs {
            about.push_str(&format!(" {name}={}", quoted(&value.to_string())));
        }
        if level <= self.least {
            log::log!(level, "{message} {about}");
        }
        let time = humantime::format_rfc3339_millis(SystemTime::now());
        let (level, message) = (level.as_str(), quoted(message));
        lines
            .text
            .push_str(&format!("time={time} level={level} msg={message} {about}\n"));
    }

    /// For what goes as it should.
    pub(crate) fn info(&self, message: &str, pairs: &[(&str, &dyn std::fmt::Display)]) {
        self.line(Level::Info, message, pairs);
    }

    /// For what does not.
    pub(crate) fn error(&self, message: &str, pairs: &[(&str, &dyn std::fmt::Display)]) {
        self.line(Level::Error, message, pairs);
    }

    /// All lines so far.
    pub(crate) fn text(&self) -> String {
        self.lines.borrow().text.clone()
    }
}

/// As logfmt quotes.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '=' | '\\');
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("{text:?}")
}
