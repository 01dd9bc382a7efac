//! Environment variables in the place of flags that are not given.

use exporter_toolkit::flags::{Flag, Flags, Takes};

/// The flags of every exporter that upstream has, too.
const SHARED: [&str; 2] = ["web.listen-address", "web.telemetry-path"];

/// Gives `flags` what the environment says, as if it had been typed. `variable` looks one up.
pub(crate) fn fill(flags: &mut Flags, own: &[Flag], variable: impl Fn(&str) -> Option<String>) {
    for flag in own {
        let value = variable(&name(&flag.name)).and_then(|value| understood(flag, value));
        if let Some(value) = value.filter(|_| !flags.is_given(&flag.name)) {
            flags.set(&flag.name, vec![value]);
        }
    }
    for shared in SHARED {
        if let Some(value) = variable(&name(shared)).filter(|_| !flags.is_given(shared)) {
            flags.set(shared, vec![value]);
        }
    }
}

/// The value as a flag has it. As upstream has it, what is no truth value or no number is as absent.
fn understood(flag: &Flag, value: String) -> Option<String> {
    match flag.takes {
        Takes::Switch(_) => match value.as_str() {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Some("true".to_owned()),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Some("false".to_owned()),
            _ => None,
        },
        Takes::Value(default) if default.parse::<i64>().is_ok() => {
            Some(value).filter(|value| value.parse::<i64>().is_ok())
        }
        _ => Some(value),
    }
}

/// The variable of a flag.
fn name(flag: &str) -> String {
    let words = flag.replace(['.', '-'], "_").to_uppercase();
    match flag.strip_prefix("include-") {
        _ if flag.starts_with("redis.") => words,
        Some(_) if flag != "include-go-runtime-metrics" => words.replace("INCLUDE_", "REDIS_EXPORTER_INCL_"),
        _ => format!("REDIS_EXPORTER_{words}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::PROGRAM;
    use exporter_toolkit::app;
    use std::ffi::OsString;

    #[test]
    fn variables_are_called_as_upstream_calls_them() {
        for (flag, variable) in [
            ("redis.addr", "REDIS_ADDR"),
            ("redis.password-file", "REDIS_PASSWORD_FILE"),
            ("namespace", "REDIS_EXPORTER_NAMESPACE"),
            ("web.listen-address", "REDIS_EXPORTER_WEB_LISTEN_ADDRESS"),
            ("check-keys-batch-size", "REDIS_EXPORTER_CHECK_KEYS_BATCH_SIZE"),
            (
                "include-rdb-file-size-metric",
                "REDIS_EXPORTER_INCL_RDB_FILE_SIZE_METRIC",
            ),
            (
                "include-go-runtime-metrics",
                "REDIS_EXPORTER_INCLUDE_GO_RUNTIME_METRICS",
            ),
            ("redis-only-metrics", "REDIS_EXPORTER_REDIS_ONLY_METRICS"),
        ] {
            assert_eq!(name(flag), variable);
        }
    }

    #[test]
    fn a_flag_beats_its_variable_and_nonsense_is_as_absent() {
        let table = app::flags(&PROGRAM, &crate::flags());
        let args = ["--namespace=typed"].map(OsString::from);
        let mut flags = Flags::parse("x", "", [table.as_slice()], args).unwrap();
        fill(&mut flags, &crate::flags(), |name| {
            let value = match name {
                "REDIS_EXPORTER_NAMESPACE" => "ignored",
                "REDIS_ADDR" => "redis://cache:1",
                "REDIS_EXPORTER_IS_CLUSTER" => "T",
                "REDIS_EXPORTER_SET_CLIENT_NAME" => "0",
                "REDIS_EXPORTER_PING_ON_CONNECT" => "yes",
                "REDIS_EXPORTER_CHECK_KEYS_BATCH_SIZE" => "many",
                "REDIS_EXPORTER_WEB_TELEMETRY_PATH" => "/m",
                "REDIS_EXPORTER_CHECK_KEYS_TIME_LIMIT" => "2s",
                _ => return None,
            };
            Some(value.to_owned())
        });
        assert_eq!(flags.value("namespace"), "typed");
        assert_eq!(flags.value("redis.addr"), "redis://cache:1");
        assert!(flags.switch("is-cluster") && !flags.switch("set-client-name") && !flags.switch("ping-on-connect"));
        assert_eq!(flags.value("check-keys-batch-size"), "1000");
        assert_eq!(flags.value("web.telemetry-path"), "/m");
        assert_eq!(flags.value("check-keys-time-limit"), "2s");
    }
}
