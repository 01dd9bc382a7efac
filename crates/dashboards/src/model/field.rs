//! How values look: unit, decimals, colors, thresholds, and what overrides them for some series.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{
    dashboard::Link,
    lenient::{or_default, text},
};

/// What a panel says of its values: for all of them, and for some.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FieldSource {
    /// As it is written: overrides are laid over it.
    raw: Value,
    defaults: FieldConfig,
    /// In the order of the file; a later one wins.
    pub overrides: Vec<Override>,
}

impl<'de> Deserialize<'de> for FieldSource {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Written {
            #[serde(deserialize_with = "or_default")]
            defaults: Value,
            #[serde(deserialize_with = "or_default")]
            overrides: Vec<Override>,
        }
        let Written {
            defaults: raw,
            overrides,
        } = Written::deserialize(from)?;
        let defaults = Option::deserialize(&raw).map_err(serde::de::Error::custom)?;
        Ok(Self {
            raw,
            defaults: defaults.unwrap_or_default(),
            overrides,
        })
    }
}

impl FieldSource {
    /// What holds for all values that no override names.
    #[must_use]
    pub fn defaults(&self) -> &FieldConfig {
        &self.defaults
    }

    /// With the properties of overrides laid over the defaults, in their order.
    ///
    /// # Errors
    /// A property's value is of no use there.
    pub fn with<'a>(&self, properties: impl Iterator<Item = &'a Property>) -> serde_json::Result<FieldConfig> {
        let mut properties = properties.peekable();
        if properties.peek().is_none() {
            return Ok(self.defaults.clone());
        }
        let mut raw = self.raw.clone();
        for Property { id, value } in properties {
            set(&mut raw, id, value);
        }
        FieldConfig::deserialize(raw)
    }
}

/// `custom.lineWidth` is a field inside of `custom`.
fn set(mut inside: &mut Value, path: &str, value: &Value) {
    for name in path.split('.') {
        if !inside.is_object() {
            *inside = Value::Object(serde_json::Map::new());
        }
        inside = &mut inside[name];
    }
    *inside = value.clone();
}

/// How the values of a field look.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default, rename_all = "camelCase")]
pub struct FieldConfig {
    /// Grafana's id of a unit.
    pub unit: Option<String>,
    /// After the point; else as many as are of use.
    pub decimals: Option<u32>,
    /// The low end of axes, gauges and bars.
    pub min: Option<f64>,
    /// The high end.
    pub max: Option<f64>,
    /// In place of the series' name; variables are filled in.
    pub display_name: Option<String>,
    /// What is said where there is no value.
    pub no_value: Option<String>,
    /// What it means, in tables.
    pub description: Option<String>,
    /// Where colors come from.
    pub color: Option<Color>,
    /// From which value on another color holds.
    pub thresholds: Option<Thresholds>,
    /// Words in place of values.
    #[serde(deserialize_with = "or_default")]
    pub mappings: Vec<Mapping>,
    /// From a value to elsewhere.
    #[serde(deserialize_with = "or_default")]
    pub links: Vec<Link>,
    /// What only some kinds of panels know.
    #[serde(deserialize_with = "or_default")]
    pub custom: Custom,
    /// What is not known here, by name.
    #[serde(flatten)]
    pub rest: BTreeMap<String, Value>,
}

/// Where colors come from.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default, rename_all = "camelCase")]
pub struct Color {
    /// `thresholds`, `palette-classic`, `palette-classic-by-name`, `fixed`, `shades`, `continuous-…`.
    #[serde(deserialize_with = "text")]
    pub mode: String,
    /// Of `fixed` and `shades`: a name or a hexadecimal value.
    pub fixed_color: Option<String>,
    /// Which value of a series decides: `last`, `min` or `max`.
    pub series_by: Option<String>,
}

/// Colors by value.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct Thresholds {
    /// `absolute`, or `percentage` of what is between min and max.
    #[serde(deserialize_with = "text")]
    pub mode: String,
    /// The first has no value: it holds from minus infinity on.
    #[serde(deserialize_with = "or_default")]
    pub steps: Vec<Step>,
}

