//! `lab bench`: what an exporter costs, beside upstream's program and beside nothing but reading the files, in one run,
//! and how that grows with the host; of node-exporter, container-exporter, blackbox-exporter or redis-exporter. And what dashboards cost. Absolute times mean little on a shared machine; the ratios of one run do.

mod aside;
mod asker;
mod client;
mod container_report;
mod containers;
mod cpus;
mod crowd;
mod dashboards;
mod direct;
mod figures;
mod floor;
mod growth;
pub(crate) mod inside;
mod line;
mod million_keys;
mod namespace;
mod pair;
mod probe_kinds;
mod probe_report;
pub(crate) mod probed;
mod prober;
mod probes;
mod redis;
mod report;
mod servers;
pub(crate) mod size;
mod size_hosts;
mod startup;
mod stolen;
mod strace;
mod target;
mod together;
mod used_redis;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use anyhow::{Context, Result};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use figures::Figures;
use floor::Floor;
use namespace::Kind;
use pair::Pair;
use stolen::Clock;

/// Scrapes of all together are 15 s apart, and so few.
const TOGETHER: u32 = 8;

/// The subcommand as clap sees it.
pub(crate) fn command() -> Command {
    Command::new("bench")
        .about("Measures an exporter beside upstream's, same flags, in one run; or dashboards")
        .subcommand(dashboards::command())
        .args_conflicts_with_subcommands(true)
        .args(pair::arguments())
        .args([
            Arg::new("exporter")
                .long("exporter")
                .value_name("NAME")
                .value_parser(["node", "container", "blackbox", "redis", "all"])
                .default_value("node")
                .help("Which; container needs root and a dockerd to start for itself; all: what they take together on a host"),
            Arg::new("container-exporter")
                .long("container-exporter")
                .value_name("FILE")
                .value_parser(value_parser!(std::path::PathBuf))
                .help("Our program for containers [default: beside lab, then PATH]"),
            Arg::new("part")
                .long("part")
                .value_name("PART")
                .value_parser(["containers", "cgroups"])
                .help("Of container: only beside cAdvisor on real containers, or only how it grows with cgroups"),
            Arg::new("blackbox-exporter")
                .long("blackbox-exporter")
                .value_name("FILE")
                .value_parser(value_parser!(std::path::PathBuf))
                .help("Our program for probes [default: beside lab, then PATH]"),
            Arg::new("redis-exporter")
                .long("redis-exporter")
                .value_name("FILE")
                .value_parser(value_parser!(std::path::PathBuf))
                .help("Our program for Redis [default: beside lab, then PATH]"),
            Arg::new("scrapes")
                .long("scrapes")
                .value_name("NUMBER")
                .value_parser(value_parser!(u32).range(1..))
                .default_value("1000")
                .help("How many scrapes of each are counted; of blackbox, how many probes of each kind"),
            Arg::new("targets")
                .long("targets")
                .value_name("NUMBER")
                .value_parser(value_parser!(u32).range(1..=1_000_000))
                .default_value("20000")
                .help("Of blackbox: how many targets there are when 20,000 are probed a minute"),
            Arg::new("strict")
                .long("strict")
                .action(ArgAction::SetTrue)
                .help("Exit with 1 when a target is missed"),
        ])
}

/// Measures, and prints each table as soon as it is there.
///
/// # Errors
/// A program is missing, does not start or does not answer.
pub(crate) fn run(arguments: &ArgMatches) -> Result<ExitCode> {
    let before = Clock::now();
    let met = measure(arguments)?;
    if let Some((before, now)) = before.zip(Clock::now()) {
        say(&before.told(now))?;
    }
    Ok(if met || !is_strict(arguments) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// A target that was missed is a failure only where that is wanted.
fn is_strict(arguments: &ArgMatches) -> bool {
    let own = arguments.subcommand().map_or(arguments, |(_, own)| own);
    own.get_flag("strict")
}

/// Whether every target was met.
fn measure(arguments: &ArgMatches) -> Result<bool> {
    if let Some((dashboards::NAME, arguments)) = arguments.subcommand() {
        return runtime()?.block_on(dashboards::all(arguments));
    }
    let scrapes = *arguments.get_one("scrapes").context("--scrapes has a default")?;
    match arguments.get_one::<String>("exporter").map(String::as_str) {
        Some("container") => runtime()?.block_on(containers::all(arguments, scrapes)),
        Some("blackbox") => runtime()?.block_on(probes::all(arguments, scrapes)),
        Some("redis") => runtime()?.block_on(redis::all(arguments, scrapes)),
        Some("all") => runtime()?.block_on(together::all(arguments, scrapes.min(TOGETHER))),
        _ => runtime()?.block_on(all(&Pair::from_matches(arguments)?, scrapes)),
    }
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting the runtime")
}

/// Whether every target was met.
async fn all(pair: &Pair, scrapes: u32) -> Result<bool> {
    say(&report::heading(pair, scrapes)?)?;
    let floor = Floor::find(pair).await;
    let figures = Figures::measure(pair, scrapes, floor.as_ref().ok()).await?;
    let comparison = report::comparison(&figures);
    say(&comparison.text)?;
    let reading = report::floor(&figures, floor.as_ref());
    say(&reading.text)?;
    drop(floor);
    say(report::GROWTH)?;
    say(&report::growth("CPUs", &cpus::curve(pair).await))?;
    for kind in [Kind::Mounts, Kind::Devices] {
        say(&report::growth(kind.units(), &namespace::curve(pair, kind)))?;
    }
    Ok(comparison.met && reading.met)
}

fn say(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .context("writing to standard output")
}
