//! Our program beside upstream's node_exporter 1.11 on this host: every family, series and still value of upstream's is
//! in ours, with the same HELP and TYPE.
//!
//! Upstream's program comes from the directory in `PEERS`, or from PATH. Without `PEERS` a host that has none has
//! nothing to compare; with it, a missing program is a failure.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "the test runs both programs")]

mod frozen;
mod programs;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use exposition::parse::{Family, Value, parse};
use node_exporter::SPECS;

use self::programs::{OURS, Program, upstream};

/// How often each side is scraped, in turns.
const ROUNDS: usize = 4;

/// Metrics of the programs themselves, which differ by nature.
const OWN: [&str; 4] = ["go_", "process_", "promhttp_", "node_exporter_build_info"];

/// Families whose every sample may come and go between two scrapes: states that threads and sockets are in for a moment.
const FLEETING: [&str; 3] = [
    "node_processes_state",
    "node_processes_threads_state",
    "node_tcp_connection_states",
];

/// Where upstream is wrong: what its series, or its names of families, begin with. docs/node-exporter.md tells each.
const BETTER: [&str; 9] = [
    // Both cpufreq and cpu have it, with another help; which one stays is chance upstream.
    "node_cpu_frequency_hertz",
    // It is 1 only where `ro` is the one option.
    "node_filesystem_readonly",
    // Without a file that it does not show, upstream reads nothing of a disk's queue.
    "node_disk_info{device=\"sda\"",
    // Kibibytes under the name of bytes.
    "node_drbd_network_received_bytes_total",
    // Whole seconds, though the usual value is some milliseconds.
    "node_infiniband_lifespan_seconds",
    // Columns are counted, where CPUs have numbers with gaps.
    "node_interrupts_total{cpu=\"3\"",
    "node_softirqs_functions_total{cpu=\"3\"",
    "node_softirqs_functions_total{cpu=\"4\"",
    // Multiplied by the size of a logical block, though it is told in sectors.
    "node_nvme_namespace_",
];

/// What a program times or counts itself, from its own start on.
const OF_ITS_OWN: [&str; 2] = ["node_perf_", "node_scrape_collector_duration_seconds"];

/// HELP and TYPE by family, and values by series.
#[derive(Default)]
struct Scrape {
    families: BTreeMap<String, (Option<String>, String)>,
    series: BTreeMap<String, f64>,
}

impl Scrape {
    fn read(text: &str) -> Self {
        let mut scrape = Self::default();
        for family in parse(text.as_bytes()).unwrap() {
            if !OWN.iter().any(|prefix| family.name.starts_with(prefix)) {
                scrape.add(&family);
            }
        }
        scrape
    }

    fn add(&mut self, family: &Family<'_>) {
        let help = family.help.as_deref().map(str::to_owned);
        self.families
            .insert(family.name.to_owned(), (help, format!("{:?}", family.kind)));
        for metric in family.metrics() {
            // Prometheus drops empty labels.
            let labels = metric.labels.iter().filter(|label| !label.value.is_empty());
            let mut labels: Vec<String> = labels
                .map(|label| format!("{}={:?}", label.name, label.value))
                .collect();
            labels.sort();
            if let Value::Number(value) = metric.value {
                self.series
                    .insert(format!("{}{{{}}}", family.name, labels.join(",")), value);
            }
        }
    }
}

/// What every scrape of one side holds.
fn in_all<'a>(scrapes: &'a [Scrape], series: &str) -> Option<Vec<&'a f64>> {
    scrapes.iter().map(|scrape| scrape.series.get(series)).collect()
}

fn compare(reference: &[Scrape], ours: &[Scrape]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, meaning) in &reference[0].families {
        if BETTER.contains(&name.as_str()) {
            continue;
        }
        let stays = reference.iter().all(|scrape| scrape.families.contains_key(name));
        if stays && ours.iter().all(|scrape| scrape.families.get(name) != Some(meaning)) {
            wrong.push(format!(
                "family {name}: upstream {meaning:?}, ours {:?}",
                ours[0].families.get(name)
            ));
        }
    }
    for series in reference[0].series.keys() {
        let Some(values) = in_all(reference, series) else {
            continue;
        };
        if FLEETING.iter().chain(&BETTER).any(|name| series.starts_with(name)) {
            continue;
        }
        let Some(candidates) = in_all(ours, series) else {
            wrong.push(format!("series {series} is missing"));
            continue;
        };
        let still = values.iter().all(|value| value.to_bits() == values[0].to_bits());
        let equal = candidates.iter().any(|value| value.to_bits() == values[0].to_bits());
        if still && !equal && !OF_ITS_OWN.iter().any(|name| series.starts_with(name)) {
            wrong.push(format!(
                "value of {series}: upstream {}, ours {candidates:?}",
                values[0]
            ));
        }
    }
    wrong
}

/// Flags of both programs: the collectors that we have, and no others.
fn flags() -> Vec<String> {
    let names = SPECS.iter().map(|spec| format!("--collector.{}", spec.name));
    std::iter::once("--collector.disable-defaults".to_owned())
        .chain(names)
        .collect()
}

#[test]
fn every_family_series_and_value_of_upstream_is_here() {
    let Some(upstream) = upstream() else {
        eprintln!("no upstream node_exporter on PATH or in PEERS: nothing to compare with");
        return;
    };
    let textfiles = tempfile::tempdir().unwrap();
    std::fs::write(textfiles.path().join("a.prom"), TEXTFILE).unwrap();
    let mut flags = flags();
    flags.push(format!("--collector.textfile.directory={}", textfiles.path().display()));
    let reference = Program::start(Command::new(upstream).args(&flags));
    let ours = Program::start(Command::new(OURS).args(&flags));
    // The first scrapes of either may find its own start in the figures.
    reference.scrape();
    ours.scrape();
    let mut scrapes = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        scrapes.0.push(Scrape::read(&reference.scrape()));
        scrapes.1.push(Scrape::read(&ours.scrape()));
    }
    scrapes.0.push(Scrape::read(&reference.scrape()));
    assert!(
        scrapes.0[0].series.len() > 200,
        "upstream answers: {}",
        scrapes.0[0].series.len()
    );
    assert_equal(&scrapes.0, &scrapes.1);
}

#[test]
fn upstream_says_the_same_of_the_frozen_host() {
    let Some(upstream) = upstream() else {
        eprintln!("no upstream node_exporter on PATH or in PEERS: nothing to compare with");
        return;
    };
    let of_files = SPECS.iter().filter(|spec| !frozen::LIVE.contains(&spec.name));
    let mut flags = vec!["--collector.disable-defaults".to_owned()];
    flags.extend(of_files.map(|spec| format!("--collector.{}", spec.name)));
    flags.extend(frozen::ARGS.iter().map(ToString::to_string));
    flags.extend(frozen::roots(Path::new("fixtures/root")));
    let scrape = |program: &Path| {
        let here = env!("CARGO_MANIFEST_DIR");
        Scrape::read(&Program::start(Command::new(program).args(&flags).current_dir(here)).scrape())
    };
    assert_equal(&[scrape(&upstream)], &[scrape(Path::new(OURS))]);
}

fn assert_equal(reference: &[Scrape], ours: &[Scrape]) {
    let wrong = compare(reference, ours);
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

const TEXTFILE: &str = "# HELP backup_age_seconds Age of the last backup.\n# TYPE backup_age_seconds gauge\n\
                        backup_age_seconds{disk=\"a\"} 12.5\nbackup_age_seconds{disk=\"b \\\"quoted\\\"\"} 1e9\nuntyped_without_help 3\n";
