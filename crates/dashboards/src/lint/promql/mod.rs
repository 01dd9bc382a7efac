//! What rules want to know of a PromQL expression.

mod compared;
mod labels;
mod walk;

use promql_parser::parser::{self, Expr};

use crate::variables::{Bound, Format, Scope, interpolate_with};

pub(super) use compared::compared;
pub(super) use labels::{LabelSet, output};
pub(super) use walk::{Selected, selectors};

/// What stands for `$__rate_interval` and its kin while an expression is read: seconds that nobody would write.
pub(super) const RATE_INTERVAL: u64 = 7_919;
pub(super) const RANGE: u64 = 104_729;
const INTERVAL: u64 = 1_299_709;

/// With stand-ins for Grafana's own variables. A dashboard's variables stay: they are in texts, which may say anything.
pub(super) fn parse(text: &str) -> Result<Expr, String> {
    let seconds = |seconds: u64| Bound::one(format!("{seconds}s"));
    let scope = Scope::default()
        .with("__rate_interval", seconds(RATE_INTERVAL))
        .with("__range", seconds(RANGE))
        .with("__interval", seconds(INTERVAL))
        .with("__range_s", Bound::one(RANGE.to_string()))
        .with("__interval_ms", Bound::one(INTERVAL.to_string()));
    parser::parse(&interpolate_with(text, &scope, Format::Raw))
}

/// An expression without the parentheses around it.
pub(super) fn bare(expr: &Expr) -> &Expr {
    match expr {
        Expr::Paren(inner) => bare(&inner.expr),
        other => other,
    }
}
