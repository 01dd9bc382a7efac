//! deploy/compose.yaml: it is what it says it is, and its variant of Debian's programs runs in a real Docker engine.
//!
//! What needs docker compose or an engine says so and passes where there is none, unless PILOTLIGHT_ALL=1:
//! `deploy/prepare.sh compose` gets them, `make test-compose` and `make test-bad-times` run it all. Another dockerd on the machine may have told the
//! firewall to drop what is forwarded (`iptables -S FORWARD`); containers of the test's own engine then do not hear each other.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "these tests start docker compose, poll until something has happened, and say what they leave out"
)]

mod bad_times;
mod compose;
mod disk;
mod http;
mod longterm;
mod simulate;
mod stack;
mod targets;

use std::{
    io::Write,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    process::Command,
};

use serde_json::Value;

use compose::{DEBIAN, DISCOVERY, DRILL, REGISTRY, config, config_text, skipped};
use stack::Stack;

/// Those that nobody asks anything, and so not whether they are healthy.
const TOOLS: [&str; 3] = ["console", "lab", "load"];

/// The only ones that must see more of the host than their own container.
const SEES_PROCESSES: [&str; 2] = ["container-exporter", "node-exporter"];

#[test]
fn both_ways_to_run_scrape_the_same_kinds_of_targets() {
    let (lab, compose) = (
        targets::of("prometheus/targets"),
        targets::of("deploy/prometheus-targets"),
    );
    assert_eq!(
        lab.keys().collect::<Vec<_>>(),
        compose.keys().collect::<Vec<_>>(),
        "the same files in both folders"
    );
    for (file, number) in lab.iter().filter(|(_, number)| **number > 0) {
        assert_eq!(compose.get(file), Some(number), "targets in {file}");
    }
}

#[test]
fn every_target_is_a_service_or_the_exporter_itself() {
    let Some(config) = config(REGISTRY, &[]) else { return };
    for address in targets::addresses("deploy/prometheus-targets") {
        let host = address.trim_start_matches("http://").split([':', '/']).next();
        let host = host.expect("split gives at least one part");
        let known = host == "127.0.0.1" || config.pointer(&format!("/services/{host}")).is_some();
        assert!(known, "{address} in deploy/prometheus-targets is no service");
    }
}

#[test]
fn each_profile_and_variant_is_accepted() {
    let drill = format!("{DEBIAN}:{DRILL}");
    for files in [REGISTRY, DEBIAN, DISCOVERY, drill.as_str()] {
        for (profiles, load, lab) in [
            (&[][..], false, false),
            (&["load"], true, false),
            (&["lab"], false, true),
            (&["longterm"], false, false),
            (&["*"], true, true),
        ] {
            let Some(config) = config(files, profiles) else { return };
            let has = |service: &str| !config["services"][service].is_null();
            assert_eq!(
                (has("load"), has("lab"), has("prometheus")),
                (load, lab, true),
                "{files} with {profiles:?}"
            );
        }
    }
}

#[test]
fn the_variant_of_debian_differs_by_images_alone() {
    let (Some(mut registry), Some(mut debian)) = (config(REGISTRY, &["*"]), config(DEBIAN, &["*"])) else {
        return;
    };
    // There is none, and so no one to scrape.
    let services = registry["services"].as_object_mut().expect("services");
    services.remove("grafana").expect("the registries have Grafana");
    let volumes = debian["services"]["prometheus"]["volumes"].as_array_mut();
    let volumes = volumes.expect("Prometheus has volumes");
    let before = volumes.len();
    volumes.retain(|volume| volume["source"] != "/dev/null");
    assert_eq!(volumes.len(), before - 1, "the target of Grafana is hidden");
    for config in [&mut registry, &mut debian] {
        for service in config["services"].as_object_mut().expect("services").values_mut() {
            let service = service.as_object_mut().expect("a service");
            service.remove("image").expect("each service has an image");
            service.remove("build");
            service.remove("pull_policy");
        }
    }
    assert_eq!(registry["services"], debian["services"]);
    assert_eq!(registry["networks"], debian["networks"]);
}

