//! Two Prometheis with prometheus/replica.yml do the same, and what becomes of it is there once.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::{
    running::{Prometheus, Running, exporter, free_address},
    site::configured,
    store::{exported, victoria_metrics},
    tools,
};

const RULES: &str = "groups: [{name: pair, rules: [{alert: Shown, expr: 'up{job=\"node\"} == 1'}]}]";

fn replica(folder: &Path, name: &str, targets: &[(&str, Vec<String>)], store: &str) -> Option<Running> {
    let folder = folder.join(name);
    fs::create_dir_all(folder.join("rules")).expect("the folder is ours");
    fs::write(folder.join("rules/rules.yml"), RULES).expect("the folder is ours");
    let config: PathBuf = configured(&folder, "replica.yml", targets);
    let text = fs::read_to_string(&config).expect("a text file");
    fs::write(&config, text.replace("127.0.0.1:8428", store)).expect("the folder is ours");
    let prometheus = Prometheus {
        config: &config,
        is_agent: false,
        replica: name,
    };
    prometheus.start()
}

fn alertmanager(folder: &Path) -> Option<Running> {
    let program = tools::find(&["prometheus-alertmanager", "alertmanager"])?;
    let address = free_address();
    let config = folder.join("alertmanager.yml");
    fs::write(&config, "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n").expect("the folder is ours");
    let arguments = [
        format!("--config.file={}", config.display()),
        format!("--storage.path={}", folder.join("alertmanager").display()),
        format!("--web.listen-address={address}"),
        "--cluster.listen-address=".to_owned(),
    ];
    Some(Running::start(&program, &arguments, &address, folder))
}

/// The labels of each alert that Alertmanager has.
fn alerts(alertmanager: &Running) -> Vec<BTreeSet<String>> {
    let alerts: Value = serde_json::from_str(&alertmanager.get("/api/v2/alerts")).unwrap_or_default();
    let alerts = alerts.as_array().cloned().unwrap_or_default();
    alerts
        .iter()
        .map(|alert| alert["labels"].as_object().cloned().unwrap_or_default())
        .map(|labels| labels.keys().cloned().collect())
        .collect()
}

/// Whether a Prometheus has told of an alert.
fn has_told(prometheus: &Running) -> bool {
    let metrics = prometheus.get("/metrics");
    let mut sent = metrics
        .lines()
        .filter(|line| line.starts_with("prometheus_notifications_sent_total{"));
    sent.any(|line| !line.ends_with(" 0"))
}

/// The times of what a store has of the series, in milliseconds; there must not be two series.
fn held(store: &Running) -> Vec<i64> {
    let rows = exported(store, r#"up{job="node"}"#, "");
    // The same series comes in several rows while it is being merged.
    let names: BTreeSet<String> = rows.iter().map(|row| row["metric"].to_string()).collect();
    assert!(names.len() <= 1, "{names:?}");
    let times = rows
        .iter()
        .flat_map(|row| row["timestamps"].as_array().cloned().unwrap_or_default());
    times.filter_map(|time| time.as_i64()).collect()
}

/// How many samples a Prometheus has sent on.
fn sent(prometheus: &Running) -> f64 {
    let metrics = prometheus.get("/metrics");
    let of_name = metrics
        .lines()
        .filter(|line| line.starts_with("prometheus_remote_storage_samples_total{"));
    of_name
        .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
        .sum()
}

#[test]
fn alerts_and_samples_of_both_are_there_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let store_address = free_address();
    let flags = ["-dedup.minScrapeInterval=1s", "-search.latencyOffset=0s"];
    let Some(mut store) = victoria_metrics(folder.path(), &store_address, &flags) else {
        return;
    };
    let Some(alertmanager) = alertmanager(folder.path()) else {
        return;
    };
    let node = exporter("node-exporter", folder.path(), &[]);
    let targets = [
        ("node", vec![node.address().to_owned()]),
        ("alertmanager", vec![alertmanager.address().to_owned()]),
    ];
    let Some(mut one) = replica(folder.path(), "a", &targets, &store_address) else {
        return;
    };
    let mut other = replica(folder.path(), "b", &targets, &store_address).expect("there is one already");
    for (prometheus, name) in [(&mut one, "a"), (&mut other, "b")] {
        prometheus.wait_until("it tells of the alert", has_told);
        let config = prometheus.get("/api/v1/status/config");
        assert!(config.contains(&format!("replica: {name}")), "{config}");
    }
    let expected = ["alertname", "instance", "job"].map(str::to_owned);
    assert_eq!(alerts(&alertmanager), [BTreeSet::from(expected)]);

    let before = held(&store).len();
    let sent_before = [sent(&one), sent(&other)];
    store.wait_until("both write", |store| {
        let both = sent(&one) > sent_before[0] && sent(&other) > sent_before[1];
        both && held(store).len() >= before + 4
    });
    // Two a second came, and one of each second is kept.
    let times = held(&store);
    let seconds: BTreeSet<i64> = times.iter().map(|time| (time - 1).div_euclid(1000)).collect();
    assert_eq!(seconds.len(), times.len(), "{times:?}");

    // One goes. The other goes on, in the same series.
    one.stop();
    let before = held(&store).len();
    store.wait_until("samples still come", |store| held(store).len() >= before + 3);
    assert_eq!(alerts(&alertmanager).len(), 1);
    drop(other);
}
