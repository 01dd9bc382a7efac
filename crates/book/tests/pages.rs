//! What the pages of the book must hold.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use book::{
    links,
    page::{self, Page, SUMMARY},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn pages() -> Vec<Page> {
    page::all(&root()).expect("the pages can be read")
}

#[test]
fn every_page_is_in_the_table_of_contents_once() {
    let summary = Page::read(&root(), SUMMARY).expect("there is one");
    let mut told: Vec<PathBuf> = summary
        .links()
        .into_iter()
        .filter_map(|link| links::inside(&summary.path, &link.what)?.0)
        .collect();
    told.sort();
    let mut there: Vec<PathBuf> = pages().into_iter().map(|page| page.path).collect();
    there.sort();
    assert_eq!(told, there, "{SUMMARY} on the left, the pages on the right");
}

#[test]
fn every_link_leads_to_a_page_a_heading_or_a_file() {
    let broken = links::broken(&root(), &pages());
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// What a block of code may be, so that nobody wonders what is run and what is read.
const LANGUAGES: [&str; 11] = [
    "console", // commands behind `$`, and what they print: run, and compared
    "hcl", "ini", "json", "promql", "redis", "rust", "sh", // commands: run
    "text", "yaml", "diff",
];

#[test]
fn every_block_of_code_says_what_it_is() {
    let mut wrong = Vec::new();
    for page in pages() {
        for fence in page.fences() {
            if !LANGUAGES.contains(&fence.what.language.as_str()) {
                let (path, line, language) = (page.path.display(), fence.line, &fence.what.language);
                wrong.push(format!("{path}:{line}: {language:?} is none of {LANGUAGES:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn yaml_and_json_can_be_read() {
    let mut wrong = Vec::new();
    for page in pages() {
        for fence in page.fences() {
            let error = match fence.what.language.as_str() {
                "yaml" => serde_saphyr::from_str::<serde_json::Value>(&fence.what.code)
                    .err()
                    .map(|error| error.to_string()),
                "json" => serde_json::from_str::<serde_json::Value>(&fence.what.code)
                    .err()
                    .map(|error| error.to_string()),
                _ => None,
            };
            wrong.extend(error.map(|error| format!("{}:{}: {error}", page.path.display(), fence.line)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A newcomer who searches for an alert's name finds its runbook first: the list has all of them, in order.
#[test]
fn the_list_of_runbooks_is_whole() {
    let list = Page::read(&root(), "docs/runbooks.md").expect("there is one");
    let listed: BTreeMap<PathBuf, usize> = list
        .links()
        .into_iter()
        .filter_map(|link| Some((links::inside(&list.path, &link.what)?.0?, link.line)))
        .filter(|(path, _)| path.starts_with("docs/runbooks"))
        .collect();
    let there = pages().into_iter().map(|page| page.path);
    let there: Vec<PathBuf> = there.filter(|path| path.starts_with("docs/runbooks")).collect();
    assert_eq!(listed.into_keys().collect::<Vec<_>>(), there);
}
