//! What the program is: its name and its flags.

use exporter_toolkit::app::Program;
use exporter_toolkit::flags::{Flag, Flags, Habit};
use exposition::Offer;

use crate::environment;

/// The program as people see it.
pub const PROGRAM: Program = Program {
    name: "redis-exporter",
    prefix: "redis_exporter",
    title: "Redis Exporter",
    description: "Metrics of Redis and Valkey for Prometheus: INFO, latency, slow log, keys, streams, clients, sentinel.",
    listen_address: &[":9121"],
    offer: Offer::TEXT_FIRST,
    habit: Habit::GoFlag,
    adapt,
};

const FLAGS: &[Flag] = &[
    Flag::value(
        "redis.addr",
        "redis://localhost:6379",
        "Address of the Redis instance to scrape; empty: only what /scrape asks for.",
    ),
    Flag::value(
        "redis.user",
        "",
        "User name to use for authentication (Redis ACL for Redis 6.0 and newer).",
    ),
    Flag::value(
        "redis.password",
        "",
        "Password of the Redis instance to scrape; a file or REDIS_PASSWORD keeps it out of the process list.",
    ),
    Flag::value(
        "redis.password-file",
        "",
        "Password file of the Redis instance to scrape.",
    ),
    Flag::value("namespace", "redis", "Namespace for metrics."),
    Flag::value(
        "connection-timeout",
        "15s",
        "Timeout for connection to Redis instance, and for each exchange.",
    ),
    Flag::value(
        "config-command",
        "CONFIG",
        "What to use for the CONFIG command, set to \"-\" to skip config metrics extraction.",
    ),
    Flag::value(
        "check-keys",
        "",
        "Comma separated list of key-patterns to export value and length/size, searched for with SCAN.",
    ),
    Flag::value(
        "check-single-keys",
        "",
        "Comma separated list of single keys to export value and length/size.",
    ),
    Flag::value(
        "check-streams",
        "",
        "Comma separated list of stream-patterns to export info about streams, groups and consumers, searched for with SCAN.",
    ),
    Flag::value(
        "check-single-streams",
        "",
        "Comma separated list of single streams to export info about streams, groups and consumers.",
    ),
    Flag::value(
        "count-keys",
        "",
        "Comma separated list of patterns to count (eg: 'db0=production_*,db3=sessions:*'), searched for with SCAN.",
    ),
    Flag::value(
        "check-key-groups",
        "",
        "Comma separated list of lua regex for grouping keys.",
    ),
    Flag::value(
        "max-distinct-key-groups",
        "100",
        "The maximum number of distinct key groups with the most memory utilization to present as distinct metrics per database, the leftover key groups will be aggregated in the 'overflow' bucket.",
    ),
    Flag::value(
        "check-keys-batch-size",
        "1000",
        "Approximate number of keys to process in each execution, larger value speeds up scanning.",
    ),
    Flag::value(
        "check-keys-limit",
        "100000",
        "The most keys that --check-keys or --check-streams tell of, 0: as many as there are. Not in redis_exporter.",
    ),
    Flag::value(
        "check-keys-time-limit",
        "0s",
        "How long to look for the keys of each of --check-keys, --check-streams, --count-keys, --check-key-groups at most, 0s: for its share of the scrape's time. Not in redis_exporter.",
    ),
    Flag::value(
        "check-search-indexes",
        ".*",
        "Regex pattern for Redis Search indexes to export metrics from FT.INFO command.",
    ),
    Flag::switch(
        "streams-exclude-consumer-metrics",
        false,
        "Don't collect per consumer metrics for streams (decreases cardinality).",
    ),
    Flag::switch(
        "disable-exporting-key-values",
        false,
        "Whether to disable values of keys stored in redis as labels or not when using check-keys/check-single-key.",
    ),
    Flag::switch(
        "skip-checkkeys-for-role-master",
        false,
        "Whether to skip gathering the check-keys metrics (size, val) when the instance is of type master (reduce load on master nodes).",
    ),
    Flag::value(
        "script",
        "",
        "Comma separated list of path(s) to Redis Lua script(s) for gathering extra metrics.",
    ),
    Flag::switch(
        "lua-script-read-only",
        false,
        "Use EVAL_RO command for gathering extra metrics with Lua script.",
    ),
    Flag::switch(
        "is-cluster",
        false,
        "Whether this is a redis cluster (Enable this if you need to fetch key level data on a Redis Cluster).",
    ),
    Flag::switch(
        "cluster-discover-hostnames",
        false,
        "Whether to use hostname for cluster node discovery if available via /discover-cluster-nodes endpoint.",
    ),
    Flag::switch("is-tile38", false, "Whether to scrape Tile38 specific metrics."),
    Flag::switch(
        "export-client-list",
        false,
        "Whether to scrape Client List specific metrics.",
    ),
    Flag::switch(
        "export-client-port",
        false,
        "Whether to include the client's port when exporting the client list. Warning: including the port increases the number of metrics generated and will make your Prometheus server take up more memory.",
    ),
    Flag::switch(
        "include-config-metrics",
        false,
        "Whether to include all config settings as metrics.",
    ),
    Flag::switch(
        "include-modules-metrics",
        false,
        "Whether to collect Redis Modules metrics.",
    ),
    Flag::switch(
        "include-search-indexes-metrics",
        false,
        "Whether to collect Redis Search indexes metrics.",
    ),
    Flag::switch(
        "include-sentinel-peer-info",
        false,
        "Whether to export sentinel_peer_info metrics (high cardinality).",
    ),
    Flag::switch(
        "include-system-metrics",
        false,
        "Whether to include system metrics like e.g. redis_total_system_memory_bytes.",
    ),
    Flag::switch(
        "include-rdb-file-size-metric",
        false,
        "Whether to include RDB file size metric; the exporter must run on the same host as Redis with read access to its directory.",
    ),
    Flag::switch(
        "include-metrics-for-empty-databases",
        true,
        "Whether to emit db metrics (like db_keys) for empty databases.",
    ),
    Flag::switch(
        "redis-only-metrics",
        false,
        "Whether to export only Redis metrics (omit those of the exporter's process).",
    ),
    Flag::switch(
        "exclude-latency-histogram-metrics",
        false,
        "Do not try to collect latency histogram metrics.",
    ),
    Flag::switch(
        "redact-config-metrics",
        true,
        "Whether to redact config settings that include potentially sensitive information like passwords.",
    ),
    Flag::switch("set-client-name", true, "Whether to set client name to redis_exporter."),
    Flag::switch(
        "ping-on-connect",
        false,
        "Whether to ping the redis instance after connecting.",
    ),
    Flag::switch(
        "append-instance-role-label",
        false,
        "Whether to append 'instance_role' label to redis metrics.",
    ),
    Flag::switch(
        "disable-scrape-endpoint",
        false,
        "Whether to disable the /scrape endpoint.",
    ),
    Flag::switch("skip-tls-verification", false, "Whether to skip TLS verification."),
    Flag::value(
        "tls-client-key-file",
        "",
        "Name of the client key file (including full path) if the server requires TLS client authentication.",
    ),
    Flag::value(
        "tls-client-cert-file",
        "",
        "Name of the client certificate file (including full path) if the server requires TLS client authentication.",
    ),
    Flag::value(
        "tls-ca-cert-file",
        "",
        "Name of the CA certificate file (including full path) that signs the server's certificate.",
    ),
    Flag::value(
        "tls-server-key-file",
        "",
        "Name of the server key file (including full path) if the web interface and telemetry should use TLS.",
    ),
    Flag::value(
        "tls-server-cert-file",
        "",
        "Name of the server certificate file (including full path) if the web interface and telemetry should use TLS.",
    ),
    Flag::value(
        "tls-server-ca-cert-file",
        "",
        "Name of the CA certificate file (including full path) if the web interface and telemetry should require TLS client authentication.",
    ),
    Flag::value(
        "tls-server-min-version",
        "TLS1.2",
        "Minimum TLS version that is acceptable by the web interface and telemetry when using TLS.",
    ),
    Flag::value("basic-auth-username", "", "Username for basic authentication."),
    Flag::value(
        "basic-auth-password",
        "",
        "Password for basic authentication, conflicts with --basic-auth-hash-password.",
    ),
    Flag::value(
        "basic-auth-hash-password",
        "",
        "Hashed password for basic authentication, bcrypt format, conflicts with --basic-auth-password.",
    ),
    Flag::switch(
        "debug",
        false,
        "Output verbose debug information (sets log level to DEBUG, takes precedence over --log-level).",
    ),
    Flag::optional("log-level", "The same as --log.level."),
    Flag::optional("log-format", "The same as --log.format; txt is logfmt."),
];

