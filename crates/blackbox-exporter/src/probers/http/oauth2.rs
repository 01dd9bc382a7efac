//! A token got by client credentials (RFC 6749, 4.4). As upstream, each probe gets its own.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

use bytes::Bytes;
use form_urlencoded::Serializer;
use http_body_util::Full;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Method, Request};

use super::auth;
use super::connect::{Offer, Route};
use super::exchange::exchange;
use super::incoming::Body;
use super::phases::Roundtrip;
use super::proxy::Proxies;
use super::target::{Url, basic};
use crate::config::{IpChoice, OAuth2};
use crate::failure::{Failure, Reason, Step};
use crate::probe::Probe;
use crate::probers::files;

/// The answer with the token may be this long.
const LONGEST_ANSWER: usize = 1 << 20;

/// The value of an Authorization header with a new token.
///
/// # Errors
/// When none is given, always at the step of authorizing.
pub(super) async fn authorization(
    probe: &Probe<'_>,
    oauth2: &OAuth2,
    choice: IpChoice,
) -> Result<HeaderValue, Failure> {
    let probe = probe.aside(Step::Authorize);
    let result = Grant {
        probe: &probe,
        oauth2,
        choice,
    }
    .get()
    .await;
    result.map_err(|failure| Failure {
        step: Step::Authorize,
        text: format!("getting a token: {}", failure.text),
        ..failure
    })
}

struct Grant<'g> {
    probe: &'g Probe<'g>,
    oauth2: &'g OAuth2,
    choice: IpChoice,
}

/// What came of asking.
enum Answer {
    Token(HeaderValue),
    /// The status and the error's name.
    Refused(String),
}

impl Grant<'_> {
    /// Servers differ in where they look for the client's name: first in the header, then in the form.
    async fn get(&self) -> Result<HeaderValue, Failure> {
        let secret = files::secret(&self.oauth2.client_secret.0, &self.oauth2.client_secret_file)?;
        let mut refusal = String::new();
        for in_header in [true, false] {
            match self.ask(&secret, in_header).await? {
                Answer::Token(token) => return Ok(token),
                Answer::Refused(why) => refusal = why,
            }
        }
        Err(Failure::new(Step::Authorize, Reason::NotAuthorized, refusal))
    }

    async fn ask(&self, secret: &str, in_header: bool) -> Result<Answer, Failure> {
        let wrong = |what: String| Failure::new(Step::Authorize, Reason::BadModule, what);
        let url = Url::parse(&self.oauth2.token_url).map_err(|error| wrong(format!("the token's address: {error}")))?;
        let proxies = Proxies::of_oauth2(self.oauth2)?;
        let route = Route {
            url: &url,
            name: &url.host,
            proxies: &proxies,
            tls: &self.oauth2.tls_config,
            tls_name: match self.oauth2.tls_config.server_name.as_str() {
                "" => &url.host,
                name => name,
            },
            offer: Offer::Http1,
            choice: self.choice,
        };
        let way = route.go(self.probe, &mut Roundtrip::default()).await?;
        let request = self.request(&url, way.proxy, secret, in_header)?;
        let exchanged = exchange(self.probe, way.carrier, way.version, request, &Rc::new(Cell::new(None))).await?;
        let (head, body) = exchanged.response.into_parts();
        let body = read(body).await.map_err(|failure| Failure {
            step: Step::Authorize,
            ..failure
        })?;
        judge(head.status.as_u16(), &head.headers, &body)
    }

    fn request(
        &self,
        url: &Url,
        proxy: Option<&Url>,
        secret: &str,
        in_header: bool,
    ) -> Result<Request<Full<Bytes>>, Failure> {
        let target = match proxy {
            Some(_) => format!("{}://{}{}", url.scheme, url.authority(), url.path_and_query()),
            None => url.path_and_query(),
        };
        let wrong = |_| {
            Failure::new(
                Step::Authorize,
                Reason::BadModule,
                "the token's address fits in no request",
            )
        };
        let mut request = Request::new(Full::new(Bytes::from(self.form(secret, in_header))));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = target.parse().map_err(wrong)?;
        let headers = request.headers_mut();
        headers.insert(header::HOST, auth::value(&url.authority())?);
        headers.insert(header::USER_AGENT, HeaderValue::from_static(super::USER_AGENT));
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        if in_header {
            let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            let value = basic(&encoded(&self.oauth2.client_id), &encoded(secret));
            headers.insert(header::AUTHORIZATION, auth::secret_value(&value)?);
        }
        if let Some(value) = proxy.and_then(Url::basic_authorization) {
            headers.insert(header::PROXY_AUTHORIZATION, auth::secret_value(&value)?);
        }
        Ok(request)
    }

    fn form(&self, secret: &str, in_header: bool) -> String {
        let mut fields = BTreeMap::from([("grant_type", "client_credentials")]);
        let scopes = self.oauth2.scopes.join(" ");
        if !scopes.is_empty() {
            fields.insert("scope", &scopes);
        }
        if !in_header {
            fields.insert("client_id", &self.oauth2.client_id);
            if !secret.is_empty() {
                fields.insert("client_secret", secret);
            }
        }
        let own = self.oauth2.endpoint_params.iter();
        fields.extend(own.map(|(name, value)| (name.as_str(), value.as_str())));
        Serializer::new(String::new()).extend_pairs(fields).finish()
    }
}

