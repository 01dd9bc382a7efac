//! Prometheus' HTTP API, as far as dashboards need it.

mod answer;
mod client;
mod error;

pub use answer::{Alert, Labels, Outcome, Point, Series};
pub use client::{Client, Login, Window};
pub use error::Error;
