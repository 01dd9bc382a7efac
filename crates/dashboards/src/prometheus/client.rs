//! Asks one Prometheus: each question has a deadline, and its answer a largest size.

use std::{fs, path::Path, time::Duration};

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use form_urlencoded::Serializer;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{
    Method, Request, Response, StatusCode, Uri,
    body::{Body, Incoming},
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue},
    http::request,
};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{self, connect::HttpConnector},
    rt::TokioExecutor,
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::{
    answer::{Alert, Alerts, Data, Envelope, Labels, Outcome, Refusal},
    error::Error,
};

/// For one question, from its first byte to the last of its answer.
const WITHIN: Duration = Duration::from_secs(30);
/// Of one answer. 100 series over a day at 15 s are 20 MiB.
const LARGEST: usize = 64 << 20;

/// A range of time to ask for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// In seconds since 1970.
    pub start: f64,
    /// In seconds since 1970, inclusive.
    pub end: f64,
}

/// A user and a password, from a file.
#[derive(Clone)]
pub struct Login(HeaderValue);

impl Login {
    /// From a file with `user:password` in its first line.
    ///
    /// # Errors
    /// It cannot be read, or has no such line.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let failed = |why: String| Error::Login {
            path: path.display().to_string(),
            why,
        };
        let text = fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
        let line = text.lines().next().unwrap_or_default();
        if !line.contains(':') {
            return Err(failed("expected user:password in the first line".to_owned()));
        }
        let mut value = HeaderValue::try_from(format!("Basic {}", BASE64_STANDARD.encode(line)))
            .map_err(|error| failed(error.to_string()))?;
        value.set_sensitive(true);
        Ok(Self(value))
    }
}

/// One Prometheus. Connections are kept for the next question.
#[derive(Clone)]
pub struct Client {
    base: String,
    login: Option<Login>,
    http: legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    within: Duration,
    largest: usize,
}

impl Client {
    /// For the Prometheus at `url`, which may have a path.
    ///
    /// # Errors
    /// `url` is no address.
    pub fn new(url: &str, login: Option<Login>) -> Result<Self, Error> {
        let address = || Error::Address { url: url.to_owned() };
        let uri: Uri = url.parse().map_err(|_| address())?;
        let known = matches!(uri.scheme_str(), Some("http" | "https"));
        if !known || uri.host().is_none() || uri.query().is_some() {
            return Err(address());
        }
        Ok(Self {
            base: url.trim_end_matches('/').to_owned(),
            login,
            http: legacy::Client::builder(TokioExecutor::new()).build(connector()),
            within: WITHIN,
            largest: LARGEST,
        })
    }

    /// With other limits than those for people: of time, and of an answer's bytes.
    #[must_use]
    pub fn limited(self, within: Duration, largest: usize) -> Self {
        Self {
            within,
            largest,
            ..self
        }
    }

