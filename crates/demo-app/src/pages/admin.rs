//! `/admin/settings`: what the simulation does, and changes of it by form or JSON.

use exporter_toolkit::web::{self, PageRequest, Reply};
use hyper::header::{ACCEPT, ALLOW, CONTENT_TYPE, HOST, HeaderName, HeaderValue, LOCATION, ORIGIN};
use hyper::{Method, StatusCode};
use serde_json::Value;

use crate::service::Service;

pub(super) const PATH: &str = "/admin/settings";

/// Bytes of a body; all settings together take a tenth of them.
pub(super) const LONGEST: usize = 4096;

/// `None` for methods that the path does not have.
pub(super) fn answer(service: &Service, may_change: bool, request: &PageRequest<'_>) -> Option<Reply> {
    match *request.method {
        Method::GET | Method::HEAD => Some(web::json(format!("{}\n", service.settings.get().json()))),
        Method::POST => Some(
            change(service, may_change, request)
                .unwrap_or_else(|Refusal(status, text)| web::text(status, format!("{text}\n"))),
        ),
        _ => {
            let mut reply = web::text(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed\n".to_owned());
            reply
                .headers_mut()
                .insert(ALLOW, HeaderValue::from_static("GET, HEAD, POST"));
            Some(reply)
        }
    }
}

/// Why nothing changes.
struct Refusal(StatusCode, String);

impl Refusal {
    fn forbidden(text: &str) -> Self {
        Self(StatusCode::FORBIDDEN, text.to_owned())
    }

    fn bad_request(text: String) -> Self {
        Self(StatusCode::BAD_REQUEST, text)
    }
}

fn change(service: &Service, may_change: bool, request: &PageRequest<'_>) -> Result<Reply, Refusal> {
    if !may_change {
        let text =
            "Settings change over HTTP only where the server listens on loopback alone, or with --admin.allow-remote.";
        return Err(Refusal::forbidden(text));
    }
    if comes_from_elsewhere(request) {
        return Err(Refusal::forbidden("Another site's page may not change the settings."));
    }
    let changes = changes(request)?;
    let settings = service
        .settings
        .change(&changes)
        .map_err(|errors| Refusal::bad_request(errors.join("\n")))?;
    log_changes(&changes);
    service.ballast.hold(settings.ballast_mib);
    if !settings.user_id_label {
        service.metrics.forget_users();
    }
    if header(request, &ACCEPT).contains("text/html") {
        return Ok(back_home());
    }
    Ok(web::json(format!("{}\n", settings.json())))
}

/// Browsers tell whose page sends a form; programs do not.
fn comes_from_elsewhere(request: &PageRequest<'_>) -> bool {
    let origin = header(request, &ORIGIN);
    let site = origin.split_once("://").map_or(origin, |(_, site)| site);
    !origin.is_empty() && site != header(request, &HOST)
}

/// Names and values of a form or of a JSON object.
fn changes(request: &PageRequest<'_>) -> Result<Vec<(String, String)>, Refusal> {
    let content_type = header(request, &CONTENT_TYPE);
    match content_type.split(';').next().unwrap_or_default().trim() {
        "application/x-www-form-urlencoded" => Ok(form_urlencoded::parse(request.body).into_owned().collect()),
        "application/json" => json_changes(request.body).map_err(Refusal::bad_request),
        other => Err(Refusal(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            format!("{other:?} is neither application/json nor application/x-www-form-urlencoded"),
        )),
    }
}

fn json_changes(body: &[u8]) -> Result<Vec<(String, String)>, String> {
    let value: Value = serde_json::from_slice(body).map_err(|error| format!("reading the body: {error}"))?;
    let Value::Object(settings) = value else {
        return Err("reading the body: expected a JSON object".to_owned());
    };
    let text = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    Ok(settings.into_iter().map(|(name, value)| (name, text(value))).collect())
}

/// Names and values are good by now, so they are short.
fn log_changes(changes: &[(String, String)]) {
    let pairs: Vec<String> = changes.iter().map(|(name, value)| format!("{name}={value}")).collect();
    log::info!(settings = pairs.join(" "); "Settings changed");
}

/// For a person with a form: the page again.
fn back_home() -> Reply {
    let mut reply = Reply::default();
    *reply.status_mut() = StatusCode::SEE_OTHER;
    reply.headers_mut().insert(LOCATION, HeaderValue::from_static("/"));
    reply
}

/// A header's value; empty for none.
fn header<'r>(request: &PageRequest<'r>, name: &HeaderName) -> &'r str {
    let value = request.headers.get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_values_are_read_as_people_write_them() {
        let body = br#"{"error_rate": 0.5, "user_id_label": true, "cpu_mode": "high"}"#;
        let expected = [("cpu_mode", "high"), ("error_rate", "0.5"), ("user_id_label", "true")];
        assert_eq!(
            json_changes(body).unwrap(),
            expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
        for (body, error) in [
            (&b"[]"[..], "reading the body: expected a JSON object"),
            (b"", "reading the body: EOF while parsing a value at line 1 column 0"),
        ] {
            assert_eq!(json_changes(body).unwrap_err(), error);
        }
    }
}
