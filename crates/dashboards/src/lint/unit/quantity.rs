//! What the values of an expression are, as far as its metrics' names and what is done to them say.

use promql_parser::parser::{AggregateExpr, BinaryExpr, Call, Expr};

use crate::lint::{
    catalogue::{Catalogue, Kind},
    promql::bare,
};

/// A kind of values.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::lint) enum Quantity {
    Seconds,
    Micros,
    /// Seconds since 1970.
    Moment,
    Bytes,
    BytesPerSecond,
    Celsius,
    Dollars,
    /// Of one and the same: 1 is all of it.
    Ratio,
    /// Seconds of work a second: 1 is one that is always busy.
    Busy,
    /// How many.
    Count,
    PerSecond,
    PerMinute,
    /// Nothing can be said.
    Unknown,
}

use Quantity::{
    Busy, Bytes, BytesPerSecond, Celsius, Count, Dollars, Micros, Moment, PerMinute, PerSecond, Ratio, Seconds, Unknown,
};

impl Quantity {
    /// The units that say so; empty: any may.
    pub(in crate::lint) fn units(self) -> &'static [&'static str] {
        match self {
            Seconds => &["s", "dtdurations", "dthms", "dtdhms", "clocks"],
            Micros => &["µs"],
            Moment => &["dateTimeFromNow", "dateTimeAsIso"],
            Bytes => &["bytes", "decbytes"],
            BytesPerSecond => &["Bps", "binBps"],
            Celsius => &["celsius"],
            Dollars => &["currencyUSD"],
            Ratio => &["percentunit"],
            Busy => &["percentunit", "short", "none"],
            Count => &["short", "none", "sishort", "locale"],
            PerSecond => &[
                "cps", "ops", "reqps", "rps", "wps", "iops", "eps", "mps", "recps", "rowsps", "pps", "hertz", "short",
            ],
            PerMinute => &["cpm", "opm", "rpm", "wpm", "epm"],
            Unknown => &[],
        }
    }

    fn a_second(self) -> Self {
        match self {
            Seconds => Busy,
            Bytes => BytesPerSecond,
            Count => PerSecond,
            _ => Unknown,
        }
    }

    fn by(self, other: Self) -> Self {
        match (self, other) {
            (Busy, Busy) | (Seconds, Seconds) | (Bytes, Bytes) | (PerSecond, PerSecond) | (Count, Count) => Ratio,
            (BytesPerSecond, BytesPerSecond) => Ratio,
            (Busy, PerSecond) => Seconds,
            (BytesPerSecond, PerSecond) => Bytes,
            _ => Unknown,
        }
    }
}

/// Of an expression.
pub(in crate::lint) fn quantity(expr: &Expr, catalogue: &Catalogue) -> Quantity {
    match bare(expr) {
        Expr::VectorSelector(selector) => of_metric(selector.name.as_deref().unwrap_or_default(), catalogue),
        Expr::MatrixSelector(matrix) => of_metric(matrix.vs.name.as_deref().unwrap_or_default(), catalogue),
        Expr::Aggregate(aggregate) => of_aggregate(aggregate, catalogue),
        Expr::Call(call) => of_call(call, catalogue),
        Expr::Binary(binary) => of_binary(binary, catalogue),
        Expr::Unary(unary) => quantity(&unary.expr, catalogue),
        Expr::Subquery(subquery) => quantity(&subquery.expr, catalogue),
        _ => Unknown,
    }
}

/// By the end of its name, which says the unit; a recorded one is what is recorded.
fn of_metric(name: &str, catalogue: &Catalogue) -> Quantity {
    if let Some(recorded) = catalogue.recorded(name) {
        return quantity(recorded, catalogue);
    }
    let counts = catalogue.kind(name) == Some(Kind::Counter);
    if counts && (name.ends_with("_bucket") || name.ends_with("_count")) {
        return Count;
    }
    let stem = ["_total", "_sum"]
        .iter()
        .find_map(|end| name.strip_suffix(end))
        .unwrap_or(name);
    let ends: [(&str, Quantity); 12] = [
        ("_timestamp_seconds", Moment),
        ("_boot_time_seconds", Moment),
        ("_start_time_seconds", Moment),
        ("_time_seconds", Unknown),
        ("_expiry", Moment),
        ("_seconds", Seconds),
        ("_usec", Micros),
        ("_bytes", Bytes),
        ("_celsius", Celsius),
        ("_dollars", Dollars),
        ("_ratio", Ratio),
        ("_percent", Unknown),
    ];
    let found = ends.iter().find(|(end, _)| stem.ends_with(end));
    match found {
        Some((_, quantity)) => *quantity,
        // A counter that says no unit counts things.
        None if counts && !stem.contains("_bytes") => Count,
        None => Unknown,
    }
}

