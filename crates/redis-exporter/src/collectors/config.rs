//! The target's configuration. From CONFIG GET, which hosted ones often refuse.

use exposition::Desc;
use exposition::Kind;

use super::{Question, Seen};
use crate::connection::Reply;
use crate::output::Output;
use crate::settings::Options;

/// All of it.
pub(super) const QUESTION: Question = Question {
    name: "CONFIG GET",
    words: |options| Some(vec![options.config_command.as_deref()?, "GET", "*"]),
    tell,
};

const KEY_VALUE: Desc<'_> = Desc::gauge("config_key_value", "Config key and value", &["key", "value"]);
const VALUE: Desc<'_> = Desc::gauge("config_value", "Config key and value as metric", &["key"]);
const LIMIT: Desc<'_> = Desc::gauge(
    "config_client_output_buffer_limit_bytes",
    "The configured buffer limits per class",
    &["class", "limit"],
);
const OVERCOME: Desc<'_> = Desc::gauge(
    "config_client_output_buffer_limit_overcome_seconds",
    "How long for buffer limits per class to be exceeded before replicas are dropped",
    &["class", "limit"],
);

/// Settings that are metrics by themselves.
const METRICS: [(&str, &str); 4] = [
    ("io-threads", "config_io_threads"),
    ("maxclients", "config_maxclients"),
    ("maxmemory", "config_maxmemory"),
    ("repl-backlog-size", "config_repl_backlog_size"),
];

/// Settings that are secret.
const SECRETS: [&str; 4] = [
    "masterauth",
    "requirepass",
    "tls-key-file-pass",
    "tls-client-key-file-pass",
];

fn tell(reply: &Reply<'_>, options: &Options, seen: &mut Seen<'_>, out: &mut Output<'_>) {
    let pairs = reply.pairs().filter_map(|(key, value)| Some((key, value.text()?)));
    let settings: Vec<_> = pairs.collect();
    for (key, value) in &settings {
        match key.as_ref() {
            "databases" => seen.told_databases = value.parse().ok(),
            "dbfilename" => seen.told_dump = Some(value.to_string()).filter(|name| !name.is_empty()),
            "dir" => seen.told_folder = Some(value.to_string()).filter(|folder| !folder.is_empty()),
            "client-output-buffer-limit" => buffer_limits(value, out),
            key => {
                let metric = METRICS.iter().find(|(name, _)| *name == key);
                if let (Some((_, metric)), Ok(value)) = (metric, value.parse()) {
                    out.plain(metric, Kind::Gauge, value);
                }
            }
        }
    }
    if options.config_metrics {
        let is_shown = |key: &str| !options.redact_config || !SECRETS.contains(&key);
        let shown = || settings.iter().filter(|(key, _)| is_shown(key));
        out.family(&KEY_VALUE, |family| {
            shown().for_each(|(key, value)| family.sample(&[key, value], 1.0));
        });
        out.family(&VALUE, |family| {
            let numbers = shown().filter_map(|(key, value)| Some((key, value.parse().ok()?)));
            numbers.for_each(|(key, value)| family.sample(&[key], value));
        });
    }
}

/// `normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60`: class, hard and soft limit, seconds.
fn buffer_limits(value: &str, out: &mut Output<'_>) {
    let words: Vec<&str> = value.split_whitespace().collect();
    let classes = words.chunks_exact(4);
    out.family(&LIMIT, |family| {
        for class in classes.clone() {
            if let [class, hard, soft, _] = class {
                for (limit, value) in [("hard", hard), ("soft", soft)] {
                    value
                        .parse()
                        .into_iter()
                        .for_each(|value| family.sample(&[class, limit], value));
                }
            }
        }
    });
    out.family(&OVERCOME, |family| {
        for class in classes {
            if let [class, .., seconds] = class {
                seconds
                    .parse()
                    .into_iter()
                    .for_each(|value| family.sample(&[class, "soft"], value));
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collectors::testing::options;
    use crate::output::testing::samples;
    use std::time::SystemTime;

    fn config(args: &[&str]) -> (Vec<String>, Option<u32>) {
        let words = [
            "databases",
            "3",
            "maxmemory",
            "7",
            "hz",
            "10",
            "save",
            "60 1",
            "requirepass",
            "hunter2",
            "masterauth",
            "hunter2",
            "tls-key-file-pass",
            "hunter2",
            "tls-client-key-file-pass",
            "1234",
            "client-output-buffer-limit",
            "normal 0 1 2 slave x 4 5 pubsub 1",
        ];
        let reply = Reply::List(words.map(|word| Reply::Text(word.as_bytes())).to_vec());
        let mut seen = Seen::new("", SystemTime::UNIX_EPOCH);
        let lines = samples(|out| tell(&reply, &options(args), &mut seen, out));
        (lines, seen.told_databases)
    }

    #[test]
    fn limits_and_the_number_of_databases_are_always_told() {
        let (lines, databases) = config(&[]);
        let expected = [
            r#"redis_config_client_output_buffer_limit_bytes{class="normal",limit="hard"} 0"#,
            r#"redis_config_client_output_buffer_limit_bytes{class="normal",limit="soft"} 1"#,
            r#"redis_config_client_output_buffer_limit_bytes{class="slave",limit="soft"} 4"#,
            r#"redis_config_client_output_buffer_limit_overcome_seconds{class="normal",limit="soft"} 2"#,
            r#"redis_config_client_output_buffer_limit_overcome_seconds{class="slave",limit="soft"} 5"#,
            "redis_config_maxmemory 7",
        ];
        assert_eq!((lines, databases), (expected.map(str::to_owned).to_vec(), Some(3)));
    }

    #[test]
    fn all_of_it_is_told_without_secrets() {
        let (lines, _) = config(&["--include-config-metrics"]);
        for line in [
            r#"redis_config_key_value{key="save",value="60 1"} 1"#,
            r#"redis_config_key_value{key="hz",value="10"} 1"#,
            r#"redis_config_value{key="hz"} 10"#,
        ] {
            assert!(lines.iter().any(|found| found == line), "{line}");
        }
        assert!(
            !lines
                .iter()
                .any(|line| line.contains("hunter2") || line.contains("1234")),
            "{lines:?}"
        );
        let (lines, _) = config(&["--include-config-metrics", "--no-redact-config-metrics"]);
        assert_eq!(lines.iter().filter(|line| line.contains("hunter2")).count(), 3);
    }
}
