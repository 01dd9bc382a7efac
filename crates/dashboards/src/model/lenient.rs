//! Values that Grafana writes in more than one way.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// `null` is as good as not there.
pub(super) fn or_default<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// A text, or a number, or a boolean as a text: `"5s"`, `false`.
pub(super) fn text<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Ok(text_of(&Value::deserialize(from)?))
}

/// One or many, as texts.
pub(super) fn texts<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::Null => Vec::new(),
        Value::Array(values) => values.iter().map(text_of).collect(),
        value => vec![text_of(&value)],
    })
}

fn text_of(value: &Value) -> String {
    match value {
        Value::Null | Value::Bool(false) => String::new(),
        Value::String(text) => text.clone(),
        value => value.to_string(),
    }
}
