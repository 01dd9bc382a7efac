//! Histograms over time.

use serde_json::json;

use super::{chart, html::escaped, pointer::PLACES, view::View};
use crate::{
    charts::{Heat, Size, heatmap},
    data::Line,
    look::{Rgb, scheme},
    model::Panel,
    units,
};

pub(super) fn html(panel: &Panel, lines: &[Line], view: &View, size: Size) -> String {
    let rows = rows(panel, lines);
    let heat = Heat {
        rows: rows.clone(),
        step: lines.iter().map(|line| line.step).fold(1.0, f64::max),
        window: view.window,
        zone: &view.zone,
        size,
    };
    let color = panel.options.color.clone().unwrap_or_default();
    let paint = |part: f64| {
        let part = if color.scale == "linear" {
            part
        } else {
            part.powf(color.exponent.unwrap_or(0.5))
        };
        let part = if color.reverse { 1.0 - part } else { part };
        match color.mode.as_str() {
            "opacity" => Rgb(0x2c, 0x2e, 0x33).towards(Rgb::named(&color.fill).unwrap_or(Rgb::GREY), part),
            _ => scheme(&color.scheme, part),
        }
    };
    match heatmap(&heat, paint) {
        Ok((svg, plot)) => chart::figure(&svg, &panel.title, plot, &pointed(panel, &rows, heat.step, view)),
        Err(error) => format!("<p class=\"problem\">{}</p>", escaped(&error.to_string())),
    }
}

/// The lowest bucket first. Prometheus' buckets count all that is lower as well, which is taken away here.
fn rows(panel: &Panel, lines: &[Line]) -> Vec<(String, Vec<(f64, f64)>)> {
    let bound = |line: &Line| {
        line.labels
            .get("le")
            .or(Some(&line.name))
            .and_then(|le| le.parse::<f64>().ok())
    };
    let mut sorted: Vec<(Option<f64>, &Line)> = lines.iter().map(|line| (bound(line), line)).collect();
    sorted.sort_by(|(a, _), (b, _)| a.unwrap_or(f64::NAN).total_cmp(&b.unwrap_or(f64::NAN)));
    let cumulative = panel.targets.iter().any(|target| target.format == "heatmap")
        && lines.iter().all(|line| line.labels.contains_key("le"));
    let axis = panel.options.y_axis.clone().unwrap_or_default();
    let mut below: std::collections::BTreeMap<i64, f64> = std::collections::BTreeMap::new();
    let mut rows = Vec::new();
    for (bound, line) in sorted {
        let cell = |point: &crate::prometheus::Point| {
            let key = (point.time * 1000.0) as i64;
            let lower = below.insert(key, point.value).unwrap_or(0.0);
            (
                point.time,
                if cumulative {
                    (point.value - lower).max(0.0)
                } else {
                    point.value
                },
            )
        };
        let name = match bound {
            Some(bound) => units::format(axis.unit.as_deref(), bound, axis.decimals, 0.0),
            None => line.name.clone(),
        };
        rows.push((name, line.points.iter().map(cell).collect()));
    }
    rows
}

fn pointed(panel: &Panel, rows: &[(String, Vec<(f64, f64)>)], step: f64, view: &View) -> serde_json::Value {
    let mut values = json!(chart::Frame::of(view));
    let cell_unit = panel
        .options
        .rest
        .get("cellValues")
        .and_then(|cell| cell["unit"].as_str());
    let series = rows.iter().rev().map(|(name, cells)| {
        let first = cells.first().map_or(0.0, |(time, _)| *time);
        let count = cells
            .last()
            .map_or(0, |(time, _)| ((time - first) / step).round() as usize + 1);
        let mut texts = vec![serde_json::Value::Null; count.min(PLACES)];
        for (time, value) in cells.iter().filter(|(_, value)| *value > 0.0) {
            if let Some(text) = texts.get_mut(((time - first) / step).round() as usize) {
                *text = units::format(cell_unit, *value, None, view.now).into();
            }
        }
        json!({"name": name, "first": first, "step": step, "texts": texts})
    });
    values["series"] = series.collect();
    values
}
