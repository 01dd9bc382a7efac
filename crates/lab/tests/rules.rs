//! prometheus/: promtool accepts all of it, its tests pass, and no threshold can move without a test that fails.
#![expect(clippy::disallowed_methods, reason = "these tests run promtool")]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use tempfile::TempDir;

#[test]
fn promtool_accepts_the_configuration() {
    let output = promtool(&["check", "config"], &[prometheus().join("prometheus.yml")]);
    assert!(output.status.success(), "{}", text(&output));
}

#[test]
fn promtool_finds_nothing_to_complain_of_in_the_rules() {
    let output = promtool(
        &["check", "rules", "--lint=all", "--lint-fatal"],
        &yaml(&prometheus().join("rules")),
    );
    assert!(output.status.success(), "{}", text(&output));
}

#[test]
fn the_rules_own_tests_pass() {
    let output = test_rules(&prometheus().join("rules"));
    assert!(output.status.success(), "{}", text(&output));
}

#[test]
fn every_moved_number_makes_a_test_fail() {
    for file in yaml(&prometheus().join("rules")) {
        let original = fs::read_to_string(&file).expect("a text file");
        for (line, mutant) in mutants(&original) {
            let copy = copy_of_rules();
            fs::write(copy.path().join(file.file_name().expect("a file")), &mutant).expect("the copy is ours");
            assert!(
                !test_rules_of(&file, copy.path()),
                "{}: no test notices {line:?}",
                file.display()
            );
        }
    }
}

#[test]
fn every_alert_has_severity_texts_and_a_runbook() {
    let mut alerts = 0;
    for file in yaml(&prometheus().join("rules")) {
        let rules = fs::read_to_string(&file).expect("a text file");
        for alert in rules.split("- alert: ").skip(1) {
            let name = alert.lines().next().expect("a first line").trim();
            let runbook = format!("docs/runbooks/{name}.md");
            for key in [
                "for: ",
                "severity: ",
                "summary: ",
                "description: ",
                &format!("runbook_url: {runbook}\n"),
            ] {
                assert!(alert.contains(key), "{name} lacks {key:?}");
            }
            let page = fs::read_to_string(prometheus().join("..").join(&runbook)).unwrap_or_default();
            assert!(
                page.starts_with(&format!("# {name}\n")),
                "{runbook} is not the page of {name}"
            );
            alerts += 1;
        }
    }
    assert!(alerts > 0, "prometheus/rules has no alerts");
}

/// Each number of a rule that decides when it speaks, one step up and one down: what changed, and the whole text.
fn mutants(original: &str) -> Vec<(String, String)> {
    let lines = original.lines().enumerate().filter(|(_, line)| decides(line));
    let changed = lines.flat_map(|(number, line)| steps(line).into_iter().map(move |mutant| (number, mutant)));
    changed
        .map(|(number, mutant)| (mutant.clone(), replace_line(original, number, &mutant)))
        .collect()
}

fn decides(line: &str) -> bool {
    let line = line.trim_start();
    !["#", "summary:", "description:"]
        .iter()
        .any(|start| line.starts_with(start))
}

fn replace_line(text: &str, number: usize, new: &str) -> String {
    text.lines()
        .enumerate()
        .map(|(at, line)| format!("{}\n", if at == number { new } else { line }))
        .collect()
}

/// `> 0.8` becomes `> 0.79` and `> 0.81`, `for: 10m` becomes 9 and 11, `[5m]` becomes 4 and 6.
fn steps(line: &str) -> Vec<String> {
    const BEFORE: [&str; 5] = ["> ", "< ", "== ", "for: ", "["];
    let at = BEFORE
        .iter()
        .flat_map(|before| line.match_indices(before).map(|(start, found)| start + found.len()));
    at.flat_map(|start| {
        let (head, tail) = line.split_at(start);
        let end = tail
            .find(|char: char| !char.is_ascii_digit() && char != '.')
            .unwrap_or(tail.len());
        let (number, rest) = tail.split_at(end);
        moved(number)
            .into_iter()
            .map(move |number| format!("{head}{number}{rest}"))
    })
    .collect()
}

fn moved(number: &str) -> Vec<String> {
    match number.parse::<f64>() {
        // To move "nothing" down is no change for what cannot be negative.
        Ok(0.0) => vec!["1000".to_owned()],
        Ok(value) if number.contains('.') => vec![(value - 0.01).to_string(), (value + 0.01).to_string()],
        Ok(value) => vec![(value - 1.0).to_string(), (value + 1.0).to_string()],
        Err(_) => Vec::new(),
    }
}

fn copy_of_rules() -> TempDir {
    let to = tempfile::tempdir().expect("a temporary directory");
    fs::create_dir(to.path().join("tests")).expect("a folder for the tests");
    for folder in ["", "tests"] {
        for file in yaml(&prometheus().join("rules").join(folder)) {
            fs::copy(&file, to.path().join(folder).join(file.file_name().expect("a file"))).expect("the copy is ours");
        }
    }
    to
}

fn test_rules(rules: &Path) -> Output {
    promtool(&["test", "rules"], &yaml(&rules.join("tests")))
}

/// Whether the tests that load one file of rules pass; the others need not run for a mutant of it.
fn test_rules_of(file: &Path, rules: &Path) -> bool {
    let name = file.file_name().expect("a file").to_string_lossy();
    let loads = |test: &PathBuf| {
        fs::read_to_string(test)
            .expect("a text file")
            .contains(&format!("../{name}"))
    };
    let tests = yaml(&rules.join("tests")).into_iter().filter(loads);
    tests
        .map(|test| promtool(&["test", "rules"], &[test]))
        .all(|output| output.status.success())
}

/// promtool from $PROMETHEUS_DIR, else from PATH.
fn promtool(args: &[&str], files: &[PathBuf]) -> Output {
    let program = env::var_os("PROMETHEUS_DIR")
        .map_or_else(PathBuf::new, PathBuf::from)
        .join("promtool");
    let output = Command::new(&program).args(args).args(files).output();
    output.expect("no promtool in $PROMETHEUS_DIR or on PATH: run deploy/prepare.sh test first")
}

fn prometheus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../prometheus")
}

fn yaml(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder)
        .expect("a folder of rules")
        .map(|entry| entry.expect("an entry").path());
    files
        .filter(|file| file.extension().is_some_and(|extension| extension == "yml"))
        .collect()
}

fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}
