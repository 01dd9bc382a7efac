//! The handler of the telemetry path: negotiates, limits, counts, and asks the exporter.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use exposition::Offer;
use hyper::header::HeaderValue;
use hyper::{Request as HttpRequest, StatusCode};

use super::pages::{Reply, text as text_reply};
use super::wanted::Wanted;
use crate::scrape::{Request, Scrape, deadline_from_header};
use crate::self_metrics::HandlerMetrics;

/// How many scrapes may be under way, and what is counted of them.
pub(super) struct MetricsHandler {
    offer: Offer,
    most: usize,
    under_way: AtomicUsize,
    metrics: HandlerMetrics,
}

impl MetricsHandler {
    /// `most` 0 means any number.
    pub(super) fn new(offer: Offer, most: usize, metrics: HandlerMetrics) -> Self {
        Self {
            offer,
            most,
            under_way: AtomicUsize::new(0),
            metrics,
        }
    }

    pub(super) async fn answer<S: Scrape, B>(&self, scrape: &S, request: &HttpRequest<B>) -> Reply {
        let place = UnderWay::enter(self);
        let reply = if self.most > 0 && place.number > self.most {
            let text = format!(
                "Limit of concurrent requests reached ({}), try again later.\n",
                self.most
            );
            text_reply(StatusCode::SERVICE_UNAVAILABLE, text)
        } else {
            self.scrape(scrape, request).await
        };
        self.metrics
            .requests
            .with_label_values(&[reply.status().as_str()])
            .inc();
        reply
    }

    async fn scrape<S: Scrape, B>(&self, scrape: &S, http: &HttpRequest<B>) -> Reply {
        let header = |name| {
            http.headers()
                .get(name)
                .and_then(|value: &HeaderValue| value.to_str().ok())
        };
        let wanted = Wanted::of(http.headers(), &self.offer);
        let deadline = Instant::now() + deadline_from_header(header("X-Prometheus-Scrape-Timeout-Seconds"));
        let query = http.uri().query().unwrap_or_default();
        let params = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let answer = match scrape
            .scrape(Request {
                format: wanted.format,
                escaping: wanted.escaping,
                gzip: wanted.gzip,
                deadline,
                params,
            })
            .await
        {
            Ok(answer) => answer,
            Err(refusal) => {
                let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                return text_reply(status, refusal.text);
            }
        };
        self.metrics.gathering_errors.inc_by(answer.rejected as u64);
        wanted.reply(answer.body)
    }
}

/// Counts a scrape while it is under way, whatever ends it.
struct UnderWay<'a> {
    handler: &'a MetricsHandler,
    number: usize,
}

impl<'a> UnderWay<'a> {
    fn enter(handler: &'a MetricsHandler) -> Self {
        handler.metrics.in_flight.inc();
        Self {
            handler,
            number: handler.under_way.fetch_add(1, Ordering::Relaxed) + 1,
        }
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.handler.metrics.in_flight.dec();
        self.handler.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}
