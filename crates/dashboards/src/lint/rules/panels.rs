//! Rules about panels.

use std::collections::BTreeSet;

use crate::{
    lint::{
        board::{Board, name},
        check::{Neighbours, World},
        finding::Found,
        unit::{is_known, quantity},
    },
    model::{Panel, Target},
};

const TYPES: [&str; 8] = [
    "timeseries",
    "stat",
    "gauge",
    "bargauge",
    "table",
    "heatmap",
    "state-timeline",
    "text",
];
/// Less than that says nothing that the title does not.
const SHORTEST_DESCRIPTION: usize = 20;

pub(super) fn kind(board: &Board, _: &World, _: &Neighbours, found: &mut Found<'_>) {
    for panel in board.panels().filter(|panel| !TYPES.contains(&panel.kind.as_str())) {
        found.at(
            name(panel),
            format!("the type {:?} is none of {}", panel.kind, TYPES.join(", ")),
        );
    }
}

pub(super) fn title(board: &Board, _: &World, _: &Neighbours, found: &mut Found<'_>) {
    for (place, _) in board.asking().filter(|(_, panel)| panel.title.trim().is_empty()) {
        found.at(place, "it has no title");
    }
}

pub(super) fn description(board: &Board, _: &World, _: &Neighbours, found: &mut Found<'_>) {
    for (place, panel) in board.asking() {
        if panel.description.trim().len() < SHORTEST_DESCRIPTION {
            found.at(
                place,
                "its description must say what it shows, and what to do when it looks bad",
            );
        }
    }
}

pub(super) fn unit(board: &Board, world: &World, _: &Neighbours, found: &mut Found<'_>) {
    for (place, panel) in board.asking() {
        for unit in units(panel).filter(|unit| !is_known(unit)) {
            found.at(&*place, format!("Grafana has no unit {unit:?}"));
        }
        if panel.field_config.defaults().unit.is_none() {
            found.at(place, "it has no unit; a plain number is \"short\" or \"none\"");
        }
    }
    for (query, expr, panel, target) in board.targets() {
        let fitting = quantity(expr, &world.catalogue).units();
        let unit = unit_of(panel, target).unwrap_or_default();
        // What is shown by words has no unit.
        let words = !panel.field_config.defaults().mappings.is_empty();
        if !words && !fitting.is_empty() && is_known(unit) && !fitting.contains(&unit) && !is_hidden(panel) {
            let message = format!(
                "{unit:?} is not the unit of {}; take {}",
                query.text,
                fitting.join(" or ")
            );
            found.at(&*query.place, message);
        }
    }
}

/// Of the defaults and of overrides.
fn units(panel: &Panel) -> impl Iterator<Item = &str> {
    let overrides = panel.field_config.overrides.iter().flat_map(|one| &one.properties);
    let overridden = overrides.filter(|property| property.id == "unit");
    let of_defaults = panel.field_config.defaults().unit.as_deref();
    of_defaults
        .into_iter()
        .chain(overridden.filter_map(|property| property.value.as_str()))
}

/// Of a table with several targets: the override for its renamed column, if there is one.
fn unit_of<'p>(panel: &'p Panel, target: &Target) -> Option<&'p str> {
    let column = renamed(panel, &format!("Value #{}", target.ref_id)).or_else(|| renamed(panel, "Value"));
    let of_column = panel.field_config.overrides.iter().filter(|one| {
        let named = one.matcher.options.as_str();
        one.matcher.id == "byName" && named.is_some() && named == column
    });
    let properties = of_column.flat_map(|one| &one.properties);
    let unit = properties
        .filter(|property| property.id == "unit")
        .find_map(|property| property.value.as_str());
    unit.or(panel.field_config.defaults().unit.as_deref())
}

fn renamed<'p>(panel: &'p Panel, column: &str) -> Option<&'p str> {
    let organize = panel.transformations.iter().find(|one| one.id == "organize")?;
    organize.options.get("renameByName")?.get(column)?.as_str()
}

/// A table that shows the labels alone.
fn is_hidden(panel: &Panel) -> bool {
    let organize = panel.transformations.iter().find(|one| one.id == "organize");
    let excluded = organize.and_then(|one| one.options.get("excludeByName")?.get("Value")?.as_bool());
    excluded.unwrap_or(false)
}

pub(super) fn targets(board: &Board, _: &World, _: &Neighbours, found: &mut Found<'_>) {
    for (place, panel) in board.asking() {
        if panel.targets.is_empty() {
            found.at(&*place, "it asks nothing; give it a target, or make it a text");
        }
        let mut seen = BTreeSet::new();
        for target in &panel.targets {
            if target.ref_id.is_empty() || !seen.insert(&target.ref_id) {
                found.at(&*place, format!("the refId {:?} must be there once", target.ref_id));
            }
        }
    }
}

pub(super) fn instant(board: &Board, _: &World, _: &Neighbours, found: &mut Found<'_>) {
    for (place, panel) in board.asking() {
        let newest = ["table", "bargauge"].contains(&panel.kind.as_str());
        let table = panel.kind == "table";
        for target in &panel.targets {
            if newest && !target.instant {
                found.at(
                    &*place,
                    format!(
                        "target {} must be instant: only the newest value is shown",
                        target.ref_id
                    ),
                );
            }
            if table && target.format != "table" {
                found.at(
                    &*place,
                    format!("target {} must have the format \"table\"", target.ref_id),
                );
            }
        }
    }
}
