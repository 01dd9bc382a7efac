//! `lab drill`: the copy of the configuration that deploy/compose.drill.yaml gives to containers.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result};
use clap::{Arg, ArgMatches, Command, value_parser};

use super::{Pace, Plan, put, write};

/// How many times faster than real it is.
const FACTOR: u32 = 60;
/// The file of the copy that says so.
pub(crate) const FACTOR_FILE: &str = "factor";
/// Where containers find the copy.
const SEEN_AT: &str = "/drill";
/// The console, as this machine and as containers know it.
const CONSOLE: [&str; 2] = ["127.0.0.1:9099", "console:9099"];

/// The subcommand as clap sees it.
pub(crate) fn command() -> Command {
    let path = |name: &'static str, default: &'static str| {
        Arg::new(name)
            .long(name)
            .value_name("FILE")
            .value_parser(value_parser!(PathBuf))
            .default_value(default)
    };
    Command::new("drill")
        .about("Writes rules and routes that are sixty times faster, for deploy/compose.drill.yaml and lab simulate --compose")
        .args([
            path("prometheus-config", "prometheus/prometheus.yml").help("The configuration of Prometheus"),
            path("alertmanager-config", "deploy/alertmanager/alertmanager.yml").help("The configuration of Alertmanager"),
            path("targets", "deploy/prometheus-targets")
                .value_name("DIR")
                .help("Who is scraped"),
            Arg::new("folder")
                .value_name("DIR")
                .value_parser(value_parser!(PathBuf))
                .default_value(".lab/compose")
                .help("Where the copy goes; what is there is replaced"),
        ])
}

/// Writes it and says where.
///
/// # Errors
/// Something cannot be read or written.
pub(crate) fn run(arguments: &ArgMatches) -> Result<ExitCode> {
    let path = |name: &str| {
        let path = arguments.get_one::<PathBuf>(name);
        path.with_context(|| format!("{name} has a default"))
    };
    let prometheus = path("prometheus-config")?;
    let plan = Plan {
        pace: Pace::new(FACTOR),
        prometheus,
        targets: path("targets")?,
        blackbox: &prometheus.with_file_name("blackbox.yml"),
        alertmanager: path("alertmanager-config")?,
        slack: &format!("http://{}/slack", CONSOLE[1]),
        addresses: &[CONSOLE.map(str::to_owned).into()],
        seen_at: Some(Path::new(SEEN_AT)),
    };
    let folder = path("folder")?;
    write(&plan, folder)?;
    put(&folder.join(FACTOR_FILE), &format!("{FACTOR}\n"))?;
    let folder = fs::canonicalize(folder).with_context(|| format!("finding {}", folder.display()))?;
    writeln!(io::stdout(), "export DRILL={}", folder.display()).context("writing to standard output")?;
    Ok(ExitCode::SUCCESS)
}
