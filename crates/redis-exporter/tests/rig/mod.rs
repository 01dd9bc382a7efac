//! What the tests beside real servers need: a redis-server and the exporter, each a process of the test's own.
#![allow(dead_code, unused_imports, reason = "each test uses its part")]

mod certificates;
mod exporter;
mod redis;

use std::path::PathBuf;

pub(crate) use certificates::make_certificates;
pub(crate) use exporter::{Answer, Exporter, run};
pub(crate) use redis::Redis;

/// A program on PATH.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    in_folders(&std::env::var_os("PATH").unwrap_or_default(), name)
}

/// Upstream's program, from the directory in `PEERS` or from PATH.
pub(crate) fn upstream() -> Option<PathBuf> {
    let peers = std::env::var_os("PEERS").filter(|peers| !peers.is_empty());
    let path = peers.or_else(|| std::env::var_os("PATH")).unwrap_or_default();
    ["prometheus-redis-exporter", "redis_exporter"]
        .iter()
        .find_map(|name| in_folders(&path, name))
}

fn in_folders(path: &std::ffi::OsStr, name: &str) -> Option<PathBuf> {
    std::env::split_paths(path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}
