//! The person's tool around the exporters: runs the stack on one machine, without containers. One subcommand is one file.
#![forbid(unsafe_code)]

mod ask;
mod bench;
mod console;
mod dashboards;
mod drill;
mod hash_password;
mod lint_dashboards;
mod load;
mod plot;
mod program;
mod query;
mod simulate;
mod up;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::Command;

fn main() -> ExitCode {
    let outcome = match command().get_matches().subcommand() {
        Some(("bench", arguments)) => bench::run(arguments),
        Some((bench::inside::NAME, arguments)) => bench::inside::run(arguments),
        Some((bench::probed::NAME, arguments)) => bench::probed::run(arguments),
        Some(("console", arguments)) => console::run(arguments),
        Some(("dashboards", arguments)) => dashboards::run(arguments),
        Some(("hash-password", arguments)) => hash_password::run(arguments),
        Some(("drill", arguments)) => drill::run(arguments),
        Some(("plot", arguments)) => plot::run(arguments),
        Some(("query", arguments)) => query::run(arguments),
        Some(("lint-dashboards", arguments)) => lint_dashboards::run(arguments),
        Some(("load", arguments)) => load::run(arguments),
        Some(("simulate", arguments)) => simulate::run(arguments),
        Some(("size", arguments)) => bench::size::run(arguments),
        Some(("up", arguments)) => up::run(arguments),
        _ => unreachable!("clap demands a subcommand that command() names"),
    };
    outcome.unwrap_or_else(|error| {
        complain(&error);
        ExitCode::FAILURE
    })
}

/// Says an error in one line. Where not even that can be written, the exit code still tells.
fn complain(error: &anyhow::Error) {
    drop(writeln!(io::stderr(), "lab: {error:#}"));
}

fn command() -> Command {
    Command::new("lab")
        .about("Runs the whole stack on this machine without containers, and looks at it")
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands([
            bench::command(),
            bench::inside::command(),
            bench::probed::command(),
            console::command(),
            dashboards::command(),
            hash_password::command(),
            drill::command(),
            lint_dashboards::command(),
            load::command(),
            plot::command(),
            query::command(),
            simulate::command(),
            bench::size::command(),
            up::command(),
        ])
}
