//! What a rule has to say.

use std::fmt;

use serde::Serialize;

/// Something to be put right.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Finding {
    /// Of the dashboard or of the rules, as it was given.
    pub file: String,
    /// The panel's title, the variable, the alert; `dashboard` for all of it.
    pub place: String,
    /// Which of [`RULES`](super::RULES).
    pub rule: &'static str,
    /// What is wrong, and what to do.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            place,
            rule,
            message,
        } = self;
        write!(out, "{file}: {place}: {message} [{rule}]")
    }
}

/// Where one rule puts what it finds in one file.
pub(super) struct Found<'a> {
    pub(super) rule: &'static str,
    pub(super) file: &'a str,
    pub(super) findings: &'a mut Vec<Finding>,
}

impl Found<'_> {
    pub(super) fn at(&mut self, place: impl Into<String>, message: impl Into<String>) {
        self.findings.push(Finding {
            file: self.file.to_owned(),
            place: place.into(),
            rule: self.rule,
            message: message.into(),
        });
    }

    pub(super) fn dashboard(&mut self, message: impl Into<String>) {
        self.at("dashboard", message);
    }
}
