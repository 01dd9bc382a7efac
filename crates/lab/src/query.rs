//! `lab query`: what an expression says now, as a table or as JSON.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use ::dashboards::terminal::{instant_json, instant_table};
use anyhow::{Context, Result};
use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::{ask, plot::NO_DATA};

/// The subcommand as clap sees it.
pub(crate) fn command() -> Command {
    Command::new("query")
        .about("Says what an expression is now")
        .after_help("Exit codes: 0 there are values, 1 an error, 2 wrong usage, 3 there is no value.")
        .args([
            Arg::new("expr").value_name("EXPR").required(true).help("PromQL"),
            Arg::new("json")
                .long("json")
                .action(ArgAction::SetTrue)
                .help("Print JSON: a list of {labels, value, time}"),
        ])
        .args(ask::arguments())
}

/// # Errors
/// Prometheus does not say.
pub(crate) fn run(arguments: &ArgMatches) -> Result<ExitCode> {
    let expr: &String = arguments.get_one("expr").context("EXPR has no value")?;
    let asker = ask::asker(arguments)?;
    let outcome = ask::runtime()?.block_on(asker.client.query(expr, None))?;
    for warning in &outcome.warnings {
        writeln!(io::stderr(), "lab: note: {warning}").context("writing to standard error")?;
    }
    let text = if arguments.get_flag("json") {
        instant_json(&outcome.series)
    } else if outcome.series.is_empty() {
        String::new()
    } else {
        instant_table(&outcome.series)
    };
    io::stdout()
        .write_all(text.as_bytes())
        .context("writing to standard output")?;
    Ok(if outcome.series.is_empty() {
        writeln!(io::stderr(), "lab: no value: nothing matches, or nothing is so")
            .context("writing to standard error")?;
        NO_DATA.into()
    } else {
        ExitCode::SUCCESS
    })
}
