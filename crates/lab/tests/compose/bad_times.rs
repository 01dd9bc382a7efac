//! What happens to the stack when something of it breaks. docs/stack.md tells of each case; the rules are those of a drill.

use std::{
    cell::RefCell,
    collections::BTreeSet,
    time::{Instant, SystemTime},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::{
    longterm,
    stack::{Stack, container},
};

/// Each service, and the job that scrapes it; the console is not scraped.
const SERVICES: [(&str, &str); 10] = [
    ("console", ""),
    ("pushgateway", "pushgateway"),
    ("redis-exporter", "redis"),
    ("redis", "redis"),
    ("demo-app", "demo-app"),
    ("blackbox-exporter", "blackbox"),
    ("node-exporter", "node"),
    ("container-exporter", "containers"),
    ("alertmanager", "alertmanager"),
    ("prometheus", "prometheus"),
];

/// Begins the names of series that are there once something has happened, and again when it happens again.
const BY_USE: [&str; 17] = [
    "ALERTS",
    "alertmanager_http_",
    "alertmanager_notification",
    "alertmanager_silences_quer",
    "cmd:redis_",
    // Of a disk, which is not asked for what is still in memory.
    "container_blkio_",
    "container_fs_",
    // Of those that do not run.
    "container_exit_code",
    "net_conntrack_",
    "prometheus_http_",
    "prometheus_sd_",
    "prometheus_template_",
    "pushgateway_http_",
    "redis_commands_",
    "redis_errors_",
    "redis_latency_percentiles_",
    // Names the run itself.
    "redis_instance_info",
];

/// Four scrapes of a drill.
const LATELY: &str = "4s";

/// The series of a job that have come lately, and after `since`, but for those of other things than the job's own.
fn series(stack: &Stack, job: &str, since: f64) -> BTreeSet<String> {
    let query = format!(r#"{{job="{job}", device!~"veth.*|br-.*"}}[{LATELY}]"#);
    let found = stack.try_query(&query).unwrap_or_default();
    let last = |series: &Value| series["values"].as_array()?.last()?.get(0)?.as_f64();
    let fresh = found.iter().filter(|series| last(series) > Some(since));
    let metrics = fresh.map(|series| &series["metric"]);
    metrics.filter(|metric| lasts(metric)).map(Value::to_string).collect()
}

/// Seconds since 1970, as Prometheus counts.
fn now() -> f64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.expect("it is after 1970").as_secs_f64()
}

fn lasts(metric: &Value) -> bool {
    let name = metric["__name__"].as_str().unwrap_or_default();
    // This machine's other cgroups come and go.
    let is_elsewhere = metric["id"].is_string() && metric["container_label_com_docker_compose_service"].is_null();
    !is_elsewhere && !BY_USE.iter().any(|prefix| name.starts_with(prefix))
}

/// As the kernel would, and not as an order to Docker.
fn kill(stack: &Stack, service: &str) {
    stack.until("it runs", || stack.state(service, "/State/Pid").as_i64() > Some(0));
    let pid = stack.state(service, "/State/Pid").as_i64();
    let pid = pid.and_then(|pid| Pid::from_raw(pid.try_into().ok()?));
    kill_process(pid.expect("it runs"), Signal::KILL).expect("root may kill it");
}

/// Waits until all series of a job have come again; those that never do are told.
fn all_return(stack: &Stack, job: &str, before: &BTreeSet<String>) {
    let (since, last) = (now(), RefCell::new(Vec::new()));
    let is_whole = || {
        last.replace(before.difference(&series(stack, job, since)).cloned().collect());
        last.borrow().is_empty()
    };
    assert!(
        stack.is_soon(is_whole),
        "series of {job} that are missing: {:#?}",
        last.borrow()
    );
}

/// Docker starts each again, and its series are the same series.
pub(crate) fn each_that_is_killed_comes_back(stack: &mut Stack) {
    for (service, job) in SERVICES {
        let before = series(stack, job, 0.0);
        assert!(job.is_empty() || before.len() > 20, "{service}: {before:?}");
        let restarts = stack.state(service, "/RestartCount").as_i64().expect("a number");
        let began = Instant::now();
        kill(stack, service);
        stack.until("it is started again", || {
            stack.state(service, "/RestartCount").as_i64() > Some(restarts)
        });
        all_return(stack, job, &before);
        eprintln!("{service}: {} series again after {:.1?}", before.len(), began.elapsed());
    }
    all_are_healthy(stack, &SERVICES.map(|(service, _)| service));
}

/// Whoever tells Docker to end it means it.
pub(crate) fn what_docker_is_told_to_kill_stays_away(stack: &mut Stack) {
    stack.compose(&["kill", "demo-app"]);
    fires(stack, r#"alertname="TargetDown", job="demo-app""#);
    assert_eq!(stack.state("demo-app", "/State/Running"), false);
    stack.compose(&["up", "--detach", "--wait"]);
    clears(stack, r#"alertname="TargetDown", job="demo-app""#);

    // Any signal by way of Docker is such an order, for the end that comes next.
    stack.compose(&["kill", "--signal=HUP", "blackbox-exporter"]);
    kill(stack, "blackbox-exporter");
    fires(stack, r#"alertname="TargetDown", job="blackbox""#);
    assert_eq!(stack.state("blackbox-exporter", "/State/Running"), false);
    stack.compose(&["up", "--detach", "--wait"]);
    clears(stack, r#"alertname="TargetDown", job="blackbox""#);
}

/// What only `targets` reaches is gone, and comes back.
pub(crate) fn a_cut_between_the_networks_is_told_and_heals(stack: &mut Stack) {
    let (network, prometheus) = ("pilotlight_targets", container("prometheus"));
    let before: Vec<_> = ["redis", "containers"].map(|job| series(stack, job, 0.0)).into();
    stack.docker(&["network", "disconnect", network, &prometheus]);
    for job in ["redis", "containers"] {
        fires(stack, &format!("alertname=\"TargetDown\", job=\"{job}\""));
    }
    eprintln!("cut off: {:?}", stack.query("up == 0 or probe_success == 0"));
    // In the other network, too.
    for job in ["demo-app", "blackbox", "alertmanager", "pushgateway"] {
        assert_eq!(stack.query(&format!("up{{job=\"{job}\"}} == 1")).len(), 1, "{job}");
    }
    stack.docker(&["network", "connect", network, &prometheus]);
    for (job, mut before) in ["redis", "containers"].iter().zip(before) {
        forget_devices(&mut before);
        clears(stack, &format!("alertname=\"TargetDown\", job=\"{job}\""));
        all_return(stack, job, &before);
    }
}

/// Prometheus goes on and answers, tells that it has nothing new, and stores again when it can.
pub(crate) fn a_full_disk_is_a_gap_that_is_told_afterwards(stack: &mut Stack) {
    let disk = stack.disk.as_ref().expect("a drill has one");
    disk.fill();
    // For longer than Alertmanager and the console go by what they heard last.
    stack.wait_for("nothing is stored", r#"time() - timestamp(up{job="demo-app"}) > 20"#);
    for path in ["/-/healthy", "/-/ready"] {
        let answer = stack.ask("prometheus", 9090, "GET", path, "");
        assert!(
            answer.is_ok_and(|answer| answer.contains("Prometheus Server is")),
            "{path}"
        );
    }
    stack.until("Alertmanager is told", || is_told(stack, "PrometheusStoresNothing"));
    assert!(!is_told(stack, "PrometheusStorageFailing"), "that one is stored itself");
    assert_eq!(watchdog(stack), "coming", "rules go on, with what there was before");
    disk.relieve();
    stack.wait_for("it stores again", r#"time() - timestamp(up{job="demo-app"}) < 3"#);
    fires(stack, r#"alertname="PrometheusStorageFailing""#);
}

/// It does not start, is tried again and again, and has what it had before the first time once there is room.
pub(crate) fn a_full_disk_keeps_prometheus_from_starting(stack: &mut Stack) {
    let disk = stack.disk.as_ref().expect("a drill has one");
    let before = times(stack);
    let torn = last_gap(&before);
    disk.fill();
    kill(stack, "prometheus");
    let restarts = || stack.state("prometheus", "/RestartCount").as_i64().unwrap_or(0);
    let first = restarts();
    stack.until("it is tried again", || restarts() > first + 2);
    eprintln!(
        "it says: {}",
        stack.compose(&["logs", "--no-color", "--tail=3", "prometheus"])
    );
    stack.until("the console misses the Watchdog", || watchdog(stack) == "away");
    disk.relieve();
    stack.wait_for("it is back", r#"time() - timestamp(up{job="demo-app"}) < 3"#);
    // What a full disk tears in the log ends it: the next start drops what was stored behind that, and keeps all before.
    let after = times(stack);
    let is_kept = |time: &&u64| **time < torn;
    assert!(before.iter().filter(is_kept).all(|time| after.contains(time)));
    let lost = before.difference(&after).count();
    eprintln!(
        "of {} samples {lost} are lost, all from after the disk was full",
        before.len()
    );
    stack.until("the console hears the Watchdog", || watchdog(stack) == "coming");
}

/// All is as before, and what was stored is still there.
pub(crate) fn docker_itself_comes_back_with_all(stack: &mut Stack) {
    let number = stack.query("up").len();
    let jobs = ["demo-app", "redis", "node", "containers", "alertmanager"];
    let before: Vec<_> = jobs.iter().map(|job| series(stack, job, 0.0)).collect();
    let samples = times(stack).len();
    let began = Instant::now();
    stack.engine.stop();
    eprintln!("Docker took {:.1?} to stop", began.elapsed());
    stack.engine.start_again().expect("it starts");
    stack.wait_for(
        "all are scraped",
        &format!("count(up == 1) == {number} and time() - min(timestamp(up)) < 4"),
    );
    eprintln!("Docker and all targets were back after {:.1?}", began.elapsed());
    assert!(times(stack).len() > samples, "{samples} samples before");
    for (job, mut before) in jobs.iter().zip(before) {
        forget_devices(&mut before);
        all_return(stack, job, &before);
    }
    all_are_healthy(stack, &SERVICES.map(|(service, _)| service));
    all_are_healthy(stack, &longterm::SERVICES);
}

/// Devices of a container in two networks change their names when it is put into one again.
fn forget_devices(series: &mut BTreeSet<String>) {
    series.retain(|series| !series.contains("\"container_network_"));
}

/// When each sample was that Prometheus has of what began before any of this, in milliseconds.
fn times(stack: &Stack) -> BTreeSet<u64> {
    let found = stack.query(r#"up{job="demo-app"}[1h]"#);
    let values = found
        .iter()
        .flat_map(|series| series["values"].as_array().into_iter().flatten());
    let millis = values
        .filter_map(|value| value[0].as_f64())
        .map(|seconds| (seconds * 1000.0) as u64);
    millis.collect()
}

/// When the last gap ended: that of a disk that was full before.
fn last_gap(times: &BTreeSet<u64>) -> u64 {
    let pairs = times.iter().zip(times.iter().skip(1));
    let mut ends = pairs
        .filter(|(last, next)| **next - **last > 5000)
        .map(|(_, next)| *next);
    ends.next_back().expect("the disk was full before")
}

fn all_are_healthy(stack: &Stack, services: &[&str]) {
    for service in services {
        stack.until(&format!("{service} is healthy"), || {
            let health = stack.state(service, "/State/Health/Status");
            stack.state(service, "/State/Running") == true && (health.is_null() || health == "healthy")
        });
    }
}

fn fires(stack: &Stack, labels: &str) {
    stack.wait_for(labels, &format!("ALERTS{{alertstate=\"firing\", {labels}}}"));
}

fn clears(stack: &Stack, labels: &str) {
    stack.until(labels, || {
        stack
            .try_query(&format!("ALERTS{{{labels}}}"))
            .is_ok_and(|alerts| alerts.is_empty())
    });
}

/// Whether Alertmanager has an alert that fires: what cannot be stored is seen here alone.
fn is_told(stack: &Stack, alert: &str) -> bool {
    let path = format!("/api/v2/alerts?filter=alertname%3D{alert}");
    let answer = stack.ask("alertmanager", 9093, "GET", &path, "").unwrap_or_default();
    answer.contains(alert)
}

/// What the console says of the dead man's switch.
fn watchdog(stack: &Stack) -> String {
    let answer = stack.ask("console", 9099, "GET", "/", "").unwrap_or_default();
    let answer: Value = serde_json::from_str(&answer).unwrap_or_default();
    answer["watchdog"]["state"].as_str().unwrap_or_default().to_owned()
}
