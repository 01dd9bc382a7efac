//! The program on a real host: Debian with systemd, D-Bus, logind and cgroup v2 in a virtual machine, beside upstream's
//! node_exporter 1.11 where the directory `PEERS` or PATH has one. `guest` is what happens there, and this judges what was
//! seen. Run it with `make test-host`.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod programs;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use exposition::parse::{Value, parse};
use node_exporter::SPECS;
use private_host::Host;

use self::programs::upstream;

/// What is on beside the defaults, of which Debian's program has others.
const FLAGS: [&str; 9] = [
    "--collector.disable-defaults",
    "--collector.systemd",
    "--collector.logind",
    "--collector.systemd.enable-task-metrics",
    "--collector.systemd.enable-restarts-metrics",
    "--collector.systemd.enable-start-time-metrics",
    r"--collector.systemd.unit-exclude=.+\.(automount|device|scope|slice)",
    "--collector.filesystem.mount-points-exclude=^/(dev|proc|run/credentials/.+|sys)($|/)",
    "--collector.textfile.directory=",
];

/// Metrics of the programs themselves, which differ by nature.
const OWN: [&str; 5] = [
    "go_",
    "process_",
    "promhttp_",
    "node_exporter_build_info",
    "node_scrape_collector_duration_seconds",
];

/// Series that move while they are looked at, and may come back to a value: threads that run or serve a scrape.
const FLEETING: [&str; 3] = [
    "node_procs_",
    "node_systemd_unit_tasks_current{name=\"node-exporter.service\"}",
    "node_systemd_unit_tasks_current{name=\"upstream.service\"}",
];

/// The machine runs once for all tests.
static SEEN: LazyLock<Seen> = LazyLock::new(Seen::run);

/// What the machine wrote: scrapes and facts, each in a file.
struct Seen {
    folder: PathBuf,
    has_upstream: bool,
}

impl Seen {
    fn run() -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("host");
        let ours = std::env::var_os("NODE_EXPORTER").expect("NODE_EXPORTER names a static program: use make test-host");
        let defaults = SPECS.iter().filter(|spec| spec.enabled_by_default);
        let flags = FLAGS.iter().map(|flag| (*flag).to_owned());
        let flags: Vec<_> = flags
            .chain(defaults.map(|spec| format!("--collector.{}", spec.name)))
            .collect();
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("host-flags");
        fs::write(&file, flags.join("\n") + "\n").unwrap();
        let mut host = Host::with(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guest"))
            .file(Path::new(&ours), "/usr/local/bin/node-exporter")
            .file(&file, "/etc/pilot-flags");
        let upstream = upstream();
        if let Some(upstream) = &upstream {
            host = host.file(upstream, "/usr/local/bin/upstream");
        }
        host.observe(&folder).unwrap();
        Self {
            folder,
            has_upstream: upstream.is_some(),
        }
    }

    fn read(&self, file: &str) -> String {
        let path = self.folder.join(file);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    fn fact(&self, name: &str) -> String {
        self.read(&format!("fact-{name}")).trim_end().to_owned()
    }

    fn scrape(&self, file: &str) -> Scrape {
        Scrape::read(&self.read(file))
    }

    /// The scrapes of one side in one condition of the host.
    fn rounds(&self, condition: &str, side: &str) -> Vec<Scrape> {
        let name = |round| format!("{condition}-{side}-{round}");
        (1..=2).map(|round| self.scrape(&name(round))).collect()
    }

    fn seconds(&self, file: &str) -> f64 {
        self.read(&format!("{file}.seconds")).parse().unwrap()
    }
}

/// HELP and TYPE by family, and values by series: labels sorted, without empty ones.
#[derive(Default)]
struct Scrape {
    families: BTreeMap<String, String>,
    series: BTreeMap<String, f64>,
}

impl Scrape {
    fn read(text: &str) -> Self {
        let mut scrape = Self::default();
        for family in parse(text.as_bytes()).unwrap() {
            if OWN.iter().any(|prefix| family.name.starts_with(prefix)) {
                continue;
            }
            let meaning = format!("{:?} {:?}", family.help, family.kind);
            scrape.families.insert(family.name.to_owned(), meaning);
            for metric in family.metrics() {
                let labels = metric.labels.iter().filter(|label| !label.value.is_empty());
                let mut labels: Vec<_> = labels
                    .map(|label| format!("{}={:?}", label.name, label.value))
                    .collect();
                labels.sort();
                if let Value::Number(value) = metric.value {
                    let series = format!("{}{{{}}}", family.name, labels.join(","));
                    scrape.series.insert(series, value);
                }
            }
        }
        scrape
    }

