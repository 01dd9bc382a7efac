//! A dashboard as a whole.

use std::{collections::BTreeMap, iter};

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::{
    lenient::{or_default, text, texts},
    panel::{Panel, Target},
    templating::{Datasource, Templating},
};

/// One file. Missing parts are empty.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default, rename_all = "camelCase")]
pub struct Dashboard {
    /// Names it in addresses; stable and unique.
    #[serde(deserialize_with = "text")]
    pub uid: String,
    /// What people call it.
    #[serde(deserialize_with = "text")]
    pub title: String,
    /// What it answers.
    #[serde(deserialize_with = "text")]
    pub description: String,
    /// Words to find it by.
    #[serde(deserialize_with = "texts")]
    pub tags: Vec<String>,
    /// `browser`, `utc`, or a zone; empty is `browser`.
    #[serde(deserialize_with = "text")]
    pub timezone: String,
    /// Of the JSON.
    pub schema_version: Option<u64>,
    /// Whether Grafana lets people change it.
    pub editable: Option<bool>,
    /// Reload every so often: `30s`; empty is never.
    #[serde(deserialize_with = "text")]
    pub refresh: String,
    /// What is shown when nobody says otherwise.
    #[serde(deserialize_with = "or_default")]
    pub time: TimeRange,
    /// What is to be drawn, in the order of the file. Those of a collapsed row are inside of it.
    #[serde(deserialize_with = "panels")]
    pub panels: Vec<Panel>,
    /// Its variables.
    #[serde(deserialize_with = "or_default")]
    pub templating: Templating,
    /// What is marked on the time axes.
    #[serde(deserialize_with = "or_default")]
    pub annotations: Annotations,
    /// To other dashboards and pages.
    #[serde(deserialize_with = "or_default")]
    pub links: Vec<Link>,
    /// What is not known here, by name.
    #[serde(flatten)]
    pub rest: BTreeMap<String, Value>,
}

/// Grafana's words for the two ends: `now-6h`, `now`, or a time.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct TimeRange {
    /// The older end.
    pub from: String,
    /// The newer end.
    pub to: String,
}

impl Default for TimeRange {
    fn default() -> Self {
        Self {
            from: "now-6h".into(),
            to: "now".into(),
        }
    }
}

/// All annotations of a dashboard.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct Annotations {
    /// In the order of the file.
    #[serde(deserialize_with = "or_default")]
    pub list: Vec<Annotation>,
}

/// A query whose answers are marked on the time axes.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default, rename_all = "camelCase")]
pub struct Annotation {
    /// What it is called in the list of switches.
    #[serde(deserialize_with = "text")]
    pub name: String,
    /// Of Prometheus; empty for Grafana's own annotations.
    pub datasource: Option<Datasource>,
    /// Whether it is shown.
    #[serde(deserialize_with = "or_default")]
    pub enable: bool,
    /// Whether its switch is hidden.
    #[serde(deserialize_with = "or_default")]
    pub hide: bool,
    /// Of its marks.
    #[serde(deserialize_with = "text")]
    pub icon_color: String,
    /// PromQL, in the form before Grafana 9.
    #[serde(deserialize_with = "text")]
    expr: String,
    /// PromQL, in the form since Grafana 9.
    target: Option<Target>,
    /// `{{label}}`s are filled in.
    #[serde(deserialize_with = "text")]
    pub title_format: String,
    /// `{{label}}`s are filled in.
    #[serde(deserialize_with = "text")]
    pub text_format: String,
    /// Labels that are shown, with commas between them.
    #[serde(deserialize_with = "text")]
    pub tag_keys: String,
    /// Between points, at least: `60s`.
    #[serde(deserialize_with = "text")]
    pub step: String,
    /// 1 for the annotations that Grafana keeps itself.
    #[serde(deserialize_with = "or_default")]
    pub built_in: Value,
    /// What is not known here, by name.
    #[serde(flatten)]
    pub rest: BTreeMap<String, Value>,
}

impl Annotation {
    /// What it asks Prometheus; `None` for Grafana's own.
    #[must_use]
    pub fn expr(&self) -> Option<&str> {
        let newer = self.target.as_ref().map(|target| target.expr.as_str());
        [Some(self.expr.as_str()), newer]
            .into_iter()
            .flatten()
            .find(|expr| !expr.is_empty())
    }
}

