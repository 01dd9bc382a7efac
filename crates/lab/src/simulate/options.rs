//! The flags of `lab simulate`.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

/// What the flags say.
pub(super) struct Options {
    pub(super) list: bool,
    /// Names of scenarios or alerts; empty: all.
    pub(super) only: Vec<String>,
    pub(super) json: bool,
    pub(super) for_real: bool,
    pub(super) state_dir: PathBuf,
    /// That of a stack of compose; `None`: it is that of a `lab up`.
    pub(super) project: Option<String>,
    /// Docker's socket.
    pub(super) docker: String,
}

/// The subcommand as clap sees it.
pub(crate) fn command() -> Command {
    let flag = |name: &'static str, help: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
    Command::new("simulate")
        .about("Makes alerts happen for real on lab up --drill or on compose, and waits until each is told and has cleared")
        .args([
            flag(
                "list",
                "Say what there is, and which alerts cannot be made to happen and why",
            ),
            Arg::new("only")
                .long("only")
                .value_name("NAME,...")
                .value_delimiter(',')
                .action(ArgAction::Append)
                .help("Only these scenarios, by their name or an alert's"),
            flag("json", "Print JSON, at the end"),
            flag(
                "for-real",
                "Also where alerts take as long as they really do: some hours",
            ),
            Arg::new("state-dir")
                .long("state-dir")
                .value_name("DIR")
                .value_parser(value_parser!(PathBuf))
                .default_value(".lab")
                .help("That of lab up"),
            Arg::new("compose")
                .long("compose")
                .value_name("PROJECT")
                .num_args(0..=1)
                .require_equals(true)
                .default_missing_value("pilotlight")
                .help("On the containers of deploy/compose.yaml with compose.drill.yaml, instead of lab up"),
            Arg::new("docker")
                .long("docker")
                .value_name("SOCKET")
                .default_value("unix:///var/run/docker.sock")
                .help("Where --compose asks Docker"),
        ])
}

impl Options {
    /// # Errors
    /// Only if `matches` are not those of [`command`].
    pub(super) fn from_matches(matches: &ArgMatches) -> Result<Self> {
        let only = matches.get_many::<String>("only").into_iter().flatten();
        Ok(Self {
            list: matches.get_flag("list"),
            only: only.cloned().collect(),
            json: matches.get_flag("json"),
            for_real: matches.get_flag("for-real"),
            state_dir: matches
                .get_one("state-dir")
                .cloned()
                .context("--state-dir has a default")?,
            project: matches.get_one("compose").cloned(),
            docker: matches.get_one("docker").cloned().context("--docker has a default")?,
        })
    }
}
