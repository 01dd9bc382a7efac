//! The selectors of an expression, with what is done to them.

use promql_parser::parser::{Expr, VectorSelector};

/// A selector in its place.
pub(in crate::lint) struct Selected<'e> {
    pub(in crate::lint) selector: &'e VectorSelector,
    /// The functions and aggregations around it, the innermost last; empty for those whose name does not matter.
    pub(in crate::lint) inside: Vec<&'e str>,
    /// Of `[5m]`, in seconds.
    pub(in crate::lint) over: Option<u64>,
}

impl<'e> Selected<'e> {
    /// The metric's; empty where there is none.
    pub(in crate::lint) fn name(&self) -> &'e str {
        self.selector.name.as_deref().unwrap_or_default()
    }

    /// The function that takes its range.
    pub(in crate::lint) fn taken_by(&self) -> &'e str {
        self.inside.last().copied().unwrap_or_default()
    }
}

/// All of them, in the order of the text.
pub(in crate::lint) fn selectors(expr: &Expr) -> Vec<Selected<'_>> {
    let mut found = Vec::new();
    walk(expr, &mut Vec::new(), &mut found);
    found
}

fn walk<'e>(expr: &'e Expr, inside: &mut Vec<&'e str>, found: &mut Vec<Selected<'e>>) {
    let mut select = |selector, over, inside: &[&'e str]| {
        found.push(Selected {
            selector,
            inside: inside.to_vec(),
            over,
        });
    };
    match expr {
        Expr::VectorSelector(selector) => select(selector, None, inside),
        Expr::MatrixSelector(matrix) => select(&matrix.vs, Some(matrix.range.as_secs()), inside),
        Expr::Aggregate(aggregate) => {
            inside.push(counting(&aggregate.op.to_string()));
            walk(&aggregate.expr, inside, found);
            if let Some(param) = &aggregate.param {
                walk(param, inside, found);
            }
            inside.pop();
        }
        Expr::Call(call) => {
            inside.push(call.func.name);
            for argument in &call.args.args {
                walk(argument, inside, found);
            }
            inside.pop();
        }
        Expr::Unary(unary) => walk(&unary.expr, inside, found),
        Expr::Binary(binary) => {
            walk(&binary.lhs, inside, found);
            walk(&binary.rhs, inside, found);
        }
        Expr::Paren(paren) => walk(&paren.expr, inside, found),
        Expr::Subquery(subquery) => walk(&subquery.expr, inside, found),
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Extension(_) => {}
    }
}

/// Those aggregations that do not look at values.
fn counting(op: &str) -> &'static str {
    match op {
        "count" => "count",
        "group" => "group",
        _ => "",
    }
}
