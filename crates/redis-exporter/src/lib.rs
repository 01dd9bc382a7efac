//! Metrics of Redis, Valkey and what speaks like them: what redis_exporter does, and the reason when a target is down.
//!
//! A scrape asks a target over a connection and hands the replies to the collectors, each of which knows one source and
//! nothing of sockets.

mod build_info;
mod cluster;
mod collectors;
mod connection;
mod context;
mod environment;
mod exporter;
mod failure;
#[doc(hidden)]
pub mod fuzzing;
mod go_number;
mod key_list;
mod key_options;
mod output;
mod pages;
mod passwords;
mod program;
mod scrape;
mod scripts;
mod settings;
mod target;
mod told;
mod totals;

pub use exporter::exporter;
pub use program::{PROGRAM, flags};
pub use settings::Settings;
