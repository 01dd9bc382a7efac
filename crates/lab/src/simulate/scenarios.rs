//! All scenarios, and what there is none for. One file is what is done to one part of the stack.

mod app;
mod container;
mod host;
mod memory;
mod past;
mod probe;
mod redis;
mod stack;

use anyhow::{Result, bail};

use super::scenario::Scenario;

/// In the order of the table.
const ALL: [&[Scenario]; 6] = [
    &host::SCENARIOS,
    &container::SCENARIOS,
    &probe::SCENARIOS,
    &app::SCENARIOS,
    &redis::SCENARIOS,
    &stack::SCENARIOS,
];

/// Alerts that cannot be made to happen here, and why.
pub(super) const NOT_HERE: [(&str, &str); 0] = [];

/// Those of these names, or that make an alert of these names happen; all without any.
///
/// # Errors
/// A name is unknown.
pub(super) fn chosen(names: &[String]) -> Result<Vec<&'static Scenario>> {
    let all = || ALL.into_iter().flatten();
    let is = |scenario: &Scenario, name: &str| {
        scenario.name == name || scenario.alerts.iter().any(|expected| expected.alert == name)
    };
    for name in names {
        if let Some((_, reason)) = NOT_HERE.iter().find(|(alert, _)| alert == name) {
            bail!("{name} cannot be made to happen: {reason}");
        }
        if !all().any(|scenario| is(scenario, name)) {
            bail!("no scenario {name}; lab simulate --list says what there is");
        }
    }
    let wanted = |scenario: &&Scenario| names.is_empty() || names.iter().any(|name| is(scenario, name));
    Ok(all().filter(wanted).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::BTreeSet, fs, path::Path};

    #[test]
    fn every_alert_is_made_to_happen_or_has_a_reason_why_not() {
        let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../prometheus/rules");
        let files = fs::read_dir(rules).unwrap().map(|entry| entry.unwrap().path());
        let texts = files.filter_map(|file| fs::read_to_string(file).ok());
        let names = |text: String| -> Vec<String> {
            let lines = text
                .lines()
                .filter_map(|line| line.trim_start().strip_prefix("- alert: "));
            lines.map(str::to_owned).collect()
        };
        let alerts: BTreeSet<String> = texts.flat_map(names).collect();
        let expected = ALL.into_iter().flatten().flat_map(|scenario| scenario.alerts);
        let known: Vec<&str> = expected.map(|expected| expected.alert).collect();
        let excused = NOT_HERE.iter().map(|(alert, _)| *alert);
        let all: BTreeSet<String> = known.iter().copied().chain(excused).map(str::to_owned).collect();
        assert_eq!(all, alerts);
        assert!(NOT_HERE.iter().all(|(alert, _)| !known.contains(alert)));
    }

    #[test]
    fn names_of_scenarios_are_unique_and_choose() {
        let all = chosen(&[]).unwrap();
        let names: BTreeSet<&str> = all.iter().map(|scenario| scenario.name).collect();
        assert_eq!(names.len(), all.len());
        let by = |name: &str| chosen(&[name.to_owned()]).map(|found| found.iter().map(|one| one.name).collect());
        assert_eq!(by("busy-cpus").unwrap(), ["busy-cpus"]);
        assert_eq!(by("HostHighCpu").unwrap(), ["busy-cpus"]);
        let error = |name: &str| -> String { by(name).map(|_: Vec<&str>| ()).unwrap_err().to_string() };
        assert!(error("nothing").contains("--list"));
    }
}
