//! deploy/alertmanager: amtool and amlint accept it, what goes where is what its table says, its words are the golden ones,
//! and `configure` leaves nobody out.
#![expect(
    clippy::disallowed_methods,
    reason = "these tests run amtool, amlint, configure and Alertmanager"
)]
#![expect(clippy::print_stderr, reason = "these tests say what they cannot test here")]

mod configured;
mod golden;
mod mutants;
mod server;
mod table;
#[path = "../tools/mod.rs"]
mod tools;

use std::{fs, path::PathBuf, process::Command};

use server::Alertmanager;
use table::Case;
use tools::text;

pub(crate) fn folder() -> PathBuf {
    tools::root().join("deploy/alertmanager")
}

fn config() -> String {
    fs::read_to_string(folder().join("alertmanager.yml")).expect("a text file")
}

pub(crate) fn amtool() -> Option<PathBuf> {
    tools::find(&["amtool"])
}

#[test]
fn amtool_accepts_the_configuration() {
    let Some(amtool) = amtool() else { return };
    let output = Command::new(amtool)
        .arg("check-config")
        .arg(folder().join("alertmanager.yml"))
        .output()
        .expect("amtool can be started");
    assert!(output.status.success(), "{}", text(&output));
}

#[test]
fn alerts_go_where_the_table_says() {
    let Some(amtool) = amtool() else { return };
    let config = folder().join("alertmanager.yml");
    for case in table::cases() {
        let wrong = table::wrong_receivers(&amtool, &config, &case);
        assert_eq!(wrong, None, "{}", case.name);
    }
}

#[test]
fn every_receiver_has_its_case() {
    let cases = table::cases();
    let expected = |name: &str| cases.iter().any(|case| case.expect.iter().any(|expect| expect == name));
    let config = config();
    let (_, receivers) = config.split_once("\nreceivers:\n").expect("receivers");
    let names: Vec<&str> = receivers
        .lines()
        .filter_map(|line| line.strip_prefix("  - name: "))
        .collect();
    assert!(names.len() > 2, "receivers are read: {names:?}");
    for name in names {
        assert!(expected(name), "no case goes to {name}");
    }
}

#[test]
fn a_running_alertmanager_silences_what_the_table_says_and_nothing_else() {
    let cases: Vec<Case> = table::cases()
        .into_iter()
        .filter(|case| case.inhibited.is_some())
        .collect();
    let Some(alertmanager) = Alertmanager::start(&config()) else {
        return;
    };
    for case in &cases {
        assert_eq!(alertmanager.inhibits(case), case.inhibited, "{}", case.name);
    }
}

#[test]
fn amlint_finds_every_route_tested_and_nothing_to_complain_of() {
    let Some(amlint) = tools::find(&["amlint"]) else { return };
    let file = folder().join("alertmanager.yml");
    let tested = Command::new(&amlint)
        .arg("test")
        .args([&file, &folder().join("tests/routes.yml")])
        .args(["--fail-under", "100"])
        .output()
        .expect("amlint can be started");
    assert!(tested.status.success(), "{}", text(&tested));
    let rules = tools::root().join("prometheus/rules/*.yml");
    let checked = Command::new(amlint)
        .arg("check")
        .arg("--strict")
        // The console does not sleep: off-hours are empty on purpose.
        .args(["--ignore", "time-interval-never-active"])
        .arg("--rules")
        .args([&rules, &file])
        .output()
        .expect("amlint can be started");
    assert!(checked.status.success(), "{}", text(&checked));
}
