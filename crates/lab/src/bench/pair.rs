//! The two programs of the comparison, and the flags that both get.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result};
use clap::{Arg, ArgAction, ArgMatches, value_parser};

use super::target::Target;
use crate::program;

const UPSTREAM: [&str; 2] = ["node_exporter", "prometheus-node-exporter"];

/// Ours and upstream's, in this order wherever there are two of something.
pub(super) struct Pair {
    pub(super) programs: [PathBuf; 2],
    pub(super) flags: Vec<String>,
}

/// The arguments that name them.
pub(super) fn arguments() -> [Arg; 3] {
    [
        file("node-exporter").help("Our program [default: beside lab, then PATH]"),
        file("upstream").help("Upstream's program [default: the exporter's usual names on PATH]"),
        Arg::new("flag")
            .long("flag")
            .value_name("FLAG")
            .num_args(1)
            .action(ArgAction::Append)
            .allow_hyphen_values(true)
            .help("A flag for both programs, such as --flag=--no-collector.netstat; may be repeated"),
    ]
}

fn file(name: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .value_name("FILE")
        .value_parser(value_parser!(PathBuf))
}

impl Pair {
    /// # Errors
    /// A program is missing.
    pub(super) fn from_matches(arguments: &ArgMatches) -> Result<Self> {
        let given = |name: &str| arguments.get_one::<PathBuf>(name).map(PathBuf::as_path);
        Ok(Self {
            programs: [
                program::ours("node-exporter", given("node-exporter"), None)?,
                program::upstream(&UPSTREAM, given("upstream"))?,
            ],
            flags: arguments.get_many("flag").unwrap_or_default().cloned().collect(),
        })
    }

    /// What [`Pair::from_matches`] reads back to the same.
    pub(super) fn to_arguments(&self) -> Vec<String> {
        let [ours, upstream] = self.programs.each_ref().map(|program| program.display());
        let programs = [format!("--node-exporter={ours}"), format!("--upstream={upstream}")];
        let flags = self.flags.iter().map(|flag| format!("--flag={flag}"));
        programs.into_iter().chain(flags).collect()
    }

    /// Both, started and ready, with `more` flags.
    ///
    /// # Errors
    /// One does not start or does not answer.
    pub(super) async fn start(&self, more: &[String]) -> Result<[Target; 2]> {
        let flags = [self.flags.as_slice(), more].concat();
        let [ours, upstream] = &self.programs;
        Ok([
            Target::start(&[ours.as_os_str()], &flags).await?,
            Target::start(&[upstream.as_os_str()], &flags).await?,
        ])
    }
}

/// What a program calls its version, or nothing.
///
/// # Errors
/// It does not start.
#[expect(
    clippy::disallowed_methods,
    reason = "to run other programs is what lab is for; exporters never do"
)]
pub(super) fn version(program: &Path) -> Result<String> {
    let output = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("starting {}", program.display()))?;
    // Older programs of upstream's say it on standard error.
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    // redis_exporter has it in a line of its log.
    let version = text.split_once("version ").or_else(|| text.split_once("Exporter "));
    let version = version.map_or("", |(_, rest)| rest);
    Ok(version.split_whitespace().next().unwrap_or_default().to_owned())
}
