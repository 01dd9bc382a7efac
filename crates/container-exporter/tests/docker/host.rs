//! All of this once more on cgroup v2 and systemd, in a virtual machine: the tests of this very program, with a dockerd of
//! their own there, and then containers of the host's own Docker, which are scopes of systemd. `guest` is what happens
//! there.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use private_host::Host;

use crate::exporter::program;
use crate::metrics::Metrics;

const MIB: f64 = 1024.0 * 1024.0;

/// The machine runs once for all tests.
static SEEN: LazyLock<Seen> = LazyLock::new(Seen::run);

struct Seen(PathBuf);

impl Seen {
    fn run() -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("host");
        let image = Path::new(env!("CARGO_TARGET_TMPDIR")).join("work.tar");
        fs::write(&image, private_docker::archive()).unwrap();
        let tests = std::env::current_exe().unwrap();
        let exporter = program();
        Host::with(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guest"))
            .file(&tests, "/usr/local/bin/docker-tests")
            .file(&exporter, "/usr/local/bin/container-exporter")
            // Where the tests themselves look for it.
            .file(&exporter, env!("CARGO_BIN_EXE_container-exporter"))
            .file(&image, "/usr/local/share/work.tar")
            .observe(&folder)
            .unwrap();
        Self(folder)
    }

    fn read(&self, file: &str) -> String {
        let path = self.0.join(file);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    fn scrape(&self) -> Metrics {
        Metrics::read(&self.read("scrape"))
    }

    /// A number that the kernel gave before the scrape and after it.
    fn kernel(&self, container: &str, name: &str) -> [f64; 2] {
        ["before", "after"].map(|when| {
            let text = self.read(&format!("{when}-{container}"));
            let facts: BTreeMap<_, _> = text.lines().filter_map(|line| line.rsplit_once(' ')).collect();
            facts[name].parse().unwrap()
        })
    }
}

#[track_caller]
fn assert_between([before, after]: [f64; 2], value: f64) {
    assert!(
        (before..=after).contains(&value),
        "{value} is not from {before} to {after}"
    );
}

#[test]
#[ignore = "boots a virtual machine: make test-host"]
fn the_tests_with_containers_hold_on_cgroup_v2() {
    assert_eq!(SEEN.read("cgroup"), "cgroup2fs\n");
    let tests = SEEN.read("tests");
    assert_eq!(SEEN.read("tests.status"), "0\n", "{tests}");
    assert!(tests.contains("test result: ok. 8 passed"), "{tests}");
}

#[test]
#[ignore = "boots a virtual machine: make test-host"]
fn scopes_of_systemd_are_containers_with_their_names() {
    assert_eq!(SEEN.read("docker"), "systemd 2\n");
    let metrics = SEEN.scrape();
    for name in ["web", "burner", "survivor"] {
        let of_name = [("name", name)];
        let (labels, _) = metrics.select("container_last_seen", &of_name).next().unwrap();
        let id = &labels["id"];
        assert!(
            id.starts_with("/system.slice/docker-") && id.ends_with(".scope"),
            "{id}"
        );
        assert_eq!(labels["image"], "work:1");
    }
    let project = [
        ("name", "web"),
        ("container_label_com_docker_compose_project", "shop"),
        ("container_label_com_docker_compose_service", "web"),
    ];
    assert!(metrics.value("container_last_seen", &project).is_some());
    assert_eq!(metrics.of("container_exit_code", "ended"), Some(3.0));
    assert_eq!(metrics.of("container_scrape_error", ""), None);
    assert_eq!(metrics.sum("container_scrape_error", &[]), Some(0.0));
}

#[test]
#[ignore = "boots a virtual machine: make test-host"]
fn limits_and_usage_are_the_kernels() {
    let metrics = SEEN.scrape();
    let of = |family: &str, name: &str| {
        metrics
            .of(family, name)
            .unwrap_or_else(|| panic!("no {family} of {name}"))
    };
    assert_eq!(of("container_spec_memory_limit_bytes", "burner"), 64.0 * MIB);
    assert_eq!(of("container_spec_memory_limit_bytes", "web"), 0.0);
    assert_eq!(of("container_spec_cpu_period", "burner"), 100_000.0);
    assert_eq!(of("container_spec_cpu_quota", "burner"), 25_000.0);
    assert_eq!(of("container_threads_max", "burner"), 33.0);
    let cpu = metrics
        .sum("container_cpu_usage_seconds_total", &[("name", "burner")])
        .unwrap();
    assert_between(SEEN.kernel("burner", "cpu.stat usage_usec").map(|usec| usec / 1e6), cpu);
    let throttled = of("container_cpu_cfs_throttled_seconds_total", "burner");
    assert_between(
        SEEN.kernel("burner", "cpu.stat throttled_usec").map(|usec| usec / 1e6),
        throttled,
    );
    let [before, after] = SEEN.kernel("web", "memory.current");
    if before.to_bits() == after.to_bits() {
        assert_eq!(of("container_memory_usage_bytes", "web"), before);
    }
    let kills = of("container_oom_events_total", "survivor");
    assert_between(SEEN.kernel("survivor", "memory.events oom_kill"), kills);
}

#[test]
#[ignore = "boots a virtual machine: make test-host"]
fn pressure_is_told_of_each_container() {
    let metrics = SEEN.scrape();
    for family in [
        "container_pressure_cpu_waiting_seconds_total",
        "container_pressure_memory_waiting_seconds_total",
        "container_pressure_io_waiting_seconds_total",
    ] {
        assert!(metrics.of(family, "burner").is_some(), "{family}");
    }
    assert!(
        metrics
            .of("container_pressure_cpu_waiting_seconds_total", "burner")
            .unwrap()
            > 0.0
    );
}
