//! How scrapes went: the `promhttp_*` families.

use prometheus::{IntCounter, IntCounterVec, IntGauge, Opts};

/// The `promhttp_*` values, which live between scrapes.
#[derive(Clone, Debug)]
pub struct HandlerMetrics {
    pub(crate) requests: IntCounterVec,
    pub(crate) in_flight: IntGauge,
    pub(crate) gathering_errors: IntCounter,
}

impl HandlerMetrics {
    /// New values, registered with `registry`.
    ///
    /// # Errors
    /// When the registry has them already.
    pub fn register(registry: &prometheus::Registry) -> prometheus::Result<Self> {
        let requests = Opts::new(
            "promhttp_metric_handler_requests_total",
            "Total number of scrapes by HTTP status code.",
        );
        let requests = IntCounterVec::new(requests, &["code"])?;
        for code in ["200", "500", "503"] {
            requests.with_label_values(&[code]);
        }
        let in_flight = IntGauge::new(
            "promhttp_metric_handler_requests_in_flight",
            "Current number of scrapes being served.",
        )?;
        let errors = Opts::new(
            "promhttp_metric_handler_errors_total",
            "Total number of internal errors encountered by the promhttp metric handler.",
        );
        let errors = IntCounterVec::new(errors, &["cause"])?;
        errors.with_label_values(&["encoding"]);
        let gathering_errors = errors.with_label_values(&["gathering"]);
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(in_flight.clone()))?;
        registry.register(Box::new(errors))?;
        Ok(Self {
            requests,
            in_flight,
            gathering_errors,
        })
    }
}
