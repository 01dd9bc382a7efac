//! Requests counted in four ways, so that people can compare them: with labels, without, and by user.

use prometheus::{Histogram, HistogramOpts, IntCounter, IntCounterVec, Opts, Registry};

use super::Seen;
use crate::http_labels::{Endpoint, Verb};

/// Bounds that are too far apart for latencies of 50 ms, to show what quantiles become of them.
const COARSE: &[f64] = &[0.1, 0.5, 1.0, 5.0];

#[derive(Debug)]
pub(super) struct Requests {
    by_label: IntCounterVec,
    by_user: IntCounterVec,
    totals: [IntCounter; 3],
    latencies: [Histogram; 2],
}

impl Requests {
    pub(super) fn register(registry: &Registry) -> prometheus::Result<Self> {
        let counters = |name: &str, help: &str, labels: &[&str]| {
            let counters = IntCounterVec::new(Opts::new(name, help), labels)?;
            registry.register(Box::new(counters.clone()))?;
            prometheus::Result::Ok(counters)
        };
        let total = |name: &str, help: &str| {
            let counter = IntCounter::new(name, help)?;
            registry.register(Box::new(counter.clone()))?;
            prometheus::Result::Ok(counter)
        };
        let latency = |opts: HistogramOpts| {
            let histogram = Histogram::with_opts(opts)?;
            registry.register(Box::new(histogram.clone()))?;
            prometheus::Result::Ok(histogram)
        };
        let requests = Self {
            by_label: counters(
                "http_requests_total",
                "Requests by method, endpoint and status of the answer.",
                &["method", "endpoint", "status"],
            )?,
            by_user: counters(
                "http_requests_by_user_total",
                "Requests by user: how not to do it, a series for each user; there while user_id_label is on.",
                &["user_id"],
            )?,
            totals: [
                total("demo_requests_total", "All requests, in one series.")?,
                total(
                    "app_requests_total",
                    "All requests, as demo_requests_total, under another prefix.",
                )?,
                total(
                    "requests_total",
                    "All requests, under a name without a prefix that another program may have, too.",
                )?,
            ],
            latencies: [
                latency(HistogramOpts::new(
                    "demo_request_latency_seconds",
                    "Time to answer any request, in seconds.",
                ))?,
                latency(
                    HistogramOpts::new(
                        "app_request_latency_seconds",
                        "Time to answer any request, in seconds, in buckets that are too coarse.",
                    )
                    .buckets(COARSE.to_vec()),
                )?,
            ],
        };
        requests.begin();
        Ok(requests)
    }

    /// Series that are to come begin at zero, so that the first error is an increase, and no errors are a ratio of 0.
    fn begin(&self) {
        for endpoint in Endpoint::KNOWN {
            for verb in endpoint.usual_verbs() {
                for status in [good(verb), "500"] {
                    self.by_label
                        .with_label_values(&[verb.label(), endpoint.label(), status]);
                }
            }
        }
    }

    pub(super) fn observe(&self, seen: &Seen) {
        let labels = [seen.verb.label(), seen.endpoint.label(), seen.status];
        self.by_label.with_label_values(&labels).inc();
        for total in &self.totals {
            total.inc();
        }
        for latency in &self.latencies {
            latency.observe(seen.took.as_secs_f64());
        }
        if let Some(user) = seen.user {
            self.by_user.with_label_values(&[(user + 1).to_string()]).inc();
        }
    }

    pub(super) fn forget_users(&self) {
        self.by_user.reset();
    }

    pub(super) fn so_far(&self, endpoint: Endpoint) -> (u64, u64) {
        let count = |verb: Verb, status: &str| {
            let labels = [verb.label(), endpoint.label(), status];
            self.by_label.with_label_values(&labels).get()
        };
        let errors: u64 = endpoint.usual_verbs().map(|verb| count(verb, "500")).sum();
        let goods: u64 = endpoint.usual_verbs().map(|verb| count(verb, good(verb))).sum();
        (goods + errors, errors)
    }
}

/// The status of a good answer.
fn good(verb: Verb) -> &'static str {
    if verb == Verb::Post { "201" } else { "200" }
}
