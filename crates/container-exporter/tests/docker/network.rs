//! Traffic is counted once: where the network is.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use private_docker::Engine;
use serde_json::{Value, json};

use crate::exporter::{Exporter, engine};
use crate::metrics::Metrics;

/// What the container's server answers with.
const ANSWER: usize = 64 * 1024;

fn fetch(engine: &Engine, container: &str) -> usize {
    let inspected = engine.inspect(container).unwrap();
    let address = inspected
        .pointer("/NetworkSettings/IPAddress")
        .and_then(Value::as_str)
        .unwrap();
    let began = Instant::now();
    loop {
        if let Ok(mut stream) = TcpStream::connect(format!("{address}:80")) {
            stream.write_all(b"x").unwrap();
            return stream.read_to_end(&mut Vec::new()).unwrap();
        }
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "{container} does not serve at {address}"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn traffic(metrics: &Metrics, name: &str) -> Option<f64> {
    metrics.sum("container_network_transmit_bytes_total", &[("name", name)])
}

#[test]
#[ignore = "needs root and dockerd: make test-docker"]
fn a_network_is_counted_with_its_owner_alone() {
    let engine = engine(&[]);
    let owner = engine.run("owner", &["serve", "80"], &json!({})).unwrap();
    let shared = json!({"HostConfig": {"NetworkMode": format!("container:{owner}")}});
    engine.run("guest", &["sleep"], &shared).unwrap();
    engine
        .run("host", &["sleep"], &json!({"HostConfig": {"NetworkMode": "host"}}))
        .unwrap();
    engine
        .run("none", &["sleep"], &json!({"HostConfig": {"NetworkMode": "none"}}))
        .unwrap();
    let exporter = Exporter::of(&engine);
    exporter.until_named(&["owner", "guest", "host", "none"]);
    let before = exporter.until("the owner's traffic", |metrics| traffic(metrics, "owner"));
    assert_eq!(fetch(&engine, "owner"), ANSWER);
    std::thread::sleep(Duration::from_secs(1));
    let metrics = exporter.scrape();
    let sent = traffic(&metrics, "owner").unwrap() - before;
    assert!((ANSWER as f64..ANSWER as f64 * 1.2).contains(&sent), "{sent}");
    let interfaces: Vec<_> = metrics
        .select("container_network_transmit_bytes_total", &[("name", "owner")])
        .map(|(labels, _)| labels.get("interface").map(String::as_str))
        .collect();
    assert_eq!(interfaces, [Some("eth0")]);
    for name in ["guest", "host", "none"] {
        assert_eq!(traffic(&metrics, name), None, "{name}");
    }
}
