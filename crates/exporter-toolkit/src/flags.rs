//! Command line flags as tables, from which parsing and help come, with the habits of Go programs: dots in names,
//! `--no-x` for every switch, `@file` for arguments from a file, an error for a flag that is given twice.

mod go_flag;
pub mod paper;

use std::borrow::Cow;
use std::collections::HashMap;
use std::ffi::OsString;
use std::sync::Arc;

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};

/// One flag.
#[derive(Clone, Debug)]
pub struct Flag {
    /// The long name without dashes.
    pub name: Cow<'static, str>,
    /// One sentence for `--help`.
    pub help: Cow<'static, str>,
    /// What it takes.
    pub takes: Takes,
    /// Accepted, but not shown in `--help`.
    pub hidden: bool,
}

/// What a flag takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Nothing: `--x` or `--no-x`, with this default.
    Switch(bool),
    /// One value, with this default.
    Value(&'static str),
    /// One value, absent unless given.
    Optional,
    /// Any number of values, one a flag, with this default for none.
    Many(&'static [&'static str]),
}

impl Takes {
    fn default_values(self) -> Vec<String> {
        match self {
            Self::Switch(default) => vec![default.to_string()],
            Self::Value(default) => vec![default.to_owned()],
            Self::Optional => vec![],
            Self::Many(defaults) => defaults.iter().map(ToString::to_string).collect(),
        }
    }
}

impl Flag {
    /// A switch.
    pub const fn switch(name: &'static str, default: bool, help: &'static str) -> Self {
        Self {
            name: Cow::Borrowed(name),
            help: Cow::Borrowed(help),
            takes: Takes::Switch(default),
            hidden: false,
        }
    }

    /// A flag with a value that has a default.
    pub const fn value(name: &'static str, default: &'static str, help: &'static str) -> Self {
        Self {
            name: Cow::Borrowed(name),
            help: Cow::Borrowed(help),
            takes: Takes::Value(default),
            hidden: false,
        }
    }

    /// A flag with a value that may be absent.
    pub const fn optional(name: &'static str, help: &'static str) -> Self {
        Self {
            name: Cow::Borrowed(name),
            help: Cow::Borrowed(help),
            takes: Takes::Optional,
            hidden: false,
        }
    }

    /// A flag that may be repeated.
    pub const fn many(name: &'static str, default: &'static [&'static str], help: &'static str) -> Self {
        Self {
            name: Cow::Borrowed(name),
            help: Cow::Borrowed(help),
            takes: Takes::Many(default),
            hidden: false,
        }
    }

    /// The same flag, not shown in `--help`.
    pub const fn hidden(mut self) -> Self {
        self.hidden = true;
        self
    }
}

/// How a program's users are used to type flags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Habit {
    /// Two dashes, `--no-x`, nothing twice: programs made with Go's kingpin.
    #[default]
    Kingpin,
    /// One dash or two, `-x=false`, the last of several: programs made with Go's own `flag`. Kingpin's ways do, too.
    GoFlag,
}

impl Habit {
    /// The arguments as [`Flags::parse`] takes them.
    pub fn rewrite(self, args: impl IntoIterator<Item = OsString>, table: &[Flag]) -> Vec<OsString> {
        let args = args.into_iter().collect();
        match self {
            Self::Kingpin => args,
            Self::GoFlag => go_flag::rewrite(args, table),
        }
    }
}

/// The flags as typed. Asking for a flag that is in no table is a defect of the program and gives the empty value.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    given: HashMap<String, Vec<String>>,
    /// Of all flags, some hundred, and shared by all copies.
    defaults: Arc<HashMap<Cow<'static, str>, Vec<String>>>,
}

/// Why the program does not go on after its flags were read.
#[derive(Debug, PartialEq, Eq)]
pub enum Stop {
    /// The text that `--help` asked for.
    Help(String),
    /// `--version` was asked for.
    Version,
    /// Wrong usage, in words that name the flag.
    Wrong(String),
}

