//! The table: as it stands in the page, and as it came out.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::{
    drill::{Listed, Played},
    rules::Alert,
};

const BEGIN: &str = "<!-- alerts: generated -->";
const END: &str = "<!-- alerts: end -->";
const HEAD: &str =
    "| alert | unit tests | no number moves unnoticed | made to happen, told, told to be over |\n|---|---|---|---|\n";

/// A row of the page.
pub(crate) fn row(alert: &Alert, listed: &Listed) -> String {
    let name = &alert.name;
    let how = match (listed.scenarios.get(name), listed.reasons.get(name)) {
        (Some(scenario), _) => format!("yes: `{scenario}`"),
        (None, Some(reason)) => format!("no: {reason}"),
        (None, None) => "unknown".to_owned(),
    };
    format!(
        "| [{name}](runbooks/{name}.md) | {} | yes | {how} |",
        if alert.cases > 0 { "yes" } else { "no" }
    )
}

/// The rows that the page has.
pub(crate) fn of_page(page: &str) -> Vec<String> {
    let part = page.split_once(BEGIN).and_then(|(_, rest)| rest.split_once(END));
    let lines = part.map_or("", |(part, _)| part).lines();
    lines
        .filter(|line| line.starts_with("| ["))
        .map(str::to_owned)
        .collect()
}

/// The page with these rows.
pub(crate) fn page_with(page: &str, rows: &[String]) -> String {
    let (before, rest) = page.split_once(BEGIN).expect("the page has a place for the table");
    let (_, after) = rest.split_once(END).expect("the table has an end");
    format!("{before}{BEGIN}\n\n{HEAD}{}\n\n{END}{after}", rows.join("\n"))
}

/// What came out for an alert.
pub(crate) struct Proof {
    name: String,
    cases: usize,
    moved: Option<(u64, u64)>,
    /// What became of its scenario; `None`: there is none.
    played: Option<Played>,
    reason: Option<String>,
}

impl Proof {
    pub(crate) fn of(
        alert: &Alert,
        moved: Option<&BTreeMap<String, (u64, u64)>>,
        results: &BTreeMap<String, Played>,
        listed: &Listed,
    ) -> Self {
        Self {
            name: alert.name.clone(),
            cases: alert.cases,
            moved: moved.and_then(|moved| moved.get(&alert.name).copied()),
            played: results.get(&alert.name).cloned(),
            reason: listed.reasons.get(&alert.name).cloned(),
        }
    }

    /// What is not as it must be.
    pub(crate) fn wrong(&self) -> Option<String> {
        let all = std::env::var_os("PILOTLIGHT_ALL").is_some_and(|all| all == "1");
        let why = match (&self.moved, &self.played) {
            _ if self.cases == 0 => "has no unit test".to_owned(),
            (Some((moved, noticed)), _) if moved != noticed => format!("{} numbers moved unnoticed", moved - noticed),
            (None, _) if all => "the mutation gate has not run".to_owned(),
            (_, None) if self.reason.is_none() => "is not made to happen, and nobody says why".to_owned(),
            (_, Some(played)) if played.outcome == "failed" => played.reason.clone(),
            (_, Some(played)) if played.outcome != "ok" && all => format!("left out: {}", played.reason),
            _ => return None,
        };
        Some(format!("{}: {why}", self.name))
    }
}

/// For people.
pub(crate) fn text(proofs: &[Proof]) -> String {
    let mut text = format!(
        "\n{:<34} {:>5} {:>9} {:>9} {:>8} {:>8} {:>9} {:>10}\n",
        "alert", "tests", "moved", "pending", "firing", "told", "resolved", "told over"
    );
    for proof in proofs {
        let moved = proof
            .moved
            .map_or_else(|| "?".to_owned(), |(moved, noticed)| format!("{noticed}/{moved}"));
        write!(text, "{:<34} {:>5} {moved:>9}", proof.name, proof.cases).expect("a string takes all");
        match (&proof.played, &proof.reason) {
            (Some(played), _) if played.outcome == "ok" => {
                let [pending, firing, told, resolved, over] = played
                    .seconds
                    .map(|seconds| seconds.map_or_else(|| "-".to_owned(), |seconds| format!("{seconds:.1} s")));
                writeln!(text, " {pending:>9} {firing:>8} {told:>8} {resolved:>9} {over:>10}")
            }
            (Some(played), _) => writeln!(text, "   {}: {}", played.outcome, played.reason),
            (None, Some(reason)) => writeln!(text, "   not here: {reason}"),
            (None, None) => writeln!(text, "   ?"),
        }
        .expect("a string takes all");
    }
    text
}
