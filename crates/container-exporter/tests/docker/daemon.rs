//! A real dockerd that stops, hangs and comes back, and containers that die at the wrong moment.

use std::process::{Child, Command};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::exporter::{Exporter, engine};
use crate::metrics::Metrics;

/// A scrape in these times is as quick as any other.
const AT_ONCE: Duration = Duration::from_secs(2);

/// Containers go on while their daemon does not.
const LIVE: &[&str] = &["--live-restore"];

fn cpu(metrics: &Metrics, name: &str) -> Option<f64> {
    metrics.sum("container_cpu_usage_seconds_total", &[("name", name)])
}

fn burner() -> Value {
    json!({"HostConfig": {"NanoCpus": 50_000_000}})
}

/// Scrapes for so long, each in time; the figures of the last one.
fn scrape_for(exporter: &Exporter, time: Duration) -> Metrics {
    let began = Instant::now();
    loop {
        let asked = Instant::now();
        let metrics = exporter.scrape();
        assert!(asked.elapsed() < AT_ONCE, "a scrape took {:?}", asked.elapsed());
        if began.elapsed() > time {
            return metrics;
        }
        std::thread::sleep(Duration::from_millis(250));
    }
}

#[test]
#[ignore = "needs root and dockerd: make test-docker"]
fn a_daemon_that_stops_takes_no_figures_with_it() {
    let mut engine = engine(LIVE);
    engine.run("web", &["burn"], &burner()).unwrap();
    let exporter = Exporter::of(&engine);
    let before = cpu(&exporter.until_named(&["web"]), "web").expect("CPU time of web");
    engine.stop();
    let stopped = scrape_for(&exporter, Duration::from_secs(5));
    assert!(
        cpu(&stopped, "web").is_some_and(|after| after > before),
        "named, and counted on"
    );
    exporter.until("the error", |metrics| {
        (metrics.value("container_scrape_error", &[])? == 1.0).then_some(())
    });
    engine.start_again().unwrap();
    engine.run("late", &["sleep"], &json!({})).unwrap();
    let metrics = exporter.until_named(&["web", "late"]);
    assert!(cpu(&metrics, "web") > cpu(&stopped, "web"));
    exporter.until("no error", |metrics| {
        (metrics.value("container_scrape_error", &[])? == 0.0).then_some(())
    });
}

#[test]
#[ignore = "needs root and dockerd: make test-docker"]
fn a_daemon_that_hangs_holds_up_nothing() {
    let engine = engine(&[]);
    engine.run("web", &["burn"], &burner()).unwrap();
    let exporter = Exporter::of(&engine);
    let before = cpu(&exporter.until_named(&["web"]), "web").expect("CPU time of web");
    let held = exporter.held();
    engine.signal(Signal::STOP);
    let hung = scrape_for(&exporter, Duration::from_secs(10));
    assert!(
        cpu(&hung, "web").is_some_and(|after| after > before),
        "named, and counted on"
    );
    engine.signal(Signal::CONT);
    engine.run("late", &["sleep"], &json!({})).unwrap();
    exporter.until_named(&["web", "late"]);
    engine.remove("late").unwrap();
    println!("a hung daemon: {}", exporter.nothing_leaked(held, 20));
}

#[test]
#[ignore = "needs root and dockerd: make test-docker"]
fn an_exporter_that_starts_beside_a_hung_daemon_reports_cgroups() {
    let engine = engine(&[]);
    let id = engine.run("web", &["sleep"], &json!({})).unwrap();
    engine.signal(Signal::STOP);
    let exporter = Exporter::of(&engine);
    let path = format!("{}/{id}", engine.cgroup());
    exporter.until("the cgroup", |metrics| {
        metrics.value("container_last_seen", &[("id", &path)])
    });
    engine.signal(Signal::CONT);
    exporter.until_named(&["web"]);
}

