//! What the program is: its name and its flags.

use exporter_toolkit::app::Program;
use exporter_toolkit::flags::{Flag, Flags, Habit};
use exposition::Offer;

/// The program as people see it.
pub const PROGRAM: Program = Program {
    name: "blackbox-exporter",
    prefix: "blackbox_exporter",
    title: "Blackbox Exporter",
    description: "Probes of endpoints for Prometheus: HTTP, TCP, DNS, ICMP, gRPC, Unix sockets.",
    listen_address: &[":9115"],
    offer: Offer::TEXT_FIRST,
    habit: Habit::Kingpin,
    adapt,
};

const FLAGS: &[Flag] = &[
    Flag::value("config.file", "blackbox.yml", "Blackbox exporter configuration file."),
    Flag::value("timeout-offset", "0.5", "Offset to subtract from timeout in seconds."),
    Flag::switch("config.check", false, "If true validate the config file and then exit."),
    Flag::value(
        "log.prober",
        "info",
        "Log level for probe request logs. One of: [debug, info, warn, error].",
    ),
    Flag::switch(
        "config.enable-auto-reload",
        false,
        "Reload the configuration file when it changes.",
    ),
    Flag::value(
        "config.auto-reload-interval",
        "30",
        "Seconds between two looks whether the configuration file has changed.",
    ),
    Flag::many(
        "probe.allow",
        &[],
        "Addresses that may be probed, as 10.0.0.0/8 or 2001:db8::1; all, unless given.",
    ),
    Flag::many("probe.deny", &[], "Addresses that may not be probed, even if allowed."),
    Flag::value(
        "history.limit",
        "100",
        "The maximum amount of items to keep in the history.",
    ),
    Flag::value(
        "web.external-url",
        "",
        "The URL under which the exporter is reached from outside, for links back to it.",
    ),
    Flag::optional(
        "web.route-prefix",
        "Prefix of all paths; the path of --web.external-url unless given.",
    ),
];

/// All flags of its own.
pub fn flags() -> Vec<Flag> {
    FLAGS.to_vec()
}

/// Upstream knows no other path than /metrics, behind the prefix.
fn adapt(flags: &mut Flags) {
    let path = format!("{}{}", route_prefix(flags), flags.value("web.telemetry-path"));
    flags.set("web.telemetry-path", vec![path]);
}

/// What stands before all paths, such as `/blackbox`; empty for nothing.
pub(crate) fn route_prefix(flags: &Flags) -> String {
    let url = flags.value("web.external-url");
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.split_once('/').map_or("", |(_, path)| path),
        None => url,
    };
    let given = flags.optional("web.route-prefix").filter(|prefix| !prefix.is_empty());
    match given.unwrap_or(path).trim_matches('/') {
        "" => String::new(),
        prefix => format!("/{prefix}"),
    }
}
