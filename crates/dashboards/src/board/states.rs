//! States over time.

use serde_json::json;

use super::{chart, html::escaped, layout::PHONE, view::View};
use crate::{
    charts::{Row, Size, Stretch, timeline},
    data::{Line, span},
    look::{Rgb, palette, show},
    model::Panel,
    prometheus::Window,
};

pub(super) fn html(panel: &Panel, lines: &[Line], view: &View, size: Size) -> String {
    let merge = panel.options.merge_values.unwrap_or(true);
    let rows: Vec<Row> = lines.iter().map(|line| row(line, merge, view)).collect();
    let written = panel.options.show_value.as_deref() != Some("never");
    let drawn: Vec<Row> = rows
        .iter()
        .map(|row| Row {
            name: row.name.clone(),
            stretches: row
                .stretches
                .iter()
                .map(|stretch| Stretch {
                    text: if written { stretch.text.clone() } else { String::new() },
                    ..stretch.clone()
                })
                .collect(),
        })
        .collect();
    // So that names stay readable, however many there are; and on a phone, whose panels end where that is, not taller than of use.
    let count = u32::try_from(rows.len()).unwrap_or(u32::MAX);
    let rows_of = |tall: u32| count.saturating_mul(tall).saturating_add(30).min(3000);
    let most = if view.width < PHONE { rows_of(28) } else { u32::MAX };
    let size = Size {
        height: size.height.min(most).max(rows_of(16)),
        ..size
    };
    match timeline(
        &drawn,
        view.window,
        &view.zone,
        size,
        panel.options.row_height.unwrap_or(0.9),
    ) {
        Ok((svg, plot)) => {
            let figure = chart::figure(&svg, &panel.title, plot, &pointed(&rows, view));
            format!("<div class=\"scroll\" tabindex=\"0\">{figure}</div>")
        }
        Err(error) => format!("<p class=\"problem\">{}</p>", escaped(&error.to_string())),
    }
}

/// Each value holds until the next; where points are missing there is nothing.
fn row(line: &Line, merge: bool, view: &View) -> Row {
    let mut stretches: Vec<Stretch> = Vec::new();
    for point in &line.points {
        let shown = show(&line.config, Some(point.value), span(line), view.now);
        let window = Window {
            start: point.time,
            end: point.time + line.step,
        };
        let color = shown.color.unwrap_or_else(|| by_value(line, point.value));
        let is_same = |last: &&mut Stretch| merge && last.text == shown.text && last.color == color;
        let follows = |last: &&mut Stretch| window.start - last.window.end < line.step * 0.5;
        match stretches.last_mut().filter(is_same).filter(follows) {
            Some(last) => last.window.end = window.end,
            None => stretches.push(Stretch {
                window,
                color,
                text: shown.text,
            }),
        }
    }
    Row {
        name: line.name.clone(),
        stretches,
    }
}

fn by_value(line: &Line, value: f64) -> Rgb {
    let own = line.config.color.as_ref().is_some_and(|color| color.mode == "fixed");
    if own { line.color } else { palette(value.abs() as usize) }
}

fn pointed(rows: &[Row], view: &View) -> serde_json::Value {
    let mut values = json!(chart::Frame::of(view));
    let stretch = |stretch: &Stretch| {
        json!([
            stretch.window.start,
            stretch.window.end,
            stretch.text,
            stretch.color.text()
        ])
    };
    let row = |row: &Row| json!({"name": row.name, "stretches": row.stretches.iter().map(stretch).collect::<Vec<_>>()});
    values["rows"] = rows.iter().take(200).map(row).collect();
    values
}