/// A link of a dashboard, a panel or a value.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default, rename_all = "camelCase")]
pub struct Link {
    /// What is to be clicked.
    #[serde(deserialize_with = "text")]
    pub title: String,
    /// Variables are filled in.
    #[serde(deserialize_with = "text")]
    pub url: String,
    /// `link`, or `dashboards` for all with the same tags.
    #[serde(rename = "type", deserialize_with = "text")]
    pub kind: String,
    /// Which dashboards, when it is of that kind.
    #[serde(deserialize_with = "texts")]
    pub tags: Vec<String>,
    /// What it leads to.
    #[serde(deserialize_with = "text")]
    pub tooltip: String,
    /// Whether the chosen values of variables go along.
    #[serde(deserialize_with = "or_default")]
    pub include_vars: bool,
    /// Whether the time range goes along.
    #[serde(deserialize_with = "or_default")]
    pub keep_time: bool,
    /// Whether it opens in a new tab.
    #[serde(deserialize_with = "or_default")]
    pub target_blank: bool,
    /// What is not known here, by name.
    #[serde(flatten)]
    pub rest: BTreeMap<String, Value>,
}

impl Dashboard {
    /// From the text of a file.
    ///
    /// # Errors
    /// It is not JSON, or not a dashboard's. A panel that is broken alone says so itself, in [`Panel::error`].
    pub fn parse(text: &str) -> serde_json::Result<Self> {
        serde_json::from_str(text)
    }

    /// All panels that show something, also those inside of rows, in the order of the file.
    pub fn shown(&self) -> impl Iterator<Item = &Panel> {
        self.panels
            .iter()
            .flat_map(|panel| iter::once(panel).chain(&panel.panels))
            .filter(|panel| !panel.is_row())
    }
}

/// Each by itself: one that is not understood does not take the others with it.
pub(super) fn panels<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Panel>, D::Error> {
    let values = Option::<Vec<Value>>::deserialize(from)?.unwrap_or_default();
    Ok(values.into_iter().map(Panel::from_value).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOARD: &str = r#"{
        "uid": "a", "title": "A", "tags": ["t"], "refresh": false, "schemaVersion": 41, "id": null, "liveNow": true,
        "time": {"from": "now-1h", "to": "now"},
        "templating": {"list": [{"name": "job", "type": "query", "query": {"query": "label_values(up, job)"}, "multi": true,
            "current": {"text": ["x"], "value": ["x"]}}]},
        "annotations": {"list": [{"builtIn": 1, "name": "Grafana's", "enable": true, "datasource": {"uid": "-- Grafana --"}},
            {"name": "Alerts", "enable": true, "expr": "ALERTS", "target": {"expr": "newer"}},
            {"name": "Newer", "enable": true, "target": {"expr": "newer", "refId": "Anno"}}]},
        "panels": [
            {"id": 1, "type": "row", "collapsed": true, "title": "R", "gridPos": {"h": 1, "w": 24, "x": 0, "y": 0},
             "panels": [{"id": 2, "type": "stat", "title": "In", "gridPos": {"h": 4, "w": 6, "x": 0, "y": 1}}]},
            {"id": 3, "type": "timeseries", "title": "T", "targets": [{"expr": "up", "refId": "A", "legendFormat": null}],
             "fieldConfig": {"defaults": {"unit": "s"}, "overrides": []}},
            {"id": 4, "type": "gauge", "title": "Broken", "gridPos": "here"}
        ]}"#;

    #[test]
    fn a_dashboard_is_read_and_what_is_inside_of_rows_is_shown() {
        let board = Dashboard::parse(BOARD).unwrap();
        assert_eq!((board.uid.as_str(), board.refresh.as_str()), ("a", ""));
        let titles: Vec<_> = board.shown().map(|panel| panel.title.as_str()).collect();
        assert_eq!(titles, ["In", "T", "Broken"]);
        assert_eq!(board.panels[1].targets[0].expr, "up");
        assert_eq!(board.panels[1].field_config.defaults().unit.as_deref(), Some("s"));
        assert!(board.rest.contains_key("liveNow"));
        assert_eq!(board.templating.list[0].query.text(), "label_values(up, job)");
    }

    #[test]
    fn a_broken_panel_says_so_and_leaves_the_others_alone() {
        let board = Dashboard::parse(BOARD).unwrap();
        assert_eq!(board.panels[1].error, None);
        let error = board.panels[2].error.as_deref().unwrap();
        assert!(error.starts_with("invalid type: string \"here\""), "{error}");
    }

    #[test]
    fn annotations_have_two_forms_and_grafanas_own_ask_nothing() {
        let board = Dashboard::parse(BOARD).unwrap();
        let exprs: Vec<_> = board.annotations.list.iter().map(Annotation::expr).collect();
        assert_eq!(exprs, [None, Some("ALERTS"), Some("newer")]);
    }
}