    /// Where it is, as people open it.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.base
    }

    /// The values of an expression at a time, or now.
    ///
    /// # Errors
    /// There is no answer.
    pub async fn query(&self, expr: &str, time: Option<f64>) -> Result<Outcome, Error> {
        let time = time.map(|time| time.to_string());
        let mut fields = vec![("query", expr)];
        fields.extend(time.as_deref().map(|time| ("time", time)));
        self.outcome("query", &fields, expr).await
    }

    /// The values of an expression over a range, `step` seconds apart.
    ///
    /// # Errors
    /// There is no answer.
    pub async fn query_range(&self, expr: &str, window: Window, step: f64) -> Result<Outcome, Error> {
        let (start, end, step) = (window.start.to_string(), window.end.to_string(), step.to_string());
        let fields = [("query", expr), ("start", &start), ("end", &end), ("step", &step)];
        self.outcome("query_range", &fields, expr).await
    }

    /// The values of a label, of the series that `matcher` selects; empty: of all.
    ///
    /// # Errors
    /// There is no answer.
    pub async fn label_values(&self, label: &str, matcher: &str, window: Window) -> Result<Vec<String>, Error> {
        let label_in_path = utf8_percent_encode(label, NON_ALPHANUMERIC);
        let path = format!("label/{label_in_path}/values?{}", selection(matcher, window));
        let what = format!("the values of {label} {matcher}");
        self.get(&path, what.trim_end()).await
    }

    /// The names of labels, of the series that `matcher` selects; empty: of all.
    ///
    /// # Errors
    /// There is no answer.
    pub async fn label_names(&self, matcher: &str, window: Window) -> Result<Vec<String>, Error> {
        let path = format!("labels?{}", selection(matcher, window));
        self.get(&path, format!("the names of labels {matcher}").trim_end())
            .await
    }

    /// The labels of the series that `matcher` selects.
    ///
    /// # Errors
    /// There is no answer.
    pub async fn series(&self, matcher: &str, window: Window) -> Result<Vec<Labels>, Error> {
        let path = format!("series?{}", selection(matcher, window));
        self.get(&path, &format!("the series {matcher}")).await
    }

    /// All alerts that are pending or firing.
    ///
    /// # Errors
    /// There is no answer.
    pub async fn alerts(&self) -> Result<Vec<Alert>, Error> {
        let answer: Alerts = self.get("alerts", "the alerts").await?;
        Ok(answer.alerts)
    }

    async fn outcome(&self, path: &str, fields: &[(&str, &str)], what: &str) -> Result<Outcome, Error> {
        let body = Serializer::new(String::new()).extend_pairs(fields).finish();
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        // A post: expressions can be longer than addresses may be.
        let request = self.request(Method::POST, path).header(CONTENT_TYPE, form);
        let Envelope { data, warnings } = self.ask::<Data>(request, body, what).await?;
        Ok(Outcome {
            series: data.series(),
            warnings,
        })
    }

    async fn get<T: DeserializeOwned>(&self, path: &str, what: &str) -> Result<T, Error> {
        let request = self.request(Method::GET, path);
        Ok(self.ask(request, String::new(), what).await?.data)
    }

    fn request(&self, method: Method, path: &str) -> request::Builder {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}/api/v1/{path}", self.base));
        match &self.login {
            Some(Login(value)) => request.header(AUTHORIZATION, value),
            None => request,
        }
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        request: request::Builder,
        body: String,
        what: &str,
    ) -> Result<Envelope<T>, Error> {
        let malformed = |error: &dyn std::error::Error| Error::Malformed {
            what: what.to_owned(),
            why: error.to_string(),
        };
        let request = request.body(Full::from(body)).map_err(|error| malformed(&error))?;
        let late = Error::Late {
            what: what.to_owned(),
            within: self.within,
        };
        let (status, body) = timeout(self.within, self.exchange(request, what))
            .await
            .map_err(|_| late)??;
        if status != StatusCode::OK {
            return Err(refused(status, &body, what));
        }
        serde_json::from_slice(&body).map_err(|error| malformed(&error))
    }

    async fn exchange(&self, request: Request<Full<Bytes>>, what: &str) -> Result<(StatusCode, Bytes), Error> {
        let unreachable = |why: String| Error::Unreachable {
            url: self.base.clone(),
            what: what.to_owned(),
            why,
        };
        let answer = self.http.request(request).await;
        let answer = answer.map_err(|error| unreachable(root_of(&error)))?;
        let status = answer.status();
        let too_large = || Error::TooLarge {
            what: what.to_owned(),
            limit: self.largest,
        };
        // What says that it is too large is not waited for.
        if answer.body().size_hint().lower() > self.largest as u64 {
            return Err(too_large());
        }
        let body = self.body(answer).await.map_err(|error| {
            if error.is::<LengthLimitError>() {
                too_large()
            } else {
                unreachable(error.to_string())
            }
        })?;
        Ok((status, body))
    }

    async fn body(&self, answer: Response<Incoming>) -> Result<Bytes, Box<dyn std::error::Error + Send + Sync>> {
        let body = Limited::new(answer.into_body(), self.largest).collect().await?;
        Ok(body.to_bytes())
    }
}

fn connector() -> HttpsConnector<HttpConnector> {
    let roots = HttpsConnectorBuilder::new().with_provider_and_native_roots(rustls::crypto::ring::default_provider());
    let builder = match roots {
        Ok(builder) => builder,
        // A machine without certificates can still ask over HTTP; over HTTPS it trusts nobody, and says so.
        Err(_) => HttpsConnectorBuilder::new().with_tls_config(trusts_nobody()),
    };
    builder.https_or_http().enable_http1().build()
}

fn trusts_nobody() -> rustls::ClientConfig {
    let provider = rustls::crypto::ring::default_provider();
    rustls::ClientConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()
        .expect("ring has all of them")
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth()
}

fn selection(matcher: &str, window: Window) -> String {
    let mut query = Serializer::new(String::new());
    if !matcher.is_empty() {
        query.append_pair("match[]", matcher);
    }
    query.append_pair("start", &window.start.to_string());
    query.append_pair("end", &window.end.to_string()).finish()
}

fn refused(status: StatusCode, body: &[u8], what: &str) -> Error {
    match serde_json::from_slice(body) {
        Ok(Refusal { error: why }) => Error::Refused {
            what: what.to_owned(),
            why,
        },
        Err(_) => Error::Status {
            what: what.to_owned(),
            status: status.as_u16(),
        },
    }
}

/// The innermost error: `connection refused` rather than `client error`.
fn root_of(error: &dyn std::error::Error) -> String {
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}
