//! Names, images and labels, of whatever characters.

use serde_json::json;

use crate::exporter::{Exporter, engine};

#[test]
#[ignore = "needs root and dockerd: make test-docker"]
fn a_container_has_its_id_name_and_image() {
    let engine = engine(&[]);
    let id = engine.run("web", &["sleep"], &json!({})).unwrap();
    let exporter = Exporter::of(&engine);
    let metrics = exporter.until_named(&["web"]);
    let path = format!("{}/{id}", engine.cgroup());
    let labels = [("id", path.as_str()), ("name", "web"), ("image", private_docker::IMAGE)];
    assert!(metrics.value("container_last_seen", &labels).is_some(), "{labels:?}");
    // What is no container has neither.
    let (root, _) = metrics.select("container_last_seen", &[("id", "/")]).next().unwrap();
    assert_eq!(root.len(), 1, "{root:?}");
}

#[test]
#[ignore = "needs root and dockerd: make test-docker"]
fn labels_come_as_they_are_under_names_that_prometheus_takes() {
    let engine = engine(&[]);
    let odd = "say \"hi\"\nto C:\\ and Ünïcödé ✓";
    let labels = json!({"Labels": {
        "odd": odd,
        "empty": "",
        "com.docker.compose.project": "shop",
        "com.docker.compose.service": "web",
        "a.b": "of the dot",
        "a-b": "of the dash",
    }});
    engine.run("labelled", &["sleep"], &labels).unwrap();
    let exporter = Exporter::of(&engine);
    let metrics = exporter.until_named(&["labelled"]);
    let (labels, _) = metrics
        .select("container_last_seen", &[("name", "labelled")])
        .next()
        .unwrap();
    for (name, value) in [
        ("container_label_odd", Some(odd)),
        ("container_label_empty", None),
        ("container_label_com_docker_compose_project", Some("shop")),
        ("container_label_com_docker_compose_service", Some("web")),
        // Of two that become the same, the first by its own name stays.
        ("container_label_a_b", Some("of the dash")),
    ] {
        assert_eq!(labels.get(name).map(String::as_str), value, "{name}");
    }
}

#[test]
#[ignore = "needs root and dockerd: make test-docker"]
fn labels_can_be_left_to_one_metric() {
    let engine = engine(&[]);
    let labels = json!({"Labels": {"team": "a", "com.docker.compose.service": "web"}});
    engine.run("bare", &["sleep"], &labels).unwrap();
    let mut flags = crate::exporter::only(engine.socket());
    flags.push("--store_container_labels=false".to_owned());
    flags.push("--whitelisted_container_labels=com.docker.compose.service".to_owned());
    let exporter = Exporter::spawn(std::process::Command::new(crate::exporter::program()), flags);
    let metrics = exporter.until_named(&["bare"]);
    let of = |family: &str| {
        metrics
            .select(family, &[("name", "bare")])
            .next()
            .unwrap_or_else(|| panic!("no {family}"))
            .0
            .clone()
    };
    let (bare, info) = (of("container_last_seen"), of("container_info"));
    assert_eq!(bare.get("container_label_team"), None);
    for labels in [&bare, &info] {
        assert_eq!(
            labels
                .get("container_label_com_docker_compose_service")
                .map(String::as_str),
            Some("web")
        );
    }
    assert_eq!(info.get("container_label_team").map(String::as_str), Some("a"));
}

#[test]
#[ignore = "needs root and dockerd: make test-docker"]
fn a_name_that_is_used_again_is_the_new_containers_alone() {
    let engine = engine(&[]);
    let first = engine.run("web", &["sleep"], &json!({})).unwrap();
    let exporter = Exporter::of(&engine);
    exporter.until_named(&["web"]);
    engine.remove("web").unwrap();
    let second = engine.run("web", &["sleep"], &json!({})).unwrap();
    exporter.until("the new one alone", |metrics| {
        let found: Vec<&str> = metrics
            .select("container_last_seen", &[("name", "web")])
            .filter_map(|(labels, _)| Some(labels.get("id")?.as_str()))
            .collect();
        (found == [format!("{}/{second}", engine.cgroup())]).then_some(())
    });
    let ids = exporter.scrape();
    assert!(!ids.ids().iter().any(|id| id.ends_with(&first)), "{first}");
}
