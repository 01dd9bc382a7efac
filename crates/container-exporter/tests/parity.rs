//! Our program beside upstream's cAdvisor 0.38 on the same 20 containers: every family and series with a value that
//! upstream has is in ours, with the same labels, and with a value that two scrapes of upstream's bracket.
//!
//! Upstream's program comes from the directory in `PEERS`, or from PATH; it knows cgroup v1 alone. Containers run in a
//! dockerd of the test's own. Where one of these cannot be had there is nothing to compare, which is said.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "all of this is test: it fails by panicking, says why it is skipped, and starts both programs"
)]
#![allow(
    dead_code,
    reason = "the harness is shared with the tests beside dockerd, which need more of it"
)]

#[path = "docker/exporter.rs"]
mod exporter;
#[path = "docker/metrics.rs"]
mod metrics;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use private_docker::Engine;
use serde_json::json;

use crate::exporter::Exporter;
use crate::metrics::{Labels, Metrics};

const CONTAINERS: usize = 20;

/// Upstream reads every second, and answers with what it read last. So long after ours was asked it has read anew.
const READ_ANEW: Duration = Duration::from_millis(2500);

/// A value has to be bracketed in one of these.
const ROUNDS: usize = 4;

/// Where ours differs on purpose: how upstream's series begin, and why.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("cadvisor_version_info", "its own version"),
    ("container_last_seen", "the time of a reading, which is never the same"),
    ("container_scrape_error", "of the program, not of a container"),
    ("machine_scrape_error", "of the program, not of the machine"),
    (
        "container_cpu_load_average_10s",
        "off upstream without --enable_load_reader, and 0 then",
    ),
    ("container_tasks_state", "of the load reader too: 0 without it"),
    (
        "container_memory_migrate",
        "a setting of newer kernels that 0.38 does not know",
    ),
    (
        "container_fs_io_time_seconds_total",
        "0 of containers; upstream divides milliseconds by 1e9",
    ),
    (
        "container_fs_io_time_weighted_seconds_total",
        "0 of containers; upstream divides milliseconds by 1e9",
    ),
    (
        "container_fs_read_seconds_total",
        "0 of containers; upstream divides milliseconds by 1e9",
    ),
    (
        "container_fs_write_seconds_total",
        "0 of containers; upstream divides milliseconds by 1e9",
    ),
    (
        "container_fs_io_current",
        "0 of containers: the kernel has it of devices alone",
    ),
    (
        "container_fs_reads_merged_total",
        "0 of containers: the kernel has it of devices alone",
    ),
    (
        "container_fs_writes_merged_total",
        "0 of containers: the kernel has it of devices alone",
    ),
    (
        "container_fs_sector_reads_total",
        "0 of containers: the kernel has it of devices alone",
    ),
    (
        "container_fs_sector_writes_total",
        "0 of containers: the kernel has it of devices alone",
    ),
    (
        "container_fs_inodes_",
        "of containers upstream counts what is in the layer, here they are the file system's; others use it meanwhile",
    ),
    (
        "container_fs_usage_bytes",
        "upstream adds the container's log and configuration to its layer; and of the machine others write meanwhile",
    ),
    (
        "container_start_time_seconds",
        "0.38 gives the time of creation; 0.60 and ours that of the start",
    ),
    (
        "container_fs_limit_bytes{device=\"/dev/shm\"",
        "mounts of the host are no disks of containers",
    ),
    ("machine_nvm_", "no figures of hardware that is not there"),
    ("machine_dimm_", "no figures of hardware that is not there"),
];

/// Our labels that upstream 0.38 lacks are no difference: newer ones have them.
const NEWER_LABELS: [&str; 3] = ["boot_id", "machine_id", "system_uuid"];

/// Upstream's program, from the directory in `PEERS` or from PATH.
fn upstream() -> Option<PathBuf> {
    let peers = std::env::var_os("PEERS").filter(|peers| !peers.is_empty());
    let path = peers.or_else(|| std::env::var_os("PATH")).unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join("cadvisor"))
        .find(|file| file.is_file())
}

