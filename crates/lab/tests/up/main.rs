//! `lab up` end to end: the real Prometheus and the real exporters on free ports.
#![expect(
    clippy::disallowed_methods,
    reason = "these tests start lab and poll until something has happened"
)]
#![expect(clippy::print_stderr, reason = "they say what they go without")]

mod burner;
mod harness;
mod panels;
mod stack_files;

use std::{fs, net::TcpListener, os::unix::fs::PermissionsExt, path::Path, time::Duration};

use burner::Burner;
use harness::{Lab, OTHERS, OURS, Ports, address, is_alive, is_free, poll_until, wait_for};
use stack_files::copy_with;

const UP_WITHIN: Duration = Duration::from_secs(30);

const FAST: [(&str, &str); 2] = [
    ("scrape_interval: 15s", "scrape_interval: 1s"),
    ("evaluation_interval: 15s", "evaluation_interval: 1s"),
];

#[test]
fn everything_is_up_and_answers_and_sigterm_leaves_nothing_behind() {
    let ports = Ports::free();
    let files = copy_with(&ports, &FAST);
    let redis = harness::redis_server();
    let mut lab = Lab::start_with(&ports, files.path(), &["--redis-server", &redis]);
    let pids = lab.wait_until_ready_with(OURS.len() + OTHERS + usize::from(!redis.is_empty()));
    // Itself, Alertmanager, our programs, and a probe of each of five endpoints and of this host.
    let targets = OTHERS + OURS.len() + 6;
    poll_until(UP_WITHIN, "all targets are up", || {
        lab.query("up == 1").len() == targets
    });
    // Pings need a right that whoever runs this may lack.
    let answering = r#"probe_success{job!="probe-icmp"} == 1"#;
    poll_until(UP_WITHIN, answering, || lab.query(answering).len() == 5);
    for query in [
        "node_load1",
        "rate(node_cpu_seconds_total[1m])",
        "node_memory_MemAvailable_bytes",
        "node_filesystem_avail_bytes",
        "instance:memory_usage:ratio",
        "rate(demo_requests_total[1m])",
        r#"container_last_seen{id="/"}"#,
    ] {
        poll_until(UP_WITHIN, query, || !lab.query(query).is_empty());
    }
    if !redis.is_empty() {
        for query in [
            "redis_up == 1",
            "cmd:redis_commands:rate5m > 0",
            "instance:redis_memory_used:ratio < 1",
        ] {
            poll_until(UP_WITHIN, query, || !lab.query(query).is_empty());
        }
    }
    assert!(
        pids.iter().all(|pid| is_alive(*pid)),
        "the table names the running processes"
    );

    lab.signal("TERM");
    let end = lab.wait_for_end();
    assert_eq!((end.code, end.stderr.as_str()), (Some(0), ""));
    assert!(!pids.iter().any(|pid| is_alive(*pid)), "no child is left");
    assert!(ports.are_free(), "all ports are free again");
}

#[test]
fn a_cpu_burner_turns_the_alert_pending_and_then_firing_and_the_console_is_told() {
    let ports = Ports::free();
    // The expression and the threshold stay the real ones; only time is shorter.
    let short = [
        ("scrape_interval: 15s", "scrape_interval: 1s"),
        ("evaluation_interval: 15s", "evaluation_interval: 1s"),
        ("{mode=\"idle\"}[5m]", "{mode=\"idle\"}[8s]"),
        (
            "expr: instance:cpu_usage:avg > 0.8\n        # Builds, backups and start-ups are over by then.\n        for: 10m",
            "expr: instance:cpu_usage:avg > 0.8\n        for: 3s",
        ),
        ("group_wait: 30s", "group_wait: 1s"),
        ("group_interval: 5m", "group_interval: 1s"),
    ];
    let files = copy_with(&ports, &short);
    let mut lab = Lab::start(&ports, files.path());
    lab.wait_until_ready();

    let burner = Burner::on_all_cpus();
    wait_for(UP_WITHIN, "pending", || lab.alert_state("HostHighCpu"));
    wait_for(UP_WITHIN, "firing", || lab.alert_state("HostHighCpu"));
    poll_until(UP_WITHIN, "the console is told that it fires", || {
        lab.told_of(&ports, "HostHighCpu")
            .first()
            .is_some_and(|status| status == "firing")
    });
    drop(burner);
}

