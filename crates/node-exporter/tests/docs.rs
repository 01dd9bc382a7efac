//! docs/node-exporter.md names every collector, flag and family: its tables are made from the registry and from what the
//! collectors say of the frozen host. `UPDATE_DOCS=1` writes them anew.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use exporter_toolkit::app;
use exporter_toolkit::flags::{Flag, Takes};
use exposition::Desc;
use exposition::parse::{Family, parse};
use node_exporter::{PROGRAM, SCRAPE_DESCS, SPECS, flags};

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/node-exporter.md")
}

/// What a collector says of the frozen host, or, where it asks the running kernel, of some host.
fn golden(collector: &str) -> String {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let file = Path::new(collector).with_extension("txt");
    [golden.join(&file), golden.join("live").join(&file)]
        .into_iter()
        .find_map(|path| fs::read_to_string(path).ok())
        .unwrap_or_else(|| {
            panic!(
                "tests/golden has no {} for the docs, nor has tests/golden/live",
                file.display()
            )
        })
}

#[test]
fn the_page_tells_every_collector_flag_and_family() {
    let found = fs::read_to_string(page()).unwrap();
    let mut expected = found.clone();
    for (name, text) in [
        ("collectors", collectors(&found)),
        ("flags", flag_tables()),
        ("families", families()),
    ] {
        expected = with_region(&expected, name, &text);
    }
    if std::env::var_os("UPDATE_DOCS").is_some_and(|update| update == "1") {
        fs::write(page(), expected).unwrap();
        return;
    }
    for (line, (found, expected)) in found.lines().zip(expected.lines()).enumerate() {
        assert_eq!(
            found,
            expected,
            "docs/node-exporter.md:{}: stale; UPDATE_DOCS=1 writes it",
            line + 1
        );
    }
    assert_eq!(
        found, expected,
        "docs/node-exporter.md is stale; UPDATE_DOCS=1 writes it"
    );
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

/// A row for each collector; what it is about is written by hand, and stays.
fn collectors(page: &str) -> String {
    let told: BTreeMap<&str, &str> = page.lines().filter_map(told).collect();
    let mut table = String::from("| name | on | what | its own flags |\n|---|---|---|---|\n");
    for spec in SPECS {
        let what = told.get(spec.name).unwrap_or_else(|| {
            panic!(
                "docs/node-exporter.md: no row `| {} | | what it is |` in its table of collectors",
                spec.name
            )
        });
        let on = if spec.enabled_by_default { "✓" } else { "–" };
        let own: Vec<String> = spec
            .flags
            .iter()
            .filter(|flag| !flag.hidden)
            .map(|flag| short(flag, spec.name))
            .collect();
        writeln!(table, "| {} | {on} | {what} | {} |", spec.name, own.join(", ")).unwrap();
    }
    table
}

/// The name and the hand-written part of a row of the table of collectors.
fn told(line: &str) -> Option<(&str, &str)> {
    let mut cells = line.strip_prefix("| ")?.split(" | ");
    let (name, _on, what) = (cells.next()?, cells.next()?, cells.next()?);
    Some((name, what.trim_end_matches('|').trim()))
}

fn short(flag: &Flag, collector: &str) -> String {
    let name = flag.name.strip_prefix(&format!("collector.{collector}."));
    format!("`{}`", name.map_or_else(|| format!("--{}", flag.name), str::to_owned))
}

fn flag_tables() -> String {
    let (mut own, mut all) = (String::new(), String::new());
    let of_selection = |name: &str| SPECS.iter().any(|spec| name == format!("collector.{}", spec.name));
    for flag in app::flags(&PROGRAM, &flags()) {
        if of_selection(&flag.name) {
            continue;
        }
        let row = format!("| `--{}` | {} | {} |\n", flag.name, default(&flag), cell(&help(&flag)));
        let of_one = SPECS
            .iter()
            .any(|spec| spec.flags.iter().any(|own| own.name == flag.name));
        if of_one { own.push_str(&row) } else { all.push_str(&row) }
    }
    let head = "| flag | default | |\n|---|---|---|\n";
    format!("{head}{all}\nThose of single collectors:\n\n{head}{own}")
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

/// What a table of Markdown takes as text.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;").replace('\n', " ")
}

fn families() -> String {
    let mut text = String::new();
    for spec in SPECS {
        let golden = golden(spec.name);
        let families = parse(golden.as_bytes()).unwrap();
        let number = families.len();
        writeln!(text, "<details><summary>{}: {number}</summary>\n", spec.name).unwrap();
        text.push_str(TABLE_HEAD);
        for family in &families {
            let labels: BTreeSet<&str> = labels(family);
            let kind = format!("{:?}", family.kind).to_lowercase();
            let help = family.help.as_deref().unwrap_or_default();
            push_row(&mut text, family.name, &kind, &labels, help);
        }
        text.push_str("\n</details>\n\n");
    }
    text.push_str("Of the exporter itself:\n\n");
    text.push_str(TABLE_HEAD);
    for Desc { name, help, labels, .. } in [SCRAPE_DESCS.duration, SCRAPE_DESCS.success] {
        push_row(&mut text, name, "gauge", &labels.iter().copied().collect(), help);
    }
    text
}

const TABLE_HEAD: &str = "| family | type | labels | |\n|---|---|---|---|\n";

fn push_row(text: &mut String, name: &str, kind: &str, labels: &BTreeSet<&str>, help: &str) {
    let labels: Vec<&str> = labels.iter().copied().collect();
    writeln!(text, "| `{name}` | {kind} | {} | {} |", labels.join(", "), cell(help)).unwrap();
}

fn labels<'a>(family: &'a Family<'_>) -> BTreeSet<&'a str> {
    family
        .metrics()
        .flat_map(|metric| metric.labels.iter().map(|label| label.name))
        .collect()
}
