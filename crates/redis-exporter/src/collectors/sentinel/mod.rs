//! What a sentinel knows of the masters that it watches, and how it is configured.

mod config;
mod info;
mod masters;

pub(super) use self::config::DIALOGUE as CONFIG;
pub(super) use self::info::tell;
pub(super) use self::masters::DIALOGUE as MASTERS;

/// Labels of what is told of a master.
const OF_MASTER: &[&str] = &["master_address", "master_name"];
