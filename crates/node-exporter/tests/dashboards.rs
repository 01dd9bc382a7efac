//! The metric names that public dashboards and alerts read are all there: on this host, or, for hardware and modules that
//! it lacks, on the frozen one.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "the test runs the program")]

mod programs;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use exposition::parse::parse;

use self::programs::{OURS, Program};

const LISTS: [(&str, &str); 2] = [
    ("Node Exporter Full", include_str!("dashboards/node-exporter-full.txt")),
    ("node-mixin", include_str!("dashboards/node-mixin.txt")),
];

/// What these dashboards show and is off by default.
const FLAGS: [&str; 4] = [
    "--collector.interrupts",
    "--collector.processes",
    "--collector.systemd",
    "--collector.tcpstat",
];

/// What they read and node_exporter does not tell either: no exporter has the first, and the second is not among the
/// default fields of netstat.
const NOBODYS: [&str; 2] = ["process_resident_memory_max_bytes", "node_netstat_Tcp_MaxConn"];

fn families(text: &str) -> BTreeSet<String> {
    let families = parse(text.as_bytes()).unwrap();
    families.iter().map(|family| family.name.to_owned()).collect()
}

fn of_the_frozen_host() -> BTreeSet<String> {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let files = [golden.clone(), golden.join("live")].map(|folder| std::fs::read_dir(folder).unwrap());
    let texts = files.into_iter().flatten().map(|entry| entry.unwrap().path());
    let texts = texts
        .filter(|path| path.is_file())
        .map(|path| std::fs::read_to_string(path).unwrap());
    texts.flat_map(|text| families(&text)).collect()
}

#[test]
fn what_dashboards_read_is_there() {
    let live = families(&Program::start(Command::new(OURS).args(FLAGS)).scrape());
    let frozen = of_the_frozen_host();
    for (name, list) in LISTS {
        let wanted: Vec<&str> = list.lines().filter(|line| !line.starts_with('#')).collect();
        let there = wanted.iter().filter(|metric| live.contains(**metric)).count();
        println!("{name}: {there} of {} metrics on this host", wanted.len());
        let missing: Vec<_> = wanted
            .iter()
            .filter(|metric| !live.contains(**metric) && !frozen.contains(**metric) && !NOBODYS.contains(metric))
            .collect();
        assert!(missing.is_empty(), "{name} reads what no collector tells: {missing:?}");
        assert!(
            there * 2 > wanted.len(),
            "{name}: only {there} of {} on this host",
            wanted.len()
        );
    }
}
