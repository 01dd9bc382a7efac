//! docs/container-exporter.md names every flag, group and family: its tables are made from the registry and from what the
//! exporter says of the frozen hosts. `UPDATE_DOCS=1` writes them anew.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use container_exporter::{Enabled, GROUPS, PROGRAM, flags};
use exporter_toolkit::app;
use exporter_toolkit::flags::Flag;
use exposition::parse::{Family, parse};

/// Labels that every container has.
const SHARED: [&str; 3] = ["id", "image", "name"];

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/container-exporter.md")
}

#[test]
fn the_page_tells_every_flag_group_and_family() {
    let found = fs::read_to_string(page()).unwrap();
    let regions = [
        ("flags", flag_tables()),
        ("groups", groups(&found)),
        ("families", families()),
    ];
    doc_tables::check(&page(), &regions);
}

fn flag_tables() -> String {
    let own = flags();
    let (hidden, shown): (Vec<&Flag>, Vec<&Flag>) = own.iter().partition(|flag| flag.hidden);
    let all = app::flags(&PROGRAM, &[]);
    let hidden: Vec<String> = hidden.iter().map(|flag| format!("`--{}`", flag.name)).collect();
    format!(
        "{}\nThose of every exporter:\n\n{}\nAccepted from unit files that were written for cAdvisor, without effect: {}.\n",
        doc_tables::flags(shown),
        doc_tables::flags(&all),
        hidden.join(", ")
    )
}

/// A row for each group; what it is about is written by hand, and stays.
fn groups(page: &str) -> String {
    let told: BTreeMap<&str, &str> = page.lines().filter_map(told).collect();
    let mut table = String::from("| name | on | what |\n|---|---|---|\n");
    for group in GROUPS {
        let what = told.get(group.name).unwrap_or_else(|| {
            panic!(
                "docs/container-exporter.md: no row `| {} | | what it is |` in its table of groups",
                group.name
            )
        });
        let on = match group.default {
            Enabled::Always => "always",
            Enabled::On => "✓",
            Enabled::Off => "–",
        };
        writeln!(table, "| {} | {on} | {what} |", group.name).unwrap();
    }
    table
}

/// The name and the hand-written part of a row of the table of groups.
fn told(line: &str) -> Option<(&str, &str)> {
    let mut cells = line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ");
    let (name, _on, what) = (cells.next()?, cells.next()?, cells.next()?);
    cells.next().is_none().then_some((name, what))
}

/// The families of both frozen hosts.
fn families() -> String {
    let text = union(&["v1", "v2"].map(golden));
    let families = parse(text.as_bytes()).unwrap();
    doc_tables::families(&families, &shared(&families))
}

fn golden(host: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{host}.txt"));
    // What is masked is as good as any number.
    fs::read_to_string(path).unwrap().replace(" *\n", " 0\n")
}

/// One text with each family once: its head from the first that has it, its samples from all.
fn union(texts: &[String]) -> String {
    let mut families: BTreeMap<String, String> = BTreeMap::new();
    for text in texts {
        let mut known = BTreeSet::new();
        let mut name = String::new();
        for line in text.lines() {
            if let Some(head) = line.strip_prefix("# HELP ") {
                name = head.split(' ').next().unwrap().to_owned();
                if families.contains_key(&name) {
                    known.insert(name.clone());
                }
            }
            if !line.starts_with('#') || !known.contains(&name) {
                writeln!(families.entry(name.clone()).or_default(), "{line}").unwrap();
            }
        }
    }
    families.into_values().collect()
}

/// The labels of all containers, and those that some container has of its own.
fn shared<'f>(families: &'f [Family<'f>]) -> Vec<&'f str> {
    let labels = families
        .iter()
        .flat_map(Family::metrics)
        .flat_map(|metric| metric.labels);
    let own = labels.map(|label| label.name);
    let own = own.filter(|name| name.starts_with("container_label_") || name.starts_with("container_env_"));
    own.chain(SHARED).collect()
}
