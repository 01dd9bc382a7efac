//! A Prometheus in agent mode that sends on to VictoriaMetrics, which goes away and comes back.

use std::{thread, time::Duration};

use crate::{
    running::{Prometheus, Running, exporter, free_address},
    site::configured,
    store::{exported, victoria_metrics},
};

/// Counts its own answers, and so each sample of it is one more than the one before.
const COUNTER: &str = r#"promhttp_metric_handler_requests_total{job="node",code="200"}"#;

/// What the store holds of the counter, by time.
fn counted(store: &Running) -> Vec<f64> {
    let rows = exported(store, COUNTER, "");
    let values = rows
        .iter()
        .flat_map(|row| row["values"].as_array().cloned().unwrap_or_default());
    values.filter_map(|value| value.as_f64()).collect()
}

#[test]
fn what_is_scraped_while_the_store_is_away_arrives_when_it_is_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let address = free_address();
    let Some(mut store) = victoria_metrics(folder.path(), &address, &[]) else {
        return;
    };
    let node = exporter("node-exporter", folder.path(), &[]);
    let config = configured(folder.path(), "agent.yml", &[("node", vec![node.address().to_owned()])]);
    let text = std::fs::read_to_string(&config).expect("a text file");
    std::fs::write(&config, text.replace("127.0.0.1:8428", &address)).expect("the folder is ours");
    let agent = Prometheus {
        config: &config,
        is_agent: true,
        replica: "",
    };
    let Some(_agent) = agent.start() else { return };
    store.wait_until("samples arrive", |one| counted(one).len() >= 2);
    let rows = exported(&store, r#"node_load1{site="main"}"#, "");
    assert_eq!(rows.len(), 1, "all of the exporter's samples, with the site's name");

    let before = counted(&store).last().copied().expect("a sample");
    store.stop();
    thread::sleep(Duration::from_secs(6));
    let mut store = victoria_metrics(folder.path(), &address, &[]).expect("it was there before");
    store.wait_until("what was missed arrives", |one| {
        counted(one).last().is_some_and(|last| *last >= before + 8.0)
    });
    let all = counted(&store);
    let expected: Vec<f64> = (0..all.len()).map(|number| all[0] + number as f64).collect();
    assert_eq!(all, expected, "nothing is missing, and nothing is there twice");
}
