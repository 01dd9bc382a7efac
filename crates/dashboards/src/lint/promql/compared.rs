//! The numbers that an alert compares with.

use promql_parser::parser::{BinaryExpr, Expr};

use super::bare;

/// Every number on the other side of a comparison: as it is written and, of `14.4 * 0.01`, what comes out, sorted.
pub(in crate::lint) fn compared(expr: &Expr) -> Vec<f64> {
    let mut found = Vec::new();
    walk(expr, &mut found);
    found.sort_by(f64::total_cmp);
    found.dedup();
    found
}

fn walk(expr: &Expr, found: &mut Vec<f64>) {
    match expr {
        Expr::Binary(binary) => {
            if binary.op.is_comparison_operator() {
                for side in [&binary.lhs, &binary.rhs] {
                    if let Some(number) = constant(side) {
                        found.push(number);
                        found.extend(literals(side));
                    }
                }
            }
            walk(&binary.lhs, found);
            walk(&binary.rhs, found);
        }
        Expr::Paren(paren) => walk(&paren.expr, found),
        Expr::Unary(unary) => walk(&unary.expr, found),
        Expr::Aggregate(aggregate) => walk(&aggregate.expr, found),
        Expr::Call(call) => call.args.args.iter().for_each(|argument| walk(argument, found)),
        _ => {}
    }
}

/// What an expression of numbers alone comes to.
fn constant(expr: &Expr) -> Option<f64> {
    match bare(expr) {
        Expr::NumberLiteral(number) => Some(number.val),
        Expr::Unary(unary) => constant(&unary.expr).map(|value| -value),
        Expr::Binary(binary) => calculated(binary),
        _ => None,
    }
}

fn calculated(binary: &BinaryExpr) -> Option<f64> {
    let (left, right) = (constant(&binary.lhs)?, constant(&binary.rhs)?);
    match binary.op.to_string().as_str() {
        "+" => Some(left + right),
        "-" => Some(left - right),
        "*" => Some(left * right),
        "/" => Some(left / right),
        _ => None,
    }
}

fn literals(expr: &Expr) -> Vec<f64> {
    match bare(expr) {
        Expr::NumberLiteral(number) => vec![number.val],
        Expr::Unary(unary) => literals(&unary.expr).into_iter().map(|value| -value).collect(),
        Expr::Binary(binary) => [literals(&binary.lhs), literals(&binary.rhs)].concat(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::promql::parse;

    #[test]
    fn numbers_are_found_as_written_and_calculated() {
        let table: [(&str, &[f64]); 4] = [
            ("a > 0.8", &[0.8]),
            ("a > 2 * 3 and b < 5", &[2.0, 3.0, 5.0, 6.0]),
            ("rate(a[5m]) / (b > 0) > -1", &[-1.0, 0.0]),
            ("a + 5", &[]),
        ];
        for (text, numbers) in table {
            assert_eq!(compared(&parse(text).unwrap()), numbers, "{text}");
        }
    }
}
