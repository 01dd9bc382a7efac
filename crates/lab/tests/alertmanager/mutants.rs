//! No route and no inhibition can be lost, and no label of it, without a case that fails.

use std::{fs, path::Path};

use crate::{
    amtool, config,
    server::Alertmanager,
    table::{self, Case},
};

#[test]
fn every_broken_matcher_of_a_route_makes_a_case_fail() {
    let Some(amtool) = amtool() else { return };
    let copy = tempfile::tempdir().expect("a temporary directory");
    let file = copy.path().join("alertmanager.yml");
    let original = config();
    let routes = original
        .lines()
        .enumerate()
        .filter(|(_, line)| line.contains("- matchers: ["));
    let mut survivors = Vec::new();
    for (number, line) in routes {
        let (head, _) = line.split_once('[').expect("it has one");
        fs::write(&file, replaced(&original, number, &format!("{head}[nothing = such]"))).expect("the copy is ours");
        if passes(&amtool, &file) {
            survivors.push(line);
        }
    }
    assert!(
        survivors.is_empty(),
        "no case notices that these are broken: {survivors:#?}"
    );
}

#[test]
fn every_broken_inhibition_makes_a_case_fail() {
    let original = config();
    let cases: Vec<Case> = table::cases()
        .into_iter()
        .filter(|case| case.inhibited.is_some())
        .collect();
    let mut survivors = Vec::new();
    for (line, mutant) in inhibition_mutants(&original) {
        let Some(alertmanager) = Alertmanager::start(&mutant) else {
            return;
        };
        if cases.iter().all(|case| alertmanager.inhibits(case) == case.inhibited) {
            survivors.push(line);
        }
    }
    assert!(
        survivors.is_empty(),
        "no case notices that these are broken: {survivors:#?}"
    );
}

/// Each source and target that matches nothing any more, and each `equal` that demands nothing.
fn inhibition_mutants(original: &str) -> Vec<(&str, String)> {
    let (before, after) = original.split_once("\ninhibit_rules:\n").expect("inhibitions");
    let first = before.lines().count() + 1;
    let rules = after.split("\n# The rest").next().expect("a first part");
    let mutated = rules.lines().enumerate().filter_map(|(number, line)| {
        let (key, _) = line.split_once('[').filter(|_| !line.trim_start().starts_with('#'))?;
        let nothing = if key.contains("equal") {
            "[]"
        } else {
            "[nothing = such]"
        };
        Some((line, replaced(original, first + number, &format!("{key}{nothing}"))))
    });
    mutated.collect()
}

fn replaced(text: &str, number: usize, new: &str) -> String {
    let lines = text.lines().enumerate();
    lines
        .map(|(at, line)| format!("{}\n", if at == number { new } else { line }))
        .collect()
}

fn passes(amtool: &Path, file: &Path) -> bool {
    table::cases()
        .iter()
        .all(|case| table::wrong_receivers(amtool, file, case).is_none())
}
