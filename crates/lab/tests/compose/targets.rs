//! Files of targets: as plain as we write them, so that no parser of YAML is needed.

use std::{collections::BTreeMap, fs};

use crate::compose::root;

/// How many targets each file of a folder has.
pub(crate) fn of(folder: &str) -> BTreeMap<String, usize> {
    files(folder)
        .into_iter()
        .map(|(name, text)| (name, in_file(&text).len()))
        .collect()
}

/// All targets of a folder.
pub(crate) fn addresses(folder: &str) -> Vec<String> {
    files(folder).values().flat_map(|text| in_file(text)).collect()
}

fn files(folder: &str) -> BTreeMap<String, String> {
    let entries = fs::read_dir(root().join(folder)).expect("a folder of targets");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let files = paths.map(|path| {
        let name = path.file_name().and_then(|name| name.to_str()).expect("a plain name");
        (name.to_owned(), fs::read_to_string(&path).expect("a text file"))
    });
    files.collect()
}

/// `- targets: ["one", "two"]`, or a list with one in each line.
fn in_file(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut listed = false;
    for line in text.lines().map(str::trim) {
        if let Some(rest) = line.strip_prefix("- targets:") {
            listed = true;
            let inner = rest.trim().trim_start_matches('[').trim_end_matches(']');
            let words = inner.split(',').map(|word| word.trim().trim_matches('"').to_owned());
            found.extend(words.filter(|word| !word.is_empty()));
        } else if line.starts_with("labels:") {
            listed = false;
        } else if let (true, Some(target)) = (listed, line.strip_prefix("- ")) {
            found.push(target.to_owned());
        }
    }
    found
}

#[test]
fn targets_are_found_in_both_ways_to_write_them() {
    let text =
        "# none\n- targets: []\n- targets: [\"a:1\", \"b:2\"]\n- targets:\n    - http://c:3/\n  labels: {x: y}\n";
    assert_eq!(in_file(text), ["a:1", "b:2", "http://c:3/"]);
}
