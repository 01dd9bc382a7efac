//! An HTTP request: redirects, cookies, credentials, proxies; and what the answer must be.

mod answer;
mod auth;
mod body;
mod checks;
mod connect;
mod conversation;
mod cookies;
mod exchange;
mod fault;
#[cfg(feature = "http3")]
mod http3;
mod incoming;
mod metrics;
mod no_proxy;
mod oauth2;
mod phases;
mod proxy;
mod redirect;
mod request;
mod target;
#[cfg(test)]
mod tests;

use std::cell::Cell;

use exposition::Encoder;

use conversation::Conversation;
use phases::Phases;

use crate::found::TlsReport;
use crate::probe::{Probe, Prober, ProberSpec, Work};

/// The table's line.
pub(super) const SPEC: ProberSpec = ProberSpec {
    name: "http",
    tls: Some(TlsReport::Full),
    make: || Box::new(Http::default()),
};

/// Who asks, where the module does not say. Begins as upstream's does, for filters that look for it.
const USER_AGENT: &str = concat!("Blackbox-Exporter/", env!("CARGO_PKG_VERSION"));

/// What a probe learns.
#[derive(Debug, Default)]
struct Http {
    phases: Phases,
    /// Of the last answer; -1 if it does not say.
    content_length: i64,
    body_length: Cell<u64>,
    redirects: usize,
    ssl: bool,
    /// 0 until there is an answer that is no redirect to be followed.
    status: u16,
    version: f64,
    due_to_regex: bool,
    /// `None` unless the module asks for it.
    due_to_cel: Option<bool>,
    /// In seconds since 1970.
    last_modified: Option<f64>,
}

impl Prober for Http {
    fn probe<'p>(&'p mut self, probe: &'p Probe<'p>) -> Work<'p> {
        Box::pin(async move { Conversation::new(self, probe).run().await })
    }

    fn encode(&self, out: &mut Encoder) {
        self.encode_all(out);
    }
}