impl Flags {
    /// Reads `args`, program name left out, by the tables given.
    ///
    /// # Errors
    /// [`Stop`] when there is something else to do than to run the program.
    pub fn parse<'t>(
        program: &'static str,
        about: &'static str,
        tables: impl IntoIterator<Item = &'t [Flag]>,
        args: impl IntoIterator<Item = OsString>,
    ) -> Result<Self, Stop> {
        let flags: Vec<Flag> = tables.into_iter().flatten().cloned().collect();
        let args = expand_files(args)?;
        // A program has some hundred flags, of which a few are typed: clap need not know the others, but for its help and
        // its errors.
        let typed: Vec<Flag> = flags.iter().filter(|flag| is_named(flag, &args)).cloned().collect();
        let parsed = command(program, about, &typed)
            .try_get_matches_from(&args)
            .or_else(|_| command(program, about, &flags).try_get_matches_from(&args));
        let matches = parsed.map_err(|error| match error.kind() {
            clap::error::ErrorKind::DisplayHelp => Stop::Help(error.render().to_string()),
            clap::error::ErrorKind::DisplayVersion => Stop::Version,
            _ => Stop::Wrong(error.render().to_string()),
        })?;
        Ok(Self::from_matches(&flags, &typed, &matches))
    }

    fn from_matches(flags: &[Flag], typed: &[Flag], matches: &ArgMatches) -> Self {
        let given = typed
            .iter()
            .filter_map(|flag| Some((flag.name.to_string(), given(flag, matches)?)));
        let defaults = flags
            .iter()
            .map(|flag| (flag.name.clone(), flag.takes.default_values()));
        Self {
            given: given.collect(),
            defaults: Arc::new(defaults.collect()),
        }
    }

    /// Gives a flag values as if they had been typed: for programs that have two flags for one thing.
    pub fn set(&mut self, name: &str, values: Vec<String>) {
        debug_assert!(self.defaults.contains_key(name), "no table has the flag --{name}");
        self.given.insert(name.to_owned(), values);
    }

    /// Whether the flag was typed, in either way.
    pub fn is_given(&self, name: &str) -> bool {
        self.given.contains_key(name)
    }

    /// A switch's state.
    pub fn switch(&self, name: &str) -> bool {
        self.many(name).first().is_some_and(|value| value == "true")
    }

    /// A flag's value, empty where there is none.
    pub fn value(&self, name: &str) -> &str {
        self.optional(name).unwrap_or_default()
    }

    /// A flag's value, typed or default.
    pub fn optional(&self, name: &str) -> Option<&str> {
        self.many(name).first().map(String::as_str)
    }

    /// All values of a flag, typed or default.
    pub fn many(&self, name: &str) -> &[String] {
        debug_assert!(self.defaults.contains_key(name), "no table has the flag --{name}");
        self.given
            .get(name)
            .or_else(|| self.defaults.get(name))
            .map_or(&[], Vec::as_slice)
    }
}

fn given(flag: &Flag, matches: &ArgMatches) -> Option<Vec<String>> {
    let typed = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
    match flag.takes {
        Takes::Switch(_) if typed(&flag.name) => Some(vec!["true".to_owned()]),
        Takes::Switch(_) => typed(&negative(flag)).then(|| vec!["false".to_owned()]),
        _ => matches
            .get_many::<String>(&flag.name)
            .map(|values| values.cloned().collect()),
    }
}

/// Whether one of the arguments may be this flag, in either way.
fn is_named(flag: &Flag, args: &[OsString]) -> bool {
    let names = args.iter().filter_map(|arg| arg.to_str()?.strip_prefix("--"));
    let mut names = names.map(|arg| arg.split_once('=').map_or(arg, |(name, _)| name));
    names.any(|name| name == flag.name || name.strip_prefix("no-") == Some(&*flag.name))
}

fn negative(flag: &Flag) -> String {
    format!("no-{}", flag.name)
}

fn command(program: &'static str, about: &'static str, flags: &[Flag]) -> Command {
    let command = Command::new(program)
        .about(about)
        .no_binary_name(true)
        .disable_help_flag(true)
        .disable_version_flag(true)
        .arg(
            Arg::new("help")
                .short('h')
                .long("help")
                .alias("help-long")
                .action(ArgAction::Help)
                .help("Show this help."),
        )
        .arg(
            Arg::new("version")
                .long("version")
                .action(ArgAction::Version)
                .help("Show the version."),
        )
        .version("");
    flags
        .iter()
        .fold(command, |command, flag| command.args(arguments(flag)))
}