#[test]
fn the_sample_service_under_load_answers_what_people_learn_to_ask_and_its_alert_fires() {
    let ports = Ports::free();
    let short = [
        ("scrape_interval: 15s", "scrape_interval: 1s"),
        ("evaluation_interval: 15s", "evaluation_interval: 1s"),
        ("for: 10s", "for: 3s"),
    ];
    let files = copy_with(&ports, &short);
    let mut lab = Lab::start(&ports, files.path());
    lab.wait_until_ready();
    let demo_app = address(ports.of("demo-app"));
    let scraped = r#"demo_requests_total{job="demo-app"}"#;
    // What was counted before the first scrape is no increase.
    poll_until(UP_WITHIN, scraped, || !lab.query(scraped).is_empty());
    harness::post(&demo_app, "/admin/settings", "cpu_mode=high");
    harness::load(&demo_app, &["--rate=20", "--duration=3s", "--errors=0.2"]);
    for query in [
        "rate(demo_requests_total[1m]) > 0",
        "histogram_quantile(0.95, rate(demo_request_latency_seconds_bucket[5m])) > 0",
        "histogram_quantile(0.95, rate(app_request_latency_seconds_bucket[5m])) > 0",
        "sum by (endpoint) (rate(http_requests_total{status=~\"5..\"}[1m])) > 0",
        "endpoint:http_requests:rate5m > 0",
        "endpoint:http_requests_errors:ratio5m > 0",
        "endpoint:http_request_duration_seconds:p95 > 0",
        "job:http_requests_errors:ratio_rate1h > 0",
        "http_request_duration_summary_seconds{quantile=\"0.95\"} > 0",
        "sum(rate(orders_value_dollars_sum[1m])) > 0",
        "active_users > 0",
    ] {
        poll_until(UP_WITHIN, query, || !lab.query(query).is_empty());
    }
    assert!(lab.has_exemplars("http_request_duration_seconds_bucket"));
    wait_for(UP_WITHIN, "firing", || lab.alert_state("LabHighCpu"));
    harness::post(&demo_app, "/admin/settings", "cpu_mode=random");
    wait_for(UP_WITHIN, "", || lab.alert_state("LabHighCpu"));
}

#[test]
fn a_taken_port_is_named_with_its_holder_and_nothing_is_started() {
    let ports = Ports::free();
    let _holder = TcpListener::bind(("127.0.0.1", ports.prometheus)).expect("a free port");
    let files = copy_with(&ports, &[]);
    let end = Lab::start(&ports, files.path()).wait_for_end();
    let me = fs::read_to_string("/proc/self/comm").expect("this process has a name");
    assert_eq!(
        (end.code, end.stderr),
        (
            Some(1),
            format!(
                "lab: port {} for prometheus is taken by {} (pid {}): stop it, or give another address with --prometheus-listen\n",
                ports.prometheus,
                me.trim_end(),
                std::process::id()
            )
        )
    );
    assert!(is_free(ports.of("node-exporter")));
}

#[test]
fn a_missing_program_is_said_with_what_to_do() {
    let ports = Ports::free();
    let files = copy_with(&ports, &[]);
    let end = Lab::start_with(&ports, files.path(), &["--prometheus-dir", "/nowhere"]).wait_for_end();
    assert_eq!(
        (end.code, end.stderr.as_str()),
        (
            Some(1),
            "lab: no prometheus in /nowhere: get it with deploy/prepare.sh run (into target/tools/bin), then give --prometheus-dir DIR\n"
        )
    );
}

#[test]
fn an_alertmanager_that_was_asked_for_and_is_missing_is_said() {
    let ports = Ports::free();
    let files = copy_with(&ports, &[]);
    let end = Lab::start_with(&ports, files.path(), &["--alertmanager-dir", "/nowhere"]).wait_for_end();
    assert_eq!(
        (end.code, end.stderr.as_str()),
        (
            Some(1),
            "lab: no alertmanager or prometheus-alertmanager in /nowhere: get it with deploy/prepare.sh run (into target/tools/bin)\n"
        )
    );
}

#[test]
fn a_missing_config_is_said_with_what_to_do() {
    let ports = Ports::free();
    let files = copy_with(&ports, &[]);
    fs::remove_file(files.path().join("prometheus.yml")).expect("the copy is ours");
    let end = Lab::start(&ports, files.path()).wait_for_end();
    assert_eq!(end.code, Some(1));
    assert_eq!(end.stderr.lines().count(), 1, "{}", end.stderr);
    assert!(
        end.stderr.contains("prometheus.yml") && end.stderr.contains("--prometheus-config"),
        "{}",
        end.stderr
    );
}

