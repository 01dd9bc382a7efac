//! The flags of `lab console`.

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context, Result};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

/// What the flags say, with their defaults.
pub(super) struct Options {
    pub(super) listen: SocketAddr,
    pub(super) json: bool,
    pub(super) keep: usize,
    pub(super) watchdog_within: Duration,
}

/// The subcommand as clap sees it.
pub(crate) fn command() -> Command {
    Command::new("console")
        .about("Prints the notifications that Alertmanager sends it, and says when Watchdog stays away")
        .args([
            value("listen", "ADDRESS:PORT", "127.0.0.1:9099")
                .value_parser(|text: &str| {
                    text.parse::<SocketAddr>()
                        .map_err(|_| "expected an IP address and a port, such as 127.0.0.1:9099")
                })
                .help("Where to listen; there is no password, so keep it to this machine"),
            value("watchdog-within", "TIME", "5m")
                .value_parser(time)
                .help("How long Watchdog may stay away before it is said; it comes every minute or so"),
            value("keep", "NUMBER", "1000")
                .value_parser(value_parser!(u16).range(1..))
                .help("How many notifications GET / tells of"),
            Arg::new("json")
                .long("json")
                .action(ArgAction::SetTrue)
                .help("Print one line of JSON for each"),
        ])
}

fn value(name: &'static str, value: &'static str, default: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value).default_value(default)
}

fn time(text: &str) -> Result<Duration, &'static str> {
    let time = humantime::parse_duration(text)
        .ok()
        .filter(|time| *time <= LONGEST && !time.is_zero());
    time.ok_or("expected a time such as 30s or 5m, at most a day")
}

const LONGEST: Duration = Duration::from_secs(86_400);

impl Options {
    /// # Errors
    /// Only if `matches` are not those of [`command`].
    pub(super) fn from_matches(matches: &ArgMatches) -> Result<Self> {
        Ok(Self {
            listen: required(matches, "listen")?,
            json: matches.get_flag("json"),
            keep: required::<u16>(matches, "keep")?.into(),
            watchdog_within: required(matches, "watchdog-within")?,
        })
    }
}

fn required<T: Clone + Send + Sync + 'static>(matches: &ArgMatches, name: &str) -> Result<T> {
    matches
        .get_one(name)
        .cloned()
        .with_context(|| format!("--{name} has no value"))
}
