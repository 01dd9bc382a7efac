//! The profile `longterm`: an agent scrapes for VictoriaMetrics, beside Prometheus.

use std::{cell::RefCell, collections::BTreeSet};

use serde_json::Value;

use crate::stack::Stack;

/// What it adds.
pub(crate) const SERVICES: [&str; 2] = ["victoria-metrics", "agent"];

/// Series of the jobs of prometheus/agent.yml that have come within some time. Without what Prometheus makes itself of rules, alerts
/// and scrapes, and without what is there only while a probe fails.
fn query(within: &str) -> String {
    let jobs = r#"job=~"node|containers|probe-http|redis|demo-app""#;
    let others = r#"__name__!~".+:.+|ALERTS.*|scrape_.+|probe_failure_info""#;
    format!("group by (__name__, job, instance) (last_over_time({{{jobs}, {others}}}[{within}]))")
}

/// Every series that Prometheus has of the agent's jobs is in VictoriaMetrics, and says which site it is of.
pub(crate) fn what_is_scraped_is_kept_for_years_too(stack: &mut Stack) {
    stack.compose(&["--profile=longterm", "up", "--detach", "--wait"]);
    let of = |service, port, within| -> BTreeSet<String> {
        let found = stack.try_query_of(service, port, &query(within)).unwrap_or_default();
        let labels = |series: &Value| ["__name__", "job", "instance"].map(|label| series["metric"][label].to_string());
        found.iter().map(|series| labels(series).join(" ")).collect()
    };
    let expected = of("prometheus", 9090, "4s");
    assert!(expected.len() > 500, "{} series", expected.len());
    let missing = RefCell::new(BTreeSet::new());
    let is_whole = || {
        missing.replace(&expected - &of("victoria-metrics", 8428, "1m"));
        missing.borrow().is_empty()
    };
    assert!(stack.is_soon(is_whole), "missing: {:#?}", missing.borrow());
    let site = stack.try_query_of("victoria-metrics", 8428, r#"count(up{site="main"}) == count(up)"#);
    assert_eq!(site.unwrap_or_default().len(), 1);
}
