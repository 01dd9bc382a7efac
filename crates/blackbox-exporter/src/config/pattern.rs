//! Regular expressions of the configuration, in Go's language.

use exporter_toolkit::go_regex;
use regex::Regex;
use serde::{Deserialize, Deserializer};

use super::load::refusal;
use super::shown::{Node, Shown};

/// An expression that compiled, with its text.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    text: String,
    /// Matches anywhere in a text.
    pub(crate) regex: Regex,
}

impl Pattern {
    /// The expression as it was written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match go_regex::with_captures(&text) {
            Ok(regex) => Ok(Self { text, regex }),
            Err(_) => Err(refusal(format!(
                "\"Could not compile regular expression\" regexp=\"{text}\""
            ))),
        }
    }
}

impl Shown for Pattern {
    fn is_unset(&self) -> bool {
        self.text.is_empty()
    }

    fn shown(&self) -> Node {
        Node::Text(self.text.clone())
    }
}
