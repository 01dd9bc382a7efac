//! Probes of endpoints for Prometheus: what blackbox_exporter does, and the reason when a probe fails.
//!
//! A request to `/probe` becomes a `Probe`, which a prober carries out until a deadline. Each prober is
//! one file of `probers`; they reach the world through `net`.

mod certificate;
mod config;
mod exporter;
mod failure;
mod found;
#[doc(hidden)]
pub mod fuzzing;
mod live_config;
mod net;
mod pages;
mod probe;
mod probe_log;
mod probers;
mod program;
mod random;
mod reload;
mod settings;

pub use exporter::start;
pub use program::{PROGRAM, flags};
pub use settings::Settings;
