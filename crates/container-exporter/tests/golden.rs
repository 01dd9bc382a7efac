//! Scrapes of two hosts that are made of files, with all groups on: `fixtures/host-v1` and `fixtures/host-v2`, whose
//! Docker is a scripted one that says what lies in their `docker/`. The program's answers must equal `tests/golden/*.txt`.
//!
//! `UPDATE_GOLDEN=1 cargo test -p container-exporter --test golden` writes them anew.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "all of this is test: it fails by panicking, and starts the program"
)]

#[allow(dead_code, reason = "shared with the tests beside a real Docker")]
#[path = "docker/exporter.rs"]
mod exporter;
#[allow(dead_code, reason = "shared with the tests beside a real Docker")]
#[path = "docker/metrics.rs"]
mod metrics;
#[allow(dead_code, reason = "shared with the tests beside a real Docker")]
#[path = "docker/scripted.rs"]
mod scripted;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use exposition::parse::{Family, parse};

use self::exporter::{Exporter, only, program};
use self::metrics::Metrics;
use self::scripted::Scripted;

/// Families whose values are those of the machine that runs the tests: its clock, its disks, the age of its files.
const MASKED: [&str; 9] = [
    "cadvisor_version_info",
    "container_fs_inodes_free",
    "container_fs_inodes_total",
    "container_fs_limit_bytes",
    "container_fs_usage_age_seconds",
    "container_fs_usage_bytes",
    "container_last_seen",
    // Of cgroups that are no container; see `is_masked`.
    "container_creation_time_seconds",
    "container_start_time_seconds",
];

/// Labels whose values change with each build.
const MASKED_LABELS: [&str; 2] = ["cadvisorRevision", "cadvisorVersion"];

