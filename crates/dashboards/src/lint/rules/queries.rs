//! Rules about how things are asked for.

use promql_parser::{label::MatchOp, parser::VectorSelector};

use crate::{
    lint::{
        board::{Board, Origin},
        catalogue::Kind,
        check::{Neighbours, World},
        finding::Found,
        promql::{RANGE, RATE_INTERVAL, Selected, selectors},
    },
    variables::references,
};

/// Functions that make of a counter how fast it grows.
const RATES: [&str; 3] = ["rate", "irate", "increase"];
/// Those that may look at a counter itself: how often it began anew, whether it is there.
const BESIDES: [&str; 8] = [
    "resets",
    "changes",
    "absent",
    "absent_over_time",
    "count_over_time",
    "present_over_time",
    "count",
    "group",
];
/// From an hour on a window is what the panel is about, and not what fits the zoom.
const LONG: u64 = 3600;

pub(super) fn promql(board: &Board, _: &World, _: &Neighbours, found: &mut Found<'_>) {
    for query in &board.queries {
        if let Err(why) = &query.parsed {
            found.at(&*query.place, format!("{:?} is no PromQL: {why}", query.text));
        }
    }
}

pub(super) fn rate_interval(board: &Board, _: &World, _: &Neighbours, found: &mut Found<'_>) {
    for (query, expr) in board.expressions() {
        for selected in selectors(expr) {
            let fits = |over: u64| [RATE_INTERVAL, RANGE].contains(&over) || over >= LONG;
            if RATES.contains(&selected.taken_by()) && !selected.over.is_some_and(fits) {
                let message = format!(
                    "{}({}[…]) must look over $__rate_interval",
                    selected.taken_by(),
                    selected.name()
                );
                found.at(&*query.place, message);
            }
        }
    }
}

pub(super) fn counters(board: &Board, world: &World, _: &Neighbours, found: &mut Found<'_>) {
    for (query, expr) in board
        .expressions()
        .filter(|(query, _)| query.origin != Origin::Variable)
    {
        for selected in selectors(expr) {
            let kind = world.catalogue.kind(selected.name());
            let by = selected.taken_by();
            let rated = RATES.contains(&by);
            if kind == Some(Kind::Counter) && !rated && !BESIDES.contains(&by) {
                let message = format!("{} is a counter: ask for its rate() or increase()", selected.name());
                found.at(&*query.place, message);
            }
            if kind == Some(Kind::Gauge) && rated {
                found.at(
                    &*query.place,
                    format!("{} is no counter: {by}() of it says nothing", selected.name()),
                );
            }
        }
    }
}

/// Prometheus 3 writes the bounds of buckets and quantiles as floats, Prometheus 2 as they come.
pub(super) fn whole_numbers(board: &Board, _: &World, _: &Neighbours, found: &mut Found<'_>) {
    for (query, expr) in board.expressions() {
        for selected in selectors(expr) {
            let matchers = selected.selector.matchers.matchers.iter();
            let bounds = matchers.filter(|matcher| ["le", "quantile"].contains(&matcher.name.as_str()));
            let whole =
                bounds.filter(|matcher| matches!(matcher.op, MatchOp::Equal) && matcher.value.parse::<i64>().is_ok());
            for matcher in whole {
                let (name, value) = (&matcher.name, &matcher.value);
                let message =
                    format!("{name}=\"{value}\" is \"{value}.0\" in Prometheus 3; take {name}=~\"{value}([.]0)?\"");
                found.at(&*query.place, message);
            }
        }
    }
}

pub(super) fn matchers(board: &Board, world: &World, _: &Neighbours, found: &mut Found<'_>) {
    let asked = board
        .expressions()
        .filter(|(query, _)| query.origin != Origin::Variable);
    for (query, expr) in asked {
        for selected in selectors(expr)
            .into_iter()
            .filter(|selected| !is_watchdog(selected.selector))
        {
            for label in missing(&selected, world, query.origin) {
                let name = selected.name();
                let message = format!("{name}{{…}} must have a matcher such as {label}=~\"${label}\"");
                found.at(&*query.place, message);
            }
        }
    }
}

/// Those of job and instance that the metric has, and that no matcher with a variable is about.
fn missing<'a>(
    selected: &'a Selected<'_>,
    world: &'a World,
    origin: Origin,
) -> impl Iterator<Item = &'static str> + 'a {
    let labels = world.catalogue.labels(selected.name());
    ["job", "instance"].into_iter().filter(move |label| {
        // Alerts of a whole job have no instance: an annotation must not lose them.
        let needed = labels.as_ref().is_none_or(|labels| labels.has(label))
            && !(origin == Origin::Annotation && *label == "instance");
        needed && !is_chosen(selected.selector, label)
    })
}

fn is_chosen(selector: &VectorSelector, label: &str) -> bool {
    let mut about = selector
        .matchers
        .matchers
        .iter()
        .filter(|matcher| matcher.name == label);
    about.any(|matcher| matches!(matcher.op, MatchOp::Re(_)) && !references(&matcher.value).is_empty())
}

/// The alert that is about no target.
fn is_watchdog(selector: &VectorSelector) -> bool {
    let mut about = selector.matchers.matchers.iter();
    about.any(|matcher| {
        matcher.name == "alertname" && matcher.value == "Watchdog" && matches!(matcher.op, MatchOp::Equal)
    })
}