/// A flag that has no meaning here.
const WITHOUT_EFFECT: Flag = Flag::switch(
    "include-go-runtime-metrics",
    false,
    "Accepted for the sake of existing unit files; does nothing: there is no Go runtime.",
);

/// All flags of its own.
pub fn flags() -> Vec<Flag> {
    [FLAGS, &[WITHOUT_EFFECT.hidden()]].concat()
}

/// Upstream's flags for what every exporter has, after what the environment says in the place of flags.
fn adapt(flags: &mut Flags) {
    environment::fill(flags, &self::flags(), |name| std::env::var(name).ok());
    if let Some(level) = flags.optional("log-level").map(level) {
        flags.set("log.level", vec![level.to_owned()]);
    }
    if flags.switch("debug") {
        flags.set("log.level", vec!["debug".to_owned()]);
    }
    // What upstream does not know is txt, too.
    match flags.optional("log-format") {
        Some("json") => flags.set("log.format", vec!["json".to_owned()]),
        Some(_) => flags.set("log.format", vec!["logfmt".to_owned()]),
        None => {}
    }
    if flags.switch("redis-only-metrics") {
        flags.set("web.disable-exporter-metrics", vec!["true".to_owned()]);
    }
}

/// Upstream's levels; what is none is the usual one there, too.
fn level(name: &str) -> &'static str {
    match name.to_lowercase().as_str() {
        "trace" | "debug" => "debug",
        "warn" | "warning" => "warn",
        "error" | "fatal" | "panic" => "error",
        _ => "info",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use exporter_toolkit::app;
    use std::ffi::OsString;

    fn adapted(args: &[&str]) -> Flags {
        let table = app::flags(&PROGRAM, &flags());
        let args = PROGRAM.habit.rewrite(args.iter().map(OsString::from), &table);
        let mut flags = Flags::parse("x", "", [table.as_slice()], args).unwrap();
        adapt(&mut flags);
        flags
    }

    #[test]
    fn upstreams_flags_for_the_log_and_the_process_are_understood() {
        for (args, level, format, without_process) in [
            (&[][..], "info", "logfmt", false),
            (&["-debug", "-log-level=ERROR"], "debug", "logfmt", false),
            (&["--log-level", "WARN", "-log-format=json"], "warn", "json", false),
            (&["--log-level", "loud"], "info", "logfmt", false),
            (&["-redis-only-metrics", "-log-format", "txt"], "info", "logfmt", true),
        ] {
            let flags = adapted(args);
            assert_eq!(flags.value("log.level"), level, "{args:?}");
            assert_eq!(flags.value("log.format"), format, "{args:?}");
            assert_eq!(
                flags.switch("web.disable-exporter-metrics"),
                without_process,
                "{args:?}"
            );
        }
    }
}
