//! States, ends, restarts and health, of containers that are down too.

use serde_json::json;

use crate::exporter::{Exporter, engine};

#[test]
#[ignore = "needs root and dockerd: make test-docker"]
fn health_is_told_of_those_that_have_a_check() {
    let engine = engine(&[]);
    for (name, code) in [("well", "0"), ("ill", "1")] {
        let check = json!({"Test": ["CMD", "/work", "exit", code], "Interval": 1_000_000_000, "Retries": 1});
        engine.run(name, &["sleep"], &json!({"Healthcheck": check})).unwrap();
    }
    engine.run("unchecked", &["sleep"], &json!({})).unwrap();
    engine
        .wait_for("ill", "/State/Health/Status", &json!("unhealthy"))
        .unwrap();
    engine
        .wait_for("well", "/State/Health/Status", &json!("healthy"))
        .unwrap();
    let exporter = Exporter::of(&engine);
    exporter.until("all three", |metrics| {
        let of = |name| metrics.of("container_health_state", name);
        ((of("well"), of("ill"), of("unchecked")) == (Some(1.0), Some(0.0), Some(-1.0))).then_some(())
    });
}

#[test]
#[ignore = "needs root and dockerd: make test-docker"]
fn restarts_are_counted() {
    let engine = engine(&[]);
    let again = json!({"HostConfig": {"RestartPolicy": {"Name": "always"}}});
    engine.run("looping", &["exit", "3"], &again).unwrap();
    let exporter = Exporter::of(&engine);
    exporter.until("three restarts", |metrics| {
        let restarts = metrics.of("container_restarts_total", "looping")?;
        (restarts >= 3.0 && metrics.of("container_exit_code", "looping")? == 3.0).then_some(())
    });
}

#[test]
#[ignore = "needs root and dockerd: make test-docker"]
fn a_container_that_ended_leaves_its_state_and_no_figures() {
    let engine = engine(&[]);
    let exporter = Exporter::of(&engine);
    engine.run("ended", &["wait", "2000", "exit", "7"], &json!({})).unwrap();
    engine.create("made", &["sleep"], &json!({})).unwrap();
    exporter.until("its CPU time", |metrics| {
        metrics.sum("container_cpu_usage_seconds_total", &[("name", "ended")])
    });
    engine.wait_for("ended", "/State/Running", &json!(false)).unwrap();
    let metrics = exporter.until("its exit code", |metrics| {
        metrics.of("container_exit_code", "ended").map(|_| exporter.scrape())
    });
    assert_eq!(metrics.of("container_exit_code", "ended"), Some(7.0));
    assert_eq!(metrics.of("container_oom_killed", "ended"), Some(0.0));
    assert_eq!(metrics.of("container_restarts_total", "ended"), Some(0.0));
    for (name, state) in [("ended", "exited"), ("made", "created")] {
        let of = |state| metrics.value("container_state", &[("name", name), ("state", state)]);
        assert_eq!(of(state), Some(1.0), "{name}");
        assert_ne!(of("running"), Some(1.0), "{name}");
    }
    for family in ["container_cpu_usage_seconds_total", "container_memory_usage_bytes"] {
        assert_eq!(metrics.sum(family, &[("name", "ended")]), None, "{family}");
    }
    // No end yet.
    assert_eq!(metrics.of("container_exit_code", "made"), None);
    engine.remove("ended").unwrap();
    exporter.until("no series of it", |metrics| {
        let any = metrics
            .families
            .values()
            .flatten()
            .any(|(labels, _)| labels.get("name").is_some_and(|name| name == "ended"));
        (!any).then_some(())
    });
}

#[test]
#[ignore = "needs root and dockerd: make test-docker"]
fn when_it_was_made_and_when_it_started_are_told() {
    let engine = engine(&[]);
    let now = || {
        std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap()
            .as_secs_f64()
    };
    let before = now();
    engine.run("timed", &["sleep"], &json!({})).unwrap();
    let exporter = Exporter::of(&engine);
    let metrics = exporter.until_named(&["timed"]);
    let [created, started, seen] = [
        "container_creation_time_seconds",
        "container_start_time_seconds",
        "container_last_seen",
    ]
    .map(|family| metrics.of(family, "timed").unwrap_or_else(|| panic!("no {family}")));
    let (earliest, latest) = (before.floor(), now());
    assert!(
        earliest <= created
            && created <= started.ceil()
            && started <= latest
            && seen >= started.floor()
            && seen <= latest,
        "{earliest} {created} {started} {seen} {latest}"
    );
}
