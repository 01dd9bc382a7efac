//! Which labels the series have that an expression answers with, and which it names that nothing has.

use std::collections::BTreeSet;

use promql_parser::{
    label::Labels,
    parser::{
        AggregateExpr, BinaryExpr, Call, Expr, LabelModifier, VectorMatchCardinality, VectorSelector, value::ValueType,
    },
};

/// Names of labels.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(in crate::lint) struct LabelSet {
    /// One that ends in `*` stands for all that begin so.
    names: BTreeSet<String>,
    /// There may be any others: nobody knows the metric.
    open: bool,
}

impl LabelSet {
    pub(in crate::lint) fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            names: names.into_iter().map(str::to_owned).collect(),
            open: false,
        }
    }

    pub(in crate::lint) fn any() -> Self {
        Self {
            names: BTreeSet::new(),
            open: true,
        }
    }

    pub(in crate::lint) fn has(&self, name: &str) -> bool {
        let matches = |pattern: &String| match pattern.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => pattern == name,
        };
        self.open || self.names.iter().any(matches)
    }

    pub(in crate::lint) fn add(&mut self, name: &str) {
        self.names.insert(name.to_owned());
    }

    pub(in crate::lint) fn extend(&mut self, other: &Self) {
        self.names.extend(other.names.iter().cloned());
        self.open |= other.open;
    }

    /// As people read them.
    pub(in crate::lint) fn list(&self) -> String {
        self.names.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
    }

    fn without(mut self, labels: &Labels) -> Self {
        self.names.retain(|name| !labels.labels.contains(name));
        self
    }

    fn only(self, labels: &Labels) -> Self {
        let kept = labels.labels.iter().filter(|label| self.has(label));
        Self::of(kept.map(String::as_str))
    }
}

/// The labels of a metric; `None` where nobody knows it.
type Known<'a> = &'a dyn Fn(&str) -> Option<LabelSet>;

/// Of its answers. What is named and is not there goes into `missing`, in words.
pub(in crate::lint) fn output(expr: &Expr, known: Known<'_>, missing: &mut Vec<String>) -> LabelSet {
    match expr {
        Expr::VectorSelector(selector) => of_selector(selector, known, missing),
        Expr::MatrixSelector(matrix) => of_selector(&matrix.vs, known, missing),
        Expr::Aggregate(aggregate) => of_aggregate(aggregate, known, missing),
        Expr::Binary(binary) => of_binary(binary, known, missing),
        Expr::Call(call) => of_call(call, known, missing),
        Expr::Unary(unary) => output(&unary.expr, known, missing),
        Expr::Paren(paren) => output(&paren.expr, known, missing),
        Expr::Subquery(subquery) => output(&subquery.expr, known, missing),
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Extension(_) => LabelSet::default(),
    }
}

fn of_selector(selector: &VectorSelector, known: Known<'_>, missing: &mut Vec<String>) -> LabelSet {
    let name = selector.name.as_deref().unwrap_or_default();
    let labels = known(name).unwrap_or_else(LabelSet::any);
    for matcher in &selector.matchers.matchers {
        if matcher.name != "__name__" && !labels.has(&matcher.name) {
            missing.push(format!(
                "{name}{{{}}}: {name} has no such label, but {}",
                matcher.name,
                labels.list()
            ));
        }
    }
    labels
}

fn check(labels: &Labels, inside: &LabelSet, of: &str, missing: &mut Vec<String>) {
    for label in &labels.labels {
        if !inside.has(label) {
            missing.push(format!(
                "{of} ({label}): there is no such label in it, but {}",
                inside.list()
            ));
        }
    }
}

fn of_aggregate(aggregate: &AggregateExpr, known: Known<'_>, missing: &mut Vec<String>) -> LabelSet {
    let inside = output(&aggregate.expr, known, missing);
    if let Some(param) = &aggregate.param {
        output(param, known, missing);
    }
    if ["topk", "bottomk", "limitk", "limit_ratio"].contains(&aggregate.op.to_string().as_str()) {
        return inside;
    }
    let mut labels = match &aggregate.modifier {
        None => LabelSet::default(),
        Some(LabelModifier::Include(by)) => {
            check(by, &inside, "by", missing);
            inside.only(by)
        }
        Some(LabelModifier::Exclude(without)) => {
            check(without, &inside, "without", missing);
            inside.without(without)
        }
    };
    if let Some(Expr::StringLiteral(label)) = aggregate.param.as_deref() {
        labels.add(&label.val);
    }
    labels
}

