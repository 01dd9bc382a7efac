//! All metrics of the service: what is counted lives in a registry of the `prometheus` crate; durations, which have
//! exemplars and quantiles, beside it; levels are read at the scrape.

mod business;
mod durations;
mod levels;
mod requests;
mod window;

use std::time::{Duration, SystemTime};

use prometheus::Registry;

use crate::http_labels::{Endpoint, Verb};
use crate::orders::Order;
use crate::trace::TraceId;
use business::Business;
use durations::Durations;
pub(crate) use durations::DurationsCollector;
pub(crate) use levels::LevelsCollector;
use requests::Requests;
pub(crate) use window::Quantiles;

/// One request, answered.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// What was asked for.
    pub endpoint: Endpoint,
    /// How.
    pub verb: Verb,
    /// The answer's status; a bounded set, for it is a label.
    pub status: &'static str,
    /// From the request's headers to the answer.
    pub took: Duration,
    /// When it was answered, since the service's start.
    pub since_start: Duration,
    /// When it was answered, for the exemplar.
    pub at: SystemTime,
    /// The trace that the exemplar points to.
    pub trace: TraceId,
    /// Whose request it was, where requests are counted by user.
    pub user: Option<u32>,
}

/// Everything that lives between scrapes.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Requests,
    durations: Durations,
    business: Business,
}

impl Metrics {
    /// All families at zero.
    ///
    /// # Errors
    /// Only if two families had the same name.
    pub fn new() -> prometheus::Result<Self> {
        let registry = Registry::new();
        Ok(Self {
            requests: Requests::register(&registry)?,
            durations: Durations::new()?,
            business: Business::register(&registry)?,
            registry,
        })
    }

    /// Counts a request everywhere.
    pub fn observe(&self, seen: &Seen) {
        self.requests.observe(seen);
        self.durations.observe(seen);
    }

    /// Counts an order.
    pub(crate) fn order(&self, order: &Order) {
        self.business.observe(order);
    }

    /// Drops all series by user.
    pub(crate) fn forget_users(&self) {
        self.requests.forget_users();
    }

    /// The registry with all that is counted.
    pub(crate) fn registry(&self) -> Registry {
        self.registry.clone()
    }

    /// Requests that an endpoint took, HEAD left out, and how many of them it answered 500, so far.
    pub(crate) fn so_far(&self, endpoint: Endpoint) -> (u64, u64) {
        self.requests.so_far(endpoint)
    }

    /// Quantiles of the last GET requests of an endpoint.
    pub(crate) fn last_quantiles(&self, endpoint: Endpoint, since_start: Duration) -> Quantiles {
        self.durations.quantiles(endpoint, Verb::Get, since_start)
    }
}
