//! The flags of `lab plot`.

use std::path::PathBuf;

use ::dashboards::{
    charts::Size,
    time::{Zone, now},
    variables::parse_duration,
};
use anyhow::Result;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use super::PICTURE;
use crate::ask;

/// What the flags say.
pub(crate) struct Options {
    pub(crate) exprs: Vec<String>,
    /// In seconds.
    pub(crate) last: f64,
    /// In seconds since 1970; `None` is now.
    pub(crate) until: Option<f64>,
    /// In seconds.
    pub(crate) step: Option<f64>,
    pub(crate) unit: Option<String>,
    /// By its ending: what is written.
    pub(crate) output: Option<PathBuf>,
    pub(crate) dark: bool,
    pub(crate) size: Size,
    /// A file, or the uid of one in `dir`.
    pub(crate) dashboard: Option<String>,
    pub(crate) dir: Option<PathBuf>,
    /// `NAME=VALUE`.
    pub(crate) variables: Vec<(String, String)>,
}

/// The subcommand as clap sees it.
pub(crate) fn command() -> Command {
    Command::new("plot")
        .about("Draws expressions over time in the terminal or as a picture, or a dashboard as one file")
        .after_help("Exit codes: 0 there are data, 1 an error, 2 wrong usage, 3 there are no data.")
        .args([
            Arg::new("expr")
                .value_name("EXPR")
                .num_args(1..)
                .required_unless_present("dashboard")
                .help("PromQL; several are drawn on one axis"),
            Arg::new("last")
                .long("last")
                .value_name("TIME")
                .default_value("1h")
                .value_parser(seconds)
                .help("How far back"),
            Arg::new("until")
                .long("until")
                .value_name("TIME")
                .value_parser(moment)
                .help(
                    "The end, as Grafana writes it: now-1d, 2026-11-22T17:00, milliseconds since 1970 [default: now]",
                ),
            Arg::new("step")
                .long("step")
                .value_name("TIME")
                .value_parser(seconds)
                .help("Between points [default: as many as there is room for]"),
            Arg::new("unit")
                .long("unit")
                .value_name("UNIT")
                .help("Grafana's id of a unit: bytes, s, percentunit, reqps, ..."),
            Arg::new("output")
                .long("output")
                .short('o')
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .help("Write .svg, .png or .csv; .html of a dashboard"),
            Arg::new("dark")
                .long("dark")
                .action(ArgAction::SetTrue)
                .help("A picture on black"),
            Arg::new("width")
                .long("width")
                .value_name("PIXELS")
                .value_parser(value_parser!(u32).range(200..=4000))
                .help("Of a picture or a report"),
            Arg::new("height")
                .long("height")
                .value_name("PIXELS")
                .value_parser(value_parser!(u32).range(80..=4000))
                .help("Of a picture"),
            Arg::new("dashboard")
                .long("dashboard")
                .value_name("FILE|UID")
                .conflicts_with("expr")
                .requires("output")
                .help("Write this dashboard as one file that needs nothing else"),
            Arg::new("var")
                .long("var")
                .value_name("NAME=VALUE")
                .action(ArgAction::Append)
                .value_parser(variable)
                .help("What a variable of the dashboard is; may be given more than once"),
            ask::dir(),
        ])
        .args(ask::arguments())
}

fn seconds(text: &str) -> Result<f64, &'static str> {
    let seconds = parse_duration(text).filter(|seconds| *seconds > 0.0);
    seconds.ok_or("expected a time such as 15m or 6h")
}

fn moment(text: &str) -> Result<f64, &'static str> {
    let time = Zone::named("").parse(text, now(), true);
    time.ok_or("expected a time such as now-1d or 2026-11-22T17:00")
}

fn variable(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

impl Options {
    /// # Errors
    /// Only if `matches` are not those of [`command`].
    pub(crate) fn from_matches(matches: &ArgMatches) -> Result<Self> {
        let number = |name: &str, default: u32| matches.get_one(name).copied().unwrap_or(default);
        let dashboard: Option<String> = matches.get_one("dashboard").cloned();
        let width = if dashboard.is_some() { 1280 } else { PICTURE.width };
        Ok(Self {
            exprs: matches.get_many("expr").into_iter().flatten().cloned().collect(),
            last: matches.get_one("last").copied().unwrap_or(3600.0),
            until: matches.get_one("until").copied(),
            step: matches.get_one("step").copied(),
            unit: matches.get_one("unit").cloned(),
            output: matches.get_one("output").cloned(),
            dark: matches.get_flag("dark"),
            size: Size {
                width: number("width", width),
                height: number("height", PICTURE.height),
            },
            dashboard,
            dir: matches.get_one("dir").cloned(),
            variables: matches.get_many("var").into_iter().flatten().cloned().collect(),
        })
    }
}
