//! Rules about names of metrics and labels.

use promql_parser::parser::Expr;

use crate::lint::{
    board::Board,
    catalogue::RuleFile,
    check::{Neighbours, World},
    finding::Found,
    promql::{output, selectors},
};

pub(super) fn metrics(board: &Board, world: &World, _: &Neighbours, found: &mut Found<'_>) {
    for (query, expr) in board.expressions() {
        unknown(expr, &query.place, world, found);
    }
}

pub(super) fn metrics_of_rules(file: &RuleFile, world: &World, _: &Neighbours, found: &mut Found<'_>) {
    for (place, expr) in expressions(file) {
        unknown(expr, place, world, found);
    }
}

fn expressions(file: &RuleFile) -> impl Iterator<Item = (&str, &Expr)> {
    let recordings = file.recordings.iter().map(|rule| (rule.name.as_str(), &rule.expr));
    recordings.chain(file.alerts.iter().map(|rule| (rule.name.as_str(), &rule.expr)))
}

fn unknown(expr: &Expr, place: &str, world: &World, found: &mut Found<'_>) {
    for selected in selectors(expr) {
        let name = selected.name();
        if name.is_empty() {
            found.at(
                place,
                "a selector without a metric's name reads everything; name the metric",
            );
        } else if !world.catalogue.knows(name) {
            let nearest = world.catalogue.nearest(name);
            let hint = nearest.map_or_else(String::new, |nearest| format!("; is it {nearest}?"));
            found.at(place, format!("no exporter has {name}{hint}"));
        }
    }
}

pub(super) fn labels(board: &Board, world: &World, _: &Neighbours, found: &mut Found<'_>) {
    for (query, expr) in board.expressions() {
        missing(expr, &query.place, world, found);
    }
}

pub(super) fn labels_of_rules(file: &RuleFile, world: &World, _: &Neighbours, found: &mut Found<'_>) {
    for (place, expr) in expressions(file) {
        missing(expr, place, world, found);
    }
}

fn missing(expr: &Expr, place: &str, world: &World, found: &mut Found<'_>) {
    let mut missing = Vec::new();
    output(expr, &|name| world.catalogue.labels(name), &mut missing);
    for message in missing {
        found.at(place, message);
    }
}

/// `{{label}}` of a series' name must be among the labels that its expression leaves.
pub(super) fn legends(board: &Board, world: &World, _: &Neighbours, found: &mut Found<'_>) {
    for (query, expr, _, target) in board.targets() {
        let labels = output(expr, &|name| world.catalogue.labels(name), &mut Vec::new());
        for label in in_braces(&target.legend_format).filter(|label| !labels.has(label)) {
            let message = format!("the legend names {label}, and {} leaves: {}", query.text, labels.list());
            found.at(&*query.place, message);
        }
    }
}

fn in_braces(legend: &str) -> impl Iterator<Item = &str> {
    let rests = legend.split("{{").skip(1);
    rests.filter_map(|rest| rest.split_once("}}").map(|(label, _)| label.trim()))
}

/// Who is called must find a panel about it.
pub(super) fn alerts_are_shown(file: &RuleFile, world: &World, neighbours: &Neighbours, found: &mut Found<'_>) {
    for alert in &file.alerts {
        let read = world.catalogue.read_by(&alert.expr);
        if !read.is_empty() && read.is_disjoint(&neighbours.shown) {
            let names: Vec<_> = read.iter().map(String::as_str).collect();
            found.at(
                &*alert.name,
                format!("no panel shows any of {}; add one", names.join(", ")),
            );
        }
    }
}