/// Containers end between listing and reading, and with their files open: in every one of many scrapes that go on meanwhile.
#[test]
#[ignore = "needs root and dockerd: make test-docker"]
fn containers_that_die_under_a_scrape_cost_nothing_but_their_own_series() {
    const ROUNDS: usize = 8;
    let engine = engine(&[]);
    engine.run("stays", &["sleep"], &json!({})).unwrap();
    let exporter = Exporter::of(&engine);
    exporter.until_named(&["stays"]);
    let held = exporter.held();
    let done = std::sync::atomic::AtomicBool::new(false);
    let scrapes = std::thread::scope(|scope| {
        let scrapes = scope.spawn(|| {
            let mut scrapes = 0;
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                let metrics = exporter.scrape();
                assert!(metrics.of("container_last_seen", "stays").is_some());
                scrapes += 1;
            }
            scrapes
        });
        for round in 0..ROUNDS {
            let name = format!("dies-{round}");
            engine.run(&name, &["sleep"], &json!({})).unwrap();
            std::thread::sleep(Duration::from_millis(700));
            engine.remove(&name).unwrap();
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        scrapes.join().unwrap()
    });
    exporter.until("their series gone", |metrics| {
        let inside = metrics
            .ids()
            .into_iter()
            .filter(|id| id.starts_with(&format!("{}/", engine.cgroup())))
            .count();
        (inside == 1 && metrics.value("container_scrape_error", &[]) == Some(0.0)).then_some(())
    });
    println!(
        "{ROUNDS} containers died under {scrapes} scrapes: {}",
        exporter.nothing_leaked(held, 20)
    );
}

/// The next process gets this id, if the kernel can be told so.
fn process_with_id(pid: u32) -> Option<Child> {
    for _ in 0..200 {
        std::fs::write("/proc/sys/kernel/ns_last_pid", (pid - 1).to_string()).ok()?;
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        if child.id() == pid {
            return Some(child);
        }
        child.kill().ok();
        child.wait().ok();
    }
    None
}

/// The daemon hangs, so that nobody tells of the end; and a process of the host has the id of the container's first one.
#[test]
#[ignore = "needs root and dockerd: make test-docker"]
fn a_process_id_that_is_used_again_brings_nobody_elses_traffic() {
    let engine = engine(&[]);
    engine.run("web", &["serve", "80"], &json!({})).unwrap();
    let exporter = Exporter::of(&engine);
    exporter.until("its traffic", |metrics| {
        metrics.sum("container_network_receive_bytes_total", &[("name", "web")])
    });
    let inspected = engine.inspect("web").unwrap();
    let pid = inspected.pointer("/State/Pid").and_then(Value::as_u64).unwrap() as u32;
    engine.signal(Signal::STOP);
    kill_process(Pid::from_raw(pid.cast_signed()).unwrap(), Signal::KILL).unwrap();
    let began = Instant::now();
    while std::path::Path::new(&format!("/proc/{pid}")).exists() && began.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(20));
    }
    let Some(mut other) = process_with_id(pid) else {
        return println!("process ids: not tested, this kernel gives none on demand");
    };
    // The host's traffic is that of the test itself, over lo, and of whatever else it has; a container has eth0 alone.
    std::thread::sleep(Duration::from_secs(1));
    let metrics = exporter.scrape();
    other.kill().ok();
    other.wait().ok();
    let host = std::fs::read_to_string("/proc/net/dev").unwrap();
    for (labels, bytes) in metrics.select("container_network_receive_bytes_total", &[("name", "web")]) {
        let same = host.lines().any(|line| {
            let (name, rest) = line.split_once(':').unwrap_or_default();
            let received = rest
                .split_whitespace()
                .next()
                .and_then(|bytes| bytes.parse::<f64>().ok());
            Some(name.trim()) == labels.get("interface").map(String::as_str)
                && received.is_some_and(|at| at > 1e5 && *bytes > at / 2.0)
        });
        assert!(!same, "the host's traffic: {labels:?} {bytes}");
    }
}
