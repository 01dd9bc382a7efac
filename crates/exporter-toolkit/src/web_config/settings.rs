//! The whole file, checked as far as it goes without opening the files it names.

use std::collections::BTreeMap;
use std::path::Path;

use hyper::header::{HeaderName, HeaderValue};

use super::error::Findings;
use super::file::{RateLimitSection, WebFile};
use super::rate_limit::Limit;
use super::tls_settings::{self, TlsSettings};
use super::users::Users;
use crate::go_duration;

/// The headers that can be set, with the values they allow; any where none is listed.
const HEADERS: &[(&str, &[&str])] = &[
    ("Content-Security-Policy", &[]),
    ("Strict-Transport-Security", &[]),
    ("X-Content-Type-Options", &["nosniff"]),
    ("X-Frame-Options", &["deny", "sameorigin"]),
    ("X-XSS-Protection", &[]),
];

/// What the file says, typed.
pub(super) struct Settings {
    pub(super) tls: Option<TlsSettings>,
    pub(super) http2: bool,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) users: Users,
    pub(super) limit: Option<Limit>,
}

/// Checks all sections. With problems found, the settings are not to be used.
pub(super) fn check(file: &WebFile, folder: &Path, findings: &mut Findings) -> Settings {
    let http = file.http_server_config.as_ref();
    Settings {
        tls: tls_settings::check(file.tls_server_config.as_ref(), folder, findings),
        http2: http.and_then(|http| http.http2).unwrap_or(true),
        headers: headers(http.and_then(|http| http.headers.as_ref()), findings),
        users: Users::check(file.basic_auth_users.as_ref(), findings),
        limit: file.rate_limit.as_ref().and_then(|section| limit(section, findings)),
    }
}

fn headers(
    section: Option<&BTreeMap<String, Option<String>>>,
    findings: &mut Findings,
) -> Vec<(HeaderName, HeaderValue)> {
    let pairs = section.into_iter().flatten();
    let checked = pairs.map(|(name, value)| header(name, value.as_deref().unwrap_or_default()));
    let (good, bad): (Vec<_>, Vec<_>) = checked.partition(Result::is_ok);
    for problem in bad.into_iter().filter_map(Result::err) {
        findings.problem(format!("http_server_config.headers: {problem}"));
    }
    good.into_iter().flatten().flatten().collect()
}

/// A header, `None` for one that is blank and so not sent.
fn header(name: &str, value: &str) -> Result<Option<(HeaderName, HeaderValue)>, String> {
    let Some((_, allowed)) = HEADERS.iter().find(|(known, _)| *known == name) else {
        let known: Vec<_> = HEADERS.iter().map(|(known, _)| *known).collect();
        return Err(format!(
            "HTTP header {name:?} can not be configured (allowed: {})",
            known.join(", ")
        ));
    };
    if !allowed.is_empty() && !allowed.contains(&value) {
        return Err(format!(
            "invalid value for {name}. Expected one of: {allowed:?}, but got: {value:?}"
        ));
    }
    if value.is_empty() {
        return Ok(None);
    }
    match (name.parse(), value.parse()) {
        (Ok(name), Ok(value)) => Ok(Some((name, value))),
        _ => Err(format!(
            "invalid value for {name}: {value:?} has characters that no header can have"
        )),
    }
}

/// The limit, `None` where there is none.
fn limit(section: &RateLimitSection, findings: &mut Findings) -> Option<Limit> {
    let text = section.interval.as_deref().unwrap_or("0");
    let Some(interval) = go_duration::parse(text) else {
        let allowed = "0 for no limit, or a number with its unit: 100ms, 1s, 1m30s";
        findings.problem(format!(
            "rate_limit.interval: {text:?} is no duration (allowed: {allowed})"
        ));
        return None;
    };
    if interval.is_zero() {
        return None;
    }
    let burst = section.burst.unwrap_or(0);
    match u32::try_from(burst) {
        Ok(burst) if burst > 0 => Some(Limit { interval, burst }),
        _ => {
            findings.problem(format!(
                "rate_limit.burst: {burst} would refuse every request (allowed: 1 and more)"
            ));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web_config::file;
    use std::time::Duration;

    fn check_text(text: &str) -> (Settings, Findings) {
        let mut findings = Findings::default();
        let settings = check(&file::parse(text.as_bytes()).unwrap(), Path::new("/etc"), &mut findings);
        (settings, findings)
    }

    #[test]
    fn an_empty_file_asks_for_nothing() {
        let (settings, findings) = check_text("");
        assert!(settings.tls.is_none() && settings.http2 && settings.headers.is_empty());
        assert!(settings.users.is_empty() && settings.limit.is_none() && findings.problems.is_empty());
    }

    #[test]
    fn headers_are_taken_and_blank_ones_left_out() {
        let text =
            "http_server_config: {headers: {X-Frame-Options: deny, X-XSS-Protection: '', Content-Security-Policy: }}";
        let (settings, findings) = check_text(text);
        let expected = [(
            HeaderName::from_static("x-frame-options"),
            HeaderValue::from_static("deny"),
        )];
        assert_eq!(settings.headers, expected);
        assert!(findings.problems.is_empty(), "{findings:?}");
    }

    #[test]
    fn an_interval_of_zero_is_no_limit() {
        assert_eq!(check_text("rate_limit: {interval: 0s, burst: 0}").0.limit, None);
        assert_eq!(check_text("rate_limit: {burst: 7}").0.limit, None);
        let expected = Limit {
            interval: Duration::from_millis(100),
            burst: 3,
        };
        assert_eq!(
            check_text("rate_limit: {interval: 100ms, burst: 3}").0.limit,
            Some(expected)
        );
    }

    #[test]
    fn all_problems_come_together() {
        let text = "http_server_config: {headers: {Server: x, X-Frame-Options: maybe}}\n\
                    basic_auth_users: {alice: x}\nrate_limit: {interval: 1s}\ntls_server_config: {min_version: TLS12}\n";
        let (_, findings) = check_text(text);
        assert_eq!(findings.problems.len(), 6, "{findings:?}");
    }
}
