//! docs/demo-app.md names every flag and family, with type, labels and HELP: its tables are made from the program
//! (`UPDATE_DOCS=1` writes them anew), and so are the list of what nobody may rename. What the page says to ask is there.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "the test runs the program")]
#![allow(dead_code, reason = "other tests use the rest of programs")]

mod programs;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use demo_app::{PROGRAM, flags};
use exporter_toolkit::app;
use exposition::parse::{Family, parse};
use programs::App;

/// What learning material asks for, with its labels.
const NAMES: [(&str, &[&str]); 15] = [
    ("active_users", &[]),
    ("app_memory_usage_bytes", &[]),
    ("app_request_latency_seconds", &[]),
    ("app_requests_total", &[]),
    ("cpu_usage", &["core"]),
    ("cpu_usage_simulated", &[]),
    ("demo_request_latency_seconds", &[]),
    ("demo_requests_total", &[]),
    ("http_request_duration_seconds", &["endpoint", "method"]),
    ("http_request_duration_summary_seconds", &["endpoint", "method"]),
    ("http_requests_by_user_total", &["user_id"]),
    ("http_requests_total", &["endpoint", "method", "status"]),
    ("orders_total", &["region", "status"]),
    ("orders_value_dollars", &[]),
    ("requests_total", &[]),
];

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/demo-app.md")
}

/// One test, since the first part may write the page that the others read.
#[test]
fn the_page_tells_what_there_is_and_what_it_says_to_ask_is_there() {
    let app = App::start(&["--latency-mean=0s", "--error-rate=0", "--user-id-label"]);
    for path in ["/", "/api/users", "/api/orders"] {
        app.get(path);
    }
    let metrics = app.get("/metrics").text();
    let families = parse(metrics.as_bytes()).unwrap();
    let own: Vec<Family<'_>> = families.into_iter().filter(is_own).collect();
    let found: Vec<(&str, Vec<&str>)> = own.iter().map(|family| (family.name, labels(family))).collect();
    assert_eq!(found, NAMES.map(|(name, labels)| (name, labels.to_vec())));
    let tables = format!(
        "{}\nThose of every exporter:\n\n{}",
        doc_tables::flags(&flags()),
        doc_tables::flags(&app::flags(&PROGRAM, &[]))
    );
    doc_tables::check(
        &page(),
        &[("flags", tables), ("families", doc_tables::families(&own, &[]))],
    );
    for family in &own {
        let asked = format!("`{}", family.name);
        let page = fs::read_to_string(page()).unwrap();
        assert!(
            page.matches(&asked).count() > 1,
            "the page says nothing of {}",
            family.name
        );
    }
}

/// Not what every exporter has.
fn is_own(family: &Family<'_>) -> bool {
    !["process_", "promhttp_", "demo_app_build_info"]
        .iter()
        .any(|start| family.name.starts_with(start))
}

fn labels<'f>(family: &'f Family<'_>) -> Vec<&'f str> {
    let names: BTreeSet<&str> = family
        .metrics()
        .flat_map(|metric| metric.labels.iter().map(|label| label.name))
        .collect();
    names.into_iter().collect()
}
