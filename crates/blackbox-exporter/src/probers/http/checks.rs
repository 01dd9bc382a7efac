//! What an answer must be. Each check tells in the log what it found, as upstream does.

use hyper::Version;
use hyper::header::HeaderMap;

use crate::config::cel;
use crate::config::{HeaderMatch, HttpModule, Pattern};
use crate::failure::{Failure, Reason, Step};
use crate::probe_log::ProbeLog;

/// A check's values for the log.
type Pairs<'p> = &'p [(&'static str, &'p dyn std::fmt::Display)];

fn fail(log: &ProbeLog, reason: Reason, message: &'static str, pairs: Pairs<'_>) -> Failure {
    log.error(message, pairs);
    let told: Vec<String> = pairs.iter().map(|(name, value)| format!("{name} {value}")).collect();
    let text = match told.is_empty() {
        true => message.to_owned(),
        false => format!("{message}: {}", told.join(", ")),
    };
    Failure::new(Step::Validate, reason, text)
}

/// Whether the status is one of those wanted.
pub(super) fn status(log: &ProbeLog, module: &HttpModule, status: u16) -> Result<(), Failure> {
    let wanted = &module.valid_status_codes;
    if wanted.contains(&status) || wanted.is_empty() && (200..300).contains(&status) {
        return Ok(());
    }
    if wanted.is_empty() {
        let message = "Invalid HTTP response status code, wanted 2xx";
        return Err(fail(log, Reason::Status, message, &[("status_code", &status)]));
    }
    log.line(
        log::Level::Debug,
        "Valid status codes",
        &[("codes", &format!("{wanted:?}"))],
    );
    Err(fail(
        log,
        Reason::Status,
        "Invalid HTTP response status code",
        &[("status_code", &status)],
    ))
}

/// Whether anything is asked of the headers.
pub(super) fn asks_headers(module: &HttpModule) -> bool {
    !module.fail_if_header_matches.is_empty() || !module.fail_if_header_not_matches.is_empty()
}

/// Whether the headers are what they must be.
pub(super) fn headers(log: &ProbeLog, module: &HttpModule, headers: &HeaderMap) -> Result<(), Failure> {
    for wanted in &module.fail_if_header_matches {
        header(log, wanted, headers, "Header matched regular expression", |matched| {
            matched == 0
        })?;
    }
    for wanted in &module.fail_if_header_not_matches {
        header(
            log,
            wanted,
            headers,
            "Header did not match regular expression",
            |matched| matched > 0,
        )?;
    }
    Ok(())
}

fn header(
    log: &ProbeLog,
    wanted: &HeaderMatch,
    headers: &HeaderMap,
    message: &'static str,
    good: impl Fn(usize) -> bool,
) -> Result<(), Failure> {
    let name = wanted.header.as_str();
    let values: Vec<_> = headers
        .get_all(name)
        .iter()
        .map(|value| String::from_utf8_lossy(value.as_bytes()))
        .collect();
    if values.is_empty() {
        return match wanted.allow_missing {
            true => Ok(()),
            false => Err(fail(
                log,
                Reason::Header,
                "Missing required header",
                &[("header", &name)],
            )),
        };
    }
    let Some(pattern) = &wanted.regexp else {
        return Ok(());
    };
    let matched = values.iter().filter(|value| pattern.regex.is_match(value)).count();
    match good(matched) {
        true => Ok(()),
        false => {
            let regexp = pattern.regex.as_str();
            let pairs: Pairs<'_> = &[("header", &name), ("regexp", &regexp), ("value_count", &values.len())];
            Err(fail(log, Reason::Header, message, pairs))
        }
    }
}

/// Whether expressions are to be found in the body.
pub(super) fn asks_text(module: &HttpModule) -> bool {
    !module.fail_if_body_matches_regexp.is_empty() || !module.fail_if_body_not_matches_regexp.is_empty()
}