/// A family of every exporter, which tells of the program.
const OF_THE_EXPORTER: &str = "container_exporter_build_info";

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn frozen_hosts_have_the_golden_metrics() {
    for host in ["v1", "v2"] {
        let golden = golden(host);
        let text = masked(&scrape(host));
        if std::env::var_os("UPDATE_GOLDEN").is_some_and(|update| update == "1") {
            fs::write(&golden, &text).unwrap();
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        for (line, (found, expected)) in text.lines().zip(expected.lines()).enumerate() {
            assert_eq!(found, expected, "{}:{}", golden.display(), line + 1);
        }
        assert_eq!(text, expected, "{}", golden.display());
    }
}

fn golden(host: &str) -> PathBuf {
    here().join("tests/golden").join(host).with_extension("txt")
}

/// What the program says of a frozen host once it has heard of all containers and walked through their layers.
fn scrape(host: &str) -> String {
    let root = here().join(format!("fixtures/host-{host}"));
    let folder = tempfile::tempdir().unwrap();
    let docker = Scripted::start(folder.path());
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(root.join("docker")).unwrap() {
        let path = entry.unwrap().path();
        docker.know(serde_json::from_slice(&fs::read(&path).unwrap()).unwrap());
        names.insert(path.file_stem().unwrap().to_str().unwrap().to_owned());
    }
    let mut flags = only(docker.socket());
    for (name, path) in [
        ("procfs", root.join("proc")),
        ("sysfs", root.join("sys")),
        ("rootfs", root),
    ] {
        flags.push(format!("--path.{name}={}", path.display()));
    }
    let others = [
        "--disable_metrics=",
        "--env_metadata_whitelist=APP_",
        "--web.disable-exporter-metrics",
    ];
    flags.extend(others.map(str::to_owned));
    let exporter = Exporter::spawn(Command::new(program()), flags);
    exporter.until("all containers and their layers", |metrics| {
        let all = names
            .iter()
            .all(|name| metrics.of("container_restarts_total", name).is_some());
        (all && layers(metrics) == running(metrics)).then_some(())
    });
    exporter.text()
}

/// Names of the containers that run.
fn running(metrics: &Metrics) -> BTreeSet<String> {
    names(metrics, "container_last_seen")
}

/// Names of those whose layers were walked through.
fn layers(metrics: &Metrics) -> BTreeSet<String> {
    names(metrics, "container_fs_usage_age_seconds")
}

fn names(metrics: &Metrics, family: &str) -> BTreeSet<String> {
    let samples = metrics.families.get(family).into_iter().flatten();
    samples.filter_map(|(labels, _)| labels.get("name").cloned()).collect()
}

/// The text without what belongs to the machine that runs the tests.
fn masked(text: &str) -> String {
    let lines = text.lines().filter(|line| !is_of_the_exporter(line));
    lines.map(|line| masked_line(line) + "\n").collect()
}

fn is_of_the_exporter(line: &str) -> bool {
    let line = line.trim_start_matches("# HELP ").trim_start_matches("# TYPE ");
    line.starts_with(OF_THE_EXPORTER)
}

fn masked_line(line: &str) -> String {
    if !is_masked(line) {
        return line.to_owned();
    }
    let (series, _) = line.rsplit_once(' ').unwrap();
    let mut series = series.to_owned();
    for label in MASKED_LABELS {
        if let Some((before, rest)) = series.split_once(&format!("{label}=\"")) {
            let (_, after) = rest.split_once('"').unwrap();
            series = format!("{before}{label}=\"*\"{after}");
        }
    }
    format!("{series} *")
}

/// Containers' times are what Docker says. Other cgroups are as old as their folders.
fn is_masked(line: &str) -> bool {
    let name = line.split(['{', ' ']).next().unwrap();
    let of_containers = name.ends_with("_time_seconds") && line.contains("name=");
    MASKED.contains(&name) && !of_containers
}

/// Families that upstream lacks.
const NEW: [&str; 6] = [
    // What the runtime knows of a container, a stopped one too.
    "container_exit_code",
    "container_oom_killed",
    "container_restarts_total",
    "container_state",
    // All labels once, so that the other series need not have them.
    "container_info",
    // Layers are walked through between scrapes.
    "container_fs_usage_age_seconds",
];

/// How the names begin of families that upstream has and this exporter does not.
const WITHOUT: [&str; 11] = [
    // Asked of the kernel's taskstats, with privileges, for every process.
    "container_cpu_load_",
    "container_tasks_state",
    // Of upstream's own tests.
    "container_custom_app_metric_",
    // Performance counters and Intel's RDT: privileges, libraries, and a file to set them up.
    "container_llc_occupancy_bytes",
    "container_memory_bandwidth_",
    "container_perf_",
    // Clears the referenced bits of all pages to count them.
    "container_referenced_bytes",
    // Of s390x alone.
    "machine_cpu_books",
    "machine_cpu_drawers",
    // Memory modules, of which few drivers tell, and Intel's discontinued persistent memory.
    "machine_dimm_",
    "machine_nvm_",
];

/// Type, help, and the labels that some sample has, but for those of every container.
type Shape = (String, String, BTreeSet<String>);

/// The families of both frozen hosts.
fn reported() -> BTreeMap<String, Shape> {
    let mut shapes: BTreeMap<String, Shape> = BTreeMap::new();
    for host in ["v1", "v2"] {
        let text = fs::read_to_string(golden(host)).unwrap().replace(" *\n", " 0\n");
        for family in parse(text.as_bytes()).unwrap() {
            let (kind, help, labels) = shape(&family);
            let known = shapes
                .entry(family.name.to_owned())
                .or_insert((kind.clone(), help.clone(), BTreeSet::new()));
            assert_eq!((&kind, &help), (&known.0, &known.1), "{}", family.name);
            known.2.extend(labels);
        }
    }
    shapes
}

fn shape(family: &Family<'_>) -> Shape {
    let labels = family
        .metrics()
        .flat_map(|metric| metric.labels.iter().map(|label| label.name));
    let is_shared = |name: &&str| {
        ["id", "image", "name"].contains(name)
            || name.starts_with("container_label_")
            || name.starts_with("container_env_")
    };
    let labels = labels.filter(|name| !is_shared(name)).map(str::to_owned);
    let kind = format!("{:?}", family.kind).to_lowercase();
    (
        kind,
        family.help.as_deref().unwrap_or_default().to_owned(),
        labels.collect(),
    )
}

/// cAdvisor's families, as `families.tsv` has them.
fn upstreams() -> BTreeMap<&'static str, Shape> {
    let rows = include_str!("families.tsv").lines().skip(1);
    rows.map(|row| {
        let mut cells = row.split('\t').map(str::to_owned);
        let (kind, labels, help) = {
            cells.next();
            (cells.next().unwrap(), cells.next().unwrap(), cells.next().unwrap())
        };
        let labels = labels.split(',').filter(|label| !label.is_empty()).map(str::to_owned);
        (row.split('\t').next().unwrap(), (kind, help, labels.collect()))
    })
    .collect()
}

#[test]
fn families_are_upstreams_but_for_those_that_are_named_here() {
    let (reported, upstreams) = (reported(), upstreams());
    for (name, found) in &reported {
        match upstreams.get(name.as_str()) {
            Some(expected) => assert_eq!(found, expected, "{name}"),
            None => assert!(NEW.contains(&name.as_str()), "{name} is not upstream's"),
        }
    }
    for name in upstreams.keys() {
        let is_left_out = WITHOUT.iter().any(|beginning| name.starts_with(beginning));
        assert_ne!(is_left_out, reported.contains_key(*name), "{name}");
    }
    for name in NEW {
        assert!(reported.contains_key(name) && !upstreams.contains_key(name), "{name}");
    }
}