    #[track_caller]
    fn value(&self, series: &str) -> f64 {
        let value = self.series.get(series);
        *value.unwrap_or_else(|| panic!("no {series}"))
    }

    fn succeeded(&self, collector: &str) -> bool {
        self.value(&format!("node_scrape_collector_success{{collector={collector:?}}}")) == 1.0
    }
}

/// What differs between scrapes of both sides that were made in turns: families, series that one side always has and
/// the other never, and values that are `still`.
fn compare(reference: &[Scrape], ours: &[Scrape], still: impl Fn(&str) -> bool) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, meaning) in &reference[0].families {
        if ours[0].families.get(name) != Some(meaning) {
            wrong.push(format!(
                "{name}: upstream {meaning}, ours {:?}",
                ours[0].families.get(name)
            ));
        }
    }
    for (one, other, whose) in [(reference, ours, "ours"), (ours, reference, "upstream's")] {
        for series in one[0].series.keys() {
            if is_in_all(one, series) && !other.iter().any(|scrape| scrape.series.contains_key(series)) {
                wrong.push(format!("{series} is not in {whose}"));
            }
        }
    }
    for (series, value) in reference[0].series.iter().filter(|(series, _)| still(series)) {
        let values: Vec<_> = ours.iter().filter_map(|scrape| scrape.series.get(series)).collect();
        if !values.is_empty() && !values.iter().any(|other| other.to_bits() == value.to_bits()) {
            wrong.push(format!("{series}: upstream {value}, ours {values:?}"));
        }
    }
    wrong
}

fn is_in_all(scrapes: &[Scrape], series: &str) -> bool {
    scrapes.iter().all(|scrape| scrape.series.contains_key(series))
}

/// Whether all scrapes that have the series agree on it.
fn is_still<'a>(scrapes: impl Iterator<Item = &'a Scrape>, series: &str) -> bool {
    let values = scrapes.filter_map(|scrape| scrape.series.get(series));
    let mut values = values.map(|value| value.to_bits());
    let first = values.next();
    values.all(|value| Some(value) == first)
}

