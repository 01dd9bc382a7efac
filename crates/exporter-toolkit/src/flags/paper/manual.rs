//! The manual page, in man(7)'s language.

use super::super::{Flag, Habit, Takes};
use super::request::Subject;

/// The whole page. It has no date, so that the same program always writes the same one.
pub(super) fn page(subject: &Subject<'_>) -> String {
    let name = escaped(subject.name);
    let about = escaped(subject.about);
    let summary = about.trim_end_matches('.');
    let mut page = format!(
        ".\\\" Written by {name} \\-\\-help\\-man.\n\
         .TH {} 1 \"\" \"{}\" \"Pilotlight\"\n.ad l\n\
         .SH NAME\n{name} \\- {summary}\n\
         .SH SYNOPSIS\n.B {name}\n.RI [ FLAG ]...\n.RI [ @FILE ]...\n\
         .SH DESCRIPTION\n{about}\n.PP\n\
         The lines of a\n.I FILE\nstand in the place of\n.IR @FILE .\n{}\n\
         .SH OPTIONS\n",
        name.to_uppercase(),
        escaped(subject.version),
        habits(subject.habit),
    );
    option(&mut page, "-h, --help", "Show all flags.");
    option(&mut page, "--version", "Show the version.");
    option(&mut page, "--help-man", "Write this page.");
    option(
        &mut page,
        "--completion-script-{bash,zsh,fish}",
        "Write what a shell completes flags with.",
    );
    for flag in subject.shown() {
        option(&mut page, &spelling(flag, subject.habit), &meaning(flag));
    }
    page
}

fn habits(habit: Habit) -> &'static str {
    match habit {
        Habit::Kingpin => "A switch is turned off with\n.BR \\-\\-no\\-SWITCH .",
        Habit::GoFlag => {
            "One dash does as well as two, and a switch is turned off with\n.BR \\-\\-SWITCH=false .\n\
             Of a flag that is given several times, the last one holds."
        }
    }
}

fn option(page: &mut String, spelling: &str, meaning: &str) {
    page.push_str(&format!(".TP\n.B {}\n{}\n", escaped(spelling), escaped(meaning)));
}

fn spelling(flag: &Flag, habit: Habit) -> String {
    match (flag.takes, habit) {
        (Takes::Switch(_), Habit::Kingpin) => format!("--[no-]{}", flag.name),
        (Takes::Switch(_), Habit::GoFlag) => format!("--{}", flag.name),
        _ => format!("--{}=VALUE", flag.name),
    }
}

fn meaning(flag: &Flag) -> String {
    let default = match flag.takes {
        Takes::Switch(true) => "enabled".to_owned(),
        Takes::Switch(false) => "disabled".to_owned(),
        Takes::Value(default) => default.to_owned(),
        Takes::Optional => String::new(),
        Takes::Many(defaults) => defaults.join(" "),
    };
    let many = if matches!(flag.takes, Takes::Many(_)) {
        " May be repeated."
    } else {
        ""
    };
    let default = if default.is_empty() {
        default
    } else {
        format!(" Default: {default}")
    };
    format!("{}{many}{default}", flag.help)
}

/// Text that means itself: no requests, no escapes, and dashes that can be copied to a command line.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-").replace('\n', " ");
    if text.starts_with(['.', '\'']) {
        return format!("\\&{text}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::request::tests::subject;
    use super::*;

    #[test]
    fn the_page_has_each_flag_that_is_shown() {
        let page = page(&subject(Habit::Kingpin));
        let (head, options) = page.split_once(".SH OPTIONS\n").unwrap();
        assert!(
            head.contains("\n.TH X\\-EXPORTER 1 \"\" \"1.2.3\" \"Pilotlight\"\n"),
            "{head}"
        );
        assert!(
            head.contains("\n.ad l\n.SH NAME\nx\\-exporter \\- Metrics of x\n.SH SYNOPSIS\n"),
            "{head}"
        );
        let own = options.split_once("completes flags with.\n");
        assert_eq!(
            own.unwrap().1,
            ".TP\n.B \\-\\-[no\\-]collector.cpu\nEnable the 'cpu' collector [it's cheap]. Default: enabled\n\
             .TP\n.B \\-\\-[no\\-]web.systemd\\-socket\nSockets of systemd. Default: disabled\n\
             .TP\n.B \\-\\-path.regexp=VALUE\n\\&.starts: with a dot, \\e and $HOME Default: ^\\ed\\-\n\
             .TP\n.B \\-\\-web.listen\\-address=VALUE\nAddresses. May be repeated. Default: :9100 vsock://:1\n"
        );
    }

    #[test]
    fn switches_are_spelled_as_the_programs_users_do() {
        assert!(page(&subject(Habit::GoFlag)).contains(".B \\-\\-collector.cpu\n"));
    }
}
