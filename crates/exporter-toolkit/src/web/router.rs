//! Which path gets which answer.

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use exposition::Offer;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Body;
use hyper::header::{ALLOW, HeaderName, HeaderValue};
use hyper::{Method, Request, StatusCode};
use tokio::time::timeout;

use super::landing::{self, Link};
use super::metrics::MetricsHandler;
use super::pages::{NoPages, PageRequest, Pages, Reply, html, text as text_reply};
use crate::scrape::Scrape;
use crate::self_metrics::HandlerMetrics;
use crate::web_config::{Admission, WebConfig};
use crate::workers::Workers;

/// How long a request may wait to be admitted: the configuration's files may lie on a file system that hangs.
const ADMISSION: Duration = Duration::from_secs(10);

/// How long a body may take to come.
const BODY: Duration = Duration::from_secs(10);

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
    page: Page,
    pages: Box<dyn Pages>,
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
        page: Page,
        config: WebConfig,
    ) -> Self {
        Self {
            scrape,
            handler: MetricsHandler::new(offer, max_requests, metrics),
            telemetry_path: telemetry_path.to_owned(),
            page,
            pages: Box::new(NoPages),
            config,
        }
    }

    /// The same with pages of its own.
    #[must_use]
    pub fn with_pages(mut self, pages: Box<dyn Pages>) -> Self {
        self.pages = pages;
        self
    }

    pub(super) fn workers(&self) -> Option<&Workers> {
        self.pages.workers()
    }

    pub(super) fn config(&self) -> &WebConfig {
        &self.config
    }

    /// The answer to a request: first whether it is admitted at all, then by its path.
    pub(super) async fn answer<B>(&self, request: Request<B>) -> Reply
    where
        B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>>,
    {
        let (head, body) = request.into_parts();
        let request = Request::from_parts(head, ());
        match timeout(ADMISSION, self.config.admit(request.headers())).await {
            Ok(Admission::Admitted { headers }) => with_headers(self.route(&request, body).await, headers),
            Ok(Admission::Rejected { status, headers, text }) => with_headers(text_reply(status, text), headers),
            Err(_) => {
                let text = "The web configuration cannot be read in time.\n";
                text_reply(StatusCode::SERVICE_UNAVAILABLE, text.to_owned())
            }
        }
    }

    async fn route<B>(&self, request: &Request<()>, body: B) -> Reply
    where
        B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>>,
    {
        let reads = matches!(*request.method(), Method::GET | Method::HEAD);
        let path = request.uri().path();
        if reads && path == self.telemetry_path {
            return self.handler.answer(&self.scrape, request).await;
        }
        let body = match read(body, self.pages.body_limit(request.method(), path)).await {
            Ok(body) => body,
            Err(refusal) => return refusal,
        };
        if let Some(reply) = self.pages.answer(PageRequest::new(request, &body)).await {
            return reply;
        }
        if !reads {
            let reply = text_reply(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed\n".to_owned());
            return with_headers(reply, vec![(ALLOW, HeaderValue::from_static("GET, HEAD"))]);
        }
        match path {
            "/" => self.landing(),
            "/-/healthy" => text_reply(StatusCode::OK, "Healthy\n".to_owned()),
            "/-/ready" => text_reply(StatusCode::OK, "Ready\n".to_owned()),
            _ => text_reply(StatusCode::NOT_FOUND, "404 page not found\n".to_owned()),
        }
    }

    fn landing(&self) -> Reply {
        let shared = [
            Link::new("Metrics", self.telemetry_path.as_str()),
            Link::new("Health", "/-/healthy"),
            Link::new("Readiness", "/-/ready"),
        ];
        let links = [self.pages.links().as_slice(), &shared].concat();
        html(landing::page(&self.page, &links))
    }
}

/// The whole body, of at most `limit` bytes.
async fn read<B>(body: B, limit: usize) -> Result<Bytes, Reply>
where
    B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>>,
{
    if limit == 0 {
        return Ok(Bytes::new());
    }
    let refusal = |status, text: &str| text_reply(status, text.to_owned());
    // On the heap, since a body is nothing that most requests have.
    match timeout(BODY, Limited::new(Box::pin(body), limit).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            Err(refusal(StatusCode::PAYLOAD_TOO_LARGE, "The body is too large.\n"))
        }
        Ok(Err(_)) => Err(refusal(StatusCode::BAD_REQUEST, "The body cannot be read.\n")),
        Err(_) => Err(refusal(StatusCode::REQUEST_TIMEOUT, "The body did not come in time.\n")),
    }
}

fn with_headers(mut reply: Reply, headers: Vec<(HeaderName, HeaderValue)>) -> Reply {
    reply.headers_mut().extend(headers);
    reply
}
