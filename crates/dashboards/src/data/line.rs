//! Series over time, with their names, configurations and colors.

use std::sync::Arc;

use super::{
    Answer,
    fields::{Fields, Looked},
    name::names,
};
use crate::{
    look::{Rgb, palette, reduce, scheme, threshold_color},
    model::FieldConfig,
    prometheus::{Labels, Point},
    variables::{Bound, Format, Scope, interpolate_with},
};

/// A series as it is drawn.
#[derive(Clone, Debug)]
pub struct Line {
    /// As people see it.
    pub name: String,
    /// Of the target.
    pub ref_id: String,
    /// Of the series.
    pub labels: Labels,
    /// Sorted by time.
    pub points: Vec<Point>,
    /// Between points, in seconds; what is further apart has a gap between.
    pub step: f64,
    /// What holds for it.
    pub config: Arc<FieldConfig>,
    /// What it is drawn with.
    pub color: Rgb,
}

/// Of all answers, in their order.
#[must_use]
pub fn lines(answers: &[Answer], fields: &Fields<'_>, scope: &Scope) -> Vec<Line> {
    let mut lines = Vec::new();
    for answer in answers {
        let names = names(&answer.target, &answer.series);
        for (series, name) in answer.series.iter().zip(names) {
            let ref_id = answer.target.ref_id.clone();
            let config = fields.of(Looked {
                name: &name,
                kind: "number",
                ref_id: &ref_id,
            });
            lines.push(Line {
                name: displayed(&name, &config, &series.labels, scope),
                ref_id,
                labels: series.labels.clone(),
                points: series.points.clone(),
                step: answer.step,
                config,
                color: Rgb::GREY,
            });
        }
    }
    for (index, line) in lines.iter_mut().enumerate() {
        line.color = line_color(line, index);
    }
    lines
}

/// With the configuration's own name, if it has one.
fn displayed(name: &str, config: &FieldConfig, labels: &Labels, scope: &Scope) -> String {
    match config.display_name.as_deref() {
        None | Some("") => name.to_owned(),
        Some(display) => interpolate_with(display, &with_field(scope, name, labels), Format::Text),
    }
}

/// With `${__field.name}`, `${__field.labels.job}` and `${__series.name}` besides.
pub(crate) fn with_field(scope: &Scope, name: &str, labels: &Labels) -> Scope {
    let mut scope = scope.clone();
    for field in ["__field.name", "__field.displayName", "__series.name"] {
        scope.set(field, Bound::one(name));
    }
    for (label, value) in labels {
        scope.set(format!("__field.labels.{label}"), Bound::one(value.as_str()));
    }
    scope
}

/// By the configuration, or by its place among the lines.
#[must_use]
pub fn line_color(line: &Line, index: usize) -> Rgb {
    let Some(color) = &line.config.color else {
        return palette(index);
    };
    let by = color.series_by.as_deref().filter(|by| matches!(*by, "min" | "max"));
    let calc = by.unwrap_or("lastNotNull");
    let value = || reduce(&line.points, calc).unwrap_or(0.0);
    let found = match color.mode.as_str() {
        "fixed" | "shades" => color.fixed_color.as_deref().and_then(Rgb::named),
        "thresholds" => threshold_color(line.config.thresholds.as_ref(), value(), span(line)),
        "palette-classic-by-name" => Some(palette(hash(&line.name))),
        mode if mode.starts_with("continuous-") => {
            let (low, high) = span(line);
            Some(scheme(mode, (value() - low) / (high - low)))
        }
        _ => None,
    };
    found.unwrap_or_else(|| palette(index))
}

/// The same for the same name, wherever it is.
fn hash(name: &str) -> usize {
    name.bytes()
        .fold(5381, |hash: usize, byte| hash.wrapping_mul(33) ^ usize::from(byte))
}

/// What a gauge of it spans: its configuration's ends, else what occurs.
#[must_use]
pub fn span(line: &Line) -> (f64, f64) {
    let low = line.config.min.or_else(|| reduce(&line.points, "min")).unwrap_or(0.0);
    let high = line.config.max.or_else(|| reduce(&line.points, "max")).unwrap_or(100.0);
    if high > low { (low, high) } else { (low, low + 1.0) }
}
