//! The rules: one entry of [`RULES`] each.

mod file;
mod layout;
mod links;
mod names;
mod panels;
mod queries;
mod thresholds;
mod variables;

use super::{
    board::Board,
    catalogue::RuleFile,
    check::{Neighbours, World},
    finding::Found,
};

/// One thing that must hold.
pub struct Rule {
    /// As findings name it.
    pub name: &'static str,
    /// What must hold, and why.
    pub about: &'static str,
    pub(super) scope: Scope,
}

/// Looks at one dashboard.
type OfBoard = fn(&Board, &World, &Neighbours, &mut Found<'_>);
/// Looks at one file of Prometheus' rules.
type OfRules = fn(&RuleFile, &World, &Neighbours, &mut Found<'_>);

/// What a rule looks at.
#[derive(Clone, Copy)]
pub(super) enum Scope {
    Board(OfBoard),
    Rules(OfRules),
    /// It is said while dashboards are read.
    Reading,
}

const fn board(name: &'static str, about: &'static str, look: OfBoard) -> Rule {
    let scope = Scope::Board(look);
    Rule { name, about, scope }
}

const fn rules(name: &'static str, about: &'static str, look: OfRules) -> Rule {
    let scope = Scope::Rules(look);
    Rule { name, about, scope }
}

/// All of them.
pub const RULES: &[Rule] = &[
    Rule {
        name: "json",
        about: "A file is a dashboard's JSON.",
        scope: Scope::Reading,
    },
    board(
        "format",
        "Keys are sorted and indented by two spaces, as Grafana exports them: diffs show what changed.",
        file::format,
    ),
    board(
        "schema",
        "schemaVersion is 41, which Grafana 11 to 13 read, and nothing in it belongs to one Grafana alone.",
        file::schema,
    ),
    board(
        "editable",
        "It is not editable: changes in the browser would be lost.",
        file::editable,
    ),
    board(
        "uid",
        "The uid is stable and unique, since links and bookmarks have it.",
        file::uid,
    ),
    board(
        "folder",
        "A file is in a folder, which is its folder in Grafana.",
        file::folder,
    ),
    board("title", "A dashboard has a title, a description and tags.", file::title),
    board(
        "annotation",
        "Alerts that fired are marked on the time axes.",
        file::annotation,
    ),
    board(
        "panel-id",
        "Ids of panels are there and unique: links to a panel have them.",
        layout::ids,
    ),
    board(
        "grid",
        "Panels fill the 24 columns without a gap or an overlap.",
        layout::grid,
    ),
    board(
        "panel-count",
        "At most 20 panels: a page that nobody scrolls to the end of hides what is there.",
        layout::count,
    ),
    board(
        "stats-first",
        "It begins with a line of single figures: the answer before the reasons.",
        layout::stats_first,
    ),
    board(
        "panel-type",
        "Panels are of types that Grafana has built in and lab dashboards draws.",
        panels::kind,
    ),
    board("panel-title", "Every panel has a title.", panels::title),
    board(
        "panel-description",
        "Every panel says what it shows and what to do about it.",
        panels::description,
    ),
    board(
        "unit",
        "Every panel has a unit that Grafana knows and that fits what it asks.",
        panels::unit,
    ),
    board(
        "target",
        "Every panel asks something; each target has a refId of its own.",
        panels::targets,
    ),
    board(
        "instant",
        "Tables and bars show the newest values, and ask for those alone.",
        panels::instant,
    ),
    board(
        "datasource",
        "Whom to ask is chosen by the variable `datasource`: a fixed uid is another Grafana's.",
        variables::datasource,
    ),
    board(
        "job-instance",
        "The variables `job` and `instance` are there.",
        variables::job_and_instance,
    ),
    board(
        "variable-defined",
        "Every variable that is used is defined.",
        variables::defined,
    ),
    board(
        "variable-used",
        "Every variable that is defined is used.",
        variables::used,
    ),
    board(
        "variable-text",
        "Variables have a label, a description and, for all, a short value.",
        variables::texts,
    ),
    board("promql", "Every expression is PromQL.", queries::promql),
    board(
        "rate-interval",
        "rate() and its kin look over $__rate_interval, which fits scrapes and zoom.",
        queries::rate_interval,
    ),
    board(
        "counter",
        "Counters are asked for their rate, and nothing else is.",
        queries::counters,
    ),
    board(
        "matcher",
        "Every selector heeds the variables of job and instance.",
        queries::matchers,
    ),
    board(
        "whole-number",
        "le and quantile are matched as both generations of Prometheus write them.",
        queries::whole_numbers,
    ),
    board("metric", "Every metric is in an exporter's catalogue.", names::metrics),
    board(
        "label",
        "Every label is on the metric that it is asked of.",
        names::labels,
    ),
    board("legend", "Legends name labels that are left.", names::legends),
    board(
        "threshold",
        "Thresholds are those of alerts about the same metrics.",
        thresholds::equal_to_alerts,
    ),
    board(
        "link",
        "Links lead to dashboards that are there, with datasource, time range and variables that they have.",
        links::links,
    ),
    rules(
        "rule-metric",
        "Every metric that a rule reads is in an exporter's catalogue.",
        names::metrics_of_rules,
    ),
    rules(
        "rule-label",
        "Every label in a rule is on the metric that it is asked of.",
        names::labels_of_rules,
    ),
    rules(
        "alert-panel",
        "What an alert is about is shown in some panel.",
        names::alerts_are_shown,
    ),
];
