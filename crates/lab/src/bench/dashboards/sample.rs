//! The dashboard that is opened: as many panels as one may have, of the kinds and with the legends that ours have.

use serde_json::{Value, json};

pub(super) const UID: &str = "sample";
pub(super) const PANELS: u64 = 20;
/// A panel asks for one; the last is a histogram's.
pub(super) const FAMILIES: u64 = PANELS;

/// In Grafana's JSON.
pub(super) fn board() -> Value {
    let panels: Vec<Value> = (0..PANELS).map(panel).collect();
    json!({
        "uid": UID,
        "title": "Sample",
        "schemaVersion": 41,
        "timezone": "utc",
        "time": {"from": "now-6h", "to": "now"},
        "panels": panels,
    })
}

/// A row of figures, three rows of charts, and what else there is.
fn panel(index: u64) -> Value {
    let rate = format!("rate(bench_{index}_total[$__rate_interval])");
    let (kind, expr, instant) = match index {
        0..4 => ("stat", format!("sum({rate})"), false),
        4 => ("gauge", format!("sum({rate}) / 1e5"), false),
        5 => ("bargauge", rate, true),
        6 => ("table", rate, true),
        7..19 => ("timeseries", rate, false),
        _ => (
            "heatmap",
            format!("sum by (le) (rate(bench_{index}_bucket[$__rate_interval]))"),
            false,
        ),
    };
    json!({
        "id": index + 1,
        "title": format!("Panel {index}"),
        "description": "What it shows, and what to do about it.",
        "type": kind,
        "gridPos": {"x": index % 4 * 6, "y": index / 4 * 8, "w": 6, "h": 8},
        "targets": [{"refId": "A", "expr": expr, "legendFormat": "shard {{shard}}", "instant": instant, "range": !instant}],
        "fieldConfig": {"defaults": {
            "unit": if kind == "gauge" { "percentunit" } else { "reqps" },
            "custom": {"lineWidth": 1, "fillOpacity": 8, "showPoints": "never", "thresholdsStyle": {"mode": "dashed"}},
            "thresholds": {"mode": "absolute", "steps": [{"color": "green", "value": null}, {"color": "orange", "value": 500}]},
        }, "overrides": []},
        "options": {
            "legend": {"displayMode": "table", "placement": "bottom", "showLegend": true, "calcs": ["lastNotNull", "max", "mean"]},
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::dashboards::model::Dashboard;

    #[test]
    fn the_viewer_knows_all_of_it() {
        let board = Dashboard::parse(&board().to_string()).unwrap();
        assert_eq!(board.shown().count() as u64, PANELS);
        for panel in board.shown() {
            assert_eq!(
                (panel.error.clone(), ::dashboards::model::unknown(panel)),
                (None, vec![])
            );
        }
    }
}