#[test]
fn a_drill_has_the_same_flags_of_prometheus_and_one_more() {
    let drill = format!("{REGISTRY}:{DRILL}");
    let flags = |files: &str| {
        config(files, &[]).and_then(|config| config["services"]["prometheus"]["command"].as_array().cloned())
    };
    let (Some(mut usual), Some(drill)) = (flags(REGISTRY), flags(&drill)) else {
        return;
    };
    usual.push("--rules.alert.resend-delay=1s".into());
    assert_eq!(drill, usual);
}

#[test]
fn no_container_may_more_than_it_must() {
    let Some(config) = config(REGISTRY, &["*"]) else { return };
    for (name, service) in config["services"].as_object().expect("services") {
        assert_eq!(service["read_only"], true, "{name}");
        assert_eq!(service["cap_drop"], serde_json::json!(["ALL"]), "{name}");
        assert_eq!(
            service["security_opt"],
            serde_json::json!(["no-new-privileges:true"]),
            "{name}"
        );
        assert!(
            service["cap_add"].is_null() && service["privileged"].is_null(),
            "{name}"
        );
        let user = service["user"].as_str().expect("each service has a user");
        assert!(!user.starts_with("0:") && user.contains(':'), "{name} runs as {user}");
        for limit in ["cpus", "memory", "pids"] {
            let limit = &service["deploy"]["resources"]["limits"][limit];
            assert!(!limit.is_null(), "{name}");
        }
        for port in service["ports"].as_array().into_iter().flatten() {
            assert_eq!(port["host_ip"], "127.0.0.1", "{name}");
        }
        assert_eq!(
            service["healthcheck"].is_object(),
            !TOOLS.contains(&name.as_str()),
            "{name}"
        );
        assert_eq!(
            service["pid"] == "host",
            SEES_PROCESSES.contains(&name.as_str()),
            "{name}"
        );
    }
}

#[test]
fn nobody_but_the_container_exporter_is_given_dockers_socket() {
    let Some(config) = config(REGISTRY, &["*"]) else { return };
    let services = config["services"].as_object().expect("services");
    let has_it = services.iter().filter(|(_, service)| {
        let volumes = service["volumes"].as_array().into_iter().flatten();
        volumes
            .into_iter()
            .any(|volume| volume["target"] == "/var/run/docker.sock")
    });
    let names: Vec<_> = has_it.map(|(name, _)| name).collect();
    assert_eq!(names, ["container-exporter"]);
}

#[test]
fn the_security_linter_finds_nothing_that_is_not_explained() {
    let linter = compose::root().join("target/tools/venv/bin/compose-lint");
    if !linter.is_file() {
        return skipped("compose-lint is not there: deploy/prepare.sh compose gets it");
    }
    let drill = format!("{REGISTRY}:{DRILL}");
    for (files, expected) in [
        (REGISTRY, &[][..]),
        (DEBIAN, &[]),
        (&drill, &[]),
        // Docker's socket for Prometheus: what that variant is for, and why it is one that must be asked for.
        (DISCOVERY, &["CL-0001 prometheus"]),
    ] {
        let Some(config) = config_text(files, &["*"]) else {
            return;
        };
        assert_eq!(findings(&linter, &config), expected, "{files}");
    }
}

/// Of what the files come to: a single file of several is not what runs.
fn findings(linter: &Path, config: &str) -> Vec<String> {
    let mut file = tempfile::Builder::new().suffix(".yaml").tempfile().expect("a file");
    file.write_all(config.as_bytes()).expect("it takes text");
    let output = Command::new(linter)
        .args([
            "check",
            "--config=deploy/.compose-lint.yml",
            "--strict-config",
            "--no-env",
            "--format=json",
        ])
        .arg(file.path())
        .current_dir(compose::root())
        .output()
        .expect("it starts");
    let said: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let complains = String::from_utf8_lossy(&output.stderr);
    assert!(said.is_object(), "{complains}");
    assert_eq!(said["errors"], serde_json::json!([]), "nothing was left unread");
    let found = said["findings"].as_array().expect("a list of findings");
    let open = found.iter().filter(|finding| finding["suppressed"] != true);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    open.map(|finding| format!("{} {}", text(&finding["rule_id"]), text(&finding["service"])))
        .collect()
}

