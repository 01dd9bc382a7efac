//! How a scraper wants its metrics, and the answer in that shape.

use exposition::{Escaping, Format, Offer, accepts_gzip, negotiate};
use hyper::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, VARY,
};

use super::pages::Reply;

/// How a scraper wants its metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// In which format.
    pub format: Format,
    /// What becomes of names outside the old character set.
    pub escaping: Escaping,
    /// Whether as gzip.
    pub gzip: bool,
}

impl Wanted {
    /// By the headers of a request, as far as there is an offer.
    pub fn of(headers: &HeaderMap, offer: &Offer) -> Self {
        let (format, escaping) = negotiate(&joined(headers, &ACCEPT), offer);
        Self {
            format,
            escaping,
            gzip: accepts_gzip(&joined(headers, &ACCEPT_ENCODING)),
        }
    }

    /// The answer with this body, which is in that shape.
    pub fn reply(self, body: Vec<u8>) -> Reply {
        let mut reply = Reply::new(body.into());
        let headers = reply.headers_mut();
        let content_type = self.format.content_type(self.escaping);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.insert(VARY, HeaderValue::from_static("Accept, Accept-Encoding"));
        if self.gzip {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        reply
    }
}

/// A header that may come in several lines is one list.
fn joined(headers: &HeaderMap, name: &HeaderName) -> String {
    let lines: Vec<&str> = headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    lines.join(",")
}
