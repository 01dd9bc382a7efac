//! The last notifications, for whoever asks later.

use std::{collections::VecDeque, time::SystemTime};

use serde::Serialize;

use super::{notification::Notification, watchdog::Watchdog};

pub(super) struct History {
    keep: usize,
    taken: u64,
    last: VecDeque<Entry>,
}

/// A notification and when it came.
#[derive(Serialize)]
pub(super) struct Entry {
    received: String,
    #[serde(flatten)]
    notification: Notification,
}

impl Entry {
    pub(super) fn new(notification: Notification, at: SystemTime) -> Self {
        Self {
            received: rfc3339(at),
            notification,
        }
    }
}

/// What `GET /` answers.
#[derive(Serialize)]
struct Report<'a> {
    watchdog: Dog,
    /// All that ever came, kept or not.
    taken: u64,
    notifications: &'a VecDeque<Entry>,
}

#[derive(Serialize)]
struct Dog {
    state: &'static str,
    last: Option<String>,
}

impl History {
    pub(super) fn of(keep: usize) -> Self {
        Self {
            keep,
            taken: 0,
            last: VecDeque::new(),
        }
    }

    /// Forgets the oldest when there are too many.
    pub(super) fn keep(&mut self, notification: Notification, at: SystemTime) {
        self.taken += 1;
        self.last.push_back(Entry::new(notification, at));
        while self.last.len() > self.keep {
            self.last.pop_front();
        }
    }

    /// The oldest first.
    pub(super) fn json(&self, watchdog: &Watchdog) -> String {
        let report = Report {
            watchdog: Dog {
                state: watchdog.state(),
                last: watchdog.last().map(rfc3339),
            },
            taken: self.taken,
            notifications: &self.last,
        };
        json_line(&report)
    }
}

/// Milliseconds, for those who measure how long it took.
pub(super) fn rfc3339(at: SystemTime) -> String {
    humantime::format_rfc3339_millis(at).to_string()
}

/// With its line break.
pub(super) fn json_line(value: &impl Serialize) -> String {
    let text = serde_json::to_string(value).expect("structures of texts and numbers are JSON");
    text + "\n"
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::console::notification::parse;

    #[test]
    fn the_last_ones_are_kept_and_all_are_counted() {
        let mut history = History::of(2);
        for number in 1..=3 {
            let notification = parse(format!(r#"{{"text": "{number}"}}"#).as_bytes()).unwrap();
            history.keep(notification, SystemTime::UNIX_EPOCH + Duration::from_secs(number));
        }
        let watchdog = Watchdog::new(Duration::from_secs(1), Instant::now());
        assert_eq!(
            history.json(&watchdog),
            concat!(
                r#"{"watchdog":{"state":"awaited","last":null},"taken":3,"notifications":["#,
                r#"{"received":"1970-01-01T00:00:02.000Z","from":"slack","text":"2","attachments":[]},"#,
                r#"{"received":"1970-01-01T00:00:03.000Z","from":"slack","text":"3","attachments":[]}]}"#,
                "\n"
            )
        );
    }
}
