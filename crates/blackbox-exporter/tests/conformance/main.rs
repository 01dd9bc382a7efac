//! What blackbox_exporter 0.28 does, as a table of behaviours: each is a probe of a real server on this host, carried out
//! by our program and by upstream's. What must hold must hold of both, or is listed as a difference with its reason; and
//! whatever else upstream's answer has, ours has too, with the same values.
//!
//! A behaviour is a `Case` in `cases`; what it probes is in `servers`; `check` compares. To add one, add a line
//! to the table of its topic. `CONFORMANCE=words cargo test --test conformance` runs those with the words in their names,
//! and shows the answers.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "all of this is test: it fails by panicking, says what it skips, and runs the programs"
)]

mod answer;
mod case;
mod cases;
mod check;
mod config_files;
mod pages;
#[path = "../programs/mod.rs"]
mod programs;
mod round;
mod servers;
mod site;
mod table;
