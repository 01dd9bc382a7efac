//! docs/redis-exporter.md names every flag, family and field of INFO: the tables are made from the registry and from the
//! source (`UPDATE_DOCS=1` writes them anew). And every word in which a target can be down is explained.

mod catalogue;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use exporter_toolkit::app;
use redis_exporter::{PROGRAM, flags};

fn in_crate(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn page() -> PathBuf {
    in_crate("../../docs/redis-exporter.md")
}

#[test]
fn the_page_tells_what_there_is_and_nothing_else() {
    let flags = format!(
        "{}\nThose of every exporter:\n\n{}",
        doc_tables::flags(&flags()),
        doc_tables::flags(&app::flags(&PROGRAM, &[]))
    );
    let tables = [("flags", flags), ("families", families()), ("info", fields())];
    doc_tables::check(&page(), &tables);
}

fn families() -> String {
    let families = catalogue::families();
    assert!(families.len() > 40, "where are the families?");
    let mut table = String::from(doc_tables::FAMILIES_HEAD);
    for (name, family) in &families {
        let labels: BTreeSet<&str> = family.labels.iter().map(String::as_str).collect();
        doc_tables::push_family(&mut table, &format!("redis_{name}"), family.kind, &labels, &family.help);
    }
    table
}

fn fields() -> String {
    let fields = catalogue::info_fields();
    assert!(fields.len() > 200, "where are the fields?");
    let mut table = String::from("| field of INFO | family | type |\n|---|---|---|\n");
    for (field, metric, kind) in &fields {
        writeln!(table, "| `{field}` | `redis_{metric}` | {kind} |").expect("a text takes all");
    }
    table
}

#[test]
fn every_way_to_be_down_is_explained() {
    let source = fs::read_to_string(in_crate("src/failure.rs")).unwrap();
    let texts = source.split("#[error(\"").skip(1);
    let texts = texts.map(|rest| rest.split("\")]").next().unwrap().split('"').next().unwrap());
    let begins: BTreeSet<&str> = texts
        .map(|text| text.split('{').next().unwrap().trim_end())
        .filter(|words| !words.is_empty())
        .collect();
    assert!(begins.len() > 5, "where are the errors? {begins:?}");
    let page = fs::read_to_string(page()).unwrap();
    let part = page.split("\n## When a target is down\n").nth(1).unwrap();
    let part = part.split("\n## ").next().unwrap();
    for words in begins {
        assert!(part.contains(&format!("| `{words}")), "{words:?} is not explained");
    }
}

#[test]
fn the_source_is_read_as_it_is_written() {
    let families = catalogue::families();
    for (name, kind, labels, help) in [
        ("up", "gauge", &[][..], "Information about the Redis instance"),
        (
            "commands_latencies_usec",
            "histogram",
            &["cmd"],
            "A histogram of latencies per command",
        ),
        ("key_size", "gauge", &["db", "key"], "The length or size of \"key\""),
        (
            "exporter_last_scrape_connect_time_seconds",
            "gauge",
            &[],
            "exporter_last_scrape_connect_time_seconds metric",
        ),
        (
            "master_link_up",
            "gauge",
            &["master_host", "master_port"],
            "Master link status on Redis slave",
        ),
    ] {
        let family = families.get(name).expect(name);
        let found: Vec<&str> = family.labels.iter().map(String::as_str).collect();
        assert_eq!(
            (family.kind, found.as_slice(), family.help.as_str()),
            (kind, labels, help),
            "{name}"
        );
    }
    let fields = catalogue::info_fields();
    let memory = ("used_memory".to_owned(), "memory_used_bytes".to_owned(), "gauge");
    assert!(fields.contains(&memory));
}
