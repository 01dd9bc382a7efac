//! docs/blackbox-exporter.md names every flag, family, reason and step: its table of flags is made from the registry
//! (`UPDATE_DOCS=1` writes it anew), the other tables are compared with the names in the source. And the stack's
//! blackbox.yml loads.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "the test runs the program")]
#![allow(dead_code, reason = "other tests use the rest of programs")]

mod programs;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use blackbox_exporter::{PROGRAM, flags};
use exporter_toolkit::app;

fn in_crate(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn page() -> PathBuf {
    in_crate("../../docs/blackbox-exporter.md")
}

/// One test, since the first part may write the page that the others read.
#[test]
fn the_page_tells_what_there_is_and_nothing_else() {
    check_flags();
    let page = fs::read_to_string(page()).unwrap();
    check_reasons_and_steps(&page);
    check_families(&page);
}

fn check_flags() {
    let tables = format!(
        "{}\nThose of every exporter:\n\n{}",
        doc_tables::flags(&flags()),
        doc_tables::flags(&app::flags(&PROGRAM, &[]))
    );
    doc_tables::check(&page(), &[("flags", tables)]);
}

fn check_reasons_and_steps(page: &str) {
    let source = fs::read_to_string(in_crate("src/failure.rs")).unwrap();
    let names = |kind: &str| -> BTreeSet<String> {
        let names = source.split(&format!("impl {kind} {{")).nth(1).unwrap();
        let names = names.split("\n    }\n").next().unwrap();
        names.split('"').skip(1).step_by(2).map(str::to_owned).collect()
    };
    for (kind, heading) in [("Step", "| step |"), ("Reason", "| reason |")] {
        assert!(names(kind).len() > 5, "where are the names of {kind}?");
        assert_eq!(first_column(page, heading), names(kind), "{kind}");
    }
}

fn check_families(page: &str) {
    let mut expected = BTreeSet::new();
    add_families(&in_crate("src"), &mut expected);
    assert!(expected.len() > 40, "where are the families? {expected:?}");
    let metrics = page.split("\n## Metrics\n").nth(1).unwrap();
    let metrics = metrics.split("\n## ").next().unwrap();
    let told = metrics.split('`').skip(1).step_by(2);
    let told = told.filter(|word| word.starts_with("probe_")).map(str::to_owned);
    assert_eq!(told.collect::<BTreeSet<_>>(), expected);
}

#[test]
fn the_stacks_configuration_loads() {
    let config = in_crate("../../prometheus/blackbox.yml");
    let output = programs::run(&["--config.check", &format!("--config.file={}", config.display())]);
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{log}");
}

/// What stands in the first column of the table under this heading.
fn first_column(page: &str, heading: &str) -> BTreeSet<String> {
    let table = page.lines().skip_while(|line| !line.starts_with(heading)).skip(2);
    let rows = table.take_while(|line| line.starts_with('|'));
    rows.map(|row| row.split('`').nth(1).unwrap().to_owned()).collect()
}

/// The names of all families that are described below a folder.
fn add_families(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            add_families(&path, names);
        } else {
            let source = fs::read_to_string(&path).unwrap();
            let described = source.split("Desc::gauge(").skip(1);
            let name = described.filter_map(|desc| desc.trim_start().strip_prefix('"')?.split('"').next());
            names.extend(name.filter(|name| name.starts_with("probe_")).map(str::to_owned));
        }
    }
}
