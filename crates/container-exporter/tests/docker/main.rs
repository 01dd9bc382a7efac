//! The exporter beside a real dockerd of its own with real containers, and in bad times: daemons that stop, hang or talk
//! nonsense, containers that come and go. What must be reported is as upstream's contract has it.
//!
//! As root, with Debian's docker.io: `make test-docker`.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "all of this is test: it fails by panicking, prints its figures, and starts programs"
)]

mod churn;
mod daemon;
mod exporter;
mod host;
mod limits;
mod metrics;
mod names;
mod network;
mod nobody;
mod scripted;
mod socket;
mod states;