/// Whether the body matches what it must, and nothing else. What is no UTF-8 in it matches as U+FFFD, as in Go.
pub(super) fn text(log: &ProbeLog, module: &HttpModule, body: &[u8]) -> Result<(), Failure> {
    let body = String::from_utf8_lossy(body);
    let first = |patterns: &[Pattern], matches: bool| {
        let found = patterns.iter().find(|pattern| pattern.regex.is_match(&body) == matches);
        found.map(|pattern| pattern.regex.as_str().to_owned())
    };
    if let Some(regexp) = first(&module.fail_if_body_matches_regexp, true) {
        return Err(fail(
            log,
            Reason::Content,
            "Body matched regular expression",
            &[("regexp", &regexp)],
        ));
    }
    if let Some(regexp) = first(&module.fail_if_body_not_matches_regexp, false) {
        return Err(fail(
            log,
            Reason::Content,
            "Body did not match regular expression",
            &[("regexp", &regexp)],
        ));
    }
    Ok(())
}

/// Whether anything is asked of the body as JSON.
pub(super) fn asks_json(module: &HttpModule) -> bool {
    module.fail_if_body_json_matches_cel.is_some() || module.fail_if_body_json_not_matches_cel.is_some()
}

/// Whether the JSON in the body satisfies what it must, and nothing else.
pub(super) fn json(log: &ProbeLog, module: &HttpModule, body: &[u8]) -> Result<(), Failure> {
    let body: serde_json::Value = serde_json::from_slice(body).map_err(|error| {
        fail(
            log,
            Reason::Content,
            "Error unmarshalling HTTP body to JSON",
            &[("err", &error)],
        )
    })?;
    let unclear = |error: String| {
        fail(
            log,
            Reason::Content,
            "Error evaluating CEL expression",
            &[("err", &error)],
        )
    };
    if let Some(expression) = &module.fail_if_body_json_matches_cel
        && satisfies(expression, &body).map_err(unclear)?
    {
        return Err(fail(
            log,
            Reason::Content,
            "Body matched CEL expression",
            &[("expression", expression)],
        ));
    }
    if let Some(expression) = &module.fail_if_body_json_not_matches_cel
        && !satisfies(expression, &body).map_err(unclear)?
    {
        return Err(fail(
            log,
            Reason::Content,
            "Body did not match CEL expression",
            &[("expression", expression)],
        ));
    }
    Ok(())
}

/// Whether an expression is true of a body.
fn satisfies(expression: &str, body: &serde_json::Value) -> Result<bool, String> {
    let program = cel::compile(expression).map_err(|error| error.to_string())?;
    cel::matches(&program, body).map_err(|error| error.to_string())
}

/// The version as upstream writes it, and as a number.
pub(super) fn version_of(version: Version) -> (&'static str, f64) {
    match version {
        Version::HTTP_09 => ("HTTP/0.9", 0.9),
        Version::HTTP_10 => ("HTTP/1.0", 1.0),
        Version::HTTP_2 => ("HTTP/2.0", 2.0),
        Version::HTTP_3 => ("HTTP/3.0", 3.0),
        _ => ("HTTP/1.1", 1.1),
    }
}

/// Whether the version is one of those wanted.
pub(super) fn version(log: &ProbeLog, module: &HttpModule, version: Version) -> Result<(), Failure> {
    let (name, _) = version_of(version);
    if module.valid_http_versions.is_empty() || module.valid_http_versions.iter().any(|wanted| wanted == name) {
        return Ok(());
    }
    Err(fail(
        log,
        Reason::Version,
        "Invalid HTTP version number",
        &[("version", &name)],
    ))
}

