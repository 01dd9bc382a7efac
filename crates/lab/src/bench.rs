//! `lab bench`: what an exporter costs, beside upstream's program and beside nothing but reading the files, in one run.
//! Absolute times mean little on a shared machine; the ratios of one run do.

mod client;
mod floor;
mod table;
mod target;

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::{Context, Result};
use clap::{Arg, ArgMatches, Command, value_parser};

use crate::program;
use target::{Cost, Target};

/// Scrapes before anything is counted: caches, buffers and Go's heap settle.
const WARM_UP: u32 = 50;

/// The subcommand as clap sees it.
pub(crate) fn command() -> Command {
    Command::new("bench")
        .about("Measures node-exporter beside upstream's node_exporter, same collectors, in one run")
        .args([
            file("node-exporter").help("Our program [default: beside lab, then PATH]"),
            file("upstream").help("Upstream's program [default: node_exporter or prometheus-node-exporter on PATH]"),
            Arg::new("scrapes")
                .long("scrapes")
                .value_name("NUMBER")
                .value_parser(value_parser!(u32).range(1..))
                .default_value("300")
                .help("How many scrapes of each are counted"),
            Arg::new("flag")
                .long("flag")
                .value_name("FLAG")
                .num_args(1)
                .action(clap::ArgAction::Append)
                .allow_hyphen_values(true)
                .help("A flag for both programs, such as --flag=--no-collector.netstat; may be repeated"),
        ])
}

fn file(name: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .value_name("FILE")
        .value_parser(value_parser!(PathBuf))
}

/// Measures and prints a table.
///
/// # Errors
/// A program is missing, does not start or does not answer.
pub(crate) fn run(arguments: &ArgMatches) -> Result<ExitCode> {
    let given = |name: &str| arguments.get_one::<PathBuf>(name).map(PathBuf::as_path);
    let ours = program::ours("node-exporter", given("node-exporter"), None)?;
    let upstream = program::upstream(&["node_exporter", "prometheus-node-exporter"], given("upstream"))?;
    let scrapes = arguments
        .get_one("scrapes")
        .copied()
        .context("--scrapes has a default")?;
    let flags: Vec<String> = arguments.get_many("flag").unwrap_or_default().cloned().collect();
    let costs = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting the runtime")?
        .block_on(async {
            let mut ours = Target::start("node-exporter", &ours, &flags).await?;
            let mut upstream = Target::start("upstream", &upstream, &flags).await?;
            measure(&mut ours, &mut upstream, scrapes).await
        })?;
    let floor = floor::cpu_of_reading(scrapes)?;
    let mut out = io::stdout().lock();
    out.write_all(table::render(&costs, floor, scrapes).as_bytes())
        .context("writing to standard output")?;
    Ok(ExitCode::SUCCESS)
}

/// Scrapes both in turns, so that whatever else the machine does hits both alike.
async fn measure(ours: &mut Target, upstream: &mut Target, scrapes: u32) -> Result<[Cost; 2]> {
    for _ in 0..WARM_UP {
        ours.scrape().await?;
        upstream.scrape().await?;
    }
    ours.begin()?;
    upstream.begin()?;
    for _ in 0..scrapes {
        ours.scrape().await?;
        upstream.scrape().await?;
    }
    Ok([ours.cost()?, upstream.cost()?])
}