async fn read(mut body: Body) -> Result<Vec<u8>, Failure> {
    let mut answer = Vec::new();
    while let Some(data) = body.data().await? {
        if answer.len() + data.len() > LONGEST_ANSWER {
            let text = format!("the answer is longer than {LONGEST_ANSWER} bytes");
            return Err(Failure::new(Step::Body, Reason::TooLarge, text));
        }
        answer.extend_from_slice(&data);
    }
    Ok(answer)
}

fn judge(status: u16, headers: &HeaderMap, body: &[u8]) -> Result<Answer, Failure> {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let fields = match kind {
        "application/x-www-form-urlencoded" | "text/plain" => form_urlencoded::parse(body).into_owned().collect(),
        _ => json_fields(body),
    };
    let field = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
    if !(200..300).contains(&status) || !field("error").is_empty() {
        return Ok(Answer::Refused(
            format!("the server answered {status} {}", field("error"))
                .trim_end()
                .to_owned(),
        ));
    }
    if field("access_token").is_empty() {
        let text = "server response missing access_token";
        return Err(Failure::new(Step::Authorize, Reason::NotAuthorized, text));
    }
    let kind = match field("token_type").to_ascii_lowercase().as_str() {
        "" | "bearer" => "Bearer".to_owned(),
        "basic" => "Basic".to_owned(),
        "mac" => "MAC".to_owned(),
        _ => field("token_type").to_owned(),
    };
    auth::secret_value(&format!("{kind} {}", field("access_token"))).map(Answer::Token)
}

/// The texts of a JSON object.
fn json_fields(body: &[u8]) -> BTreeMap<String, String> {
    let fields: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(body).unwrap_or_default();
    let text = |(name, value): (String, serde_json::Value)| value.as_str().map(|text| (name, text.to_owned()));
    fields.into_iter().filter_map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(status: u16, kind: &'static str, body: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        match judge(status, &headers, body.as_bytes()) {
            Ok(Answer::Token(value)) => {
                assert!(value.is_sensitive());
                value.to_str().expect("a text").to_owned()
            }
            Ok(Answer::Refused(why)) => format!("refused: {why}"),
            Err(failure) => format!("{:?}", failure.reason),
        }
    }

    #[test]
    fn a_token_is_found_in_what_the_server_says() {
        let json = "application/json";
        let cases = [
            (
                200,
                json,
                r#"{"access_token":"t","token_type":"bearer","expires_in":60}"#,
                "Bearer t",
            ),
            (200, json, r#"{"access_token":"t"}"#, "Bearer t"),
            (200, json, r#"{"access_token":"t","token_type":"DPoP"}"#, "DPoP t"),
            (
                200,
                "text/plain; charset=utf-8",
                "access_token=t&token_type=mac",
                "MAC t",
            ),
            (200, json, "{}", "NotAuthorized"),
            (200, json, "nonsense", "NotAuthorized"),
            (
                401,
                json,
                r#"{"error":"invalid_client"}"#,
                "refused: the server answered 401 invalid_client",
            ),
            (500, "text/html", "<html>", "refused: the server answered 500"),
        ];
        for (status, kind, body, expected) in cases {
            assert_eq!(judged(status, kind, body), expected, "{status} {body}");
        }
    }
}