/// Why there is nothing to compare; `Ok`: upstream's program.
fn can_compare() -> Result<PathBuf, &'static str> {
    if let Some(why) = private_docker::missing() {
        return Err(why);
    }
    if Path::new("/sys/fs/cgroup/cgroup.controllers").exists() {
        return Err("this host has cgroup v2, which cAdvisor 0.38 does not know");
    }
    upstream().ok_or("no cadvisor on PATH or in PEERS")
}

/// A running cAdvisor. Dropping it ends it.
struct Upstream {
    child: Child,
    port: u16,
}

impl Upstream {
    fn start(program: &Path, engine: &Engine) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let child = Command::new(program)
            .args([
                "--listen_ip=127.0.0.1",
                "--docker_only",
                "--housekeeping_interval=1s",
                "--allow_dynamic_housekeeping=false",
            ])
            .args([
                format!("--port={port}"),
                format!("--docker=unix://{}", engine.socket().display()),
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self { child, port }
    }

    fn scrape(&self) -> Option<Metrics> {
        Some(Metrics::read(&exporter::get(([127, 0, 0, 1], self.port).into()).ok()?))
    }

    /// Waits until it knows all containers.
    fn until_ready(&self) {
        let began = Instant::now();
        let is_ready = || {
            let named = self
                .scrape()?
                .select("container_last_seen", &[])
                .filter(|(labels, _)| labels.contains_key("name"))
                .count();
            (named >= CONTAINERS).then_some(())
        };
        while is_ready().is_none() {
            assert!(
                began.elapsed() < exporter::FIND_WITHIN,
                "cAdvisor does not see {CONTAINERS} containers"
            );
            std::thread::sleep(Duration::from_millis(500));
        }
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Values by series: those of our containers, of the root and of the machine. Other daemons' containers are not to be compared.
fn series(metrics: &Metrics, engine: &Engine) -> BTreeMap<String, f64> {
    let below = format!("{}/", engine.cgroup());
    let is_ours = |labels: &Labels| labels.get("id").is_none_or(|id| id == "/" || id.starts_with(&below));
    let mut series = BTreeMap::new();
    for (family, samples) in metrics.families.iter().filter(|(family, _)| is_compared(family)) {
        for (labels, value) in samples.iter().filter(|(labels, _)| is_ours(labels)) {
            let labels = labels.iter().filter(|(name, _)| !NEWER_LABELS.contains(&name.as_str()));
            let labels: Vec<String> = labels.map(|(name, value)| format!("{name}={value:?}")).collect();
            series.insert(format!("{family}{{{}}}", labels.join(",")), *value);
        }
    }
    series
}

fn is_compared(family: &str) -> bool {
    ["container_", "machine_"]
        .iter()
        .any(|prefix| family.starts_with(prefix))
}

fn is_excepted(series: &str) -> bool {
    let known = |list: &[(&str, &str)]| list.iter().any(|(start, _)| series.starts_with(start));
    known(EXCEPTIONS) || (series.contains("id=\"/\"") && known(OF_THE_MACHINE))
}

/// The same of the root cgroup alone.
const OF_THE_MACHINE: &[(&str, &str)] = &[
    (
        "container_fs_limit_bytes",
        "containers' own overlays are no file systems of the machine",
    ),
    (
        "container_fs_reads",
        "of /proc/diskstats, which counts what no cgroup did; tmpfs and the like make no requests",
    ),
    (
        "container_fs_writes",
        "of /proc/diskstats, which counts what no cgroup did; tmpfs and the like make no requests",
    ),
    (
        "container_memory_failures_total",
        "upstream repeats the root's own number for the whole hierarchy",
    ),
];

/// Containers of several kinds, so that no figure is 0 for want of something to count.
fn fill(engine: &Engine) {
    for number in 0..CONTAINERS {
        let (words, more) = match number % 5 {
            0 => (
                vec!["eat", "8388608", "sleep"],
                json!({"HostConfig": {"Memory": 64 << 20}}),
            ),
            1 => (vec!["burn"], json!({"HostConfig": {"NanoCpus": 20_000_000}})),
            2 => (vec!["serve", "80"], json!({"Labels": {"team": "a", "odd": "q\"\\\nü"}})),
            3 => (
                vec!["write", "/file", "1048576", "sleep"],
                json!({"HostConfig": {"CpuShares": 512}}),
            ),
            _ => (vec!["sleep"], json!({"HostConfig": {"MemoryReservation": 32 << 20}})),
        };
        engine.run(&format!("parity-{number}"), &words, &more).unwrap();
    }
}

#[test]
fn every_series_of_upstream_is_here_with_its_value() {
    let program = match can_compare() {
        Ok(program) => program,
        Err(why) => return println!("nothing to compare: {why}"),
    };
    let engine = exporter::engine(&[]);
    fill(&engine);
    let upstream = Upstream::start(&program, &engine);
    let mut flags = exporter::only(engine.socket());
    flags.push("--docker_only".to_owned());
    let ours = Exporter::spawn(Command::new(exporter::program()), flags);
    upstream.until_ready();
    // So that both have read everything once.
    std::thread::sleep(READ_ANEW);

    let scrape = || series(&upstream.scrape().unwrap(), &engine);
    let (mut before, mut wrong) = (scrape(), BTreeMap::new());
    for round in 0..ROUNDS {
        let candidates = series(&ours.scrape(), &engine);
        std::thread::sleep(READ_ANEW);
        let after = scrape();
        let round_wrong = differences(&before, &candidates, &after);
        wrong = match round {
            0 => round_wrong,
            _ => wrong
                .into_iter()
                .filter(|(name, _)| round_wrong.contains_key(name))
                .collect(),
        };
        before = after;
    }
    let compared = before.keys().filter(|name| !is_excepted(name)).count();
    println!(
        "{compared} series of upstream's compared, {} excepted",
        before.len() - compared
    );
    assert!(compared > CONTAINERS * 20, "upstream answers: {compared}");
    let told: Vec<&String> = wrong.values().collect();
    assert!(wrong.is_empty(), "{} differences:\n{told:#?}", wrong.len());
}

/// What ours lacks, and what it has and should not.
fn differences(
    before: &BTreeMap<String, f64>,
    ours: &BTreeMap<String, f64>,
    after: &BTreeMap<String, f64>,
) -> BTreeMap<String, String> {
    let mut wrong = BTreeMap::new();
    for (name, first) in before.iter().filter(|(name, _)| !is_excepted(name)) {
        let Some(second) = after.get(name) else {
            continue;
        };
        let text = match ours.get(name) {
            None => format!("{name} is missing; upstream {second}"),
            Some(value) if first.min(*second) <= *value && *value <= first.max(*second) => continue,
            Some(value) => format!("{name}: upstream {first}, then {second}; ours {value}"),
        };
        wrong.insert(name.clone(), text);
    }
    wrong
}

#[test]
fn a_value_has_to_be_between_two_of_upstreams() {
    let of = |pairs: &[(&str, f64)]| pairs.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
    let (before, after) = (
        of(&[("a", 1.0), ("b", 5.0), ("gone", 1.0)]),
        of(&[("a", 3.0), ("b", 4.0)]),
    );
    for (ours, wrong) in [
        (&[("a", 1.0), ("b", 4.5)][..], &[][..]),
        (&[("a", 3.1), ("b", 4.0)], &["a"]),
        (&[("a", 3.0)], &["b"]),
    ] {
        let found = differences(&before, &of(ours), &after);
        assert_eq!(found.keys().collect::<Vec<_>>(), wrong, "{ours:?}");
    }
}
