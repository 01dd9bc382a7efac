//! Every family that the source describes, for the tables of the exporter's page: read from where it is written, since many
//! of them need servers that no test can start.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A family without the namespace.
pub(crate) struct Family {
    pub(crate) kind: &'static str,
    pub(crate) labels: BTreeSet<String>,
    pub(crate) help: String,
}

/// Families by name.
pub(crate) type Families = BTreeMap<String, Family>;

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Fields of INFO with the families that they become, in the order of the alphabet.
pub(crate) fn info_fields() -> Vec<(String, String, &'static str)> {
    let text = code(&source().join("collectors/info/fields.rs"));
    let table = text.split_once("const FIELDS").expect("the table of fields").1;
    let table = table.split_once("\n];").expect("the end of the table").0;
    calls(table)
        .filter_map(|(callee, arguments)| match literals(arguments).as_slice() {
            [field, metric] => Some((field.clone(), metric.clone(), kind(callee, metric))),
            _ => None,
        })
        .collect()
}

/// All other families.
pub(crate) fn families() -> Families {
    let mut found = Families::new();
    add_folder(&source(), &mut found);
    found
}

fn add_folder(folder: &Path, found: &mut Families) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            add_folder(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            add_file(&path, found);
        }
    }
}

/// What stands before the tests.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).expect("a source file");
    text.split("#[cfg(test)]").next().unwrap_or_default().to_owned()
}

fn add_file(path: &Path, found: &mut Families) {
    let text = code(path);
    // A table of names and helps becomes descriptions in one place, with labels for all of them.
    let described = || calls(&text).filter(|(callee, _)| callee.starts_with("Desc::"));
    let of_tables = described().find(|(_, arguments)| !arguments.trim_start().starts_with('"'));
    let of_tables = of_tables
        .map(|(_, arguments)| labels(arguments, path))
        .unwrap_or_default();
    for (callee, arguments) in calls(&text) {
        let (name, help, labels) = match (callee, literals(arguments).as_slice()) {
            (callee, [name, help, ..]) if callee.starts_with("Desc::") => {
                (name.clone(), help.clone(), labels(arguments, path))
            }
            // The name of what the target calls it comes first.
            ("field" | "gauge" | "megabytes", [_, name, help]) => (name.clone(), help.clone(), of_tables.clone()),
            ("", [_, name]) if is_of_pair(name) => (name.clone(), format!("{name} metric"), of_tables.clone()),
            ("out.plain", [name]) => (name.clone(), format!("{name} metric"), BTreeSet::new()),
            _ => continue,
        };
        let kind = Kind::of(arguments).unwrap_or_else(|| kind(callee, &name));
        found.insert(name, Family { kind, labels, help });
    }
}

/// Whether this stands as `("what the target calls it", "name")` in a table.
fn is_of_pair(name: &str) -> bool {
    ["connected_client_", "config_"]
        .iter()
        .any(|start| name.starts_with(start))
}

/// What an argument `Kind::…` says.
struct Kind;

impl Kind {
    fn of(arguments: &str) -> Option<&'static str> {
        let word = arguments.split("Kind::").nth(1)?;
        let kinds = ["Gauge", "Counter", "Histogram", "Summary", "Info"];
        let names = ["gauge", "counter", "histogram", "summary", "gauge"];
        let found = kinds.iter().position(|kind| word.starts_with(kind))?;
        names.get(found).copied()
    }
}

fn kind(callee: &str, name: &str) -> &'static str {
    if callee.ends_with("counter") || (callee == "gauge" && name.ends_with("_uses_total")) {
        "counter"
    } else {
        "gauge"
    }
}

/// Calls with what stands in their parentheses.
fn calls(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.match_indices('(').filter_map(|(at, _)| {
        let before = text.get(..at)?;
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':' | '.');
        let start = before.rfind(|c: char| !is_name(c)).map_or(0, |last| last + 1);
        let callee = before.get(start..)?.trim_start_matches("..");
        Some((callee, inside(text.get(at + 1..)?)?))
    })
}

/// Up to the parenthesis that closes.
fn inside(text: &str) -> Option<&str> {
    let (mut depth, mut quoted, mut escaped) = (1, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return text.get(..at);
        }
    }
    None
}

/// The texts that an argument list begins with.
fn literals(arguments: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = arguments.trim_start();
    while let Some(text) = rest.strip_prefix('"') {
        let mut end = 0;
        while let Some(quote) = text.get(end..).and_then(|text| text.find('"')) {
            end += quote;
            if !text.get(..end).is_some_and(|text| text.ends_with('\\')) {
                break;
            }
            end += 1;
        }
        found.push(text.get(..end).unwrap_or_default().replace("\\\"", "\""));
        rest = text.get(end + 1..).unwrap_or_default().trim_start();
        rest = rest.strip_prefix(',').unwrap_or_default().trim_start();
    }
    found
}

/// The labels that an argument list ends with: written there, or a constant of this file or of the folder's.
fn labels(arguments: &str, path: &Path) -> BTreeSet<String> {
    let arguments = arguments.trim().trim_end_matches(',');
    if let Some((_, list)) = arguments.rsplit_once('[') {
        return quoted(list);
    }
    let name = arguments.rsplit([',', '&', ' ']).next().unwrap_or_default();
    let beside = path.with_file_name("mod.rs");
    let files = [path, &beside].map(|file| if file.exists() { code(file) } else { String::new() });
    files.iter().find_map(|text| constant(text, name)).unwrap_or_default()
}

fn constant(text: &str, name: &str) -> Option<BTreeSet<String>> {
    let value = text.split(&format!("const {name}: ")).nth(1)?;
    Some(quoted(value.split_once('=')?.1.split(']').next()?))
}

fn quoted(list: &str) -> BTreeSet<String> {
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}
