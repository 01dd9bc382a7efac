//! `lab lint-dashboards` as a person runs it: what it prints, and its exit codes.
#![expect(clippy::disallowed_methods, reason = "these tests run lab")]

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn lint(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lab"))
        .arg("lint-dashboards")
        .args(args)
        .current_dir(root())
        .output()
        .expect("lab can be started")
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).expect("lab prints text")
}

#[test]
fn the_repositorys_dashboards_are_clean() {
    let output = lint(&[]);
    assert_eq!(
        (output.status.code(), text(&output.stdout)),
        (Some(0), ""),
        "{}",
        text(&output.stderr)
    );
    assert!(
        text(&output.stderr).ends_with("nothing to complain of\n"),
        "{}",
        text(&output.stderr)
    );
}

/// What must never get through, done to a copy of a real dashboard: the change, and the rule that notices.
const SPOILED: [(&str, &str, &str); 3] = [
    ("avg by (mode) (rate(", "avg by (mode) rate(", "promql"),
    ("node_memory_MemFree_bytes", "node_memory_MemFre_bytes", "metric"),
    ("\"unit\": \"Bps\"", "\"unit\": \"s\"", "unit"),
];

#[test]
fn a_broken_query_a_missing_metric_and_a_wrong_unit_are_findings() {
    let good = fs::read_to_string(root().join("grafana/dashboards/System/node.json")).expect("a dashboard");
    for (from, to, rule) in SPOILED {
        let folder = tempfile::tempdir().expect("a temporary directory");
        copy(&root().join("grafana/dashboards"), folder.path());
        assert!(good.contains(from), "{from}");
        fs::write(folder.path().join("System/node.json"), good.replacen(from, to, 1)).expect("the copy is ours");
        let output = lint(&[folder.path().to_str().expect("a plain name"), "--json"]);
        let findings: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let rules = findings
            .as_array()
            .expect("a list")
            .iter()
            .map(|one| one["rule"].clone());
        let mut rules: Vec<Value> = rules.collect();
        rules.dedup();
        assert_eq!(
            (output.status.code(), rules),
            (Some(1), vec![Value::from(rule)]),
            "{to}: {findings}"
        );
        assert_eq!(findings[0]["file"], "System/node.json");
    }
}

fn copy(from: &Path, to: &Path) {
    for folder in fs::read_dir(from).expect("dashboards") {
        let folder = folder.expect("an entry").path();
        let into = to.join(folder.file_name().expect("a name"));
        fs::create_dir(&into).expect("the copy is ours");
        for file in fs::read_dir(folder).expect("a folder of dashboards") {
            let file = file.expect("an entry").path();
            fs::copy(&file, into.join(file.file_name().expect("a name"))).expect("the copy is ours");
        }
    }
}

#[test]
fn what_cannot_be_looked_at_is_said() {
    let empty = tempfile::tempdir().expect("a temporary directory");
    let folder = empty.path().to_str().expect("a plain name");
    for args in [[folder, "--json"], ["--root", folder]] {
        let output = lint(&args);
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), ""));
        assert!(text(&output.stderr).starts_with("lab: "), "{}", text(&output.stderr));
    }
}

#[test]
fn a_programs_metrics_become_a_list() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_lab"))
        .args(["lint-dashboards", "--capture"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("lab can be started");
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin
        .write_all(b"# TYPE a_total counter\na_total{x=\"1\"} 1\n")
        .expect("it is read");
    drop(stdin);
    let output = child.wait_with_output().expect("lab is our child");
    assert_eq!(
        (output.status.code(), text(&output.stdout)),
        (Some(0), "a_total counter x\n")
    );
}
