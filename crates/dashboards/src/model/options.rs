//! The options of all kinds of panels, in one structure: names mean the same wherever they occur.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::lenient::{or_default, text, texts};

/// How a panel looks.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default, rename_all = "camelCase")]
pub struct Options {
    /// Of time series, state timelines and heatmaps.
    pub legend: Option<Legend>,
    /// What is said under the pointer.
    pub tooltip: Option<Tooltip>,
    /// How a series becomes one value.
    pub reduce_options: Option<ReduceOptions>,
    /// `auto`, `horizontal` or `vertical`.
    pub orientation: Option<String>,
    /// Of a stat: `value`, `background`, `background_solid` or `none`.
    pub color_mode: Option<String>,
    /// Of a stat: `area` or `none`.
    pub graph_mode: Option<String>,
    /// Of a stat: `auto`, `value`, `value_and_name`, `name` or `none`.
    pub text_mode: Option<String>,
    /// Of a stat: `auto` or `center`.
    pub justify_mode: Option<String>,
    /// In pixels.
    pub text: Option<TextSizes>,
    /// Of a gauge: whether the thresholds' ring is drawn.
    pub show_threshold_markers: Option<bool>,
    /// Of a gauge: whether the thresholds' values are written.
    pub show_threshold_labels: Option<bool>,
    /// Of bar gauges: `gradient`, `lcd` or `basic`. Of others their own.
    pub display_mode: Option<String>,
    /// Of bar gauges: `color`, `text` or `hidden`.
    pub value_mode: Option<String>,
    /// Of bar gauges: whether the rest of the bar is shown.
    pub show_unfilled: Option<bool>,
    /// Of bar gauges: `auto`, `top`, `left` or `hidden`.
    pub name_placement: Option<String>,
    /// Of tables.
    pub show_header: Option<bool>,
    /// Of tables.
    #[serde(deserialize_with = "or_default")]
    pub sort_by: Vec<SortColumn>,
    /// Of tables: `sm`, `md` or `lg`.
    pub cell_height: Option<String>,
    /// Of heatmaps: whether buckets are made here from plain series.
    pub calculate: Option<bool>,
    /// Of heatmaps.
    pub color: Option<HeatmapColor>,
    /// Of heatmaps.
    pub y_axis: Option<HeatmapAxis>,
    /// Of state timelines: `auto`, `always` or `never`.
    pub show_value: Option<String>,
    /// Of state timelines: whether neighbours with the same value are one.
    pub merge_values: Option<bool>,
    /// Of state timelines: how much of its row a bar takes, 0 to 1.
    pub row_height: Option<f64>,
    /// Of state timelines: `left`, `center` or `right`.
    pub align_value: Option<String>,
    /// Of texts: `markdown`, `html` or `code`.
    pub mode: Option<String>,
    /// Of texts; variables are filled in.
    pub content: Option<String>,
    /// Of lists of alerts: a part of their names.
    pub alert_name: Option<String>,
    /// Of lists of alerts: matchers of their labels.
    pub alert_instance_label_filter: Option<String>,
    /// Of lists of alerts: how many at most.
    pub max_items: Option<f64>,
    /// Of lists of alerts: which states are shown.
    pub state_filter: Option<BTreeMap<String, bool>>,
    /// What is not known here, by name.
    #[serde(flatten)]
    pub rest: BTreeMap<String, Value>,
}

/// The list of series beside a chart.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default, rename_all = "camelCase")]
pub struct Legend {
    /// `list`, `table` or `hidden`.
    #[serde(deserialize_with = "text")]
    pub display_mode: String,
    /// `bottom` or `right`.
    #[serde(deserialize_with = "text")]
    pub placement: String,
    /// Whether there is one.
    pub show_legend: Option<bool>,
    /// What is said of each series: `last`, `min`, `max`, `mean`, …
    #[serde(deserialize_with = "texts")]
    pub calcs: Vec<String>,
    /// What series are sorted by: `Last *`, `Name`, …
    pub sort_by: Option<String>,
    /// The largest first.
    #[serde(deserialize_with = "or_default")]
    pub sort_desc: bool,
    /// What is not known here, by name.
    #[serde(flatten)]
    pub rest: BTreeMap<String, Value>,
}

/// What is said under the pointer.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct Tooltip {
    /// `single`, `multi` or `none`.
    #[serde(deserialize_with = "text")]
    pub mode: String,
    /// `none`, `asc` or `desc`.
    #[serde(deserialize_with = "text")]
    pub sort: String,
    /// What is not known here, by name.
    #[serde(flatten)]
    pub rest: BTreeMap<String, Value>,
}

/// How a series becomes one value.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct ReduceOptions {
    /// Of which only the first counts: `lastNotNull`, `mean`, …
    #[serde(deserialize_with = "texts")]
    pub calcs: Vec<String>,
    /// Which fields: empty is all numbers, else a name or `/expression/`.
    #[serde(deserialize_with = "text")]
    pub fields: String,
    /// Every row of a table, not one value of each field.
    #[serde(deserialize_with = "or_default")]
    pub values: bool,
    /// How many rows then.
    pub limit: Option<f64>,
}

/// Sizes in pixels.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default, rename_all = "camelCase")]
pub struct TextSizes {
    /// Of names.
    pub title_size: Option<f64>,
    /// Of values.
    pub value_size: Option<f64>,
}

/// What a table is sorted by.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default, rename_all = "camelCase")]
pub struct SortColumn {
    /// As it is shown.
    #[serde(deserialize_with = "text")]
    pub display_name: String,
    /// The largest first.
    #[serde(deserialize_with = "or_default")]
    pub desc: bool,
}

/// The colors of a heatmap.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct HeatmapColor {
    /// `scheme` or `opacity`.
    #[serde(deserialize_with = "text")]
    pub mode: String,
    /// Of `scheme`: its name.
    #[serde(deserialize_with = "text")]
    pub scheme: String,
    /// Of `opacity`: the color.
    #[serde(deserialize_with = "text")]
    pub fill: String,
    /// Turned around.
    #[serde(deserialize_with = "or_default")]
    pub reverse: bool,
    /// `exponential` or `linear`.
    #[serde(deserialize_with = "text")]
    pub scale: String,
    /// Of `exponential`.
    pub exponent: Option<f64>,
    /// How many colors.
    pub steps: Option<f64>,
    /// What is not known here, by name.
    #[serde(flatten)]
    pub rest: BTreeMap<String, Value>,
}

/// The buckets' axis of a heatmap.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct HeatmapAxis {
    /// Grafana's id of a unit.
    pub unit: Option<String>,
    /// After the point.
    pub decimals: Option<u32>,
    /// Turned upside down.
    #[serde(deserialize_with = "or_default")]
    pub reverse: bool,
    /// What is not known here, by name.
    #[serde(flatten)]
    pub rest: BTreeMap<String, Value>,
}
