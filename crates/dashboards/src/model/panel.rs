//! A panel: what it asks, and how the answers are shown.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{
    dashboard::{Link, panels},
    field::FieldSource,
    lenient::{or_default, text},
    options::Options,
    templating::Datasource,
};

/// One panel, or a row with those that it folds away.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default, rename_all = "camelCase")]
pub struct Panel {
    /// Unique in its dashboard.
    #[serde(deserialize_with = "or_default")]
    pub id: u64,
    /// `timeseries`, `stat`, …
    #[serde(rename = "type", deserialize_with = "text")]
    pub kind: String,
    /// Variables are filled in.
    #[serde(deserialize_with = "text")]
    pub title: String,
    /// What it says, and what to do about it.
    #[serde(deserialize_with = "text")]
    pub description: String,
    /// Where it is.
    #[serde(deserialize_with = "or_default")]
    pub grid_pos: GridPos,
    /// Whom it asks.
    pub datasource: Option<Datasource>,
    /// What it asks.
    #[serde(deserialize_with = "or_default")]
    pub targets: Vec<Target>,
    /// How values look.
    #[serde(deserialize_with = "or_default")]
    pub field_config: FieldSource,
    /// How the panel looks.
    #[serde(deserialize_with = "or_default")]
    pub options: Options,
    /// What is done to the answers before they are shown.
    #[serde(deserialize_with = "or_default")]
    pub transformations: Vec<Transformation>,
    /// Beside the title.
    #[serde(deserialize_with = "or_default")]
    pub links: Vec<Link>,
    /// The variable for whose every chosen value there is one such panel.
    pub repeat: Option<String>,
    /// `h` or `v`.
    pub repeat_direction: Option<String>,
    /// How many of them beside each other.
    pub max_per_row: Option<u32>,
    /// Between points, at least: `30s`, or a variable.
    pub interval: Option<String>,
    /// How many points, at most.
    pub max_data_points: Option<f64>,
    /// Another range than the dashboard's, back from its end: `1h`.
    pub time_from: Option<String>,
    /// How far back from the dashboard's range: `1d`.
    pub time_shift: Option<String>,
    /// Of a row: whether it is folded.
    #[serde(deserialize_with = "or_default")]
    pub collapsed: bool,
    /// Of a folded row: what it has inside.
    #[serde(deserialize_with = "panels")]
    pub panels: Vec<Panel>,
    /// Whether it has no background.
    #[serde(deserialize_with = "or_default")]
    pub transparent: bool,
    /// Why it was not understood; then only `id`, `kind` and `title` may be there.
    #[serde(skip)]
    pub error: Option<String>,
    /// What is not known here, by name.
    #[serde(flatten)]
    pub rest: BTreeMap<String, Value>,
}

/// In a grid of 24 columns; a row of it is about 38 pixels high.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(default)]
pub struct GridPos {
    /// Height.
    pub h: u32,
    /// Width.
    pub w: u32,
    /// From the left.
    pub x: u32,
    /// From above.
    pub y: u32,
}

impl Default for GridPos {
    fn default() -> Self {
        Self {
            h: 8,
            w: 12,
            x: 0,
            y: 0,
        }
    }
}

/// One question.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default, rename_all = "camelCase")]
pub struct Target {
    /// `A`, `B`, …: what overrides and transformations call it.
    #[serde(deserialize_with = "text")]
    pub ref_id: String,
    /// PromQL; variables are filled in.
    #[serde(deserialize_with = "text")]
    pub expr: String,
    /// What a series is called: `{{label}}`s are filled in; empty or `__auto`: all its labels.
    #[serde(deserialize_with = "text")]
    pub legend_format: String,
    /// `time_series`, `table` or `heatmap`; empty is the first.
    #[serde(deserialize_with = "text")]
    pub format: String,
    /// Only the newest value.
    #[serde(deserialize_with = "or_default")]
    pub instant: bool,
    /// All values of the range; that is so as well where `instant` is not.
    pub range: Option<bool>,
    /// Between points, at least: `30s`, or a variable.
    #[serde(deserialize_with = "text")]
    pub interval: String,
    /// How many times the step it takes for one point.
    pub interval_factor: Option<f64>,
    /// Not asked.
    #[serde(deserialize_with = "or_default")]
    pub hide: bool,
    /// Whether exemplars are wanted.
    #[serde(deserialize_with = "or_default")]
    pub exemplar: bool,
    /// Whom it asks, where that is not the panel's.
    pub datasource: Option<Datasource>,
    /// What is not known here, by name.
    #[serde(flatten)]
    pub rest: BTreeMap<String, Value>,
}

/// A change to the answers, by Grafana's name for it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct Transformation {
    /// `organize`, `merge`, …
    #[serde(deserialize_with = "text")]
    pub id: String,
    /// As each has them.
    #[serde(deserialize_with = "or_default")]
    pub options: Value,
    /// Not done.
    #[serde(deserialize_with = "or_default")]
    pub disabled: bool,
    /// What is not known here, by name.
    #[serde(flatten)]
    pub rest: BTreeMap<String, Value>,
}

impl Panel {
    /// Of one that is not understood: what can be said of it, and why.
    pub(super) fn from_value(value: Value) -> Self {
        let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let broken = |error: &serde_json::Error| Self {
            id: value.get("id").and_then(Value::as_u64).unwrap_or_default(),
            kind: text("type"),
            title: text("title"),
            error: Some(error.to_string()),
            ..Self::default()
        };
        Self::deserialize(&value).unwrap_or_else(|error| broken(&error))
    }

    /// Whether it is a row, which shows nothing itself.
    #[must_use]
    pub fn is_row(&self) -> bool {
        self.kind == "row"
    }
}
