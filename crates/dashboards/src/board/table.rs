//! Tables.

use serde_json::Value;

use super::{
    html::{class, escaped},
    links,
    view::View,
};
use crate::{
    data::{Cell, Column, Table},
    look::{Shown, show, show_text},
    model::Panel,
    prometheus::Labels,
};

/// More rows than these nobody reads; the rest is counted.
const MOST: usize = 300;

pub(super) fn html(panel: &Panel, mut table: Table, view: &View) -> String {
    if let Some(sort) = panel.options.sort_by.first() {
        table.sort(&sort.display_name, sort.desc);
    }
    let shown: Vec<&Column> = table
        .columns
        .iter()
        .filter(|column| {
            !column
                .config
                .custom
                .hide_from
                .as_ref()
                .is_some_and(|hide| hide["viz"] == true)
        })
        .collect();
    let head = |column: &&Column| {
        let kind = if column.kind() == "number" {
            " class=\"number\""
        } else {
            ""
        };
        format!("<th{kind} scope=\"col\">{}</th>", escaped(&column.name))
    };
    let head: String = match panel.options.show_header {
        Some(false) => String::new(),
        _ => format!("<thead><tr>{}</tr></thead>", shown.iter().map(head).collect::<String>()),
    };
    let row = |row: usize| {
        let labels = labels(&table, row);
        let cells: String = shown.iter().map(|column| cell(column, row, &labels, view)).collect();
        format!("<tr>{cells}</tr>")
    };
    let rows: String = (0..table.rows().min(MOST)).map(row).collect();
    let more = table.rows().saturating_sub(MOST);
    let more = if more > 0 {
        format!("<p class=\"more\">and {more} more rows</p>")
    } else {
        String::new()
    };
    format!(
        "<div class=\"scroll\" tabindex=\"0\"><table class=\"data\">{head}<tbody>{rows}</tbody></table>{more}</div>"
    )
}

/// The texts of a row, which links can use.
fn labels(table: &Table, row: usize) -> Labels {
    let text = |column: &Column| match column.cells.get(row) {
        Some(Cell::Text(text)) => Some((column.name.clone(), text.clone())),
        Some(Cell::Number(value)) => Some((column.name.clone(), value.to_string())),
        _ => None,
    };
    table.columns.iter().filter_map(text).collect()
}

fn cell(column: &Column, row: usize, labels: &Labels, view: &View) -> String {
    let cell = column.cells.get(row).unwrap_or(&Cell::Empty);
    let (shown, raw, kind, key) = match cell {
        Cell::Empty => (Shown::default(), String::new(), "", String::new()),
        Cell::Number(value) => {
            let shown = show(&column.config, Some(*value), span(column), view.now);
            (shown, value.to_string(), "number", format!(" data-value=\"{value}\""))
        }
        Cell::Time(time) => {
            let shown = Shown {
                text: view.zone.stamp(*time),
                color: None,
            };
            (shown, time.to_string(), "", format!(" data-value=\"{time}\""))
        }
        Cell::Text(text) => (show_text(&column.config, text), text.clone(), "", String::new()),
    };
    let inner = links::value(&column.config, view, labels, &column.name, &raw, &escaped(&shown.text));
    let paint = paint(column, &shown);
    let bar = meter(column, cell);
    format!("<td class=\"{kind} {paint}\"{key}>{inner}{bar}</td>")
}

fn cell_type(column: &Column) -> &str {
    let options = column.config.custom.cell_options.as_ref();
    options
        .and_then(|options| options.get("type"))
        .and_then(Value::as_str)
        .unwrap_or("auto")
}

fn paint(column: &Column, shown: &Shown) -> String {
    let Some(color) = shown.color else {
        return String::new();
    };
    match cell_type(column) {
        "color-text" => format!("inked {}", class(color)),
        "color-background" => format!("painted {}", class(color)),
        _ => String::new(),
    }
}

/// The bar of a cell that is a gauge.
fn meter(column: &Column, cell: &Cell) -> String {
    let (Cell::Number(value), "gauge") = (cell, cell_type(column)) else {
        return String::new();
    };
    let (low, high) = span(column);
    format!("<meter min=\"{low}\" max=\"{high}\" value=\"{value}\"></meter>")
}

fn span(column: &Column) -> (f64, f64) {
    let numbers = || {
        column.cells.iter().filter_map(|cell| match cell {
            Cell::Number(value) if value.is_finite() => Some(*value),
            _ => None,
        })
    };
    let low = column.config.min.unwrap_or_else(|| numbers().fold(0.0, f64::min));
    let high = column
        .config
        .max
        .unwrap_or_else(|| numbers().fold(f64::NEG_INFINITY, f64::max));
    if high > low { (low, high) } else { (low, low + 1.0) }
}