#[test]
fn a_bad_config_is_said_in_one_line_and_what_was_started_is_stopped() {
    let ports = Ports::free();
    let files = copy_with(&ports, &[("rule_files:", "rule_filez:")]);
    let end = Lab::start(&ports, files.path()).wait_for_end();
    assert_eq!(end.code, Some(1));
    assert_eq!(end.stderr.lines().count(), 1, "{}", end.stderr);
    assert!(
        end.stderr
            .starts_with("lab: prometheus ended by itself with exit code 2"),
        "{}",
        end.stderr
    );
    assert!(end.stderr.contains("field rule_filez not found"), "{}", end.stderr);
    assert!(ports.are_free());
}

#[test]
fn a_service_that_is_not_ready_in_time_is_said_with_its_log_and_stopped() {
    let ports = Ports::free();
    let files = copy_with(&ports, &[]);
    let silent = script(files.path(), "exec sleep 60");
    let args = ["--node-exporter", &silent, "--ready-within", "1"];
    let end = Lab::start_with(&ports, files.path(), &args).wait_for_end();
    assert_eq!(end.code, Some(1));
    assert_eq!(end.stderr.lines().count(), 1, "{}", end.stderr);
    assert!(
        end.stderr.contains("node-exporter did not answer") && end.stderr.contains("within 1 s"),
        "{}",
        end.stderr
    );
}

#[test]
fn without_cgroups_it_is_said_and_the_rest_goes_on() {
    let ports = Ports::free();
    let files = copy_with(&ports, &[]);
    let blind = script(files.path(), "echo 'level=ERROR msg=\"no cgroups here\"' >&2\nexit 1");
    let mut lab = Lab::start_with(&ports, files.path(), &["--container-exporter", &blind]);
    let pids = lab.wait_until_ready_with(OURS.len() + OTHERS - 1);
    assert!(pids.iter().all(|pid| is_alive(*pid)));
    lab.signal("TERM");
    let end = lab.wait_for_end();
    assert_eq!(end.code, Some(0));
    assert_eq!(end.stderr.lines().count(), 1, "{}", end.stderr);
    assert!(
        end.stderr
            .starts_with("lab: note: container-exporter ended by itself with exit code 1; its log ")
            && end
                .stderr
                .ends_with(" ends: no cgroups here; the rest goes on without it\n"),
        "{}",
        end.stderr
    );
}

#[test]
fn without_redis_it_is_said_and_the_rest_goes_on() {
    let ports = Ports::free();
    let files = copy_with(&ports, &FAST);
    let mut lab = Lab::start_with(&ports, files.path(), &["--redis-server", "/nowhere"]);
    lab.wait_until_ready();
    let query = r#"redis_exporter_last_scrape_error{err=~"connecting to .*: connection refused"} == 1"#;
    poll_until(UP_WITHIN, query, || !lab.query(query).is_empty());
    lab.signal("TERM");
    let end = lab.wait_for_end();
    let said = "lab: note: redis-exporter will have no Redis to ask: --redis-server /nowhere: no such program\n";
    assert_eq!((end.code, end.stderr.as_str()), (Some(0), said));
}

#[test]
fn a_redis_that_is_there_already_is_the_one_that_is_asked() {
    let ports = Ports::free();
    let holder = TcpListener::bind(("127.0.0.1", ports.redis)).expect("a free port");
    let files = copy_with(&ports, &FAST);
    let redis = script(files.path(), "exit 1");
    let mut lab = Lab::start_with(&ports, files.path(), &["--redis-server", &redis]);
    lab.wait_until_ready();
    holder.accept().expect("the exporter comes");
    lab.signal("TERM");
    let end = lab.wait_for_end();
    assert_eq!(end.code, Some(0));
    let said = format!(
        "lab: note: redis-exporter will ask what is there: port {} for redis is taken by ",
        ports.redis
    );
    assert!(end.stderr.starts_with(&said), "{}", end.stderr);
    assert!(
        end.stderr.ends_with("give another address with --redis-listen\n"),
        "{}",
        end.stderr
    );
}

