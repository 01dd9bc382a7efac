//! A VictoriaMetrics, and what it holds.

use std::path::Path;

use serde_json::Value;

use crate::{running::Running, tools};

/// A store of samples. `None`: there is no such program here.
pub(crate) fn victoria_metrics(folder: &Path, address: &str, flags: &[&str]) -> Option<Running> {
    let program = tools::find(&["victoria-metrics", "victoria-metrics-prod"])?;
    let mut arguments = vec![
        format!("-storageDataPath={}", folder.join("victoria").display()),
        format!("-httpListenAddr={address}"),
        "-retentionPeriod=1d".to_owned(),
    ];
    arguments.extend(flags.iter().map(|flag| (*flag).to_owned()));
    Some(Running::start(&program, &arguments, address, folder))
}

/// What a store holds of a series: a row for each one that matches, `{"metric", "values", "timestamps"}`.
pub(crate) fn exported(store: &Running, series: &str, parameters: &str) -> Vec<Value> {
    let series: String = series.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let answer = store.get(&format!("/api/v1/export?match[]={series}{parameters}"));
    let rows = answer.lines().map(serde_json::from_str);
    rows.map(|row| row.expect("a row of JSON")).collect()
}
