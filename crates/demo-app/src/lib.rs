//! A sample service with simulated latency and faults, instrumented in every way that is worth learning: counters,
//! gauges, a histogram with exemplars, a summary beside it, business figures, and what not to do.
//!
//! A request is `visits`' business: it throws the `dice`, waits as long as these say, answers, and tells `metrics`.
//! What the dice may show is in `settings`, which `pages` lets people change while it runs.
#![forbid(unsafe_code)]

mod ballast;
mod cpu;
mod dice;
mod http_labels;
mod latency;
mod metrics;
mod options;
mod orders;
mod pages;
mod program;
mod service;
mod settings;
mod trace;
mod users;

pub use http_labels::{Endpoint, Verb};
pub use metrics::{Metrics, Seen};
pub use options::Options;
pub use program::{PROGRAM, flags};
pub use service::start;
pub use trace::TraceId;
