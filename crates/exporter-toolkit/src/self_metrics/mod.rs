//! Metrics of the exporter itself: what it was built from, what it costs, how its scrapes went.

mod build_info;
mod handler;
mod process;
mod prometheus_registry;

pub use build_info::{BuildInfo, REVISION, RUSTC, VERSION};
pub use handler::HandlerMetrics;
pub use process::ProcessMetrics;
pub use prometheus_registry::PrometheusRegistry;
