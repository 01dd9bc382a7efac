//! A list of the alerts that are pending or firing now.

use super::html::{class, escaped};
use crate::{
    look::Rgb,
    model::Panel,
    prometheus::{Alert, Error},
};

pub(super) fn html(panel: &Panel, alerts: &Result<Vec<Alert>, Error>) -> String {
    let alerts = match alerts {
        Ok(alerts) => alerts,
        Err(error) => return format!("<p class=\"problem\">{}</p>", escaped(&error.to_string())),
    };
    let part = panel.options.alert_name.as_deref().unwrap_or_default();
    let name = |alert: &Alert| alert.labels.get("alertname").cloned().unwrap_or_default();
    let items: String = alerts
        .iter()
        .filter(|alert| name(alert).contains(part))
        .map(|alert| item(alert, &name(alert)))
        .collect();
    if items.is_empty() {
        return "<p class=\"nothing\">No alert is pending or firing</p>".to_owned();
    }
    format!("<div class=\"scroll\" tabindex=\"0\"><ul class=\"alerts\">{items}</ul></div>")
}

fn item(alert: &Alert, name: &str) -> String {
    let color = if alert.state == "firing" { "red" } else { "orange" };
    let color = class(Rgb::named(color).unwrap_or(Rgb::GREY));
    let summary = alert.annotations.get("summary").map_or("", String::as_str);
    let labels = alert.labels.iter().filter(|(label, _)| *label != "alertname");
    let labels: Vec<_> = labels.map(|(label, value)| format!("{label}={value}")).collect();
    format!(
        "<li><b class=\"badge painted {color}\">{}</b> <b>{}</b> {}<small>{}</small></li>",
        escaped(&alert.state),
        escaped(name),
        escaped(summary),
        escaped(&labels.join(", "))
    )
}
