//! The tables of the exporters' pages under docs/, made from the flags and families that there really are, so that a
//! test fails when a page is stale. `UPDATE_DOCS=1` writes the tables anew.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "only tests use this crate, and a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use exporter_toolkit::flags::{Flag, Takes};
use exposition::parse::Family;

/// Compares the regions of a page, by name, with what they should be, or writes them where `UPDATE_DOCS=1` says so.
///
/// # Panics
/// When the page is stale, naming the first line that is.
pub fn check(page: &Path, regions: &[(&str, String)]) {
    let found = fs::read_to_string(page).expect("the page can be read");
    let with_regions = |text: String, (name, region): &(&str, String)| with_region(&text, name, region);
    let expected = regions.iter().fold(found.clone(), with_regions);
    if std::env::var_os("UPDATE_DOCS").is_some_and(|update| update == "1") {
        fs::write(page, expected).expect("the page can be written");
        return;
    }
    for (line, (found, expected)) in found.lines().zip(expected.lines()).enumerate() {
        let place = format!("{}:{}", page.display(), line + 1);
        assert_eq!(found, expected, "{place}: stale; UPDATE_DOCS=1 writes it");
    }
    assert_eq!(found, expected, "{} is stale; UPDATE_DOCS=1 writes it", page.display());
}

/// Puts `text` between the two comments that hold the region `name`.
fn with_region(page: &str, name: &str, text: &str) -> String {
    let (begin, end) = (
        format!("<!-- {name}: generated -->\n"),
        format!("<!-- {name}: end -->\n"),
    );
    let (before, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("no {begin}"));
    let (_, after) = rest.split_once(&end).unwrap_or_else(|| panic!("no {end}"));
    format!("{before}{begin}\n{text}\n{end}{after}")
}

/// A table of flags.
pub fn flags<'f>(flags: impl IntoIterator<Item = &'f Flag>) -> String {
    let mut table = String::from("| flag | default | |\n|---|---|---|\n");
    for flag in flags {
        push(
            &mut table,
            &[&format!("`--{}`", flag.name), &default(flag), &cell(&help(flag))],
        );
    }
    table
}

fn default(flag: &Flag) -> String {
    match flag.takes {
        Takes::Switch(on) => if on { "on" } else { "off" }.to_owned(),
        Takes::Value("") | Takes::Optional | Takes::Many([]) => String::new(),
        Takes::Value(default) => format!("`{}`", cell(default)),
        Takes::Many(defaults) => defaults
            .iter()
            .map(|one| format!("`{}`", cell(one)))
            .collect::<Vec<_>>()
            .join(" "),
    }
}

fn help(flag: &Flag) -> String {
    let hidden = if flag.hidden { " Not shown by `--help`." } else { "" };
    let many = if matches!(flag.takes, Takes::Many(_)) {
        " Repeatable."
    } else {
        ""
    };
    format!("{}{many}{hidden}", flag.help)
}

/// The head of a table of families.
pub const FAMILIES_HEAD: &str = "| family | type | labels | |\n|---|---|---|---|\n";

/// A table of families, with the labels that some sample of each has, but for those that all samples share.
pub fn families(families: &[Family<'_>], shared: &[&str]) -> String {
    let mut table = String::from(FAMILIES_HEAD);
    for family in families {
        let labels = family
            .metrics()
            .flat_map(|metric| metric.labels.iter().map(|label| label.name));
        let labels: BTreeSet<&str> = labels.filter(|label| !shared.contains(label)).collect();
        let kind = format!("{:?}", family.kind).to_lowercase();
        let help = family.help.as_deref().unwrap_or_default();
        push_family(&mut table, family.name, &kind, &labels, help);
    }
    table
}

/// One row of a table of families.
pub fn push_family(table: &mut String, name: &str, kind: &str, labels: &BTreeSet<&str>, help: &str) {
    let labels: Vec<&str> = labels.iter().copied().collect();
    push(table, &[&format!("`{name}`"), kind, &labels.join(", "), &cell(help)]);
}

fn push(table: &mut String, cells: &[&str]) {
    table.push_str(&format!("| {} |\n", cells.join(" | ")));
}

/// What a table of Markdown takes as text.
pub fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;").replace('\n', " ")
}
