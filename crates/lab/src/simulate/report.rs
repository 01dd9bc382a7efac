//! What became of it, for people and for programs.

use std::{fmt::Write as _, time::Duration};

use serde::Serialize;

use super::{scenario::Scenario, scenarios, world::World};

/// Of one alert: since it was begun, and since it was undone.
#[derive(Debug)]
pub(super) struct Times {
    pub(super) alert: &'static str,
    pub(super) pending: Option<Duration>,
    pub(super) firing: Option<Duration>,
    pub(super) told: Option<Duration>,
    pub(super) cleared: Option<Duration>,
    pub(super) told_over: Option<Duration>,
}

/// Of one scenario.
pub(super) struct Outcome {
    pub(super) scenario: &'static str,
    alerts: Vec<Times>,
    failed: Option<String>,
    left_out: Option<String>,
}

impl Outcome {
    pub(super) fn of(scenario: &Scenario, alerts: Vec<Times>, failed: Option<String>) -> Self {
        Self {
            scenario: scenario.name,
            alerts,
            failed,
            left_out: None,
        }
    }

    pub(super) fn skipped(scenario: &Scenario, reason: String) -> Self {
        let nothing = |alert| Times {
            alert,
            pending: None,
            firing: None,
            told: None,
            cleared: None,
            told_over: None,
        };
        let alerts = scenario.alerts.iter().map(|expected| nothing(expected.alert));
        Self {
            scenario: scenario.name,
            alerts: alerts.collect(),
            failed: None,
            left_out: Some(reason),
        }
    }

    pub(super) fn is_failed(&self) -> bool {
        self.failed.is_some()
    }
}

/// Above it all.
pub(super) fn heading(world: &World) -> String {
    match world.factor() {
        1 => "These are the real times.\n".to_owned(),
        factor => format!("THIS IS A DRILL: all times of rules and routes are 1/{factor} of the real ones.\n"),
    }
}

/// What there is.
pub(super) fn list(chosen: &[&'static Scenario], on_compose: bool) -> String {
    let mut text = String::new();
    let never = |scenario: &Scenario| {
        let mut needs = scenario.needs.iter().filter(|_| on_compose);
        needs.find_map(|need| need.never_on_compose())
    };
    for scenario in chosen.iter().filter(|scenario| never(scenario).is_none()) {
        let alerts: Vec<&str> = scenario.alerts.iter().map(|expected| expected.alert).collect();
        let needs: Vec<String> = scenario
            .needs
            .iter()
            .map(|need| format!("{need:?}").to_lowercase())
            .collect();
        let needs = if needs.is_empty() {
            String::new()
        } else {
            format!("; needs {}", needs.join(", "))
        };
        line(
            &mut text,
            format_args!("{:<22} {}: {}{needs}", scenario.name, alerts.join(", "), scenario.what),
        );
    }
    if !scenarios::NOT_HERE.is_empty() {
        line(&mut text, format_args!("\nCannot be made to happen:"));
    }
    for (alert, reason) in scenarios::NOT_HERE {
        line(&mut text, format_args!("{alert:<22} {reason}"));
    }
    if on_compose {
        line(&mut text, format_args!("\nCannot be made to happen on compose:"));
    }
    for scenario in chosen {
        if let Some(reason) = never(scenario) {
            line(&mut text, format_args!("{:<22} {reason}", scenario.name));
        }
    }
    text
}

/// One line for each alert.
pub(super) fn table(outcomes: &[Outcome]) -> String {
    let mut text =
        String::from("\nSeconds since it began:                                             since it was undone:\n");
    line(
        &mut text,
        format_args!(
            "{:<34} {:>8} {:>8} {:>8} {:>9} {:>8}",
            "alert", "pending", "firing", "told", "resolved", "told"
        ),
    );
    for outcome in outcomes {
        for times in &outcome.alerts {
            let [pending, firing, told, cleared, over] = times.all().map(shown);
            line(
                &mut text,
                format_args!(
                    "{:<34} {pending:>8} {firing:>8} {told:>8} {cleared:>9} {over:>8}",
                    times.alert
                ),
            );
        }
        if let Some(reason) = &outcome.left_out {
            line(&mut text, format_args!("  {} was left out: {reason}", outcome.scenario));
        }
        if let Some(reason) = &outcome.failed {
            line(&mut text, format_args!("  {} FAILED: {reason}", outcome.scenario));
        }
    }
    let failed = outcomes.iter().filter(|outcome| outcome.is_failed()).count();
    let left_out = outcomes.iter().filter(|outcome| outcome.left_out.is_some()).count();
    line(
        &mut text,
        format_args!("{} scenarios, {failed} failed, {left_out} left out", outcomes.len()),
    );
    text
}

impl Times {
    fn all(&self) -> [Option<Duration>; 5] {
        [self.pending, self.firing, self.told, self.cleared, self.told_over]
    }
}

fn line(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    writeln!(text, "{arguments}").expect("a string takes all");
}

fn shown(time: Option<Duration>) -> String {
    time.map_or_else(|| "-".to_owned(), |time| format!("{:.1}", time.as_secs_f64()))
}

/// The document of `--json`.
#[derive(Serialize)]
struct Document {
    /// How many times faster than real.
    factor: u32,
    scenarios: Vec<Played>,
    not_here: Vec<NotHere>,
}

#[derive(Serialize)]
struct Played {
    name: &'static str,
    /// `ok`, `failed` or `left out`.
    outcome: &'static str,
    reason: Option<String>,
    alerts: Vec<Seconds>,
}

#[derive(Serialize)]
struct Seconds {
    alert: &'static str,
    pending: Option<f64>,
    firing: Option<f64>,
    told: Option<f64>,
    resolved: Option<f64>,
    told_resolved: Option<f64>,
}

#[derive(Serialize)]
struct NotHere {
    alert: &'static str,
    reason: &'static str,
}

/// For programs.
pub(super) fn json(world: &World, outcomes: &[Outcome]) -> String {
    let not_here = scenarios::NOT_HERE
        .iter()
        .map(|(alert, reason)| NotHere { alert, reason });
    let document = Document {
        factor: world.factor(),
        scenarios: outcomes.iter().map(played).collect(),
        not_here: not_here.collect(),
    };
    serde_json::to_string_pretty(&document).expect("structures of texts and numbers are JSON") + "\n"
}

fn played(outcome: &Outcome) -> Played {
    let (word, reason) = match (&outcome.failed, &outcome.left_out) {
        (Some(reason), _) => ("failed", Some(reason.clone())),
        (None, Some(reason)) => ("left out", Some(reason.clone())),
        (None, None) => ("ok", None),
    };
    let seconds = |times: &Times| {
        // Tenths, as they are looked at no more often.
        let [pending, firing, told, resolved, told_resolved] = times
            .all()
            .map(|time| time.map(|time| (time.as_secs_f64() * 10.0).round() / 10.0));
        Seconds {
            alert: times.alert,
            pending,
            firing,
            told,
            resolved,
            told_resolved,
        }
    };
    Played {
        name: outcome.scenario,
        outcome: word,
        reason,
        alerts: outcome.alerts.iter().map(seconds).collect(),
    }
}
