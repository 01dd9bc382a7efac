//! Limits, and what becomes of those who run into them.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::exporter::{Exporter, engine};

const MIB: u64 = 1 << 20;

#[test]
#[ignore = "needs root and dockerd: make test-docker"]
fn a_cpu_limit_is_told_and_holds() {
    let engine = engine(&[]);
    engine.run("free", &["sleep"], &json!({})).unwrap();
    let limit = json!({"HostConfig": {"NanoCpus": 200_000_000, "CpuShares": 512}});
    engine.run("burner", &["burn"], &limit).unwrap();
    let exporter = Exporter::of(&engine);
    let before = exporter.until_named(&["burner", "free"]);
    let began = Instant::now();
    std::thread::sleep(Duration::from_secs(4));
    let after = exporter.scrape();
    let wall = began.elapsed().as_secs_f64();

    assert_eq!(after.of("container_spec_cpu_period", "burner"), Some(100_000.0));
    assert_eq!(after.of("container_spec_cpu_quota", "burner"), Some(20_000.0));
    // cgroup v2 keeps weights, of which there are fewer: runc makes 20 of 512 shares, and 20 is 500 shares.
    let shares = if Path::new("/sys/fs/cgroup/cgroup.controllers").exists() {
        500.0
    } else {
        512.0
    };
    assert_eq!(after.of("container_spec_cpu_shares", "burner"), Some(shares));
    assert_eq!(after.of("container_spec_cpu_quota", "free"), None);
    let grown = |family: &str| {
        let of = |metrics: &crate::metrics::Metrics| {
            metrics
                .sum(family, &[("name", "burner")])
                .unwrap_or_else(|| panic!("no {family}"))
        };
        of(&after) - of(&before)
    };
    let cpu = grown("container_cpu_usage_seconds_total") / wall;
    assert!((0.1..0.25).contains(&cpu), "{cpu} CPUs");
    let parts = grown("container_cpu_user_seconds_total") + grown("container_cpu_system_seconds_total");
    assert!((parts / wall - cpu).abs() < 0.05, "{parts} s in {wall} s");
    let (periods, throttled) = (
        grown("container_cpu_cfs_periods_total"),
        grown("container_cpu_cfs_throttled_periods_total"),
    );
    assert!(periods > 20.0 && throttled > periods / 2.0, "{throttled} of {periods}");
    assert!(grown("container_cpu_cfs_throttled_seconds_total") > 1.0);
    // Only where there is a quota.
    assert_eq!(after.of("container_cpu_cfs_periods_total", "free"), None);
}

#[test]
#[ignore = "needs root and dockerd: make test-docker"]
fn a_memory_limit_is_told_with_what_is_used_of_it() {
    let engine = engine(&[]);
    let eaten = (24 * MIB).to_string();
    let limit = json!({"HostConfig": {"Memory": 64 * MIB, "MemoryReservation": 32 * MIB}});
    engine.run("limited", &["eat", &eaten, "sleep"], &limit).unwrap();
    engine.run("unlimited", &["eat", &eaten, "sleep"], &json!({})).unwrap();
    let exporter = Exporter::of(&engine);
    exporter.until_named(&["limited", "unlimited"]);
    let metrics = exporter.until("24 MiB eaten", |metrics| {
        (metrics.of("container_memory_rss", "limited")? >= 24.0 * MIB as f64).then(|| exporter.scrape())
    });
    let of = |family: &str| metrics.of(family, "limited");
    assert_eq!(of("container_spec_memory_limit_bytes"), Some(64.0 * MIB as f64));
    assert_eq!(
        of("container_spec_memory_reservation_limit_bytes"),
        Some(32.0 * MIB as f64)
    );
    assert_eq!(metrics.of("container_spec_memory_limit_bytes", "unlimited"), Some(0.0));
    let used = of("container_memory_usage_bytes").unwrap();
    for family in [
        "container_memory_usage_bytes",
        "container_memory_working_set_bytes",
        "container_memory_rss",
    ] {
        let bytes = of(family).unwrap_or_else(|| panic!("no {family}"));
        assert!((24 * MIB..48 * MIB).contains(&(bytes as u64)), "{family} {bytes}");
    }
    assert!(of("container_memory_working_set_bytes").unwrap() <= used);
    assert!(of("container_memory_max_usage_bytes").unwrap() >= used);
    let faults = [("name", "limited"), ("failure_type", "pgfault"), ("scope", "container")];
    assert!(metrics.value("container_memory_failures_total", &faults).unwrap() > 1000.0);
}

#[test]
#[ignore = "needs root and dockerd: make test-docker"]
fn whoever_is_killed_for_want_of_memory_is_told_dead_or_alive() {
    let engine = engine(&[]);
    let limit = json!({"HostConfig": {"Memory": 32 * MIB, "MemorySwap": 32 * MIB}});
    let exporter = Exporter::of(&engine);
    // A child dies and the container lives on; or its first process dies, and that is its end.
    let eater = format!("eat {}", 256 * MIB);
    engine.run("survivor", &["child", &eater, "sleep"], &limit).unwrap();
    engine
        .run("victim", &["wait", "3000", "eat", &(256 * MIB).to_string()], &limit)
        .unwrap();
    engine.wait_for("victim", "/State/OOMKilled", &json!(true)).unwrap();
    exporter.until("an OOM kill in one that lives", |metrics| {
        (metrics.of("container_oom_events_total", "survivor")? >= 1.0).then_some(())
    });
    let metrics = exporter.until("an OOM kill in one that is dead", |metrics| {
        (metrics.of("container_oom_killed", "victim")? == 1.0).then(|| exporter.scrape())
    });
    assert_eq!(metrics.of("container_exit_code", "victim"), Some(137.0));
    assert_eq!(
        metrics.value("container_state", &[("name", "victim"), ("state", "exited")]),
        Some(1.0)
    );
    let events = metrics.of("container_oom_events_total", "victim");
    assert!(
        events.is_some_and(|events| events >= 1.0),
        "the count survives the death: {events:?}"
    );
}

#[test]
#[ignore = "needs root and dockerd: make test-docker"]
fn limits_that_are_changed_are_followed() {
    let engine = engine(&[]);
    engine
        .run("moved", &["sleep"], &json!({"HostConfig": {"Memory": 64 * MIB}}))
        .unwrap();
    let exporter = Exporter::of(&engine);
    exporter.until_named(&["moved"]);
    engine
        .update("moved", &json!({"Memory": 96 * MIB, "MemorySwap": -1}))
        .unwrap();
    exporter.until("the new limit", |metrics| {
        (metrics.of("container_spec_memory_limit_bytes", "moved")? == 96.0 * MIB as f64).then_some(())
    });
}

#[test]
#[ignore = "needs root and dockerd: make test-docker"]
fn the_writable_layer_is_measured() {
    let engine = engine(&[]);
    engine
        .run(
            "writer",
            &["write", "/file", &(5 * MIB).to_string(), "sleep"],
            &json!({}),
        )
        .unwrap();
    let exporter = Exporter::of(&engine);
    let (labels, bytes) = exporter.until("5 MiB written", |metrics| {
        let mut found = metrics.select("container_fs_usage_bytes", &[("name", "writer")]);
        found.next().filter(|(_, bytes)| *bytes >= 5.0 * MIB as f64).cloned()
    });
    assert!(bytes < 6.0 * MIB as f64, "{bytes}");
    assert!(labels.contains_key("device"), "{labels:?}");
}
