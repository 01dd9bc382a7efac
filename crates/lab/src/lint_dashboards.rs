//! `lab lint-dashboards`: what dashboards must hold, and the lists of metrics that they are compared with.

use std::{
    io::{self, Read, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result, anyhow};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use dashboards::lint::{Finding, RULES, Sources, World, capture, check, read_boards};

/// Something was found.
const FOUND: u8 = 1;

/// The subcommand.
pub(crate) fn command() -> Command {
    let switch =
        |name: &'static str, help: &'static str| Arg::new(name).long(name).help(help).action(ArgAction::SetTrue);
    Command::new("lint-dashboards")
        .about(
            "Says what is wrong with Grafana's dashboards: exits 0 for nothing, 1 for findings, 2 when it cannot look",
        )
        .args([
            Arg::new("DIR")
                .help("The folder of dashboards [default: grafana/dashboards in --root]")
                .value_parser(value_parser!(PathBuf)),
            Arg::new("root")
                .long("root")
                .value_name("DIR")
                .help("The repository: its rules and the exporters' pages say which metrics there are")
                .default_value(".")
                .value_parser(value_parser!(PathBuf)),
            switch("json", "Prints findings as a JSON array"),
            switch("list-rules", "Prints the rules and ends"),
            switch(
                "capture",
                "Reads a program's metrics from standard input, prints them as a list for grafana/catalogue and ends",
            ),
        ])
}

/// # Errors
/// Findings cannot be printed. What cannot be read is said, with an exit code of its own.
pub(crate) fn run(arguments: &ArgMatches) -> Result<ExitCode> {
    if arguments.get_flag("list-rules") {
        let rules = RULES.iter().map(|rule| format!("{:18} {}\n", rule.name, rule.about));
        return say(&rules.collect::<String>()).map(|()| ExitCode::SUCCESS);
    }
    if arguments.get_flag("capture") {
        return list().map(|()| ExitCode::SUCCESS);
    }
    let root = arguments.get_one::<PathBuf>("root").context("--root has a default")?;
    match lint(root, arguments.get_one::<PathBuf>("DIR")) {
        Ok((files, findings)) => report(files, &findings, arguments.get_flag("json")),
        Err(error) => {
            super::complain(&error);
            Ok(ExitCode::from(2))
        }
    }
}

/// How many dashboards there are, and what is wrong with them.
fn lint(root: &Path, folder: Option<&PathBuf>) -> Result<(usize, Vec<Finding>)> {
    let world = World::read(&Sources {
        rules: root.join("prometheus/rules"),
        pages: root.join("docs"),
        lists: root.join("grafana/catalogue"),
    })
    .context("run it in the repository, or name that with --root")?;
    let folder = folder.cloned().unwrap_or_else(|| root.join("grafana/dashboards"));
    let boards = read_boards(&folder)?;
    Ok((boards.len(), check(&world, &boards)))
}

fn report(files: usize, findings: &[Finding], json: bool) -> Result<ExitCode> {
    if json {
        say(&format!("{}\n", serde_json::to_string_pretty(findings)?))?;
    } else {
        say(&findings
            .iter()
            .map(|finding| format!("{finding}\n"))
            .collect::<String>())?;
    }
    if findings.is_empty() {
        drop(writeln!(
            io::stderr(),
            "{files} dashboards, {} rules: nothing to complain of",
            RULES.len()
        ));
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::from(FOUND))
}

fn list() -> Result<()> {
    let mut metrics = Vec::new();
    io::stdin()
        .read_to_end(&mut metrics)
        .context("reading standard input")?;
    let families =
        capture(&metrics).map_err(|why| anyhow!("standard input has no metrics in the text format: {why}"))?;
    say(&families.list())
}

fn say(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .context("writing to standard output")
}
