//! What the flags come to.

use std::path::PathBuf;
use std::time::Duration;

use exporter_toolkit::flags::Flags;
use log::Level;

use crate::net::{Admission, Range};
use crate::program::route_prefix;

/// Everything that can be chosen on the command line.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the modules are.
    pub(crate) config_file: PathBuf,
    /// Whether to check that file, and nothing more.
    pub(crate) only_checks: bool,
    /// How often to look whether the file has changed; `None`: never.
    pub(crate) auto_reload: Option<Duration>,
    /// How much earlier than the scraper's timeout a probe must be over.
    pub(crate) timeout_offset: Duration,
    /// The least level of probes' lines in the program's log.
    pub(crate) log_prober: Level,
    /// How many probes the history keeps.
    pub(crate) history_limit: usize,
    /// Which addresses may be probed.
    pub(crate) admission: Admission,
    /// What stands before all paths, such as `/blackbox`; empty for nothing.
    pub(crate) route_prefix: String,
    /// The URL under which people reach the exporter, if it was told; without a slash at its end.
    pub(crate) external_url: Option<String>,
}

impl Settings {
    /// Reads the flags.
    ///
    /// # Errors
    /// All that is wrong, each naming its flag.
    pub fn from_flags(flags: &Flags) -> Result<Self, Vec<String>> {
        let offset = seconds(flags, "timeout-offset");
        let interval = seconds(flags, "config.auto-reload-interval").and_then(|interval| {
            let nothing = || "--config.auto-reload-interval: 0 seconds is too often".to_owned();
            Some(interval)
                .filter(|interval| !interval.is_zero())
                .ok_or_else(nothing)
        });
        let (level, limit) = (flags.value("log.prober"), flags.value("history.limit"));
        let log_prober = level
            .parse()
            .map_err(|_| format!("--log.prober: {level:?} is none of debug, info, warn, error"));
        let history_limit = limit
            .parse()
            .map_err(|_| format!("--history.limit: {limit:?} is no whole number"));
        let external_url = external_url(flags.value("web.external-url"));
        let allow = ranges(flags, "probe.allow");
        let deny = ranges(flags, "probe.deny");
        match (offset, interval, log_prober, history_limit, external_url, allow, deny) {
            (
                Ok(timeout_offset),
                Ok(interval),
                Ok(log_prober),
                Ok(history_limit),
                Ok(external_url),
                Ok(allow),
                Ok(deny),
            ) => Ok(Self {
                config_file: flags.value("config.file").into(),
                only_checks: flags.switch("config.check"),
                auto_reload: flags.switch("config.enable-auto-reload").then_some(interval),
                timeout_offset,
                log_prober,
                history_limit,
                admission: Admission { allow, deny },
                route_prefix: route_prefix(flags),
                external_url,
            }),
            (offset, interval, log_prober, history_limit, external_url, allow, deny) => {
                let errors = [
                    offset.err(),
                    interval.err(),
                    log_prober.err(),
                    history_limit.err(),
                    external_url.err(),
                    allow.err(),
                    deny.err(),
                ];
                Err(errors.into_iter().flatten().collect())
            }
        }
    }
}

/// The ranges of a flag, or the first that is none.
fn ranges(flags: &Flags, name: &str) -> Result<Vec<Range>, String> {
    let range = |text: &String| text.parse().map_err(|error| format!("--{name}: {error}"));
    flags.many(name).iter().map(range).collect()
}

fn seconds(flags: &Flags, name: &str) -> Result<Duration, String> {
    let value = flags.value(name);
    let seconds = value.parse().ok();
    seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| format!("--{name}: {value:?} is no number of seconds"))
}

fn external_url(value: &str) -> Result<Option<String>, String> {
    let quote = ['"', '\''];
    if value.starts_with(quote) || value.ends_with(quote) {
        return Err("--web.external-url: URL must not begin or end with quotes".to_owned());
    }
    if !value.is_empty() && value.parse::<hyper::Uri>().is_err() {
        return Err(format!("--web.external-url: {value:?} is not a valid URL"));
    }
    let url = value.trim_end_matches('/');
    Ok(Some(url).filter(|url| !url.is_empty()).map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsString;

    fn settings(args: &[&str]) -> Result<Settings, Vec<String>> {
        let table = crate::flags();
        let flags = Flags::parse("x", "About.", [table.as_slice()], args.iter().map(OsString::from)).unwrap();
        Settings::from_flags(&flags)
    }

    #[test]
    fn all_that_is_wrong_comes_together() {
        let errors = settings(&[
            "--timeout-offset=x",
            "--config.auto-reload-interval=0",
            "--log.prober=loud",
            "--history.limit=-1",
            "--web.external-url='http://x'",
        ])
        .unwrap_err();
        let flags = [
            "timeout-offset",
            "config.auto-reload-interval",
            "log.prober",
            "history.limit",
            "web.external-url",
        ];
        assert_eq!(errors.len(), flags.len(), "{errors:?}");
        for (error, flag) in errors.iter().zip(flags) {
            assert!(error.starts_with(&format!("--{flag}: ")), "{error}");
        }
    }

    #[test]
    fn the_prefix_is_that_of_the_external_url_unless_given() {
        for (args, prefix, url) in [
            (&[][..], "", None),
            (&["--web.external-url=http://x/a/b/"], "/a/b", Some("http://x/a/b")),
            (&["--web.external-url=http://x"], "", Some("http://x")),
            (&["--web.external-url=/proxy/"], "/proxy", Some("/proxy")),
            (
                &["--web.external-url=http://x/a", "--web.route-prefix=/"],
                "",
                Some("http://x/a"),
            ),
            (&["--web.route-prefix=b/"], "/b", None),
        ] {
            let settings = settings(args).unwrap();
            assert_eq!(
                (settings.route_prefix.as_str(), settings.external_url.as_deref()),
                (prefix, url),
                "{args:?}"
            );
        }
    }

    #[test]
    fn the_file_is_watched_only_if_wanted() {
        assert_eq!(settings(&[]).unwrap().auto_reload, None);
        let args = ["--config.enable-auto-reload", "--config.auto-reload-interval=5"];
        assert_eq!(settings(&args).unwrap().auto_reload, Some(Duration::from_secs(5)));
    }
}
