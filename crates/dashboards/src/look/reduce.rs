//! What a series comes to: its last value, its mean, …

use crate::prometheus::Point;

/// By Grafana's id; `None` where there is no value, or the id is not known.
#[must_use]
pub fn reduce(points: &[Point], calc: &str) -> Option<f64> {
    let all = || points.iter().map(|point| point.value);
    let numbers = || all().filter(|value| !value.is_nan());
    let count = numbers().count();
    match calc {
        "last" => all().next_back(),
        "lastNotNull" | "" | "current" => numbers().next_back(),
        "first" => all().next(),
        "firstNotNull" => numbers().next(),
        "min" => numbers().reduce(f64::min),
        "max" => numbers().reduce(f64::max),
        "logmin" => numbers().filter(|value| *value > 0.0).reduce(f64::min),
        "sum" | "total" => (count > 0).then(|| numbers().sum()),
        "mean" | "avg" => (count > 0).then(|| numbers().sum::<f64>() / count as f64),
        "count" => Some(points.len() as f64),
        "range" => Some(reduce(points, "max")? - reduce(points, "min")?),
        "diff" => Some(reduce(points, "lastNotNull")? - reduce(points, "firstNotNull")?),
        "diffperc" => Some(reduce(points, "diff")? / reduce(points, "firstNotNull")?),
        "delta" => Some(
            numbers()
                .zip(numbers().skip(1))
                .map(|(a, b)| if b < a { b } else { b - a })
                .sum(),
        ),
        "variance" => variance(points),
        "stdDev" => variance(points).map(f64::sqrt),
        "median" => percentile(points, 50.0),
        "allIsZero" => (count > 0).then(|| f64::from(u8::from(numbers().all(|value| value == 0.0)))),
        "changeCount" => Some(numbers().zip(numbers().skip(1)).filter(|(a, b)| a != b).count() as f64),
        "distinctCount" => {
            let mut values: Vec<_> = numbers().map(f64::to_bits).collect();
            values.sort_unstable();
            values.dedup();
            Some(values.len() as f64)
        }
        other => percentile(points, other.strip_prefix('p')?.parse().ok()?),
    }
}

fn variance(points: &[Point]) -> Option<f64> {
    let mean = reduce(points, "mean")?;
    let squares: Vec<_> = points
        .iter()
        .filter(|point| !point.value.is_nan())
        .map(|point| Point {
            value: (point.value - mean).powi(2),
            ..*point
        })
        .collect();
    reduce(&squares, "mean")
}

fn percentile(points: &[Point], percent: f64) -> Option<f64> {
    let mut values: Vec<_> = points
        .iter()
        .map(|point| point.value)
        .filter(|value| !value.is_nan())
        .collect();
    values.sort_by(f64::total_cmp);
    let index = (percent / 100.0 * (values.len().checked_sub(1)?) as f64).round();
    values.get(index as usize).copied()
}

/// What a legend calls it.
#[must_use]
pub fn calc_name(calc: &str) -> &str {
    match calc {
        "lastNotNull" => "Last *",
        "last" => "Last",
        "firstNotNull" => "First *",
        "first" => "First",
        "min" => "Min",
        "max" => "Max",
        "mean" => "Mean",
        "sum" => "Total",
        "count" => "Count",
        "range" => "Range",
        "diff" => "Difference",
        "diffperc" => "Difference %",
        "delta" => "Delta",
        "stdDev" => "StdDev",
        "variance" => "Variance",
        "median" => "Median",
        "allIsZero" => "All zeros",
        "changeCount" => "Changes",
        "distinctCount" => "Distinct",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_comes_to_what_its_calculation_says() {
        let points: Vec<_> = [4.0, 0.0, f64::NAN, 2.0, 6.0, f64::NAN]
            .into_iter()
            .map(|value| Point { time: 0.0, value })
            .collect();
        let table = [
            ("lastNotNull", Some(6.0)),
            ("first", Some(4.0)),
            ("min", Some(0.0)),
            ("max", Some(6.0)),
            ("logmin", Some(2.0)),
            ("mean", Some(3.0)),
            ("sum", Some(12.0)),
            ("count", Some(6.0)),
            ("range", Some(6.0)),
            ("diff", Some(2.0)),
            ("delta", Some(6.0)),
            ("median", Some(4.0)),
            ("p100", Some(6.0)),
            ("changeCount", Some(3.0)),
            ("nobody", None),
        ];
        for (calc, value) in table {
            assert_eq!(reduce(&points, calc), value, "{calc}");
        }
        assert!(reduce(&points, "last").unwrap().is_nan());
        assert_eq!(reduce(&[], "mean"), None);
    }
}