#[test]
fn secrets_are_random_stay_and_are_hidden_from_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let make = || compose::make_secrets(folder.path());
    let read = |name: &str| std::fs::read_to_string(folder.path().join("secrets").join(name)).expect("a secret");
    make();
    let (first, acl) = (read("redis_password"), read("redis_acl"));
    assert_eq!(first.len(), 64);
    assert_ne!(first, read("grafana_admin_password"));
    assert!(!acl.contains(&first), "hashes alone");
    assert_eq!(mode(&folder.path().join("secrets")), 0o700);
    make();
    assert_eq!((read("redis_password"), read("redis_acl")), (first, acl));
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

#[test]
fn an_image_is_built_from_all_that_the_build_reads() {
    let repository = compose::root();
    let context = tempfile::tempdir().expect("a folder");
    let rules = std::fs::read_to_string(repository.join(".dockerignore")).expect("it is there");
    let sources = rules.lines().filter_map(|rule| rule.strip_prefix('!'));
    for source in sources.filter(|source| !source.starts_with("target/")) {
        let place = context.path().join(source);
        std::fs::create_dir_all(place.parent().expect("it is in the folder")).expect("a folder");
        std::os::unix::fs::symlink(repository.join(source), place).expect("a link");
    }
    // What would be done: nothing is missing for it.
    let plan = Command::new("make")
        .args(["--dry-run", "build"])
        .current_dir(&context)
        .output();
    let plan = plan.expect("make can be started");
    assert!(plan.status.success(), "{}", String::from_utf8_lossy(&plan.stderr));
}

#[test]
#[ignore = "takes a minute, as root, with a Docker engine: make test-compose"]
fn in_a_real_engine_all_are_healthy_and_scraped_and_nothing_is_left() {
    let Some(stack) = Stack::up() else { return };

    all_are_scraped(&stack);
    assert_eq!(stack.query("up == 0"), Vec::<Value>::new());
    for query in [
        "count(probe_success == 1) == count(probe_success)",
        "redis_up == 1 and redis_exporter_last_scrape_error == 0",
        // Those of the host, and not of a container.
        r#"count(node_network_info{device=~"br-.*"}) >= 2"#,
        r#"node_filesystem_size_bytes{mountpoint="/"} > 0"#,
        r#"count(container_last_seen{container_label_com_docker_compose_service!=""}) >= 9"#,
        r#"container_spec_memory_limit_bytes{container_label_com_docker_compose_service="demo-app"} == 256 * 1024 * 1024"#,
        r#"container_network_receive_bytes_total{container_label_com_docker_compose_service="redis"} > 0"#,
        "prometheus_notifications_alertmanagers_discovered == 1",
    ] {
        stack.wait_for(query, query);
    }
    // Who pushes says whose it is.
    stack.push("/metrics/job/backup/instance/night", "backup_last_success 1\n");
    stack.wait_for(
        "what was pushed",
        r#"backup_last_success{job="backup", instance="night"}"#,
    );

    assert_eq!(stack.down(), "", "containers, volumes and networks that are left");
}

fn all_are_scraped(stack: &Stack) {
    let expected = targets::of("deploy/prometheus-targets");
    let files = expected.iter().filter(|(file, _)| *file != "grafana.yml");
    let number: usize = files.map(|(_, number)| number).sum();
    stack.wait_for("all are scraped", &format!("count(up == 1) == {number}"));
}

#[test]
#[ignore = "takes some minutes, as root, with a Docker engine: make test-bad-times"]
fn in_bad_times_it_says_what_is_wrong_and_comes_back_with_all_its_series() {
    let Some(mut stack) = Stack::up_for_a_drill() else {
        return;
    };
    all_are_scraped(&stack);

    let cases: [fn(&mut Stack); 8] = [
        bad_times::each_that_is_killed_comes_back,
        bad_times::what_docker_is_told_to_kill_stays_away,
        bad_times::a_cut_between_the_networks_is_told_and_heals,
        simulate::alerts_of_each_layer_come_and_go,
        longterm::what_is_scraped_is_kept_for_years_too,
        bad_times::docker_itself_comes_back_with_all,
        bad_times::a_full_disk_is_a_gap_that_is_told_afterwards,
        bad_times::a_full_disk_keeps_prometheus_from_starting,
    ];
    // What is wrong with one is no reason not to look at the next.
    let failed = cases.map(|case| catch_unwind(AssertUnwindSafe(|| case(&mut stack))).is_err());
    assert_eq!(failed, [false; 8], "each has said why");

    assert_eq!(stack.down(), "", "containers, volumes and networks that are left");
}
