//! The web server of an exporter: listening, connections, routing and pages.

mod landing;
mod listen;
mod metrics;
mod pages;
mod patience;
mod places;
mod router;
mod server;
mod wanted;

pub use landing::Link;
pub use listen::{Listener, bind, from_systemd};
pub use pages::{NoPages, PageRequest, Pages, PendingReply, Reply, html, html_escaped, json, text};
pub use router::{App, Page};
pub use server::serve;
pub use wanted::Wanted;

use crate::flags::Flag;

/// The flags that every exporter's web server has but for `--web.listen-address`, whose default is the exporter's.
pub const FLAGS: &[Flag] = &[
    Flag::value("web.telemetry-path", "/metrics", "Path under which to expose metrics."),
    Flag::switch(
        "web.disable-exporter-metrics",
        false,
        "Exclude metrics about the exporter itself (promhttp_*, process_*).",
    ),
    Flag::value(
        "web.max-requests",
        "40",
        "Maximum number of parallel scrape requests. Use 0 to disable.",
    ),
    Flag::switch(
        "web.systemd-socket",
        false,
        "Use systemd socket activation listeners instead of port listeners.",
    ),
    Flag::value(
        "web.config.file",
        "",
        "Path to configuration file that can enable TLS or authentication.",
    ),
    Flag::switch(
        "healthcheck",
        false,
        "Ask the exporter that runs with these flags whether it is healthy, exit 0 or 1.",
    ),
    Flag::value(
        "runtime.gomaxprocs",
        "1",
        "Accepted for the sake of existing unit files; does nothing.",
    ),
];