fn arguments(flag: &Flag) -> Vec<Arg> {
    let arg = Arg::new(flag.name.to_string())
        .long(flag.name.to_string())
        .hide(flag.hidden);
    match flag.takes {
        Takes::Switch(default) => {
            let shown = if default { "enabled" } else { "disabled" };
            let arg = arg
                .action(ArgAction::SetTrue)
                .help(format!("{} [default: {shown}]", flag.help));
            let opposite = Arg::new(negative(flag))
                .long(negative(flag))
                .action(ArgAction::SetTrue)
                .hide(true);
            vec![arg.conflicts_with(negative(flag)), opposite]
        }
        Takes::Value("") | Takes::Optional => vec![arg.help(flag.help.to_string()).value_name("VALUE")],
        Takes::Value(default) => vec![
            arg.help(format!("{} [default: {default}]", flag.help))
                .value_name("VALUE"),
        ],
        Takes::Many(defaults) => {
            let default = if defaults.is_empty() {
                String::new()
            } else {
                format!(" [default: {}]", defaults.join(" "))
            };
            let help = format!("{} May be repeated.{default}", flag.help);
            vec![arg.action(ArgAction::Append).help(help).value_name("VALUE")]
        }
    }
}

/// Puts the lines of FILE in the place of each `@FILE`; blank lines and those that start with `#` do not count.
fn expand_files(args: impl IntoIterator<Item = OsString>) -> Result<Vec<OsString>, Stop> {
    let mut expanded = Vec::new();
    for arg in args {
        let Some(path) = arg.to_str().and_then(|text| text.strip_prefix('@')) else {
            expanded.push(arg);
            continue;
        };
        let text = std::fs::read_to_string(path)
            .map_err(|error| Stop::Wrong(format!("error: reading the arguments file {path}: {error}\n")))?;
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        expanded.extend(lines.map(OsString::from));
    }
    Ok(expanded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    const TABLE: &[Flag] = &[
        Flag::switch("collector.cpu", true, "Enable the cpu collector."),
        Flag::value("path.procfs", "/proc", "procfs mountpoint."),
        Flag::optional("collector.netdev.device-include", "Devices."),
        Flag::many("web.listen-address", &[":9100"], "Addresses."),
    ];

    fn parse(args: &[&str]) -> Result<Flags, Stop> {
        Flags::parse("x", "About.", [TABLE], args.iter().map(OsString::from))
    }

    #[test]
    fn defaults_hold_where_nothing_was_typed() {
        let flags = parse(&[]).unwrap();
        assert!(flags.switch("collector.cpu") && !flags.is_given("collector.cpu"));
        assert_eq!(flags.value("path.procfs"), "/proc");
        assert_eq!(flags.optional("collector.netdev.device-include"), None);
        assert_eq!(flags.many("web.listen-address"), [":9100"]);
    }

    #[test]
    fn both_ways_of_giving_a_value_and_both_ways_of_a_switch() {
        let args = [
            "--no-collector.cpu",
            "--path.procfs",
            "/a b",
            "--web.listen-address=:1",
            "--web.listen-address=:2",
        ];
        let flags = parse(&args).unwrap();
        assert!(!flags.switch("collector.cpu") && flags.is_given("collector.cpu"));
        assert_eq!(flags.value("path.procfs"), "/a b");
        assert_eq!(flags.many("web.listen-address"), [":1", ":2"]);
        assert_eq!(parse(&["--path.procfs=-x=y"]).unwrap().value("path.procfs"), "-x=y");
    }

    #[test]
    fn wrong_usage_names_the_flag() {
        for (args, named) in [
            (&["--bogus"][..], "--bogus"),
            (&["--path.procfs=/a", "--path.procfs=/b"], "--path.procfs"),
            (&["--collector.cpu", "--no-collector.cpu"], "--no-collector.cpu"),
            (&["--collector.cpu", "--collector.cpu"], "--collector.cpu"),
            (&["--collector.cpu=true"], "--collector.cpu"),
            (&["--no-path.procfs"], "--no-path.procfs"),
            (&["--path.procfs"], "--path.procfs"),
            (&["extra"], "extra"),
            (&["--path.procfs=/a", "--path.procfz=/b"], "--path.procfz"),
            (&["@/does/not/exist"], "/does/not/exist"),
        ] {
            match parse(args) {
                Err(Stop::Wrong(text)) => assert!(text.contains(named), "{args:?}: {text}"),
                other => panic!("{args:?}: {other:?}"),
            }
        }
    }

    #[test]
    fn help_and_version_stop_the_program() {
        assert!(matches!(parse(&["--help"]), Err(Stop::Help(text)) if text.contains("--path.procfs")));
        assert_eq!(parse(&["--version"]).err(), Some(Stop::Version));
        assert!(matches!(parse(&["--bogus", "--version"]), Err(Stop::Wrong(_))));
    }

    #[test]
    fn arguments_come_from_files_too() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(file, "# a comment\n\n--path.procfs=/from/file").unwrap();
        let flags = parse(&[&format!("@{}", file.path().display())]).unwrap();
        assert_eq!(flags.value("path.procfs"), "/from/file");
    }
}
