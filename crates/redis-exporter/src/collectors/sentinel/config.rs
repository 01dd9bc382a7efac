//! The sentinel's own configuration. From SENTINEL CONFIG GET; since Redis 6.2.

use exposition::Desc;

use crate::collectors::session::{Dialogue, Held, Session};
use crate::connection::{Reply, Request};
use crate::output::Output;
use crate::settings::Options;

/// The dialogue.
pub(in crate::collectors) const DIALOGUE: Dialogue = Dialogue {
    when: |options, seen| options.config_metrics && seen.is_sentinel(),
    hold,
};

const KEY_VALUE: Desc<'_> = Desc::gauge(
    "sentinel_config_key_value",
    "Sentinel global config key and value",
    &["key", "value"],
);
const VALUE: Desc<'_> = Desc::gauge(
    "sentinel_config_value",
    "Sentinel global config key and value as metric",
    &["key"],
);

fn hold<'h>(session: &'h mut Session<'_, '_>) -> Held<'h> {
    Box::pin(async move {
        let mut request = Request::default();
        request.push("SENTINEL CONFIG GET", &["SENTINEL", "CONFIG", "GET", "*"]);
        let answers = session.ask(&request).await?;
        if let Some(reply) = answers.reply(0) {
            tell(&reply, session.options, session.out);
        }
        Ok(())
    })
}

/// Upstream shows `sentinel-pass`, which opens every other sentinel.
fn is_secret(key: &str) -> bool {
    key.contains("pass")
}

fn tell(reply: &Reply<'_>, options: &Options, out: &mut Output<'_>) {
    let pairs = reply.pairs().filter_map(|(key, value)| Some((key, value.text()?)));
    let shown: Vec<_> = pairs
        .filter(|(key, _)| !options.redact_config || !is_secret(key))
        .collect();
    out.family(&KEY_VALUE, |family| {
        shown.iter().for_each(|(key, value)| family.sample(&[key, value], 1.0));
    });
    out.family(&VALUE, |family| {
        let numbers = shown.iter().filter_map(|(key, value)| Some((key, value.parse().ok()?)));
        numbers.for_each(|(key, value)| family.sample(&[key], value));
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collectors::testing::options;
    use crate::output::testing::samples;

    fn config(args: &[&str]) -> Vec<String> {
        let words = [
            "announce-ip",
            "",
            "announce-port",
            "26379",
            "sentinel-user",
            "u",
            "sentinel-pass",
            "1234",
        ];
        let reply = Reply::List(words.map(|word| Reply::Text(word.as_bytes())).to_vec());
        samples(|out| tell(&reply, &options(args), out))
    }

    #[test]
    fn the_configuration_is_told_without_the_password() {
        let expected = [
            r#"redis_sentinel_config_key_value{key="announce-ip",value=""} 1"#,
            r#"redis_sentinel_config_key_value{key="announce-port",value="26379"} 1"#,
            r#"redis_sentinel_config_key_value{key="sentinel-user",value="u"} 1"#,
            r#"redis_sentinel_config_value{key="announce-port"} 26379"#,
        ];
        assert_eq!(config(&[]), expected);
    }

    #[test]
    fn whoever_wants_the_password_gets_it() {
        let lines = config(&["--no-redact-config-metrics"]);
        for line in [
            r#"redis_sentinel_config_key_value{key="sentinel-pass",value="1234"} 1"#,
            r#"redis_sentinel_config_value{key="sentinel-pass"} 1234"#,
        ] {
            assert!(lines.iter().any(|found| found == line), "{line} {lines:?}");
        }
    }
}
