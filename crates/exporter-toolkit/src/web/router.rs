//! Which path gets which answer.

use std::time::Duration;

use bytes::Bytes;
use exposition::Offer;
use http_body_util::Full;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use hyper::{Method, Request, Response, StatusCode};
use tokio::time::timeout;

use super::landing::{self, Link};
use super::metrics::MetricsHandler;
use crate::scrape::Scrape;
use crate::self_metrics::HandlerMetrics;
use crate::web_config::{Admission, WebConfig};

/// How long a request may wait to be admitted: the configuration's files may lie on a file system that hangs.
const ADMISSION: Duration = Duration::from_secs(10);

/// A whole answer.
pub(super) type Reply = Response<Full<Bytes>>;

/// What the landing page says of the exporter.
#[derive(Clone, Debug)]
pub struct Page {
    /// The exporter's name for people.
    pub title: &'static str,
    /// One sentence on what it is.
    pub description: &'static str,
    /// Its version.
    pub version: String,
}

/// Everything that a server needs of an exporter.
pub struct App<S> {
    scrape: S,
    handler: MetricsHandler,
    telemetry_path: String,
    page: String,
    config: WebConfig,
}

impl<S: Scrape> App<S> {
    /// An exporter's application. `max_requests` 0 means any number at a time.
    pub fn new(
        scrape: S,
        offer: Offer,
        max_requests: usize,
        metrics: HandlerMetrics,
        telemetry_path: &str,
        page: &Page,
        config: WebConfig,
    ) -> Self {
        let links = [
            ("Metrics", telemetry_path),
            ("Health", "/-/healthy"),
            ("Readiness", "/-/ready"),
        ];
        let links = links.map(|(text, path)| Link {
            path: path.to_owned(),
            text: text.to_owned(),
        });
        Self {
            scrape,
            handler: MetricsHandler::new(offer, max_requests, metrics),
            telemetry_path: telemetry_path.to_owned(),
            page: landing::page(page.title, page.description, &page.version, &links),
            config,
        }
    }

    pub(super) fn config(&self) -> &WebConfig {
        &self.config
    }

    /// The answer to a request: first whether it is admitted at all, then by its path.
    pub(super) async fn answer<B>(&self, request: &Request<B>) -> Reply {
        match timeout(ADMISSION, self.config.admit(request.headers())).await {
            Ok(Admission::Admitted { headers }) => with_headers(self.route(request).await, headers),
            Ok(Admission::Rejected { status, headers, text }) => with_headers(text_reply(status, text), headers),
            Err(_) => {
                let text = "The web configuration cannot be read in time.\n";
                text_reply(StatusCode::SERVICE_UNAVAILABLE, text.to_owned())
            }
        }
    }

    async fn route<B>(&self, request: &Request<B>) -> Reply {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            let reply = text_reply(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed\n".to_owned());
            return with_headers(reply, vec![(ALLOW, HeaderValue::from_static("GET, HEAD"))]);
        }
        match request.uri().path() {
            path if path == self.telemetry_path => self.handler.answer(&self.scrape, request).await,
            "/" => self.landing(),
            "/-/healthy" => text_reply(StatusCode::OK, "Healthy\n".to_owned()),
            "/-/ready" => text_reply(StatusCode::OK, "Ready\n".to_owned()),
            _ => text_reply(StatusCode::NOT_FOUND, "404 page not found\n".to_owned()),
        }
    }

    fn landing(&self) -> Reply {
        let mut reply = Reply::new(self.page.clone().into());
        reply
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        reply
    }
}

fn with_headers(mut reply: Reply, headers: Vec<(HeaderName, HeaderValue)>) -> Reply {
    reply.headers_mut().extend(headers);
    reply
}

/// An answer in plain words.
pub(super) fn text_reply(status: StatusCode, text: String) -> Reply {
    let mut reply = Reply::new(text.into());
    *reply.status_mut() = status;
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    reply
}
