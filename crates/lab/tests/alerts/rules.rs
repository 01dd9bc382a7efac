//! The alerts of prometheus/rules, and what the tests of the rules have found.

use std::{collections::BTreeMap, fs, path::PathBuf};

use serde_json::Value;

use crate::root;

/// An alert, perhaps of several rules with one name.
pub(crate) struct Alert {
    pub(crate) name: String,
    /// How many cases of promtool's unit tests are about it.
    pub(crate) cases: usize,
}

/// All, by name.
pub(crate) fn all() -> Vec<Alert> {
    let rules = texts("prometheus/rules");
    let tests = texts("prometheus/rules/tests");
    let names = rules
        .iter()
        .flat_map(|text| text.lines())
        .filter_map(|line| line.trim_start().strip_prefix("- alert: "));
    let mut names: Vec<&str> = names.map(str::trim).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(|name| alert(name, &tests)).collect()
}

fn alert(name: &str, tests: &[String]) -> Alert {
    let is_case = |line: &&str| {
        let named = line.split_once("alertname: ").map(|(_, rest)| rest);
        named.is_some_and(|rest| rest.split(|char: char| !char.is_ascii_alphanumeric()).next() == Some(name))
    };
    Alert {
        name: name.to_owned(),
        cases: tests.iter().map(|text| text.lines().filter(is_case).count()).sum(),
    }
}

fn texts(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(folder)).expect("the folder is there");
    let files = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path: &PathBuf| path.is_file());
    files
        .map(|path| fs::read_to_string(path).expect("a text file"))
        .collect()
}

/// Of each alert, how many numbers were moved and how many of those were noticed, as the mutation gate has left it. `None`:
/// it has not run.
pub(crate) fn moved() -> Option<BTreeMap<String, (u64, u64)>> {
    let text = fs::read_to_string(PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("mutants.json")).ok()?;
    let all: BTreeMap<String, Value> = serde_json::from_str(&text).expect("the gate writes JSON");
    let numbers = |value: &Value| {
        (
            value["moved"].as_u64().unwrap_or(0),
            value["noticed"].as_u64().unwrap_or(0),
        )
    };
    Some(all.iter().map(|(name, value)| (name.clone(), numbers(value))).collect())
}
