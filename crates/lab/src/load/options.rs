//! The flags of `lab load`.

use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use hyper::Uri;

use super::paths::Paths;

/// What the flags say, with their defaults.
#[derive(Debug)]
pub(super) struct Options {
    pub(super) url: Uri,
    /// Requests a second.
    pub(super) rate: f64,
    pub(super) duration: Duration,
    /// The most requests under way at a time.
    pub(super) concurrency: usize,
    pub(super) paths: Paths,
    /// The share of requests that are made to fail.
    pub(super) errors: f64,
    pub(super) error_kind: ErrorKind,
    /// How long an answer may take.
    pub(super) timeout: Duration,
    pub(super) seed: u64,
    pub(super) allow_remote: bool,
    pub(super) json: bool,
}

/// How a request is made to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ErrorKind {
    /// By a header that demo-app answers 500.
    Fault,
    /// By a path that does not exist: 404.
    Path,
}

/// The subcommand as clap sees it.
pub(crate) fn command() -> Command {
    Command::new("load")
        .about("Sends requests at a steady rate, and reports what became of them")
        .args([
            value("url", "URL", "http://127.0.0.1:8000").help("What to load: http://HOST:PORT; demo-app by default"),
            value("rate", "NUMBER", "20")
                .value_parser(rate)
                .help("Requests a second; kept up however long answers take"),
            value("duration", "TIME", "60s")
                .value_parser(time)
                .help("How long, such as 90s, 5m or 1h"),
            value("concurrency", "NUMBER", "64")
                .value_parser(value_parser!(u16).range(1..))
                .help("The most requests under way at a time; the others wait, and their wait counts"),
            Arg::new("path")
                .long("path")
                .value_name("[WEIGHT ][METHOD ]PATH")
                .action(ArgAction::Append)
                .help("What to ask for, such as \"5 GET /api/users\"; repeatable [default: demo-app's endpoints]"),
            value("errors", "SHARE", "0")
                .value_parser(share)
                .help("The share of requests that are made to fail, from 0 to 1"),
            value("error-kind", "KIND", "fault")
                .value_parser(["fault", "path"])
                .help("How: fault is a header that demo-app answers 500, path asks for what does not exist"),
            value("timeout", "TIME", "10s")
                .value_parser(time)
                .help("How long to wait for an answer"),
            value("seed", "NUMBER", "1")
                .value_parser(value_parser!(u64))
                .help("Decides the order of paths and errors; the same seed, the same order"),
            switch("allow-remote").help("Aim at another machine than this one; only at those that are yours"),
            switch("json").help("Report as JSON"),
        ])
}

fn value(name: &'static str, value: &'static str, default: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value).default_value(default)
}

fn switch(name: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue)
}

fn rate(text: &str) -> Result<f64, &'static str> {
    let rate = text.parse().ok().filter(|rate| (0.001..=100_000.0).contains(rate));
    rate.ok_or("expected a number from 0.001 to 100000")
}

fn share(text: &str) -> Result<f64, &'static str> {
    let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or("expected a number from 0 to 1")
}

/// One number with one unit, longer than nothing and no longer than a day.
fn time(text: &str) -> Result<Duration, &'static str> {
    let units = [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0)];
    let seconds = units.iter().find_map(|(unit, seconds)| {
        let number: f64 = text.strip_suffix(unit)?.parse().ok()?;
        Some(number * seconds)
    });
    seconds
        .filter(|seconds| *seconds > 0.0 && *seconds <= 86_400.0)
        .map(Duration::from_secs_f64)
        .ok_or("expected a time from 1ms to 24h, such as 90s, 5m or 1h")
}

impl Options {
    /// # Errors
    /// A URL or path that is none.
    pub(super) fn from_matches(matches: &ArgMatches) -> Result<Self> {
        let url: String = required(matches, "url")?;
        let paths = matches
            .get_many::<String>("path")
            .map_or_else(Vec::new, Iterator::collect);
        let kind: String = required(matches, "error-kind")?;
        Ok(Self {
            url: url.parse().with_context(|| format!("--url {url}"))?,
            rate: required(matches, "rate")?,
            duration: required(matches, "duration")?,
            concurrency: required::<u16>(matches, "concurrency")?.into(),
            paths: Paths::parse(&paths)?,
            errors: required(matches, "errors")?,
            error_kind: if kind == "path" {
                ErrorKind::Path
            } else {
                ErrorKind::Fault
            },
            timeout: required(matches, "timeout")?,
            seed: required(matches, "seed")?,
            allow_remote: matches.get_flag("allow-remote"),
            json: matches.get_flag("json"),
        })
    }
}

fn required<T: Clone + Send + Sync + 'static>(matches: &ArgMatches, name: &str) -> Result<T> {
    matches
        .get_one(name)
        .cloned()
        .with_context(|| format!("--{name} has no value"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_one_unit() {
        for (text, millis) in [("250ms", 250), ("90s", 90_000), ("1.5m", 90_000), ("24h", 86_400_000)] {
            assert_eq!(time(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "5", "s", "0s", "-1s", "25h", "NaNs", "1m30s", "1d"] {
            assert!(time(text).is_err(), "{text}");
        }
    }
}