/// Whether TLS was spoken as wanted.
pub(super) fn tls(log: &ProbeLog, module: &HttpModule, tls: bool) -> Result<(), Failure> {
    match tls {
        true if module.fail_if_ssl => Err(fail(log, Reason::TlsUsed, "Final request was over SSL", &[])),
        false if module.fail_if_not_ssl => Err(fail(log, Reason::TlsMissing, "Final request was not over SSL", &[])),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    fn module(text: &str) -> HttpModule {
        let text = format!("modules: {{m: {{prober: http, http: {{{text}}}}}}}");
        let config = config::parse(&text).expect("a configuration");
        config.modules.get("m").expect("the module").http.clone()
    }

    fn reason(result: Result<(), Failure>) -> Option<Reason> {
        result.err().map(|failure| failure.reason)
    }

    fn log() -> ProbeLog {
        ProbeLog::new("m", "t", log::Level::Error)
    }

    #[test]
    fn the_status_must_be_a_wanted_one() {
        let cases = [
            ("", 200, true),
            ("", 299, true),
            ("", 302, false),
            ("", 199, false),
            ("", 404, false),
        ];
        let wanted = "valid_status_codes: [302, 404]";
        for (text, code, good) in cases.into_iter().chain([(wanted, 302, true), (wanted, 200, false)]) {
            assert_eq!(status(&log(), &module(text), code).is_ok(), good, "{text} {code}");
        }
    }

    #[test]
    fn headers_match_or_may_be_missing() {
        let mut answered = HeaderMap::new();
        for value in ["good", "bad"] {
            answered.append("x-thing", hyper::header::HeaderValue::from_static(value));
        }
        let cases = [
            (
                "fail_if_header_matches: [{header: X-Thing, regexp: bad}]",
                Some(Reason::Header),
            ),
            ("fail_if_header_matches: [{header: X-Thing, regexp: none}]", None),
            (
                "fail_if_header_matches: [{header: Other, regexp: x}]",
                Some(Reason::Header),
            ),
            (
                "fail_if_header_matches: [{header: Other, regexp: x, allow_missing: true}]",
                None,
            ),
            ("fail_if_header_not_matches: [{header: X-Thing, regexp: good}]", None),
            (
                "fail_if_header_not_matches: [{header: X-Thing, regexp: ^none$}]",
                Some(Reason::Header),
            ),
            (
                "fail_if_header_not_matches: [{header: Other, regexp: x}]",
                Some(Reason::Header),
            ),
            (
                "fail_if_header_not_matches: [{header: Other, regexp: x, allow_missing: true}]",
                None,
            ),
        ];
        for (text, expected) in cases {
            let module = module(text);
            assert!(asks_headers(&module));
            assert_eq!(reason(headers(&log(), &module, &answered)), expected, "{text}");
        }
    }

    #[test]
    fn the_body_is_searched_whatever_its_bytes() {
        let cases = [
            ("fail_if_body_matches_regexp: [hello]", Some(Reason::Content)),
            ("fail_if_body_matches_regexp: [none, other]", None),
            ("fail_if_body_not_matches_regexp: [hello, world]", None),
            ("fail_if_body_not_matches_regexp: [hello, none]", Some(Reason::Content)),
            ("fail_if_body_not_matches_regexp: [hello.world]", None),
        ];
        for (expressions, expected) in cases {
            let module = module(expressions);
            assert!(asks_text(&module));
            assert_eq!(
                reason(text(&log(), &module, b"hello\xffworld")),
                expected,
                "{expressions}"
            );
        }
    }

    #[test]
    fn versions_and_tls_are_as_wanted_or_not() {
        let module = module("valid_http_versions: [HTTP/1.0, HTTP/2.0], fail_if_ssl: true");
        assert_eq!(
            reason(version(&log(), &module, Version::HTTP_11)),
            Some(Reason::Version)
        );
        assert_eq!(reason(version(&log(), &module, Version::HTTP_2)), None);
        assert_eq!(reason(tls(&log(), &module, true)), Some(Reason::TlsUsed));
        assert_eq!(reason(tls(&log(), &module, false)), None);
        let module = self::module("fail_if_not_ssl: true");
        assert_eq!(reason(tls(&log(), &module, false)), Some(Reason::TlsMissing));
        assert_eq!(reason(tls(&log(), &module, true)), None);
    }

    #[test]
    fn a_body_that_is_no_json_fails() {
        let module = module("fail_if_body_json_matches_cel: body.a == 1");
        assert!(asks_json(&module));
        assert_eq!(reason(json(&log(), &module, b"hello")), Some(Reason::Content));
    }
}
