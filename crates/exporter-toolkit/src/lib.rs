//! What every exporter needs and no exporter should write: flags from tables, logs, collectors that run on time and
//! cannot hurt each other, and the web server with all that Prometheus' `exporter-toolkit` offers.

pub mod app;
pub mod collector;
mod descriptors;
pub mod flags;
pub mod go_duration;
pub mod go_regex;
mod healthcheck;
mod lead;
pub mod logging;
mod memory;
mod notify;
pub mod scrape;
pub mod self_metrics;
pub mod web;
pub mod web_config;
pub mod workers;
