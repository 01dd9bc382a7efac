//! The files in tests/config, which ours takes or refuses in words (see tests/config.rs): upstream does the same.

use std::path::{Path, PathBuf};

use crate::programs::{run_program, upstream};

/// Files of which upstream thinks otherwise, and why.
const DIFFERENCES: &[(&str, &str)] = &[
    ("dns-regexp.bad.yml", "refused at load, not at each probe"),
    ("module-twice.bad.yml", "the parser's words"),
    ("oauth2-grant-type.bad.yml", "what is not there is refused"),
    ("prober-empty.bad.yml", "refused at load, not at each probe"),
    ("prober.bad.yml", "refused at load, not at each probe"),
    ("timeout-without-unit.bad.yml", "the parser's words"),
    (
        "two-documents.bad.yml",
        "upstream reads the first and forgets the second",
    ),
    ("unknown-anchor.bad.yml", "the parser's words"),
    ("unknown-key.bad.yml", "the parser's words"),
];

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config");
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|end| end == "yml"))
        .collect();
    paths.sort();
    paths
}

/// What is wrong with what upstream thinks of a file, in ours' words; `None`: nothing.
fn disagreement(upstream: &Path, path: &Path) -> Option<String> {
    let output = run_program(
        upstream,
        &["--config.check", &format!("--config.file={}", path.display())],
    );
    let log = String::from_utf8_lossy(&output.stderr);
    let text = std::fs::read_to_string(path).unwrap();
    let good = path.to_str().unwrap().ends_with(".good.yml");
    let words = text
        .lines()
        .next()
        .and_then(|line| line.strip_prefix("# "))
        .unwrap_or("EOF");
    // Its log quotes.
    let words = words.replace('\\', "\\\\").replace('"', "\\\"");
    let agrees = match good {
        true => output.status.code() == Some(0),
        false => output.status.code() == Some(1) && log.contains(&words),
    };
    (!agrees).then(|| format!("{:?} {log}", output.status.code()))
}

#[test]
fn upstream_takes_and_refuses_the_same_files() {
    let Some(upstream) = upstream() else {
        return;
    };
    let mut wrong = Vec::new();
    for path in files() {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let listed = DIFFERENCES.iter().any(|(file, _)| *file == name);
        let found = disagreement(&upstream, &path);
        match found {
            Some(text) if !listed => wrong.push(format!("{name}: {text}")),
            None if listed => wrong.push(format!("{name}: is listed, and is no difference")),
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
