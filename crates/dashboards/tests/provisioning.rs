//! What Grafana finds when it starts fits what is there: folders, the one datasource, and how often is scraped.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn yaml(file: &str) -> Value {
    serde_saphyr::from_str(&fs::read_to_string(root().join(file)).unwrap()).unwrap()
}

#[test]
fn dashboards_are_in_the_folders_that_people_look_for() {
    let provider = &yaml("grafana/provisioning/dashboards/files.yml")["providers"][0];
    assert_eq!(
        (
            &provider["options"]["foldersFromFilesStructure"],
            &provider["allowUiUpdates"]
        ),
        (&Value::Bool(true), &Value::Bool(false))
    );
    let folders = fs::read_dir(root().join("grafana/dashboards")).unwrap();
    let folders: BTreeSet<String> = folders
        .map(|folder| folder.unwrap().file_name().into_string().unwrap())
        .collect();
    let wanted = ["Application", "Containers", "Database", "Endpoints", "Stack", "System"];
    assert_eq!(folders, wanted.map(str::to_owned).into());
}

/// The compose file mounts what the provider reads.
#[test]
fn what_is_mounted_is_what_is_read() {
    let path = &yaml("grafana/provisioning/dashboards/files.yml")["providers"][0]["options"]["path"];
    let path = path.as_str().unwrap();
    let compose = yaml("deploy/compose.yaml");
    let volumes = compose["services"]["grafana"]["volumes"].as_array().unwrap();
    let mounted = |source: &str, target: &str| {
        let is_it = |volume: &Value| volume["source"] == source && volume["target"] == target;
        volumes.iter().any(is_it)
    };
    assert!(mounted("../grafana/dashboards", path), "{volumes:?}");
    assert!(
        mounted("../grafana/provisioning", "/etc/grafana/provisioning"),
        "{volumes:?}"
    );
}

/// Else `$__rate_interval` is too short or too long.
#[test]
fn the_datasource_is_told_how_often_is_scraped() {
    let source = &yaml("grafana/provisioning/datasources/prometheus.yml")["datasources"][0];
    let prometheus = yaml("prometheus/prometheus.yml");
    assert_eq!(
        source["jsonData"]["timeInterval"],
        prometheus["global"]["scrape_interval"]
    );
    assert_eq!(
        (&source["uid"], &source["isDefault"]),
        (&Value::from("prometheus"), &Value::Bool(true))
    );
}
