//! A dashboard with all that it asks, ready to be looked at by rules.

use promql_parser::parser::Expr;
use serde_json::Value;

use super::promql;
use crate::{
    model::{Dashboard, Panel, Target},
    variables::Question,
};

/// One file.
pub(super) struct Board {
    pub(super) file: String,
    pub(super) text: String,
    pub(super) raw: Value,
    pub(super) model: Dashboard,
    pub(super) queries: Vec<Query>,
}

/// A PromQL expression somewhere in a dashboard.
pub(super) struct Query {
    /// The panel's title, the variable, the annotation.
    pub(super) place: String,
    pub(super) origin: Origin,
    pub(super) text: String,
    /// With stand-ins for Grafana's own variables, or why it cannot be read.
    pub(super) parsed: Result<Expr, String>,
}

/// What asks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Origin {
    /// The panel with this index among those shown, and the target's index in it.
    Panel(usize, usize),
    Variable,
    Annotation,
}

impl Board {
    /// # Errors
    /// It is not JSON, or no dashboard's.
    pub(super) fn parse(file: &str, text: &str) -> Result<Self, String> {
        let raw: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let model = Dashboard::parse(text).map_err(|error| error.to_string())?;
        if let Some(panel) = model.shown().find(|panel| panel.error.is_some()) {
            let why = panel.error.as_deref().unwrap_or_default();
            return Err(format!("panel {:?}: {why}", panel.title));
        }
        let queries = queries(&model);
        Ok(Self {
            file: file.to_owned(),
            text: text.to_owned(),
            raw,
            model,
            queries,
        })
    }

    /// Those that show something.
    pub(super) fn panels(&self) -> impl Iterator<Item = &Panel> {
        self.model.shown()
    }

    /// Those that ask something, with a name for them.
    pub(super) fn asking(&self) -> impl Iterator<Item = (String, &Panel)> {
        let asking = self.panels().filter(|panel| panel.kind != "text");
        asking.map(|panel| (name(panel), panel))
    }

    /// Expressions of panels that can be read, with their panel and target.
    pub(super) fn targets(&self) -> impl Iterator<Item = (&Query, &Expr, &Panel, &Target)> {
        self.queries.iter().filter_map(|query| {
            let Origin::Panel(panel, target) = query.origin else {
                return None;
            };
            let panel = self.panels().nth(panel)?;
            Some((query, query.parsed.as_ref().ok()?, panel, panel.targets.get(target)?))
        })
    }

    /// All expressions that can be read.
    pub(super) fn expressions(&self) -> impl Iterator<Item = (&Query, &Expr)> {
        self.queries
            .iter()
            .filter_map(|query| Some((query, query.parsed.as_ref().ok()?)))
    }
}

/// Its title; its number where it has none.
pub(super) fn name(panel: &Panel) -> String {
    if panel.title.is_empty() {
        format!("panel {}", panel.id)
    } else {
        panel.title.clone()
    }
}

fn queries(model: &Dashboard) -> Vec<Query> {
    let of_panels = model.shown().enumerate().flat_map(|(index, panel)| {
        let targets = panel.targets.iter().enumerate();
        targets.map(move |(target, asked)| query(name(panel), Origin::Panel(index, target), asked.expr.clone()))
    });
    let variables = model.templating.list.iter();
    let of_variables = variables.filter(|variable| variable.kind == "query").map(|variable| {
        let text = expression_of(variable.query.text());
        query(format!("variable {}", variable.name), Origin::Variable, text)
    });
    let of_annotations = model.annotations.list.iter().filter_map(|annotation| {
        let place = format!("annotation {}", annotation.name);
        Some(query(place, Origin::Annotation, annotation.expr()?.to_owned()))
    });
    of_panels.chain(of_variables).chain(of_annotations).collect()
}

fn query(place: String, origin: Origin, text: String) -> Query {
    let parsed = promql::parse(&text);
    Query {
        place,
        origin,
        text,
        parsed,
    }
}

/// What a variable's question asks, as an expression: of `label_values(up{a="b"}, job)` it is `group by (job) (up{a="b"})`.
fn expression_of(question: &str) -> String {
    match Question::parse(question) {
        Some(Question::LabelValues { matcher, label }) if !matcher.is_empty() => {
            format!("group by ({label}) ({matcher})")
        }
        Some(Question::Result { expr }) => expr,
        _ => question.to_owned(),
    }
}
