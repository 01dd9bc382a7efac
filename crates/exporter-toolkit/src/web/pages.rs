//! What an exporter shows beside its metrics: pages, APIs, probes.

use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use hyper::{Method, Request, Response, StatusCode};

use super::landing::Link;
use crate::workers::Workers;

/// A whole answer.
pub type Reply = Response<Full<Bytes>>;

/// An answer on its way; `None` when there is no such page.
pub type PendingReply<'a> = Pin<Box<dyn Future<Output = Option<Reply>> + Send + 'a>>;

/// What was asked, admitted already.
#[derive(Clone, Copy, Debug)]
pub struct PageRequest<'r> {
    /// GET, POST …; a page says itself which it takes.
    pub method: &'r Method,
    /// The path as it came, percent signs and all.
    pub path: &'r str,
    /// Behind the question mark, still encoded; empty where there is none.
    pub query: &'r str,
    /// All headers.
    pub headers: &'r HeaderMap,
    /// The body; empty unless [`Pages::body_limit`] asked for it.
    pub body: &'r [u8],
}

impl<'r> PageRequest<'r> {
    pub(super) fn new(request: &'r Request<()>, body: &'r [u8]) -> Self {
        Self {
            method: request.method(),
            path: request.uri().path(),
            query: request.uri().query().unwrap_or_default(),
            headers: request.headers(),
            body,
        }
    }

    /// Whether it only wants to see something.
    pub fn reads(&self) -> bool {
        matches!(*self.method, Method::GET | Method::HEAD)
    }
}

/// The pages of an exporter. They come before the shared ones, so `/` may be its own.
pub trait Pages: Send + Sync + 'static {
    /// What the landing page shows of them, in order.
    fn links(&self) -> Vec<Link>;

    /// The bytes of a body that are read for this request before it is answered; a larger one is refused. 0: none is read.
    fn body_limit(&self, _method: &Method, _path: &str) -> usize {
        0
    }

    /// Threads to host the connections, for pages whose answers are much work; `None`: the web server's own hosts all.
    fn workers(&self) -> Option<&Workers> {
        None
    }

    /// The answer. Runs on the reactor: nothing in it may block.
    fn answer<'a>(&'a self, request: PageRequest<'a>) -> PendingReply<'a>;
}

/// An exporter that shows nothing but metrics.
#[derive(Clone, Copy, Debug)]
pub struct NoPages;

impl Pages for NoPages {
    fn links(&self) -> Vec<Link> {
        Vec::new()
    }

    fn answer<'a>(&'a self, _request: PageRequest<'a>) -> PendingReply<'a> {
        Box::pin(std::future::ready(None))
    }
}

/// An answer in plain words.
pub fn text(status: StatusCode, text: String) -> Reply {
    let mut reply = reply("text/plain; charset=utf-8", text.into());
    *reply.status_mut() = status;
    reply
}

/// A page of HTML.
pub fn html(page: impl Into<Bytes>) -> Reply {
    reply("text/html; charset=utf-8", page.into())
}

/// An answer for programs.
pub fn json(text: impl Into<Bytes>) -> Reply {
    reply("application/json", text.into())
}

fn reply(content_type: &'static str, body: Bytes) -> Reply {
    let mut reply = Reply::new(body.into());
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    reply
}

/// Text as it may stand anywhere in HTML, also in a quoted attribute.
pub fn html_escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
