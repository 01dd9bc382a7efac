//! Every alert, and how far it is proven: unit-tested, no number of it can move unnoticed, made to happen for real, told, and
//! told to be over. The table is in docs/alerting.md, and this holds it.
//!
//! `make test-alerts` plays all of it on a `lab up --drill` of its own; that takes some minutes.
#![expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "these tests start lab, and say what they leave out and what came of it"
)]

mod drill;
mod rules;
mod table;

use std::{env, fs, path::PathBuf};

use drill::Drill;
use table::Proof;

/// Where the table stands.
const PAGE: &str = "docs/alerting.md";

fn root() -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.canonicalize().expect("the repository is there")
}

#[test]
fn the_page_has_a_row_for_each_alert_that_says_how_it_is_made_to_happen() {
    let listed = drill::listed();
    let expected: Vec<String> = rules::all().iter().map(|alert| table::row(alert, &listed)).collect();
    let page = fs::read_to_string(root().join(PAGE)).expect("the page is there");
    let found = table::of_page(&page);
    if found != expected {
        let made = table::page_with(&page, &expected);
        let update = env::var_os("UPDATE_DOCS").is_some_and(|update| update == "1");
        if update {
            fs::write(root().join(PAGE), made).expect("the page can be written");
        }
        assert!(
            update,
            "{PAGE} is stale, UPDATE_DOCS=1 writes it anew:\n{}",
            expected.join("\n")
        );
    }
}

#[test]
#[ignore = "takes some minutes, as root with a Docker engine: make test-alerts"]
fn every_alert_is_proven_as_the_page_says() {
    let listed = drill::listed();
    let mut drill = Drill::start();
    let results = drill.simulate();
    let moved = rules::moved();
    let proofs: Vec<Proof> = rules::all()
        .iter()
        .map(|alert| Proof::of(alert, moved.as_ref(), &results, &listed))
        .collect();
    eprintln!("{}", table::text(&proofs));
    let wrong: Vec<String> = proofs.iter().filter_map(Proof::wrong).collect();
    assert!(wrong.is_empty(), "not as {PAGE} says:\n{}", wrong.join("\n"));
    assert_eq!(drill.stop(), Some(0));
}