/// A color and where it begins.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct Step {
    /// A name or a hexadecimal value.
    #[serde(deserialize_with = "text")]
    pub color: String,
    /// `None`: minus infinity.
    pub value: Option<f64>,
}

/// Words in place of values.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(tag = "type", content = "options", rename_all = "lowercase")]
pub enum Mapping {
    /// By the value as a text.
    Value(BTreeMap<String, MappingResult>),
    /// From one value to another, both inclusive; `None` has no end.
    Range {
        /// The low end.
        from: Option<f64>,
        /// The high end.
        to: Option<f64>,
        /// What is shown.
        result: MappingResult,
    },
    /// By a regular expression, for texts.
    Regex {
        /// As JavaScript has it, perhaps between slashes.
        pattern: String,
        /// What is shown.
        result: MappingResult,
    },
    /// `null`, `nan`, `null+nan`, `true`, `false`, `empty`.
    Special {
        /// Which of them.
        r#match: String,
        /// What is shown.
        result: MappingResult,
    },
}

/// What is shown in place of a value.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct MappingResult {
    /// `None`: the value itself.
    pub text: Option<String>,
    /// A name or a hexadecimal value.
    pub color: Option<String>,
    /// The order in tables and legends.
    pub index: Option<i64>,
    /// Not drawn here.
    pub icon: Option<String>,
}

/// For some fields, other properties.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct Override {
    /// Which fields.
    #[serde(deserialize_with = "or_default")]
    pub matcher: Matcher,
    /// What is other for them.
    #[serde(deserialize_with = "or_default")]
    pub properties: Vec<Property>,
}

/// Which fields an override is for.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct Matcher {
    /// `byName`, `byRegexp`, `byType`, `byFrameRefID`, …
    #[serde(deserialize_with = "text")]
    pub id: String,
    /// The name, the expression, …
    #[serde(deserialize_with = "or_default")]
    pub options: Value,
}

/// One property of a field: `unit`, `custom.lineWidth`, …
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct Property {
    /// Its path in the field's configuration.
    #[serde(deserialize_with = "text")]
    pub id: String,
    /// Its value there.
    #[serde(deserialize_with = "or_default")]
    pub value: Value,
}

/// What time series, bars, tables and state timelines say of a field.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default, rename_all = "camelCase")]
pub struct Custom {
    /// `line`, `bars` or `points`.
    pub draw_style: Option<String>,
    /// `linear`, `smooth`, `stepBefore` or `stepAfter`.
    pub line_interpolation: Option<String>,
    /// In pixels.
    pub line_width: Option<f64>,
    /// How much of what is below a line is filled, in percent.
    pub fill_opacity: Option<f64>,
    /// `none`, `opacity`, `hue` or `scheme`.
    pub gradient_mode: Option<String>,
    /// Whether gaps are bridged.
    pub span_nulls: Option<SpanNulls>,
    /// `auto`, `always` or `never`.
    pub show_points: Option<String>,
    /// In pixels.
    pub point_size: Option<f64>,
    /// Whether series stand on each other.
    pub stacking: Option<Stacking>,
    /// How thresholds are drawn.
    pub thresholds_style: Option<ThresholdsStyle>,
    /// `auto`, `left`, `right` or `hidden`.
    pub axis_placement: Option<String>,
    /// Beside the axis.
    pub axis_label: Option<String>,
    /// The axis begins here or lower.
    pub axis_soft_min: Option<f64>,
    /// The axis ends here or higher.
    pub axis_soft_max: Option<f64>,
    /// Whether zero is in the middle.
    pub axis_centered_zero: Option<bool>,
    /// Linear or logarithmic.
    pub scale_distribution: Option<Scale>,
    /// `negative-Y` turns the series upside down.
    pub transform: Option<String>,
    /// Solid or dashed: `{fill, dash}`.
    pub line_style: Option<Value>,
    /// Whether it is left out: `{viz, legend, tooltip}`.
    pub hide_from: Option<Value>,
    /// How a table's cell looks: `{type, mode}`.
    pub cell_options: Option<Value>,
    /// `left`, `center`, `right` or `auto`.
    pub align: Option<String>,
    /// A table's column, in pixels.
    pub width: Option<f64>,
    /// What is not known here, by name.
    #[serde(flatten)]
    pub rest: BTreeMap<String, Value>,
}

