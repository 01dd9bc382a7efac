//! Manual pages and completions, as man and the shells understand them.

use std::{fs, process::Command};

use crate::{
    DAEMONS,
    built::built,
    run::{said, text},
};

/// What bash completes `words` to, the last of them under way.
fn completed_by_bash(name: &str, words: &[&str]) -> Vec<String> {
    let script = said(built(name), &["--completion-script-bash"]);
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("completion");
    fs::write(&file, script).expect("the script is written");
    let function = name.replace('-', "_");
    let ask = format!(
        "source {}; COMP_WORDS=({name} {}); COMP_CWORD={}; compopt() {{ :; }}; _{function}; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        file.display(),
        words.join(" "),
        words.len()
    );
    let answer = said("bash", &["-euc", &ask]);
    answer
        .lines()
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

#[test]
fn bash_completes_flags_and_leaves_values_to_file_names() {
    for (name, words, expected) in [
        ("node-exporter", &["--path.p"][..], &["--path.procfs="][..]),
        ("node-exporter", &["--no-collector.cpuf"], &["--no-collector.cpufreq"]),
        ("node-exporter", &["--path.procfs", "/ho"], &[]),
        ("blackbox-exporter", &["--config.c"], &["--config.check"]),
        ("redis-exporter", &["--redis.password-"], &["--redis.password-file="]),
        ("container-exporter", &["--docker_"], &["--docker_only"]),
        ("demo-app", &["--error"], &["--error-rate="]),
    ] {
        assert_eq!(completed_by_bash(name, words), expected, "{name} {words:?}");
    }
}

#[test]
fn kingpins_own_completion_script_finds_what_it_asks_for() {
    let words = said(built("node-exporter"), &["--completion-bash", "--web"]);
    assert!(words.lines().any(|word| word == "--collector.cpu"), "{words}");
}

#[test]
fn every_program_has_a_manual_page_of_its_flags() {
    for name in DAEMONS.map(|(name, _)| name).into_iter().chain(["demo-app"]) {
        let page = said(built(name), &["--help-man"]);
        assert!(
            page.contains("\n.B \\-\\-web.listen\\-address=VALUE\n"),
            "{name}: {page}"
        );
        let wrong = page
            .lines()
            .find(|line| line.starts_with('.') && !KNOWN.iter().any(|known| line.starts_with(known)));
        assert_eq!(wrong, None, "{name}: a line of text that is taken for a request");
    }
}

/// What man(7) is asked for.
const KNOWN: [&str; 11] = [
    ".\\\"", ".ad l", ".TH ", ".SH ", ".TP", ".B ", ".BR ", ".I ", ".IR ", ".RI ", ".PP",
];

#[test]
#[ignore = "needs man, zsh and fish: make test-packages"]
fn man_and_the_other_shells_understand_them() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in DAEMONS.map(|(name, _)| name) {
        for (flag, program, arguments) in [
            ("--help-man", "man", &["--warnings", "--local-file"][..]),
            ("--completion-script-zsh", "zsh", &["-n"]),
            ("--completion-script-fish", "fish", &["--no-execute"]),
        ] {
            let file = folder.path().join(format!("{name}{flag}"));
            fs::write(&file, said(built(name), &[flag])).expect("the paper is written");
            let output = Command::new(program)
                .args(arguments)
                .arg(&file)
                .env("MANWIDTH", "120")
                .output()
                .unwrap_or_else(|error| panic!("{program}: {error}; deploy/prepare.sh packages gets it"));
            assert!(
                output.status.success() && output.stderr.is_empty(),
                "{name}: {program} says {}",
                text(&output)
            );
        }
    }
}
