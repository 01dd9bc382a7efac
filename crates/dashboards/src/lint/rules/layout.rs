//! Rules about where panels are.

use std::collections::BTreeSet;

use crate::{
    lint::{
        board::{Board, name},
        check::{Neighbours, World},
        finding::Found,
    },
    model::{GridPos, Panel},
};

const COLUMNS: u32 = 24;
const MOST_PANELS: usize = 20;

pub(super) fn ids(board: &Board, _: &World, _: &Neighbours, found: &mut Found<'_>) {
    let mut seen = BTreeSet::new();
    for panel in all(board) {
        if panel.id == 0 || !seen.insert(panel.id) {
            found.at(
                name(panel),
                format!("the id {} must be above 0 and no other panel's", panel.id),
            );
        }
    }
}

/// Rows, too.
fn all(board: &Board) -> impl Iterator<Item = &Panel> {
    board
        .model
        .panels
        .iter()
        .flat_map(|panel| std::iter::once(panel).chain(&panel.panels))
}

/// Each line of the grid is full, and each place has one panel.
pub(super) fn grid(board: &Board, _: &World, _: &Neighbours, found: &mut Found<'_>) {
    let panels: Vec<&Panel> = board.model.panels.iter().collect();
    let mut taken = BTreeSet::new();
    for panel in &panels {
        let place = panel.grid_pos;
        if place.w == 0 || place.h == 0 || place.x.saturating_add(place.w) > COLUMNS {
            found.at(
                name(panel),
                format!("gridPos leaves the {COLUMNS} columns: x {} and w {}", place.x, place.w),
            );
        } else if !cells(place).all(|cell| taken.insert(cell)) {
            found.at(name(panel), "it lies over another panel; move it to y below that one");
        }
    }
    let end = panels
        .iter()
        .map(|panel| panel.grid_pos.y.saturating_add(panel.grid_pos.h))
        .max();
    let gap = (0..end.unwrap_or(0)).find(|y| (0..COLUMNS).any(|x| !taken.contains(&(*y, x))));
    if let Some(y) = gap {
        found.dashboard(format!(
            "line {y} of the grid has a gap; widen a panel, or move those below up"
        ));
    }
}

fn cells(place: GridPos) -> impl Iterator<Item = (u32, u32)> {
    let lines = place.y..place.y.saturating_add(place.h);
    lines.flat_map(move |y| (place.x..place.x + place.w).map(move |x| (y, x)))
}

pub(super) fn count(board: &Board, _: &World, _: &Neighbours, found: &mut Found<'_>) {
    let panels = board.panels().count();
    if panels > MOST_PANELS {
        found.dashboard(format!(
            "{panels} panels are more than {MOST_PANELS}; leave out what nobody acts upon, or make two"
        ));
    }
}

pub(super) fn stats_first(board: &Board, _: &World, _: &Neighbours, found: &mut Found<'_>) {
    let first = board.model.panels.iter().filter(|panel| panel.grid_pos.y == 0);
    for panel in first.filter(|panel| !["stat", "gauge"].contains(&panel.kind.as_str())) {
        found.at(
            name(panel),
            "the first line is for figures that answer at a glance: stat or gauge",
        );
    }
}
