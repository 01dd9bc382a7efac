//! The head and the body of the call.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, TE, USER_AGENT};
use hyper::{Method, Request};

use super::health;
use crate::config::GrpcModule;
use crate::failure::{Failure, Reason, Step};
use crate::probe::Probe;
use crate::probers::address::HostPort;

const AGENT: &str = concat!("blackbox-exporter/", env!("CARGO_PKG_VERSION"));

/// Metadata that the protocol has for itself; upstream leaves it out too.
const RESERVED: [&str; 8] = [
    "content-type",
    "grpc-encoding",
    "grpc-message",
    "grpc-message-type",
    "grpc-status",
    "grpc-timeout",
    "te",
    "user-agent",
];

/// The call.
///
/// # Errors
/// When target or metadata cannot stand in a request.
pub(super) fn request(probe: &Probe<'_>, target: &HostPort<'_>) -> Result<Request<Vec<u8>>, Failure> {
    let module = &probe.module.grpc;
    // With TLS the name of the certificate is asked for, without a port, as upstream does.
    let (scheme, authority) = match (module.tls, server_name(probe, target)) {
        (false, _) => ("http", target.authority()),
        (true, name) if name.contains(':') => ("https", format!("[{name}]")),
        (true, name) => ("https", name.to_owned()),
    };
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(format!("{scheme}://{authority}/grpc.health.v1.Health/Check"))
        .body(health::request(&module.service))
        .map_err(|_| wrong(Reason::BadTarget, format!("{authority:?} is no authority of a URL")))?;
    let headers = request.headers_mut();
    push_metadata(module, headers)?;
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(TE, HeaderValue::from_static("trailers"));
    headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    let left = probe.deadline.saturating_duration_since(Instant::now());
    if let Ok(timeout) = HeaderValue::from_str(&timeout(left)) {
        headers.insert("grpc-timeout", timeout);
    }
    Ok(request)
}

/// The name that the certificate must have: the module's, or the target's.
pub(super) fn server_name<'p>(probe: &Probe<'p>, target: &HostPort<'p>) -> &'p str {
    match probe.module.grpc.tls_config.server_name.as_str() {
        "" => target.host,
        name => name,
    }
}

/// At most eight digits and a unit.
fn timeout(left: Duration) -> String {
    match left.as_millis() {
        millis @ ..100_000_000 => format!("{millis}m"),
        _ => format!("{}S", left.as_secs().min(99_999_999)),
    }
}

fn push_metadata(module: &GrpcModule, headers: &mut HeaderMap) -> Result<(), Failure> {
    for (key, values) in &module.metadata {
        // HTTP/2 has only lower case.
        let key = key.to_ascii_lowercase();
        if RESERVED.contains(&key.as_str()) {
            continue;
        }
        let bad = |_| wrong(Reason::BadModule, format!("metadata {key:?} cannot be sent"));
        let name: HeaderName = key.parse().map_err(|_| bad(()))?;
        for value in values {
            let value = match key.ends_with("-bin") {
                true => STANDARD_NO_PAD.encode(value),
                false => value.clone(),
            };
            headers.append(&name, HeaderValue::try_from(value).map_err(|_| bad(()))?);
        }
    }
    Ok(())
}

fn wrong(reason: Reason, text: String) -> Failure {
    Failure::new(Step::Prepare, reason, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_has_at_most_eight_digits() {
        for (left, expected) in [
            (Duration::ZERO, "0m"),
            (Duration::from_millis(1_999), "1999m"),
            (Duration::from_millis(99_999_999), "99999999m"),
            (Duration::from_millis(100_000_000), "100000S"),
            (Duration::MAX, "99999999S"),
        ] {
            assert_eq!(timeout(left), expected);
        }
    }

    #[test]
    fn metadata_is_sent_in_lower_case_and_bytes_as_base64() {
        let metadata = [
            ("X-Tenant", vec!["a", "b"]),
            ("key-bin", vec!["\u{1}\u{2}"]),
            ("Grpc-Timeout", vec!["1S"]),
        ];
        let owned = |values: Vec<&str>| values.into_iter().map(str::to_owned).collect();
        let module = GrpcModule {
            metadata: metadata.map(|(key, values)| (key.to_owned(), owned(values))).into(),
            ..GrpcModule::default()
        };
        let mut headers = HeaderMap::new();
        push_metadata(&module, &mut headers).expect("good metadata");
        let mut found: Vec<_> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .collect();
        found.sort_unstable();
        assert_eq!(
            found,
            [("key-bin", &b"AQI"[..]), ("x-tenant", b"a"), ("x-tenant", b"b")]
        );
    }

    #[test]
    fn metadata_that_cannot_be_sent_is_named_without_its_value() {
        for (key, value) in [("a b", "secret"), ("a", "sec\nret"), ("", "secret")] {
            let module = GrpcModule {
                metadata: [(key.to_owned(), vec![value.to_owned()])].into(),
                ..GrpcModule::default()
            };
            let failure = push_metadata(&module, &mut HeaderMap::new()).expect_err("bad metadata");
            let expected = wrong(Reason::BadModule, format!("metadata {key:?} cannot be sent"));
            assert_eq!(failure, expected);
        }
    }
}
