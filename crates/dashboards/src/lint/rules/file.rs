//! Rules about a file as a whole.

use serde_json::Value;

use crate::lint::{
    board::Board,
    check::{Neighbours, World},
    finding::Found,
};

const SCHEMA: u64 = 41;
/// Grafana's limit.
const LONGEST_UID: usize = 40;

pub(super) fn format(board: &Board, _: &World, _: &Neighbours, found: &mut Found<'_>) {
    let written = serde_json::to_string_pretty(&sorted(&board.raw)).unwrap_or_default() + "\n";
    if board.text != written {
        let pairs = written.lines().zip(board.text.lines());
        let line = pairs.take_while(|(wanted, is)| wanted == is).count() + 1;
        let file = &board.file;
        found.dashboard(format!(
            "line {line} is not as Grafana writes it; write the file anew with: jq -S . {file}"
        ));
    }
}

/// With sorted keys, whatever order a map keeps.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(name, _)| *name);
            let fields = fields.into_iter().map(|(name, value)| (name.clone(), sorted(value)));
            Value::Object(fields.collect())
        }
        Value::Array(values) => Value::Array(values.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

pub(super) fn schema(board: &Board, _: &World, _: &Neighbours, found: &mut Found<'_>) {
    if board.model.schema_version != Some(SCHEMA) {
        found.dashboard(format!("schemaVersion must be {SCHEMA}"));
    }
    for name in ["id", "iteration", "__inputs", "__requires", "__elements", "gnetId"] {
        if board.raw.get(name).is_some() {
            found.dashboard(format!("{name} belongs to one Grafana, or to one import; take it out"));
        }
    }
}

pub(super) fn editable(board: &Board, _: &World, _: &Neighbours, found: &mut Found<'_>) {
    if board.model.editable != Some(false) {
        found.dashboard("editable must be false: it is changed in the repository");
    }
}

pub(super) fn uid(board: &Board, _: &World, neighbours: &Neighbours, found: &mut Found<'_>) {
    let uid = &board.model.uid;
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if uid.is_empty() || uid.len() > LONGEST_UID || !uid.bytes().all(plain) {
        found.dashboard(format!("the uid {uid:?} must be 1 to {LONGEST_UID} of a-z, 0-9 and -"));
    }
    let others = neighbours.files.get(uid).into_iter().flatten();
    for other in others.filter(|file| **file != board.file) {
        found.dashboard(format!("{other} has the uid {uid:?}, too; give one of them another"));
    }
}

pub(super) fn folder(board: &Board, _: &World, _: &Neighbours, found: &mut Found<'_>) {
    if board.file.split('/').count() != 2 {
        found.dashboard("put it into a folder, FOLDER/NAME.json: Grafana shows it there");
    }
}

pub(super) fn title(board: &Board, _: &World, _: &Neighbours, found: &mut Found<'_>) {
    let model = &board.model;
    let parts = [
        ("title", model.title.is_empty()),
        ("description", model.description.is_empty()),
        ("tags", model.tags.is_empty()),
    ];
    for (part, _) in parts.iter().filter(|(_, missing)| *missing) {
        found.dashboard(format!("there is no {part}; lists of dashboards show it"));
    }
}

pub(super) fn annotation(board: &Board, _: &World, _: &Neighbours, found: &mut Found<'_>) {
    let expressions: Vec<&str> = board
        .model
        .annotations
        .list
        .iter()
        .filter_map(|one| one.expr())
        .collect();
    if !expressions.iter().any(|expr| expr.starts_with("ALERTS{")) {
        found.dashboard("no annotation asks for ALERTS{…}; copy that of another dashboard");
    }
    for expr in expressions.iter().filter(|expr| !expr.contains("alertname")) {
        found.dashboard(format!(
            "{expr} marks all alerts, also Watchdog, which always fires; choose by alertname"
        ));
    }
}
