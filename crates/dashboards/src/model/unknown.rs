//! What of a panel is not drawn here, in words.

use std::collections::BTreeMap;

use serde_json::Value;

use super::panel::Panel;

/// Names that need not be drawn: they are Grafana's bookkeeping, or how it edits.
const HARMLESS: &[&str] = &[
    "alertInstanceLabelFilter",
    "allowUiUpdates",
    "axisBorderShow",
    "axisColorMode",
    "axisGridShow",
    "barAlignment",
    "barMaxWidth",
    "barMinWidth",
    "barWidthFactor",
    "cacheTimeout",
    "cellGap",
    "cellValues",
    "code",
    "dashboardAlerts",
    "datasource",
    "editorMode",
    "enablePagination",
    "exemplars",
    "fieldMinMax",
    "fillBelowTo",
    "filterValues",
    "filterable",
    "footer",
    "frameIndex",
    "groupBy",
    "groupMode",
    "hideTimeOverride",
    "hideZeros",
    "infinitePan",
    "insertNulls",
    "inspect",
    "layout",
    "maxHeight",
    "maxVizHeight",
    "maxWidth",
    "minVizHeight",
    "minVizWidth",
    "minWidth",
    "nullValueMode",
    "percentChangeColorMode",
    "perPage",
    "pluginVersion",
    "queryCachingTTL",
    "rowsFrame",
    "selectedSeries",
    "showInstances",
    "showPercentChange",
    "showValue",
    "sizing",
    "sortOrder",
    "stepEditor",
    "timezone",
    "titleSize",
    "ui",
    "unitScale",
    "viewMode",
    "wideLayout",
    "width",
    "yHistogram",
];

/// Each in a few words, such as `option axisGrid`; empty when all is known.
#[must_use]
pub fn unknown(panel: &Panel) -> Vec<String> {
    let defaults = panel.field_config.defaults();
    let mut found = Vec::new();
    for (what, rest) in [
        ("panel setting", &panel.rest),
        ("option", &panel.options.rest),
        ("field option", &defaults.rest),
        ("field option", &defaults.custom.rest),
    ] {
        found.extend(names(rest).map(|name| format!("{what} {name}")));
    }
    found
}

/// Those that say something: nothing, no and none need not be drawn.
fn names(rest: &BTreeMap<String, Value>) -> impl Iterator<Item = &str> {
    let says_something = |value: &Value| match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !matches!(text.as_str(), "" | "auto" | "none" | "off"),
        Value::Array(values) => !values.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        _ => true,
    };
    rest.iter()
        .filter(move |(name, value)| says_something(value) && !HARMLESS.contains(&name.as_str()))
        .map(|(name, _)| name.as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_drawn_is_named_and_what_says_nothing_is_not() {
        let panel = Panel::from_value(json!({
            "type": "timeseries", "pluginVersion": "12", "libraryPanel": {"uid": "x"},
            "options": {"legend": {}, "sparkle": true, "shine": "none"},
            "fieldConfig": {"defaults": {"glow": 3, "custom": {"blink": "fast", "lineWidth": 1}}},
        }));
        assert_eq!(
            unknown(&panel),
            [
                "panel setting libraryPanel",
                "option sparkle",
                "field option glow",
                "field option blink"
            ]
        );
    }
}
