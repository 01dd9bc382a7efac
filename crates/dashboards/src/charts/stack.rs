//! Lines as they are drawn: cut at gaps, or standing on each other.

use std::collections::BTreeMap;

use crate::{
    data::Line,
    model::{SpanNulls, Stacking},
    prometheus::Point,
};

/// A line's pieces without gaps; each point with what it stands on.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Drawn {
    /// Time, value, and the value below.
    pub(super) pieces: Vec<Vec<(f64, f64, f64)>>,
    /// Whether it stands on others.
    pub(super) stacked: bool,
}

/// One of each line.
pub(super) fn drawn(lines: &[Line]) -> Vec<Drawn> {
    let mut below: BTreeMap<String, BTreeMap<i64, (f64, f64)>> = BTreeMap::new();
    let totals = totals(lines);
    lines.iter().map(|line| one(line, &mut below, &totals)).collect()
}

/// At a time, in milliseconds, so that lines of the same step meet.
fn key(point: &Point) -> i64 {
    (point.time * 1000.0).round() as i64
}

fn stacking(line: &Line) -> Option<(&Stacking, bool)> {
    let stacking = line.config.custom.stacking.as_ref()?;
    match stacking.mode.as_str() {
        "normal" => Some((stacking, false)),
        "percent" => Some((stacking, true)),
        _ => None,
    }
}

/// Of the lines of a group that stand on each other, at each time.
fn totals(lines: &[Line]) -> BTreeMap<(String, i64), f64> {
    let mut totals = BTreeMap::new();
    for line in lines {
        if let Some((stacking, true)) = stacking(line) {
            for point in line.points.iter().filter(|point| point.value.is_finite()) {
                *totals.entry((stacking.group.clone(), key(point))).or_insert(0.0) += point.value.abs();
            }
        }
    }
    totals
}

fn one(
    line: &Line,
    below: &mut BTreeMap<String, BTreeMap<i64, (f64, f64)>>,
    totals: &BTreeMap<(String, i64), f64>,
) -> Drawn {
    let sign = if line.config.custom.transform.as_deref() == Some("negative-Y") {
        -1.0
    } else {
        1.0
    };
    let group = stacking(line);
    let pieces = pieces(line).into_iter().map(|piece| {
        let place = |point: &Point| {
            let value = point.value * sign;
            let Some((stacking, percent)) = group else {
                return (point.time, value, 0.0);
            };
            let total = totals
                .get(&(stacking.group.clone(), key(point)))
                .copied()
                .unwrap_or(1.0);
            let share = if percent {
                value / if total == 0.0 { 1.0 } else { total }
            } else {
                value
            };
            let (up, down) = below
                .entry(stacking.group.clone())
                .or_default()
                .entry(key(point))
                .or_insert((0.0, 0.0));
            // What is below zero hangs from it.
            let base = if share < 0.0 { down } else { up };
            let from = *base;
            *base += share;
            (point.time, from + share, from)
        };
        piece.iter().map(place).collect()
    });
    Drawn {
        pieces: pieces.collect(),
        stacked: group.is_some(),
    }
}

/// Where a point is missing there is a gap, unless the panel bridges it.
pub(crate) fn pieces(line: &Line) -> Vec<Vec<Point>> {
    let longest = match line.config.custom.span_nulls {
        Some(SpanNulls::All(true)) => f64::INFINITY,
        Some(SpanNulls::Shorter(millis)) => millis / 1000.0,
        _ => 0.0,
    };
    let longest = longest.max(line.step * 1.5);
    let mut pieces: Vec<Vec<Point>> = Vec::new();
    for point in line.points.iter().filter(|point| point.value.is_finite()) {
        match pieces.last_mut() {
            Some(piece) if piece.last().is_some_and(|last| point.time - last.time <= longest) => piece.push(*point),
            _ => pieces.push(vec![*point]),
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{look::Rgb, model::FieldConfig};

    fn line(values: &[(f64, f64)], config: &str) -> Line {
        let config: FieldConfig = serde_json::from_str(config).unwrap();
        Line {
            name: String::new(),
            ref_id: "A".into(),
            labels: crate::prometheus::Labels::new(),
            points: values.iter().map(|&(time, value)| Point { time, value }).collect(),
            step: 1.0,
            config: Arc::new(config),
            color: Rgb::GREY,
        }
    }

    #[test]
    fn a_missing_point_is_a_gap_unless_it_is_bridged() {
        let values = [
            (0.0, 1.0),
            (1.0, 1.0),
            (3.0, 1.0),
            (4.0, f64::NAN),
            (5.0, 1.0),
            (20.0, 1.0),
        ];
        let table = [
            ("{}", vec![2, 1, 1, 1]),
            (r#"{"custom": {"spanNulls": true}}"#, vec![5]),
            (r#"{"custom": {"spanNulls": 3000}}"#, vec![4, 1]),
        ];
        for (config, lengths) in table {
            let found: Vec<_> = pieces(&line(&values, config)).iter().map(Vec::len).collect();
            assert_eq!(found, lengths, "{config}");
        }
    }

    #[test]
    fn stacked_lines_stand_on_each_other_and_negative_ones_hang() {
        let normal = r#"{"custom": {"stacking": {"mode": "normal", "group": "A"}}}"#;
        let lines = [
            line(&[(0.0, 1.0), (1.0, 2.0)], normal),
            line(&[(0.0, 10.0), (1.0, -5.0)], normal),
            line(&[(0.0, 7.0)], "{}"),
        ];
        let drawn = drawn(&lines);
        assert_eq!(drawn[1].pieces, [vec![(0.0, 11.0, 1.0), (1.0, -5.0, 0.0)]]);
        assert_eq!(
            drawn[2],
            Drawn {
                pieces: vec![vec![(0.0, 7.0, 0.0)]],
                stacked: false
            }
        );
    }

    #[test]
    fn percents_are_of_the_whole() {
        let percent = r#"{"custom": {"stacking": {"mode": "percent", "group": "A"}}}"#;
        let lines = [line(&[(0.0, 1.0)], percent), line(&[(0.0, 3.0)], percent)];
        assert_eq!(drawn(&lines)[1].pieces, [vec![(0.0, 1.0, 0.25)]]);
    }
}
