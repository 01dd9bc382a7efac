//! Whom to ask: the flags that `lab dashboards`, `lab plot` and `lab query` share.

use std::path::PathBuf;

use ::dashboards::{
    board::Asker,
    prometheus::{Client, Login},
    variables::parse_duration,
};
use anyhow::{Context, Result};
use clap::{Arg, ArgMatches, value_parser};
use tokio::runtime::{Builder, Runtime};

pub(crate) fn arguments() -> [Arg; 3] {
    [
        Arg::new("prometheus")
            .long("prometheus")
            .value_name("URL")
            .default_value("http://127.0.0.1:9090")
            .help("The Prometheus to ask"),
        Arg::new("basic-auth-file")
            .long("basic-auth-file")
            .value_name("FILE")
            .value_parser(value_parser!(PathBuf))
            .help("A file with user:password for Prometheus in its first line"),
        Arg::new("scrape-interval")
            .long("scrape-interval")
            .value_name("TIME")
            .default_value("15s")
            .value_parser(|text: &str| {
                let seconds = parse_duration(text).filter(|seconds| *seconds > 0.0);
                seconds.ok_or("expected a time such as 15s or 1m")
            })
            .help("How often Prometheus scrapes: $__rate_interval is four times that"),
    ]
}

pub(crate) fn dir() -> Arg {
    Arg::new("dir")
        .long("dir")
        .value_name("DIR")
        .default_value("grafana/dashboards")
        .value_parser(value_parser!(PathBuf))
        .help("Where the dashboards are: Grafana's JSON, in folders")
}

/// # Errors
/// There is no address of a Prometheus, or no password in the file.
pub(crate) fn asker(arguments: &ArgMatches) -> Result<Asker> {
    let url: &String = arguments.get_one("prometheus").context("--prometheus has no value")?;
    let login = arguments.get_one::<PathBuf>("basic-auth-file");
    let login = login.map(|path| Login::read(path)).transpose()?;
    let interval = arguments.get_one("scrape-interval").copied().unwrap_or(15.0);
    Ok(Asker::new(Client::new(url, login)?, interval))
}

/// # Errors
/// The system has no more of what one needs.
pub(crate) fn runtime() -> Result<Runtime> {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting the runtime")
}
