//! Gauges and bar gauges.

use super::{html::escaped, layout, stat, view::View};
use crate::{
    charts::{Bar, Size, TALLEST_BAR, Undrawable, bar_gauge, gauge, in_page},
    data::Line,
    look::{Rgb, Shown, limits, scheme},
    model::Panel,
};

/// Of a name below a gauge, in pixels.
const NAME: u32 = 18;
/// More than these nobody can tell apart.
const MOST: usize = 60;

pub(super) fn gauges(panel: &Panel, lines: &[Line], view: &View, size: Size) -> String {
    let values = stat::values(&panel.options, lines, view.now);
    if values.is_empty() {
        return stat::nothing(panel.field_config.defaults(), view.now);
    }
    let count = values.len();
    let (across, mut each) = layout::many(count, size, 1.3, 0.0);
    if count > 1 {
        each.height = each.height.saturating_sub(NAME);
    }
    let one = |(line, value, shown): &(&Line, Option<f64>, Shown)| {
        let drawn = gauge(shown, *value, scale(line), &line.config, each);
        let name = if count > 1 {
            format!("<span class=\"name\">{}</span>", escaped(&line.name))
        } else {
            String::new()
        };
        format!(
            "<div class=\"gauge\">{}{name}</div>",
            svg(drawn, &format!("{}: {}", line.name, shown.text))
        )
    };
    let cells: String = values.iter().map(one).collect();
    format!("<div class=\"stats across-{}\">{cells}</div>", across)
}

/// Percents have ends of their own, where the dashboard names none.
fn scale(line: &Line) -> (f64, f64) {
    let highest = match line.config.unit.as_deref() {
        Some("percentunit") => 1.0,
        _ => 100.0,
    };
    let (low, high) = (line.config.min.unwrap_or(0.0), line.config.max.unwrap_or(highest));
    if high > low { (low, high) } else { (low, low + 1.0) }
}

fn svg(drawn: Result<String, Undrawable>, label: &str) -> String {
    match drawn {
        Ok(svg) => {
            let with = format!("<svg class=\"chart\" role=\"img\" aria-label=\"{}\"", escaped(label));
            in_page(&svg).replacen("<svg", &with, 1)
        }
        Err(error) => format!("<p class=\"problem\">{}</p>", escaped(&error.to_string())),
    }
}

pub(super) fn bars(panel: &Panel, lines: &[Line], view: &View, size: Size) -> String {
    let values = stat::values(&panel.options, lines, view.now);
    if values.is_empty() {
        return stat::nothing(panel.field_config.defaults(), view.now);
    }
    let gradient = panel.options.display_mode.as_deref().unwrap_or("gradient") == "gradient";
    // All against the same scale, or they could not be compared.
    let highest = values
        .iter()
        .filter_map(|(_, value, _)| *value)
        .fold(f64::NEG_INFINITY, f64::max);
    let bar = |(line, value, shown): &(&Line, Option<f64>, Shown)| {
        let low = line.config.min.unwrap_or(0.0);
        let high = line
            .config
            .max
            .unwrap_or(if highest > low { highest } else { low + 1.0 });
        Bar {
            name: line.name.clone(),
            shown: shown.clone(),
            part: value.map_or(0.0, |value| (value - low) / (high - low)),
            stops: if gradient { stops(line, (low, high)) } else { Vec::new() },
        }
    };
    let more = values.len().saturating_sub(MOST);
    let bars: Vec<Bar> = values.iter().take(MOST).map(bar).collect();
    let upright = match panel.options.orientation.as_deref() {
        Some("vertical") => true,
        Some("horizontal") => false,
        _ => size.width > 2 * size.height && bars.len() > 3,
    };
    let count = u32::try_from(bars.len()).unwrap_or(u32::MAX);
    let tall = if upright {
        size
    } else {
        Size {
            height: size
                .height
                .min(count.saturating_mul(TALLEST_BAR))
                .max(count.saturating_mul(18)),
            ..size
        }
    };
    let note = if more > 0 {
        format!("<p class=\"more\">and {more} more</p>")
    } else {
        String::new()
    };
    let label = bars
        .iter()
        .map(|bar| format!("{}: {}", bar.name, bar.shown.text))
        .collect::<Vec<_>>()
        .join(", ");
    format!(
        "<div class=\"scroll\" tabindex=\"0\">{}{note}</div>",
        svg(bar_gauge(&bars, tall, upright), &label)
    )
}

/// The colors that a full bar would go through.
fn stops(line: &Line, range: (f64, f64)) -> Vec<(f64, Rgb)> {
    let mode = line
        .config
        .color
        .as_ref()
        .map_or("thresholds", |color| color.mode.as_str());
    if mode.starts_with("continuous-") {
        return (0..=8)
            .map(|index| f64::from(index) / 8.0)
            .map(|part| (part, scheme(mode, part)))
            .collect();
    }
    let Some(thresholds) = line
        .config
        .thresholds
        .as_ref()
        .filter(|_| matches!(mode, "thresholds" | ""))
    else {
        return Vec::new();
    };
    let part = |limit: f64| ((limit - range.0) / (range.1 - range.0)).clamp(0.0, 1.0);
    let limits = limits(thresholds, range);
    limits
        .into_iter()
        .filter_map(|(limit, color)| Some((part(limit), color?)))
        .collect()
}
