//! The page at `/`: what has happened so far, and a form that makes other things happen. It works without scripts.

use exporter_toolkit::self_metrics::VERSION;
use exporter_toolkit::web::html_escaped;

use crate::cpu::CpuMode;
use crate::http_labels::Endpoint;
use crate::latency::Distribution;
use crate::service::Service;
use crate::settings::Settings;

/// Questions to ask Prometheus, and what they tell.
const QUERIES: [(&str, &str); 6] = [
    ("rate(demo_requests_total[1m])", "requests a second"),
    (
        "histogram_quantile(0.95, rate(demo_request_latency_seconds_bucket[5m]))",
        "the time within which 95 of 100 requests are answered",
    ),
    (
        "http_request_duration_summary_seconds{quantile=\"0.95\"}",
        "the same, as the program itself sees it",
    ),
    (
        "sum by (endpoint) (rate(http_requests_total{status=~\"5..\"}[5m])) / sum by (endpoint) (rate(http_requests_total[5m]))",
        "the share of requests that fail, by endpoint",
    ),
    (
        "sum by (region) (increase(orders_total{status=\"completed\"}[1h]))",
        "orders of the last hour, by region",
    ),
    ("cpu_usage_simulated > 80", "what the alert LabHighCpu watches"),
];

/// The page, everything escaped.
pub(super) fn page(service: &Service, may_change: bool, failed: bool) -> String {
    let fault = if failed {
        "<p class=\"bad\">This answer is a simulated fault: its status is 500.</p>\n"
    } else {
        ""
    };
    let queries: String = QUERIES
        .iter()
        .map(|(query, what)| format!("<dt><code>{}</code></dt><dd>{what}</dd>\n", html_escaped(query)))
        .collect();
    format!(
        "{HEAD}{fault}{ABOUT}<h2>Requests</h2>\n{}<h2>Settings</h2>\n{}<h2>Ask Prometheus</h2>\n<dl>\n{queries}</dl>\n\
         <p class=\"quiet\">Version {}</p>\n</main>\n</body>\n</html>\n",
        requests(service),
        settings(&service.settings.get(), may_change),
        html_escaped(VERSION)
    )
}

fn requests(service: &Service) -> String {
    let since_start = service.started.elapsed();
    let row = |endpoint: Endpoint| {
        let (requests, errors) = service.metrics.so_far(endpoint);
        let [p50, _, p95, p99] = service.metrics.last_quantiles(endpoint, since_start).map(millis);
        let path = endpoint.label();
        format!(
            "<tr><td><a href=\"{path}\">{path}</a></td><td>{requests}</td><td>{errors}</td>\
             <td>{p50}</td><td>{p95}</td><td>{p99}</td></tr>\n"
        )
    };
    let rows: String = Endpoint::KNOWN.into_iter().map(row).collect();
    format!(
        "<table>\n<thead><tr><th>Endpoint</th><th>Requests</th><th>Errors</th><th>p50</th><th>p95</th><th>p99</th></tr></thead>\n\
         <tbody>\n{rows}</tbody>\n</table>\n<p class=\"quiet\">Requests and errors since the start; latencies of GET in the last minute.</p>\n"
    )
}

fn millis(seconds: f64) -> String {
    if seconds.is_nan() {
        "–".to_owned()
    } else {
        format!("{:.0} ms", seconds * 1e3)
    }
}

/// A form where settings can be changed, else a list.
fn settings(settings: &Settings, may_change: bool) -> String {
    if !may_change {
        let item = |name: &str| format!("<li>{}: {}</li>\n", label(name), settings.get(name));
        let items: String = Settings::NAMES.into_iter().map(item).collect();
        return format!(
            "<ul>\n{items}</ul>\n<p class=\"quiet\">They can be changed here with --admin.allow-remote.</p>\n"
        );
    }
    let fields: String = Settings::NAMES
        .into_iter()
        .map(|name| format!("<label>{} {}</label>\n", label(name), field(name, &settings.get(name))))
        .collect();
    format!("<form action=\"/admin/settings\" method=\"post\">\n{fields}<button>Change</button>\n</form>\n")
}

fn label(name: &str) -> &'static str {
    match name {
        "latency_distribution" => "Latency: distribution",
        "latency_mean" => "Latency: mean",
        "error_rate" => "Error rate",
        "cpu_mode" => "Simulated CPU",
        "ballast_mib" => "Ballast, MiB",
        _ => "user_id label",
    }
}

fn field(name: &str, value: &str) -> String {
    let choices: Vec<&str> = match name {
        "latency_distribution" => Distribution::ALL.iter().map(|(name, _)| *name).collect(),
        "cpu_mode" => CpuMode::ALL.iter().map(|(name, _)| *name).collect(),
        "user_id_label" => vec!["false", "true"],
        "latency_mean" => return format!("<input name=\"{name}\" value=\"{value}\" size=\"8\" required>"),
        "ballast_mib" => {
            return format!("<input name=\"{name}\" value=\"{value}\" type=\"number\" min=\"0\" max=\"512\" required>");
        }
        _ => {
            return format!(
                "<input name=\"{name}\" value=\"{value}\" type=\"number\" min=\"0\" max=\"1\" step=\"any\" required>"
            );
        }
    };
    let option = |choice: &&str| {
        let selected = if *choice == value { " selected" } else { "" };
        format!("<option{selected}>{choice}</option>")
    };
    let options: String = choices.iter().map(option).collect();
    format!("<select name=\"{name}\">{options}</select>")
}

const HEAD: &str = r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="UTF-8">
<meta name="viewport" content="width=device-width, initial-scale=1.0">
<title>Demo App</title>
<style>
body { font-family: system-ui, sans-serif; margin: 0; color: #222; }
header { background: #1f4b6e; color: #fff; padding: 1rem; }
h1 { font-size: 1.2rem; margin: 0; }
h2 { font-size: 1rem; margin: 1.5rem 0 .5rem; }
main { padding: 1rem; max-width: 60rem; }
form { display: flex; flex-wrap: wrap; gap: .8rem; align-items: end; }
label { display: flex; flex-direction: column; gap: .2rem; font-size: .9rem; }
input, select, button { font: inherit; padding: .2rem .4rem; }
input[type=number] { width: 6rem; }
table { border-collapse: collapse; }
th, td { text-align: right; white-space: nowrap; padding: .25rem 0 .25rem 1.2rem; border-bottom: 1px solid #ddd; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
dt { margin-top: .6rem; overflow-wrap: anywhere; }
dd { margin: 0; color: #666; }
code { background: #f2f4f6; padding: .1rem .3rem; }
.bad { color: #b00020; font-weight: bold; }
.quiet { color: #666; font-size: .9rem; }
</style>
</head>
<body>
<header><h1>Demo App</h1></header>
<main>
"#;

const ABOUT: &str = r#"<p>A sample service to learn on. Its answers take a random time and sometimes fail; everything about that is in its
<a href="/metrics">metrics</a>.</p>
<p>For traffic: <code>lab load</code>, or reload one of the endpoints below. A <code>POST</code> to <code>/api/orders</code> is an order.</p>
"#;
