//! From the file's text to modules that can be used, or what is wrong with it.

use std::fmt::Display;

use serde_saphyr::Error;

use super::module::Config;

/// What is wrong, in upstream's words where it has some.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("error parsing config file: {0}")]
pub(crate) struct ConfigError(pub(crate) String);

/// Stands before the texts of [`refusal`]s, which are safe to show; the reader's own texts may quote secrets.
const OURS: &str = "blackbox.yml refused: ";

/// A refusal of a value in our words, which people will see.
pub(super) fn refusal<E: serde::de::Error>(text: impl Display) -> E {
    E::custom(format_args!("{OURS}{text}"))
}

/// Reads and checks the text of a file.
///
/// # Errors
/// The first thing that is wrong, without any secret.
pub(crate) fn parse(text: &str) -> Result<Config, ConfigError> {
    let mut options = serde_saphyr::Options::default();
    // Snippets would show passwords and keys.
    options.with_snippet = false;
    let config: Result<Option<Config>, Error> = serde_saphyr::from_str_with_options(text, options);
    match config {
        Ok(Some(config)) => Ok(config),
        Ok(None) if is_blank(text) => Err(ConfigError("EOF".to_owned())),
        Ok(None) => Ok(Config::default()),
        Err(error) => Err(ConfigError(describe(&error))),
    }
}

/// Whether there is not even a document that says null.
fn is_blank(text: &str) -> bool {
    text.lines()
        .map(str::trim)
        .all(|line| line.is_empty() || line.starts_with('#'))
}

/// The reader's error in our words. Its own texts may quote values, so only harmless parts are taken.
fn describe(error: &Error) -> String {
    let error = error.without_snippet();
    let what = match error {
        Error::Message { msg, .. } if msg.starts_with(OURS) => {
            return msg.strip_prefix(OURS).unwrap_or_default().to_owned();
        }
        Error::AliasError { error, .. } => return describe(error),
        Error::SerdeUnknownField { field, expected, .. } => {
            format!("field {field} not found (allowed: {})", expected.join(", "))
        }
        Error::DuplicateMappingKey { key: Some(key), .. } => format!("mapping key {key:?} already defined"),
        Error::SerdeInvalidType { expected, .. } | Error::SerdeInvalidValue { expected, .. } => {
            format!("expected {expected}")
        }
        Error::Unexpected { expected, .. } => format!("expected {expected}"),
        Error::InvalidScalar { ty, .. } => format!("expected {ty}"),
        Error::UnknownAnchor { .. } => "unknown anchor referenced".to_owned(),
        Error::NullIntoString { .. } => "expected a text, found null".to_owned(),
        Error::Eof { .. } => "the text ends too early".to_owned(),
        Error::MultipleDocuments { .. } => "configuration must contain exactly one YAML document".to_owned(),
        _ => "this is not the YAML that is expected here".to_owned(),
    };
    match error.location() {
        Some(at) => format!("line {}, column {}: {what}", at.line(), at.column()),
        None => what,
    }
}
