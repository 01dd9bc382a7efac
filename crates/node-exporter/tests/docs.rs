//! docs/node-exporter.md names every collector, flag and family: its tables are made from the registry and from what the
//! collectors say of the frozen host. `UPDATE_DOCS=1` writes them anew.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use doc_tables::{FAMILIES_HEAD, push_family};
use exporter_toolkit::app;
use exporter_toolkit::flags::Flag;
use exposition::Desc;
use exposition::parse::parse;
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
    let regions = [
        ("collectors", collectors(&found)),
        ("flags", flag_tables()),
        ("families", families()),
    ];
    doc_tables::check(&page(), &regions);
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
    let of_selection = |flag: &Flag| SPECS.iter().any(|spec| flag.name == format!("collector.{}", spec.name));
    let of_one = |flag: &Flag| {
        let mut own = SPECS.iter().flat_map(|spec| spec.flags);
        own.any(|own| own.name == flag.name)
    };
    let flags = app::flags(&PROGRAM, &flags());
    let flags = flags.iter().filter(|flag| !of_selection(flag));
    let (own, all): (Vec<&Flag>, Vec<&Flag>) = flags.partition(|flag| of_one(flag));
    format!(
        "{}\nThose of single collectors:\n\n{}",
        doc_tables::flags(all),
        doc_tables::flags(own)
    )
}

fn families() -> String {
    let mut text = String::new();
    for spec in SPECS {
        let golden = golden(spec.name);
        let families = parse(golden.as_bytes()).unwrap();
        let number = families.len();
        writeln!(text, "<details><summary>{}: {number}</summary>\n", spec.name).unwrap();
        text.push_str(&doc_tables::families(&families, &[]));
        text.push_str("\n</details>\n\n");
    }
    text.push_str("Of the exporter itself:\n\n");
    text.push_str(FAMILIES_HEAD);
    for Desc { name, help, labels, .. } in [SCRAPE_DESCS.duration, SCRAPE_DESCS.success] {
        push_family(&mut text, name, "gauge", &labels.iter().copied().collect(), help);
    }
    text
}
