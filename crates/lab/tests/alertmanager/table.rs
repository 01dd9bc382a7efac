//! deploy/alertmanager/tests/routes.yml: labels, and what becomes of them.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use serde::Deserialize;

use crate::{folder, tools::text};

pub(crate) type Labels = BTreeMap<String, String>;

/// A row of the table, which amlint reads as well.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) labels: Labels,
    #[serde(default)]
    pub(crate) expect: Vec<String>,
    /// What fires beside it.
    #[serde(default)]
    pub(crate) firing: Vec<Labels>,
    /// Whether that silences it.
    pub(crate) inhibited: Option<bool>,
}

#[derive(Deserialize)]
struct Table {
    tests: Vec<Case>,
}

pub(crate) fn cases() -> Vec<Case> {
    let text = fs::read_to_string(folder().join("tests/routes.yml")).expect("a text file");
    let table: Table = serde_saphyr::from_str(&text).expect("a table");
    table.tests
}

/// What amtool has to say against the receivers of a case.
pub(crate) fn wrong_receivers(amtool: &Path, config: &Path, case: &Case) -> Option<String> {
    if case.expect.is_empty() {
        return None;
    }
    let output = Command::new(amtool)
        .args(["config", "routes", "test", "--config.file"])
        .arg(config)
        .arg(format!("--verify.receivers={}", case.expect.join(",")))
        .args(case.labels.iter().map(|(name, value)| format!("{name}={value:?}")))
        .output()
        .expect("amtool can be started");
    (!output.status.success()).then(|| text(&output))
}
