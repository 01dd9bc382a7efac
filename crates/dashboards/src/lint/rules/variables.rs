//! Rules about variables.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    lint::{
        board::Board,
        check::{Neighbours, World},
        finding::Found,
    },
    model::Datasource,
    variables::references,
};

/// How everything names whom it asks.
const CHOSEN: &str = "${datasource}";

pub(super) fn datasource(board: &Board, _: &World, _: &Neighbours, found: &mut Found<'_>) {
    let variables = &board.model.templating.list;
    let chosen = variables.iter().find(|variable| variable.name == "datasource");
    if chosen.is_none_or(|variable| variable.kind != "datasource" || variable.query.text() != "prometheus") {
        found.dashboard("there must be a variable \"datasource\" of the type datasource with the query prometheus");
    }
    let of_panels = board.asking().flat_map(|(place, panel)| {
        let targets = panel.targets.iter().map(|target| target.datasource.as_ref());
        let all = targets.chain([panel.datasource.as_ref()]);
        all.map(move |datasource| (place.clone(), datasource))
            .collect::<Vec<_>>()
    });
    let queries = variables.iter().filter(|variable| variable.kind == "query");
    let of_variables = queries.map(|variable| (format!("variable {}", variable.name), variable.datasource.as_ref()));
    let asked = board
        .model
        .annotations
        .list
        .iter()
        .filter(|annotation| annotation.expr().is_some());
    let of_annotations = asked.map(|one| (format!("annotation {}", one.name), one.datasource.as_ref()));
    for (place, datasource) in of_panels.chain(of_variables).chain(of_annotations) {
        if !is_chosen(datasource) {
            found.at(place, format!("it must ask the datasource with the uid {CHOSEN}"));
        }
    }
}

fn is_chosen(datasource: Option<&Datasource>) -> bool {
    matches!(datasource, Some(Datasource::Reference { uid: Some(uid), .. }) if uid == CHOSEN)
}

pub(super) fn job_and_instance(board: &Board, _: &World, _: &Neighbours, found: &mut Found<'_>) {
    for name in ["job", "instance"] {
        if !board.model.templating.list.iter().any(|variable| variable.name == name) {
            found.dashboard(format!(
                "there must be a variable {name:?}, with which people choose what they look at"
            ));
        }
    }
}

pub(super) fn defined(board: &Board, _: &World, _: &Neighbours, found: &mut Found<'_>) {
    let defined = names(board);
    for name in used_in(&board.raw) {
        // $1 is what a regular expression has found, in label_replace().
        let is_group = name.bytes().all(|byte| byte.is_ascii_digit());
        if !name.starts_with("__") && !is_group && !defined.contains(name.as_str()) {
            found.dashboard(format!("${name} is used and not defined"));
        }
    }
}

pub(super) fn used(board: &Board, _: &World, _: &Neighbours, found: &mut Found<'_>) {
    let used = used_in(&board.raw);
    for name in names(board).into_iter().filter(|name| !used.contains(*name)) {
        found.at(format!("variable {name}"), "nothing uses it; take it out");
    }
}

fn names(board: &Board) -> BTreeSet<&str> {
    board
        .model
        .templating
        .list
        .iter()
        .map(|variable| variable.name.as_str())
        .collect()
}

/// The variables that any text in it refers to. In a regular expression `$` is the end of the text.
fn used_in(value: &Value) -> BTreeSet<String> {
    match value {
        Value::String(text) => references(text).into_iter().map(str::to_owned).collect(),
        Value::Array(values) => values.iter().flat_map(used_in).collect(),
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .filter(|(name, _)| !["regex", "value"].contains(&name.as_str()));
            fields.flat_map(|(_, value)| used_in(value)).collect()
        }
        _ => BTreeSet::new(),
    }
}

pub(super) fn texts(board: &Board, _: &World, _: &Neighbours, found: &mut Found<'_>) {
    for variable in &board.model.templating.list {
        let place = format!("variable {}", variable.name);
        if variable.label.is_empty() || variable.description.is_empty() {
            found.at(&*place, "it must have a label and a description");
        }
        if variable.include_all && variable.all_value.is_empty() {
            found.at(
                &*place,
                "give it the allValue \".*\": else all is every value in one long query",
            );
        }
    }
}
