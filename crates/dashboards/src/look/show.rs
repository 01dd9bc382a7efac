//! A value as it is shown.

use super::{
    color::{Rgb, scheme},
    mapping,
    threshold::threshold_color,
};
use crate::{model::FieldConfig, units};

/// Text and color of a value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shown {
    /// With its unit.
    pub text: String,
    /// By mapping, threshold or scheme; `None` where the dashboard gives it none.
    pub color: Option<Rgb>,
}

/// A number as the field's configuration says. `range` is what a gauge of it would span; `now` in seconds since 1970.
#[must_use]
pub fn show(config: &FieldConfig, value: Option<f64>, range: (f64, f64), now: f64) -> Shown {
    let mapped = mapping::of_number(&config.mappings, value);
    let mapped_color = mapped.and_then(|mapped| Rgb::named(mapped.color.as_deref()?));
    let color = mapped_color.or_else(|| color_of(config, value?, range));
    let plain = || match value {
        Some(value) => units::format(config.unit.as_deref(), value, config.decimals, now),
        None => config.no_value.clone().unwrap_or_else(|| "No data".to_owned()),
    };
    Shown {
        text: mapped.and_then(|mapped| mapped.text.clone()).unwrap_or_else(plain),
        color,
    }
}

/// A text as the field's configuration says.
#[must_use]
pub fn show_text(config: &FieldConfig, text: &str) -> Shown {
    match mapping::of_text(&config.mappings, text) {
        Some((result, mapped)) => Shown {
            text: mapped.unwrap_or_else(|| text.to_owned()),
            color: result.color.as_deref().and_then(Rgb::named),
        },
        None => Shown {
            text: text.to_owned(),
            color: None,
        },
    }
}

/// Where colors come from values; `None` where they come from series.
fn color_of(config: &FieldConfig, value: f64, range: (f64, f64)) -> Option<Rgb> {
    let color = config.color.as_ref();
    match color.map_or("thresholds", |color| color.mode.as_str()) {
        "thresholds" | "" => threshold_color(config.thresholds.as_ref(), value, range),
        "fixed" | "shades" => Rgb::named(color?.fixed_color.as_deref()?),
        mode if mode.starts_with("continuous-") => {
            let part = (value - range.0) / (range.1 - range.0);
            Some(scheme(mode, part))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_mapped_colored_and_written() {
        let config: FieldConfig = serde_json::from_value(json!({
            "unit": "percentunit", "decimals": 1, "noValue": "nothing",
            "color": {"mode": "thresholds"},
            "thresholds": {"mode": "absolute", "steps": [{"color": "green", "value": null}, {"color": "red", "value": 0.8}]},
            "mappings": [{"type": "value", "options": {"1": {"text": "full", "color": "purple"}}},
                {"type": "range", "options": {"from": 2, "to": null, "result": {"text": "beyond"}}},
                {"type": "special", "options": {"match": "nan", "result": {"text": "undefined", "color": "blue"}}},
                {"type": "regex", "options": {"pattern": "^web-(.*)$", "result": {"text": "$1", "color": "orange"}}}],
        }))
        .unwrap();
        let table = [
            (Some(0.5), "50.0%", Rgb::named("green")),
            (Some(0.9), "90.0%", Rgb::named("red")),
            (Some(1.0), "full", Rgb::named("purple")),
            (Some(3.0), "beyond", Rgb::named("red")),
            (Some(f64::NAN), "undefined", Rgb::named("blue")),
            (None, "nothing", None),
        ];
        for (value, text, color) in table {
            let shown = show(&config, value, (0.0, 1.0), 0.0);
            assert_eq!((shown.text.as_str(), shown.color), (text, color), "{value:?}");
        }
        let shown = show_text(&config, "web-1");
        assert_eq!((shown.text.as_str(), shown.color), ("1", Rgb::named("orange")));
        assert_eq!(show_text(&config, "db").text, "db");
    }
}
