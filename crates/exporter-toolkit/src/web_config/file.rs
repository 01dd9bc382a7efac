//! The YAML file itself, as typed.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde_saphyr::Error;

/// The whole file. Everything may be absent, the file may be empty.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct WebFile {
    pub(super) tls_server_config: Option<TlsSection>,
    pub(super) http_server_config: Option<HttpSection>,
    pub(super) basic_auth_users: Option<BTreeMap<String, Option<Secret>>>,
    pub(super) rate_limit: Option<RateLimitSection>,
}

/// `tls_server_config`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TlsSection {
    pub(super) cert: Option<Secret>,
    pub(super) cert_file: Option<String>,
    pub(super) key: Option<Secret>,
    pub(super) key_file: Option<String>,
    pub(super) client_ca: Option<Secret>,
    pub(super) client_ca_file: Option<String>,
    pub(super) client_auth_type: Option<String>,
    pub(super) client_allowed_sans: Option<Vec<String>>,
    pub(super) min_version: Option<String>,
    pub(super) max_version: Option<String>,
    pub(super) cipher_suites: Option<Vec<String>>,
    pub(super) prefer_server_cipher_suites: Option<bool>,
    pub(super) curve_preferences: Option<Vec<String>>,
}

/// `http_server_config`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct HttpSection {
    pub(super) http2: Option<bool>,
    pub(super) headers: Option<BTreeMap<String, Option<String>>>,
}

/// `rate_limit`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RateLimitSection {
    pub(super) interval: Option<String>,
    pub(super) burst: Option<i64>,
}

/// Text that is never shown.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub(super) struct Secret(pub(super) String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<secret>")
    }
}

/// Reads the file's text.
///
/// # Errors
/// What is wrong and on which line, without anything of the file but keys.
pub(super) fn parse(text: &[u8]) -> Result<WebFile, String> {
    let text = std::str::from_utf8(text).map_err(|_| "this is not UTF-8 text".to_owned())?;
    let mut options = serde_saphyr::Options::default();
    // Snippets would show passwords and keys.
    options.with_snippet = false;
    let file: Result<Option<WebFile>, Error> = serde_saphyr::from_str_with_options(text, options);
    file.map(Option::unwrap_or_default).map_err(|error| describe(&error))
}

/// The reader's error in our words. Its own texts may quote values, so only harmless parts are taken.
fn describe(error: &Error) -> String {
    let error = error.without_snippet();
    let what = match error {
        Error::SerdeUnknownField { field, expected, .. } => {
            format!("unknown key {field:?} (allowed: {})", expected.join(", "))
        }
        Error::DuplicateMappingKey { key: Some(key), .. } => format!("the key {key:?} is given twice"),
        Error::SerdeInvalidType { expected, .. } | Error::SerdeInvalidValue { expected, .. } => {
            format!("expected {expected}")
        }
        Error::Unexpected { expected, .. } => format!("expected {expected}"),
        Error::InvalidScalar { ty, .. } => format!("expected {ty}"),
        Error::Eof { .. } => "the text ends too early".to_owned(),
        Error::MultipleDocuments { .. } => "only one YAML document is allowed".to_owned(),
        _ => "this is not the YAML that is expected here".to_owned(),
    };
    match error.location() {
        Some(at) => format!("line {}, column {}: {what}", at.line(), at.column()),
        None => what,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_without_content_are_valid() {
        for text in ["", "\n", "# only a comment\n", "---\n", "null", "{}"] {
            assert!(parse(text.as_bytes()).is_ok(), "{text:?}: {:?}", parse(text.as_bytes()));
        }
    }

    #[test]
    fn sections_and_keys_without_values_are_as_absent() {
        let text =
            "tls_server_config:\nhttp_server_config:\n  http2:\n  headers:\nbasic_auth_users:\nrate_limit:\n  burst:\n";
        let file = parse(text.as_bytes()).unwrap();
        assert_eq!(file.tls_server_config, None);
        assert_eq!(file.http_server_config.unwrap().http2, None);
        assert!(file.basic_auth_users.is_none() && file.rate_limit.unwrap().burst.is_none());
    }

    #[test]
    fn the_spellings_of_go_yaml_are_read() {
        let text = "http_server_config: {http2: no}\nrate_limit: {interval: 0, burst: 3}\n";
        let file = parse(text.as_bytes()).unwrap();
        assert_eq!(file.http_server_config.unwrap().http2, Some(false));
        assert_eq!(file.rate_limit.unwrap().interval.as_deref(), Some("0"));
    }

    #[test]
    fn no_error_shows_a_value() {
        for text in [
            "basic_auth_users: hunter2",
            "basic_auth_users: [hunter2]",
            "basic_auth_users: {alice: [hunter2]}",
            "basic_auth_users: {alice: {x: hunter2}}",
            "basic_auth_users: {alice: *hunter2}",
            "basic_auth_users:\n  alice: hunter2\n bob",
            "basic_auth_users:\n  alice: \"hunter2",
            "tls_server_config: {key: [hunter2]}",
            "tls_server_config: hunter2",
            "rate_limit: {burst: hunter2}",
            "http_server_config: {http2: hunter2}",
            "hunter2",
            "- hunter2",
            "basic_auth_users: {alice: !!binary hunter2}",
            "basic_auth_users: {alice: !!int hunter2}",
            "{hunter2",
            "a: b: hunter2",
        ] {
            let error = parse(text.as_bytes()).unwrap_err();
            assert!(!error.contains("hunter2"), "{text:?}: {error}");
            assert!(error.starts_with("line "), "{text:?}: {error}");
        }
    }

    #[test]
    fn debug_output_shows_no_secret() {
        let text = "basic_auth_users: {alice: hunter2}\ntls_server_config: {key: hunter2, cert: hunter2}\n";
        let shown = format!("{:?}", parse(text.as_bytes()).unwrap());
        assert!(shown.contains("alice") && !shown.contains("hunter2"), "{shown}");
    }
}
