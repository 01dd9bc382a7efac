//! A panel of time series: the chart, the legend, and the values for the pointer.

use serde_json::{Value, json};

use super::{
    html::{escaped, json},
    layout::PHONE,
    legend,
    view::View,
};
use crate::{
    charts::{Band, Plot, Size, TimeSeries, in_page, time_series},
    data::Line,
    model::Panel,
    units,
};

/// Series whose values are said under the pointer.
const POINTED: usize = 30;

pub(super) fn html(panel: &Panel, lines: &[Line], bands: &[Band], view: &View, size: Size) -> String {
    let room = legend::room(&panel.options, lines, size, view.width < PHONE);
    let chart = Size {
        width: if room.right { size.width * 2 / 3 } else { size.width },
        height: size.height.saturating_sub(room.below).max(60),
    };
    let what = TimeSeries {
        lines,
        bands,
        window: view.window,
        zone: &view.zone,
        size: chart,
        named: false,
    };
    let (svg, plot) = match time_series(&what) {
        Ok(drawn) => drawn,
        Err(error) => return format!("<p class=\"problem\">{}</p>", escaped(&error.to_string())),
    };
    let side = if room.right { " beside" } else { "" };
    let figure = figure(&svg, &panel.title, plot, &pointed(panel, lines, bands, view));
    format!(
        "<div class=\"plot{side}\">{figure}{}</div>",
        legend::html(&panel.options, lines, view)
    )
}

/// A chart, and what a script says under the pointer.
pub(super) fn figure(svg: &str, title: &str, plot: Plot, values: &Value) -> String {
    let svg = in_page(svg).replacen(
        "<svg",
        &format!("<svg class=\"chart\" role=\"img\" aria-label=\"{}\"", escaped(title)),
        1,
    );
    format!(
        "<figure data-left=\"{:.1}\" data-right=\"{:.1}\">{svg}<script type=\"application/json\">{}</script></figure>",
        plot.left,
        plot.right,
        json(values)
    )
}

/// What a script needs to find a time.
pub(super) fn frame(view: &View) -> Value {
    json!({
        "from": view.window.start,
        "to": view.window.end,
        "zone": view.zone.offset(view.window.end),
    })
}

fn pointed(panel: &Panel, lines: &[Line], bands: &[Band], view: &View) -> Value {
    let tooltip = panel.options.tooltip.as_ref();
    let mode = tooltip.map_or("single", |tooltip| tooltip.mode.as_str());
    let mut values = frame(view);
    values["sort"] = tooltip.map_or("none", |tooltip| tooltip.sort.as_str()).into();
    values["bands"] = bands
        .iter()
        .map(|band| json!([band.window.start, band.window.end, band.title]))
        .collect();
    if mode != "none" {
        let series = lines.iter().take(POINTED).map(|line| of_line(line, view));
        values["series"] = series.collect();
    }
    values
}

/// Values by their place after the first, `step` seconds apart; `null` in gaps.
fn of_line(line: &Line, view: &View) -> Value {
    let step = if line.step > 0.0 { line.step } else { 1.0 };
    let first = line.points.first().map_or(0.0, |point| point.time);
    let count = line
        .points
        .last()
        .map_or(0, |point| ((point.time - first) / step).round() as usize + 1);
    let mut numbers = vec![Value::Null; count.min(11_000)];
    let mut texts = numbers.clone();
    for point in &line.points {
        let index = ((point.time - first) / step).round() as usize;
        if let (Some(number), Some(text)) = (numbers.get_mut(index), texts.get_mut(index)) {
            *number = rounded(point.value);
            *text = units::format(line.config.unit.as_deref(), point.value, line.config.decimals, view.now).into();
        }
    }
    json!({"name": line.name, "color": line.color.text(), "first": first, "step": step, "values": numbers, "texts": texts})
}

/// To four digits: they are for sorting.
fn rounded(value: f64) -> Value {
    format!("{value:.3e}").parse::<f64>().map_or(Value::Null, Value::from)
}
