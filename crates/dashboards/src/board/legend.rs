//! The list of series below or beside a chart.

use super::{
    html::{class, escaped},
    links,
    view::View,
};
use crate::{
    charts::{Size, width_of},
    data::{Line, span},
    look::{calc_name, reduce, show},
    model::{Legend, Options},
};

/// Where it is, and how many pixels it takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Room {
    pub(super) right: bool,
    pub(super) below: u32,
}

/// More than these nobody reads; the rest is counted.
const MOST: usize = 100;

fn legend(options: &Options) -> Option<&Legend> {
    let legend = options.legend.as_ref()?;
    let shown = legend.show_legend != Some(false) && legend.display_mode != "hidden";
    shown.then_some(legend)
}

/// Of a row, in pixels; the style sheet has the same number.
const ROW: u32 = 20;
/// Between chart and legend.
const GAP: u32 = 4;
/// Of its letters.
const LETTERS: f64 = 12.0;

/// How much of a panel it takes: whole rows, and not more than two fifths of the height.
pub(super) fn room(options: &Options, lines: &[Line], size: Size, narrow: bool) -> Room {
    let Some(legend) = legend(options) else {
        return Room { right: false, below: 0 };
    };
    if legend.placement == "right" && !narrow {
        return Room { right: true, below: 0 };
    }
    let shown = lines.iter().filter(|line| !hidden(line));
    let rows = if is_table(legend) {
        u32::try_from(shown.count()).unwrap_or(u32::MAX).saturating_add(1)
    } else {
        list_rows(shown, f64::from(size.width))
    };
    let most = (size.height * 2 / 5).saturating_sub(GAP) / ROW;
    Room {
        right: false,
        below: rows.min(most) * ROW + GAP,
    }
}

/// Rows of names beside each other, each with its mark before it.
fn list_rows<'l>(lines: impl Iterator<Item = &'l Line>, width: f64) -> u32 {
    let (mut rows, mut used) = (1, 0.0);
    for line in lines {
        let wide = (width_of(&line.name, LETTERS) + 32.0).min(width);
        if used + wide > width {
            rows += 1;
            used = 0.0;
        }
        used += wide;
    }
    rows
}

fn is_table(legend: &Legend) -> bool {
    legend.display_mode == "table" || !legend.calcs.is_empty()
}

/// As HTML; empty where there is none.
pub(super) fn html(options: &Options, lines: &[Line], view: &View) -> String {
    let Some(legend) = legend(options) else {
        return String::new();
    };
    let mut order: Vec<&Line> = lines.iter().filter(|line| !hidden(line)).collect();
    sort(&mut order, legend);
    let more = order.len().saturating_sub(MOST);
    order.truncate(MOST);
    let rest = if more > 0 {
        format!("<p class=\"more\">and {more} more</p>")
    } else {
        String::new()
    };
    let body = if is_table(legend) {
        table(&order, legend, view)
    } else {
        list(&order, view)
    };
    format!("<div class=\"legend\" tabindex=\"0\">{body}{rest}</div>")
}

fn hidden(line: &Line) -> bool {
    line.config
        .custom
        .hide_from
        .as_ref()
        .is_some_and(|hide| hide["legend"] == true)
}

fn sort(lines: &mut [&Line], legend: &Legend) {
    let Some(by) = legend.sort_by.as_deref().filter(|by| !by.is_empty()) else {
        return;
    };
    if by == "Name" {
        lines.sort_by(|a, b| a.name.cmp(&b.name));
    } else {
        let calc = legend.calcs.iter().find(|calc| calc_name(calc) == by);
        let value = |line: &Line| {
            calc.and_then(|calc| reduce(&line.points, calc))
                .unwrap_or(f64::NEG_INFINITY)
        };
        lines.sort_by(|a, b| value(a).total_cmp(&value(b)));
    }
    if legend.sort_desc {
        lines.reverse();
    }
}

fn name(line: &Line, view: &View) -> String {
    let swatch = format!("<i class=\"swatch {}\"></i>", class(line.color));
    let text = links::value(&line.config, view, &line.labels, &line.name, "", &escaped(&line.name));
    format!("{swatch}<span>{text}</span>")
}

fn list(lines: &[&Line], view: &View) -> String {
    let item = |line: &&Line| format!("<li>{}</li>", name(line, view));
    format!("<ul>{}</ul>", lines.iter().map(item).collect::<String>())
}

fn table(lines: &[&Line], legend: &Legend, view: &View) -> String {
    let head: String = legend
        .calcs
        .iter()
        .map(|calc| format!("<th>{}</th>", escaped(calc_name(calc))))
        .collect();
    let row = |line: &&Line| {
        let cell = |calc: &String| {
            let value = reduce(&line.points, calc);
            let shown = show(&line.config, value, span(line), view.now);
            let text = if value.is_none() { "–".to_owned() } else { shown.text };
            format!("<td>{}</td>", escaped(&text))
        };
        let cells: String = legend.calcs.iter().map(cell).collect();
        format!("<tr><th scope=\"row\">{}</th>{cells}</tr>", name(line, view))
    };
    let rows: String = lines.iter().map(row).collect();
    format!("<table><thead><tr><th>Name</th>{head}</tr></thead><tbody>{rows}</tbody></table>")
}
