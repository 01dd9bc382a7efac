//! A color that changes where no alert fires makes people wait for a call that does not come, or doubt one that does.

use std::collections::BTreeSet;

use promql_parser::parser::Expr;

use crate::{
    lint::{
        board::Board,
        check::{Neighbours, World},
        finding::Found,
        promql::{compared, selectors},
    },
    model::{Panel, Thresholds},
};

pub(super) fn equal_to_alerts(board: &Board, world: &World, _: &Neighbours, found: &mut Found<'_>) {
    for (place, panel) in board.asking() {
        let expressions = board
            .targets()
            .filter(|(_, _, of, _)| of.id == panel.id)
            .map(|(_, expr, ..)| expr);
        let expressions: Vec<&Expr> = expressions.collect();
        let allowed = allowed(&expressions, world);
        for value in steps(panel) {
            if !allowed.iter().any(|number| is_threshold(*number, value)) {
                let list: Vec<String> = allowed.iter().map(f64::to_string).collect();
                let known = if list.is_empty() {
                    "there is none; leave the threshold out, or write the alert".to_owned()
                } else {
                    format!("those compare with {}", list.join(", "))
                };
                found.at(
                    &*place,
                    format!("the threshold {value} is no alert's about what it shows: {known}"),
                );
            }
        }
    }
}

/// Of `up == 0` and of `failed > 0` what is otherwise begins at 1.
fn is_threshold(number: f64, value: f64) -> bool {
    (value - number).abs() <= number.abs() * 1e-9 || (number == 0.0 && value == 1.0)
}

/// Of the defaults and of overrides, without the first, which has no value.
fn steps(panel: &Panel) -> Vec<f64> {
    let overrides = panel.field_config.overrides.iter().flat_map(|one| &one.properties);
    let overridden = overrides.filter(|property| property.id == "thresholds");
    let overridden =
        overridden.filter_map(|property| serde_json::from_value::<Thresholds>(property.value.clone()).ok());
    let all = panel
        .field_config
        .defaults()
        .thresholds
        .iter()
        .cloned()
        .chain(overridden);
    all.flat_map(|thresholds| thresholds.steps)
        .filter_map(|step| step.value)
        .collect()
}

/// What alerts about the same metrics compare with.
fn allowed(expressions: &[&Expr], world: &World) -> Vec<f64> {
    let read = |expr: &Expr| -> BTreeSet<String> { world.catalogue.read_by(expr) };
    let shown: BTreeSet<String> = expressions.iter().flat_map(|expr| read(expr)).collect();
    let names = expressions.iter().flat_map(|expr| selectors(expr));
    let mut numbers = Vec::new();
    // That an alert fires at all is a threshold itself.
    if names.into_iter().any(|selected| selected.name() == "ALERTS") {
        numbers.push(0.0);
    }
    for alert in world.alerts().filter(|alert| !read(&alert.expr).is_disjoint(&shown)) {
        numbers.extend(compared(&alert.expr));
    }
    numbers.sort_by(f64::total_cmp);
    numbers.dedup();
    numbers
}