#[test]
#[ignore = "boots a virtual machine: make test-host"]
fn upstream_says_the_same() {
    let seen = &*SEEN;
    if !seen.has_upstream {
        eprintln!("no upstream node_exporter on PATH or in PEERS: nothing to compare with");
        return;
    }
    let conditions = ["quiet", "busy"].map(|name| (name, seen.rounds(name, "upstream"), seen.rounds(name, "ours")));
    let mut wrong = Vec::new();
    for (name, reference, ours) in &conditions {
        assert!(reference[0].series.len() > 500, "{} series", reference[0].series.len());
        let still = |series: &str| {
            // Units and sessions change only when the machine makes them; what else changes may do so at any time.
            let ours_to_change = ["node_systemd_", "node_logind_"]
                .iter()
                .any(|name| series.starts_with(name));
            let everywhere = || conditions.iter().flat_map(|(_, reference, _)| reference);
            let is_still = if ours_to_change {
                is_still(reference.iter(), series)
            } else {
                is_still(everywhere(), series)
            };
            is_still && !FLEETING.iter().any(|name| series.starts_with(name))
        };
        wrong.extend(
            compare(reference, ours, still)
                .into_iter()
                .map(|what| format!("{name}: {what}")),
        );
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
#[ignore = "boots a virtual machine: make test-host"]
fn units_have_the_states_they_are_in() {
    let scrape = SEEN.scrape("busy-ours-2");
    for (unit, kind, state) in [
        ("pilot-running.service", "exec", "active"),
        ("pilot-restarting.service", "simple", "active"),
        ("pilot-broken.service", "oneshot", "failed"),
        ("pilot-tick.service", "oneshot", "inactive"),
        ("pilot-echo.socket", "", "active"),
        ("pilot-tick.timer", "", "active"),
        ("node-exporter.service", "exec", "active"),
        ("-.mount", "ext4", "active"),
    ] {
        let kind = if kind.is_empty() {
            String::new()
        } else {
            format!(",type={kind:?}")
        };
        for other in ["activating", "active", "deactivating", "failed", "inactive"] {
            let series = format!("node_systemd_unit_state{{name={unit:?},state={other:?}{kind}}}");
            assert_eq!(scrape.value(&series), f64::from(u8::from(other == state)), "{series}");
        }
    }
    let masked = scrape.series.keys().find(|series| series.contains("pilot-masked"));
    assert_eq!(masked, None, "a masked unit has no state");
    assert!(scrape.value("node_systemd_units{state=\"failed\"}") >= 1.0);
}

#[test]
#[ignore = "boots a virtual machine: make test-host"]
fn units_have_their_figures() {
    let scrape = SEEN.scrape("busy-ours-2");
    for (series, value) in [
        ("socket_accepted_connections_total{name=\"pilot-echo.socket\"}", 1.0),
        ("socket_current_connections{name=\"pilot-echo.socket\"}", 1.0),
        ("socket_refused_connections_total{name=\"pilot-echo.socket\"}", 1.0),
        ("service_restart_total{name=\"pilot-restarting.service\"}", 2.0),
        ("service_restart_total{name=\"pilot-running.service\"}", 0.0),
        ("unit_tasks_current{name=\"pilot-running.service\"}", 2.0),
        ("unit_tasks_max{name=\"pilot-running.service\"}", 33.0),
        ("unit_start_time_seconds{name=\"pilot-broken.service\"}", 0.0),
    ] {
        assert_eq!(scrape.value(&format!("node_systemd_{series}")), value, "{series}");
    }
    let now = scrape.value("node_time_seconds{}");
    let boot = scrape.value("node_boot_time_seconds{}");
    for series in [
        "timer_last_trigger_seconds{name=\"pilot-tick.timer\"}",
        "unit_start_time_seconds{name=\"pilot-running.service\"}",
    ] {
        let time = scrape.value(&format!("node_systemd_{series}"));
        assert!(boot < time && time < now, "{series}: {boot} {time} {now}");
    }
}

#[test]
#[ignore = "boots a virtual machine: make test-host"]
fn systemd_tells_of_itself() {
    for condition in ["quiet", "busy"] {
        let scrape = SEEN.scrape(&format!("{condition}-ours-2"));
        let running = SEEN.fact(&format!("{condition}-state")) == "running";
        assert_eq!(running, condition == "quiet", "the machine is set up so");
        assert_eq!(
            scrape.value("node_systemd_system_running{}"),
            f64::from(u8::from(running))
        );
        let version = SEEN.fact("version");
        let number = scrape.value(&format!("node_systemd_version{{version={version:?}}}"));
        assert!(version.starts_with(&number.to_string()), "{version} {number}");
        let technology = SEEN.fact("virtualization");
        let series = format!("node_systemd_virtualization_info{{virtualization_type={technology:?}}}");
        assert_eq!(scrape.value(&series), 1.0);
    }
}

#[test]
#[ignore = "boots a virtual machine: make test-host"]
fn a_session_is_counted_when_it_is_there() {
    let session = r#"node_logind_sessions{class="user",remote="false",type="tty"}"#;
    assert_eq!(SEEN.scrape("quiet-ours-2").value(session), 0.0);
    assert_eq!(SEEN.scrape("busy-ours-2").value(session), 1.0);
    let on_a_seat = r#"node_logind_sessions{class="user",remote="false",seat="seat0",type="tty"}"#;
    assert_eq!(SEEN.scrape("busy-ours-2").value(on_a_seat), 0.0);
}

#[test]
#[ignore = "boots a virtual machine: make test-host"]
fn a_default_host_has_pressure() {
    let scrape = SEEN.scrape("quiet-ours-2");
    assert!(scrape.succeeded("pressure"));
    assert!(scrape.value("node_pressure_cpu_waiting_seconds_total{}") > 0.0);
}

#[test]
#[ignore = "boots a virtual machine: make test-host"]
fn a_bus_that_hangs_or_is_absent_costs_its_collectors_alone_and_for_that_time() {
    for condition in ["frozen", "absent"] {
        let scrape = SEEN.scrape(condition);
        assert!(
            !scrape.succeeded("systemd") && !scrape.succeeded("logind"),
            "{condition}"
        );
        assert!(
            scrape.succeeded("loadavg") && scrape.succeeded("filesystem"),
            "{condition}"
        );
        // The scraper gave five seconds.
        let seconds = SEEN.seconds(condition);
        assert!(seconds < 5.0, "{condition}: {seconds}");
    }
    assert!(SEEN.seconds("absent") < 1.0, "nothing to wait for");
    let whole = SEEN.scrape("busy-ours-2");
    for condition in ["thawed", "returned"] {
        let scrape = SEEN.scrape(condition);
        for series in whole.series.keys().filter(|series| series.contains("{name=\"pilot-")) {
            assert!(scrape.series.contains_key(series), "{condition}: {series}");
        }
    }
    let sockets = SEEN.fact("files").lines().count();
    assert!(sockets <= 10, "{sockets} sockets open after two lost buses");
}
