//! Completion scripts. The flags stand in them, so that completing runs no program; values are completed as file names.

use super::super::{Flag, Takes};
use super::request::{Subject, is_switch};

/// What can be typed: flags, those with a value with a `=`, and what turns switches off.
pub(super) fn words(subject: &Subject<'_>) -> Vec<String> {
    let own = subject.shown().flat_map(|flag| {
        let value = if is_switch(flag) { "" } else { "=" };
        let off = subject.off(flag).map(|off| format!("--{off}"));
        [Some(format!("--{}{value}", flag.name)), off]
    });
    ["--help", "--version"]
        .into_iter()
        .map(|word| Some(word.to_owned()))
        .chain(own)
        .flatten()
        .collect()
}

pub(super) fn bash(subject: &Subject<'_>) -> String {
    let name = subject.name;
    let function = name.replace('-', "_");
    let words = words(subject).join("\n        ");
    format!(
        r#"_{function}() {{
    local flags='
        {words}
    '
    COMPREPLY=()
    if [[ ${{COMP_WORDS[COMP_CWORD]}} == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$flags" -- "${{COMP_WORDS[COMP_CWORD]}}")
        # The value follows at once.
        if [[ ${{COMPREPLY[0]-}} == *= ]]; then
            compopt -o nospace
        fi
    fi
}}
complete -o default -F _{function} {name}
"#
    )
}

pub(super) fn zsh(subject: &Subject<'_>) -> String {
    let name = subject.name;
    let mut script = format!("#compdef {name}\n\n_{name}() {{\n    _arguments");
    let mut spec = |text: String| script.push_str(&format!(" \\\n        '{}'", text.replace('\'', r"'\''")));
    spec("(- *)--help[Show all flags.]".to_owned());
    spec("(- *)--version[Show the version.]".to_owned());
    for flag in subject.shown() {
        let help = in_brackets(&flag.help);
        let many = if matches!(flag.takes, Takes::Many(_)) { "*" } else { "" };
        match is_switch(flag) {
            true => spec(format!("--{}[{help}]", flag.name)),
            false => spec(format!("{many}--{}=[{help}]:value:_files", flag.name)),
        }
        if let Some(off) = subject.off(flag) {
            spec(format!("--{off}[Turn off: {help}]"));
        }
    }
    script.push_str(&format!(
        "\n}}\n\nif [[ ${{funcstack[1]}} == _{name} ]]; then\n    _{name} \"$@\"\nelse\n    compdef _{name} {name}\nfi\n"
    ));
    script
}

fn in_brackets(help: &str) -> String {
    let escape = |text: String, character: char| text.replace(character, &format!("\\{character}"));
    ['\\', '[', ']', ':'].into_iter().fold(help.to_owned(), escape)
}

pub(super) fn fish(subject: &Subject<'_>) -> String {
    let mut script = String::new();
    let mut line = |word: &str, value: &str, help: &str| {
        let help = help.replace('\\', r"\\").replace('\'', r"\'");
        script.push_str(&format!("complete -c {} -l {word}{value} -d '{help}'\n", subject.name));
    };
    line("help", "", "Show all flags.");
    line("version", "", "Show the version.");
    for flag in subject.shown() {
        line(&flag.name, if is_switch(flag) { "" } else { " -r" }, &flag.help);
        if let Some(off) = subject.off(flag) {
            line(&off, "", &turned_off(flag));
        }
    }
    script
}

fn turned_off(flag: &Flag) -> String {
    format!("Turn off: {}", flag.help)
}

#[cfg(test)]
mod tests {
    use super::super::super::Habit;
    use super::super::request::tests::subject;
    use super::*;

    #[test]
    fn words_are_what_can_be_typed() {
        for (habit, off) in [
            (Habit::Kingpin, "--no-collector.cpu"),
            (Habit::GoFlag, "--collector.cpu=false"),
        ] {
            let expected = [
                "--help",
                "--version",
                "--collector.cpu",
                off,
                "--web.systemd-socket",
                "--path.regexp=",
                "--web.listen-address=",
            ];
            assert_eq!(words(&subject(habit)), expected);
        }
    }

    #[test]
    fn bash_is_told_the_words() {
        let script = bash(&subject(Habit::Kingpin));
        assert!(script.contains("\n        --no-collector.cpu\n"), "{script}");
        assert!(
            script.ends_with("complete -o default -F _x_exporter x-exporter\n"),
            "{script}"
        );
    }

    #[test]
    fn zsh_is_told_what_each_flag_takes() {
        let script = zsh(&subject(Habit::Kingpin));
        for line in [
            r"        '--collector.cpu[Enable the '\''cpu'\'' collector \[it'\''s cheap\].]' \",
            r"        '--no-collector.cpu[Turn off: Enable the '\''cpu'\'' collector \[it'\''s cheap\].]' \",
            r"        '--path.regexp=[.starts\: with a dot, \\ and $HOME]:value:_files' \",
            r"        '*--web.listen-address=[Addresses.]:value:_files'",
        ] {
            assert!(script.lines().any(|found| found == line), "{line}\n{script}");
        }
    }

    #[test]
    fn fish_is_told_which_flags_take_a_value() {
        let script = fish(&subject(Habit::Kingpin));
        for line in [
            r"complete -c x-exporter -l collector.cpu -d 'Enable the \'cpu\' collector [it\'s cheap].'",
            r"complete -c x-exporter -l path.regexp -r -d '.starts: with a dot, \\ and $HOME'",
        ] {
            assert!(script.lines().any(|found| found == line), "{line}\n{script}");
        }
        assert!(!script.contains("secret"), "{script}");
    }
}
