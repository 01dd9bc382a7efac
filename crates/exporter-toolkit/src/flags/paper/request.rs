//! Whether a command line asks for one of the papers, and which.

use std::ffi::OsString;

use super::super::{Flag, Habit, Takes};
use super::{completion, manual};

/// The program that a paper is about.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The binary's name.
    pub name: &'a str,
    /// One sentence on what it is.
    pub about: &'a str,
    /// Its version.
    pub version: &'a str,
    /// How its users type flags.
    pub habit: Habit,
    /// All its flags.
    pub flags: &'a [Flag],
}

/// The paper that `args` ask for, whatever else they say.
pub fn requested(subject: &Subject<'_>, args: &[OsString]) -> Option<String> {
    args.iter().find_map(|arg| match arg.to_str()? {
        "--help-man" => Some(manual::page(subject)),
        "--completion-script-bash" => Some(completion::bash(subject)),
        "--completion-script-zsh" => Some(completion::zsh(subject)),
        "--completion-script-fish" => Some(completion::fish(subject)),
        // What kingpin's own scripts call; they may be in somebody's profile.
        "--completion-bash" => Some(completion::words(subject).join("\n") + "\n"),
        _ => None,
    })
}

impl Subject<'_> {
    /// The flags that people are shown.
    pub(super) fn shown(&self) -> impl Iterator<Item = &Flag> {
        self.flags.iter().filter(|flag| !flag.hidden)
    }

    /// What turns a switch off that is on.
    pub(super) fn off(&self, flag: &Flag) -> Option<String> {
        match (flag.takes, self.habit) {
            (Takes::Switch(true), Habit::Kingpin) => Some(format!("no-{}", flag.name)),
            (Takes::Switch(true), Habit::GoFlag) => Some(format!("{}=false", flag.name)),
            _ => None,
        }
    }
}

/// Whether the flag is typed alone.
pub(super) fn is_switch(flag: &Flag) -> bool {
    matches!(flag.takes, Takes::Switch(_))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) const TABLE: &[Flag] = &[
        Flag::switch("collector.cpu", true, "Enable the 'cpu' collector [it's cheap]."),
        Flag::switch("web.systemd-socket", false, "Sockets of systemd."),
        Flag::value("path.regexp", r"^\d-", r".starts: with a dot, \ and $HOME"),
        Flag::many("web.listen-address", &[":9100", "vsock://:1"], "Addresses."),
        Flag::optional("secret", "Not for everybody.").hidden(),
    ];

    pub(in super::super) fn subject(habit: Habit) -> Subject<'static> {
        Subject {
            name: "x-exporter",
            about: "Metrics of x.",
            version: "1.2.3",
            habit,
            flags: TABLE,
        }
    }

    #[test]
    fn a_paper_is_given_to_those_who_ask_for_it() {
        let subject = subject(Habit::Kingpin);
        for (args, begins) in [
            (&["--help-man"][..], Some(".\\\"")),
            (&["--collector.cpu", "--completion-script-bash"], Some("_x_exporter()")),
            (&["--completion-script-zsh"], Some("#compdef x-exporter")),
            (&["--completion-script-fish"], Some("complete -c x-exporter")),
            (&["--completion-bash", "--c"], Some("--help\n")),
            (&["--help", "--collector.cpu"], None),
            (&[], None),
        ] {
            let args: Vec<_> = args.iter().map(OsString::from).collect();
            let paper = requested(&subject, &args);
            match begins {
                Some(begins) => assert!(paper.is_some_and(|text| text.starts_with(begins)), "{args:?}"),
                None => assert_eq!(paper, None, "{args:?}"),
            }
        }
    }
}
