//! Single values, large, with the line that led to them.

use regex::Regex;

use super::{
    html::{class, escaped},
    layout, links,
    view::View,
};
use crate::{
    charts::{Size, in_page, spark, width_of},
    data::{Line, span},
    look::{Rgb, Shown, reduce, show},
    model::{FieldConfig, Options, Panel},
};

/// The lines that a panel reduces, and what they come to.
pub(super) fn values<'a>(options: &Options, lines: &'a [Line], now: f64) -> Vec<(&'a Line, Option<f64>, Shown)> {
    let reduced = options.reduce_options.as_ref();
    let calc = reduced
        .and_then(|reduced| reduced.calcs.first())
        .map_or("lastNotNull", String::as_str);
    let fields = reduced.map_or("", |reduced| reduced.fields.as_str());
    let pattern = fields
        .strip_prefix('/')
        .and_then(|rest| rest.strip_suffix('/'))
        .and_then(|p| Regex::new(p).ok());
    let wanted = |line: &&Line| match &pattern {
        Some(pattern) => pattern.is_match(&line.name),
        None => fields.is_empty() || line.name == fields,
    };
    let value = |line: &'a Line| {
        let value = reduce(&line.points, calc);
        (line, value, show(&line.config, value, span(line), now))
    };
    lines.iter().filter(wanted).map(value).collect()
}

/// Of a panel without any series.
pub(super) fn nothing(config: &FieldConfig, now: f64) -> String {
    let shown = show(config, None, (0.0, 1.0), now);
    let class = shown.color.map(class).unwrap_or_default();
    format!("<p class=\"nothing {class}\">{}</p>", escaped(&shown.text))
}

pub(super) fn html(panel: &Panel, lines: &[Line], view: &View, size: Size) -> String {
    let values = values(&panel.options, lines, view.now);
    if values.is_empty() {
        return nothing(panel.field_config.defaults(), view.now);
    }
    let count = u32::try_from(values.len()).unwrap_or(u32::MAX).max(1);
    let texts = values
        .iter()
        .map(|(_, _, shown)| width_of(&shown.text, SMALLEST * BOLD));
    let (across, each) = layout::many(values.len(), size, 2.2, texts.fold(0.0, f64::max) + AROUND);
    let cells: String = values
        .iter()
        .map(|(line, value, shown)| one(panel, line, *value, shown, view, each, count))
        .collect();
    format!("<div class=\"stats across-{}\">{cells}</div>", across)
}

fn one(panel: &Panel, line: &Line, value: Option<f64>, shown: &Shown, view: &View, size: Size, count: u32) -> String {
    let options = &panel.options;
    let mode = options.text_mode.as_deref().unwrap_or("auto");
    let named = matches!(mode, "value_and_name" | "name") || (mode == "auto" && count > 1);
    let valued = !matches!(mode, "name" | "none");
    let color = shown.color.unwrap_or(Rgb(0x73, 0xBF, 0x69));
    let paint = match options.color_mode.as_deref().unwrap_or("value") {
        "background" | "background_solid" => "painted",
        "none" => "",
        _ => "inked",
    };
    let spark = match options.graph_mode.as_deref().unwrap_or("area") {
        "none" => String::new(),
        _ if line.points.len() < 2 || size.height < 40 => String::new(),
        _ => sparkline(line, color, view, size),
    };
    let text_height = f64::from(size.height) * if spark.is_empty() { 0.55 } else { 0.42 };
    let font = fitted(&shown.text, f64::from(size.width) - AROUND, text_height);
    let name = if named {
        format!("<span class=\"name\">{}</span>", escaped(&line.name))
    } else {
        String::new()
    };
    let raw = value.map(|value| value.to_string()).unwrap_or_default();
    let text = format!("<span class=\"value f-{font}\">{}</span>", escaped(&shown.text));
    let text = if valued {
        links::value(&line.config, view, &line.labels, &line.name, &raw, &text)
    } else {
        String::new()
    };
    let ink = if paint.is_empty() { String::new() } else { class(color) };
    format!("<div class=\"stat {paint} {ink}\">{name}{text}{spark}</div>")
}

fn sparkline(line: &Line, color: Rgb, view: &View, size: Size) -> String {
    let size = Size {
        height: size.height * 2 / 5,
        ..size
    };
    let svg = spark(line, color, view.window, size).unwrap_or_default();
    in_page(&svg).replacen(
        "<svg",
        "<svg class=\"spark\" aria-hidden=\"true\" preserveAspectRatio=\"none\"",
        1,
    )
}

/// Of letters, in pixels.
const SMALLEST: f64 = 12.0;
/// Beside a value, at both sides together, in pixels.
const AROUND: f64 = 8.0;
/// Bold letters are wider by this.
const BOLD: f64 = 1.14;

/// The size of letters, in pixels, at which a text has room.
fn fitted(text: &str, width: f64, height: f64) -> u32 {
    let wide = width / width_of(text, BOLD).max(1.0);
    let size = wide.min(height).clamp(SMALLEST, 64.0) as u32;
    size / 2 * 2
}