/// Whether gaps are bridged.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(untagged)]
pub enum SpanNulls {
    /// All or none.
    All(bool),
    /// Those that are shorter than so many milliseconds.
    Shorter(f64),
}

/// Whether series stand on each other.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct Stacking {
    /// `none`, `normal` or `percent`.
    #[serde(deserialize_with = "text")]
    pub mode: String,
    /// Those of a group stand on each other.
    #[serde(deserialize_with = "text")]
    pub group: String,
}

/// How thresholds are drawn.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct ThresholdsStyle {
    /// `off`, `line`, `dashed`, `area`, `line+area`, `dashed+area`, `series`.
    #[serde(deserialize_with = "text")]
    pub mode: String,
}

/// Linear or logarithmic.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default, rename_all = "camelCase")]
pub struct Scale {
    /// `linear`, `log` or `symlog`.
    #[serde(rename = "type", deserialize_with = "text")]
    pub kind: String,
    /// The logarithm's base.
    pub log: Option<f64>,
    /// Where symlog is linear.
    pub linear_threshold: Option<f64>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn overrides_are_laid_over_the_defaults_and_the_last_one_wins() {
        let source: FieldSource = serde_json::from_value(json!({
            "defaults": {"unit": "s", "custom": {"lineWidth": 2, "fillOpacity": 10}},
            "overrides": [{"matcher": {"id": "byName", "options": "a"}, "properties": [
                {"id": "unit", "value": "ms"}, {"id": "custom.lineWidth", "value": 1},
                {"id": "unit", "value": "bytes"}, {"id": "color", "value": {"mode": "fixed", "fixedColor": "red"}}]}],
        }))
        .unwrap();
        let with = source.with(source.overrides[0].properties.iter()).unwrap();
        assert_eq!(with.unit.as_deref(), Some("bytes"));
        assert_eq!(
            (with.custom.line_width, with.custom.fill_opacity),
            (Some(1.0), Some(10.0))
        );
        assert_eq!(with.color.unwrap().fixed_color.as_deref(), Some("red"));
        assert_eq!(source.defaults().custom.line_width, Some(2.0));
    }

    #[test]
    fn mappings_are_read_in_all_four_kinds() {
        let mappings: Vec<Mapping> = serde_json::from_value(json!([
            {"type": "value", "options": {"1": {"text": "up", "color": "green", "index": 0}}},
            {"type": "range", "options": {"from": null, "to": 5, "result": {"text": "low"}}},
            {"type": "regex", "options": {"pattern": "/x/", "result": {"text": "x"}}},
            {"type": "special", "options": {"match": "null+nan", "result": {"text": "none"}}},
        ]))
        .unwrap();
        let result = |text: &str| MappingResult {
            text: Some(text.into()),
            ..MappingResult::default()
        };
        assert_eq!(
            mappings[1..],
            [
                Mapping::Range {
                    from: None,
                    to: Some(5.0),
                    result: result("low")
                },
                Mapping::Regex {
                    pattern: "/x/".into(),
                    result: result("x")
                },
                Mapping::Special {
                    r#match: "null+nan".into(),
                    result: result("none")
                },
            ]
        );
        assert!(matches!(&mappings[0], Mapping::Value(values) if values["1"].color.as_deref() == Some("green")));
    }

    #[test]
    fn an_override_with_a_value_of_no_use_is_an_error() {
        let source = FieldSource::default();
        let decimals = Property {
            id: "decimals".into(),
            value: json!("many"),
        };
        assert!(source.with([&decimals].into_iter()).is_err());
    }
}