fn of_aggregate(aggregate: &AggregateExpr, catalogue: &Catalogue) -> Quantity {
    match aggregate.op.to_string().as_str() {
        "count" | "count_values" => Count,
        "group" | "stddev" | "stdvar" => Unknown,
        _ => quantity(&aggregate.expr, catalogue),
    }
}

fn of_call(call: &Call, catalogue: &Catalogue) -> Quantity {
    let of = |index: usize| {
        let argument = call.args.args.get(index);
        argument.map_or(Unknown, |argument| quantity(argument, catalogue))
    };
    match call.func.name {
        "rate" | "irate" => of(0).a_second(),
        "histogram_quantile" => call
            .args
            .args
            .get(1)
            .map_or(Unknown, |buckets| of_buckets(buckets, catalogue)),
        "changes" | "resets" | "count_over_time" => Count,
        "time" => Moment,
        "quantile_over_time" => of(1),
        "increase" | "avg_over_time" | "min_over_time" | "max_over_time" | "last_over_time" | "sort" | "sort_desc"
        | "abs" | "ceil" | "floor" | "round" | "clamp" | "clamp_min" | "clamp_max" | "delta" | "idelta"
        | "predict_linear" | "label_replace" | "label_join" => of(0),
        _ => Unknown,
    }
}

/// What the buckets are of.
fn of_buckets(expr: &Expr, catalogue: &Catalogue) -> Quantity {
    let selected = crate::lint::promql::selectors(expr);
    let family = selected.first().and_then(|first| first.name().strip_suffix("_bucket"));
    family.map_or(Unknown, |family| of_metric(&format!("{family}_sum"), catalogue))
}

fn of_binary(binary: &BinaryExpr, catalogue: &Catalogue) -> Quantity {
    let (left, right) = (quantity(&binary.lhs, catalogue), quantity(&binary.rhs, catalogue));
    let number = |side: &Expr| match bare(side) {
        Expr::NumberLiteral(number) => Some(number.val),
        _ => None,
    };
    let op = binary.op.to_string();
    match op.as_str() {
        "-" | "+" => match (left, right) {
            (Moment, _) | (_, Moment) if op == "-" => Seconds,
            (Unknown, other) | (other, _) => other,
        },
        "/" if number(&binary.rhs).is_none() => left.by(right),
        "*" => match (number(&binary.lhs).or(number(&binary.rhs)), left, right) {
            (Some(60.0), PerSecond, _) | (Some(60.0), _, PerSecond) => PerMinute,
            _ => Unknown,
        },
        "/" | "%" | "^" => Unknown,
        // Comparisons and sets answer with what is on their left.
        _ if binary.op.is_set_operator() || binary.op.is_comparison_operator() => left,
        _ => Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::promql::parse;

    #[test]
    fn expressions_say_what_their_values_are() {
        let mut catalogue = Catalogue::default();
        for (name, kind) in [
            ("r_total", "counter"),
            ("cpu_seconds_total", "counter"),
            ("h_seconds", "histogram"),
            ("in_bytes_total", "counter"),
        ] {
            catalogue.add_for_tests(name, kind);
        }
        let table = [
            ("rate(r_total[5m])", PerSecond),
            ("sum(rate(r_total[5m])) * 60", PerMinute),
            ("sum(rate(r_total[5m])) / sum(rate(r_total[1h]))", Ratio),
            ("increase(r_total[5m])", Count),
            ("rate(cpu_seconds_total[5m])", Busy),
            ("1 - avg(rate(cpu_seconds_total[5m]))", Busy),
            ("used_bytes / all_bytes", Ratio),
            ("rate(in_bytes_total[5m])", BytesPerSecond),
            (
                "histogram_quantile(0.9, sum by (le) (rate(h_seconds_bucket[5m])))",
                Seconds,
            ),
            ("rate(h_seconds_sum[5m]) / rate(h_seconds_count[5m])", Seconds),
            ("x_expiry - time()", Seconds),
            ("time() - since_when", Seconds),
            ("count(up == 0) or vector(0)", Count),
            ("a_celsius > 3", Celsius),
            ("max_over_time(d_seconds[5m])", Seconds),
            ("something", Unknown),
        ];
        for (text, wanted) in table {
            assert_eq!(quantity(&parse(text).unwrap(), &catalogue), wanted, "{text}");
        }
    }
}