fn of_binary(binary: &BinaryExpr, known: Known<'_>, missing: &mut Vec<String>) -> LabelSet {
    let mut left = output(&binary.lhs, known, missing);
    let right = output(&binary.rhs, known, missing);
    let matching = binary.modifier.as_ref().and_then(|modifier| modifier.matching.as_ref());
    if let Some(LabelModifier::Include(on)) = matching {
        check(on, &left, "on", missing);
        check(on, &right, "on", missing);
    }
    if binary.op.is_set_operator() {
        if binary.op.to_string() == "or" {
            left.extend(&right);
        }
        return left;
    }
    match (binary.lhs.value_type(), binary.rhs.value_type()) {
        (ValueType::Vector, ValueType::Vector) => matched(binary, matching, left, right, missing),
        (ValueType::Vector, _) => left,
        _ => right,
    }
}

fn matched(
    binary: &BinaryExpr,
    matching: Option<&LabelModifier>,
    mut left: LabelSet,
    mut right: LabelSet,
    missing: &mut Vec<String>,
) -> LabelSet {
    match binary.modifier.as_ref().map(|modifier| &modifier.card) {
        Some(VectorMatchCardinality::ManyToOne(more)) => {
            check(more, &right, "group_left", missing);
            left.extend(&right.only(more));
            left
        }
        Some(VectorMatchCardinality::OneToMany(more)) => {
            check(more, &left, "group_right", missing);
            right.extend(&left.only(more));
            right
        }
        _ => match matching {
            Some(LabelModifier::Include(on)) => left.only(on),
            Some(LabelModifier::Exclude(ignored)) => left.without(ignored),
            None => left,
        },
    }
}

fn of_call(call: &Call, known: Known<'_>, missing: &mut Vec<String>) -> LabelSet {
    let arguments = call.args.args.iter();
    let inside: Vec<LabelSet> = arguments.map(|argument| output(argument, known, missing)).collect();
    let series = inside.into_iter().reduce(|mut all, more| {
        all.extend(&more);
        all
    });
    let mut labels = series.unwrap_or_default();
    match call.func.name {
        "histogram_quantile" => labels.without(&Labels::new(vec!["le"])),
        "vector" | "time" | "scalar" => LabelSet::default(),
        "label_replace" | "label_join" => {
            if let Some(Expr::StringLiteral(label)) = call.args.args.get(1).map(|argument| &**argument) {
                labels.add(&label.val);
            }
            labels
        }
        _ => labels,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::promql::parse;

    fn known(name: &str) -> Option<LabelSet> {
        match name {
            "a" => Some(LabelSet::of(["job", "x", "y"])),
            "h_bucket" => Some(LabelSet::of(["job", "le"])),
            "info" => Some(LabelSet::of(["job", "version", "more_*"])),
            _ => None,
        }
    }

    #[test]
    fn answers_have_the_labels_that_are_left() {
        let table = [
            ("a", "job, x, y"),
            ("sum(a)", ""),
            ("sum by (x) (a)", "x"),
            ("sum without (x) (rate(a[5m]))", "job, y"),
            ("topk(3, a)", "job, x, y"),
            ("count_values(\"value\", a)", "value"),
            ("a / on (job) a", "job"),
            ("a * on (job) group_left (version) info", "job, version, x, y"),
            ("a > 3", "job, x, y"),
            ("3 < a", "job, x, y"),
            ("sum by (x) (a) or sum by (y) (a)", "x, y"),
            ("a and on (job) info", "job, x, y"),
            ("histogram_quantile(0.9, rate(h_bucket[5m]))", "job"),
            ("label_replace(a, \"z\", \"$1\", \"x\", \"(.*)\")", "job, x, y, z"),
            ("vector(1)", ""),
            ("sum by (more_or_less) (info)", "more_or_less"),
        ];
        for (text, labels) in table {
            let mut missing = Vec::new();
            let found = output(&parse(text).unwrap(), &known, &mut missing);
            assert_eq!((found.list().as_str(), missing), (labels, vec![]), "{text}");
        }
    }

    #[test]
    fn what_is_named_and_not_there_is_told() {
        for text in [
            "a{z=\"1\"}",
            "sum by (z) (a)",
            "sum without (z) (a)",
            "sum by (y) (sum by (x) (a))",
            "a / on (x) info",
            "a * on (job) group_left (z) info",
        ] {
            let mut missing = Vec::new();
            output(&parse(text).unwrap(), &known, &mut missing);
            assert_eq!(missing.len(), 1, "{text}: {missing:?}");
        }
    }

    #[test]
    fn nothing_is_said_of_the_labels_of_unknown_metrics() {
        let mut missing = Vec::new();
        let labels = output(&parse("sum by (z) (other{q=\"1\"})").unwrap(), &known, &mut missing);
        assert_eq!((labels.list().as_str(), missing), ("z", vec![]));
    }
}