#[test]
fn without_docker_it_is_said_and_cgroups_are_reported() {
    let ports = Ports::free();
    let files = copy_with(&ports, &[("scrape_interval: 15s", "scrape_interval: 1s")]);
    let nowhere = format!("unix://{}", files.path().join("docker.sock").display());
    let mut lab = Lab::start_with(&ports, files.path(), &["--docker", &nowhere]);
    lab.wait_until_ready();
    let query = r#"container_last_seen{id="/"}"#;
    poll_until(UP_WITHIN, query, || !lab.query(query).is_empty());
    lab.signal("TERM");
    let end = lab.wait_for_end();
    assert_eq!(end.code, Some(0));
    assert_eq!(end.stderr.lines().count(), 1, "{}", end.stderr);
    assert!(
        end.stderr.starts_with(
            "lab: note: container-exporter will tell of cgroups without the names of containers: no Docker at "
        ),
        "{}",
        end.stderr
    );
}

#[test]
fn a_port_that_the_config_does_not_scrape_is_noted() {
    let ports = Ports::free();
    let mut elsewhere = ports.clone();
    elsewhere.ours[0] = Ports::free().ours[0];
    let files = copy_with(&elsewhere, &[]);
    let mut lab = Lab::start(&ports, files.path());
    lab.wait_until_ready();
    lab.signal("INT");
    let end = lab.wait_for_end();
    assert_eq!(end.code, Some(0));
    let expected = format!(
        "has no target on port {}, so Prometheus will not scrape node-exporter there\n",
        ports.of("node-exporter")
    );
    assert!(end.stderr.ends_with(&expected), "{}", end.stderr);
}

#[test]
fn a_child_that_dies_is_reported_and_started_again_with_its_alert_between() {
    let ports = Ports::free();
    let short = [
        ("scrape_interval: 15s", "scrape_interval: 1s"),
        ("evaluation_interval: 15s", "evaluation_interval: 1s"),
        (
            "expr: up == 0\n        # Long enough for a restart, short enough to be the first to know: no other alert can fire for a target that is not read.\n        for: 2m",
            "expr: up == 0\n        for: 0s",
        ),
    ];
    let files = copy_with(&ports, &short);
    let mut lab = Lab::start(&ports, files.path());
    let pids = lab.wait_until_ready();
    let up = "up{job=\"node\"} == 1";
    poll_until(UP_WITHIN, up, || !lab.query(up).is_empty());
    harness::send_signal(pids[0], "KILL");
    wait_for(UP_WITHIN, "firing", || lab.alert_state("TargetDown"));
    poll_until(UP_WITHIN, "it is up again", || !lab.query(up).is_empty());
    wait_for(UP_WITHIN, "", || lab.alert_state("TargetDown"));
    assert!(pids[1..].iter().all(|pid| is_alive(*pid)), "the others go on");
    lab.signal("TERM");
    let end = lab.wait_for_end();
    assert_eq!(end.code, Some(0));
    assert_eq!(end.stderr.lines().count(), 1, "{}", end.stderr);
    assert!(
        end.stderr
            .starts_with("lab: note: node-exporter ended by itself with signal 9; its log ")
            && end.stderr.ends_with("; it is started again\n"),
        "{}",
        end.stderr
    );
    assert!(ports.are_free(), "all ports are free again");
}

#[test]
fn prometheus_itself_comes_back_and_what_it_stored_is_there() {
    let ports = Ports::free();
    let files = copy_with(&ports, &FAST);
    let mut lab = Lab::start(&ports, files.path());
    let pids = lab.wait_until_ready();
    let stored = "count_over_time(up{job=\"node\"}[5m]) >= 5";
    poll_until(UP_WITHIN, stored, || !lab.query(stored).is_empty());
    let before = first_samples(&lab);
    harness::send_signal(pids[pids.len() - 1], "KILL");
    // A gap, but no series and no sample lost.
    poll_until(UP_WITHIN, "Prometheus has ended", || is_free(ports.prometheus));
    poll_until(UP_WITHIN, "Prometheus is back", || lab.answers());
    let after = first_samples(&lab);
    assert!(
        before.iter().all(|series| after.contains(series)),
        "{before:?} {after:?}"
    );
}

/// Each target, and when it was first scraped.
fn first_samples(lab: &Lab) -> Vec<(String, String)> {
    let series = lab.query("min_over_time(timestamp(up)[5m:1s])");
    let pair = |series: &serde_json::Value| (series["metric"].to_string(), series["value"][1].to_string());
    series.iter().map(pair).collect()
}

/// An executable that runs `text` in a shell.
fn script(folder: &Path, text: &str) -> String {
    let path = folder.join("script");
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("a script");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("the script is ours");
    path.to_str().expect("a plain name").to_owned()
}
