//! Variables, as a dashboard defines them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::lenient::{or_default, text, texts};

/// All variables of a dashboard.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct Templating {
    /// In the order of the file, which is that of the page.
    #[serde(deserialize_with = "or_default")]
    pub list: Vec<Variable>,
}

/// One variable.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default, rename_all = "camelCase")]
pub struct Variable {
    /// What queries call it.
    #[serde(deserialize_with = "text")]
    pub name: String,
    /// What people call it; empty: its name.
    #[serde(deserialize_with = "text")]
    pub label: String,
    /// `query`, `custom`, `interval`, `constant`, `textbox`, `datasource`, …
    #[serde(rename = "type", deserialize_with = "text")]
    pub kind: String,
    /// What it is for.
    #[serde(deserialize_with = "text")]
    pub description: String,
    /// Where its values come from.
    #[serde(deserialize_with = "or_default")]
    pub query: Query,
    /// Which of the values are taken, and what of them.
    #[serde(deserialize_with = "text")]
    pub regex: String,
    /// Grafana's number of an order; 0 is as they come.
    #[serde(deserialize_with = "or_default")]
    pub sort: u8,
    /// Whether more than one can be chosen.
    #[serde(deserialize_with = "or_default")]
    pub multi: bool,
    /// Whether all can be chosen at once.
    #[serde(deserialize_with = "or_default")]
    pub include_all: bool,
    /// What stands for all, as it is.
    #[serde(deserialize_with = "text")]
    pub all_value: String,
    /// What is chosen when nobody says otherwise.
    #[serde(deserialize_with = "or_default")]
    pub current: Current,
    /// The values, where they are in the file.
    #[serde(deserialize_with = "or_default")]
    pub options: Vec<Choice>,
    /// Of intervals: whether there is one that goes with the range.
    #[serde(deserialize_with = "or_default")]
    pub auto: bool,
    /// Of intervals: into how many parts that cuts the range.
    #[serde(rename = "auto_count")]
    pub auto_count: Option<f64>,
    /// Of intervals: how short the parts may be.
    #[serde(rename = "auto_min", deserialize_with = "text")]
    pub auto_min: String,
    /// 0 is shown, 1 has no label, 2 is hidden.
    #[serde(deserialize_with = "or_default")]
    pub hide: u8,
    /// Whom it asks.
    pub datasource: Option<Datasource>,
    /// What is not known here, by name.
    #[serde(flatten)]
    pub rest: BTreeMap<String, Value>,
}

/// A query: plain, or with things around it.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(untagged)]
pub enum Query {
    /// As Grafana always took it.
    Plain(String),
    /// As its editor writes it.
    Wrapped {
        /// The same.
        query: String,
    },
    /// Something else, which has no text.
    Other(Value),
}

impl Default for Query {
    fn default() -> Self {
        Self::Plain(String::new())
    }
}

impl Query {
    /// Empty where there is none.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Plain(query) | Self::Wrapped { query } => query,
            Self::Other(_) => "",
        }
    }
}

/// What is chosen.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct Current {
    /// As people see it.
    #[serde(deserialize_with = "texts")]
    pub text: Vec<String>,
    /// As queries get it; `$__all` is all.
    #[serde(deserialize_with = "texts")]
    pub value: Vec<String>,
}

/// A value that can be chosen.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default)]
pub struct Choice {
    /// As people see it.
    #[serde(deserialize_with = "text")]
    pub text: String,
    /// As queries get it.
    #[serde(deserialize_with = "text")]
    pub value: String,
}

/// Whom to ask: by id, or by name as before Grafana 8.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(untagged)]
pub enum Datasource {
    /// A name, or a variable.
    Name(String),
    /// An id, or a variable.
    Reference {
        /// `prometheus`, …
        #[serde(rename = "type", default)]
        kind: Option<String>,
        /// Or a variable.
        #[serde(default)]
        uid: Option<String>,
    },
}
