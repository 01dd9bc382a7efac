//! Values as CSV, as a table and as JSON.

use std::{collections::BTreeSet, fmt::Write};

use serde_json::json;

use crate::{data::Line, prometheus::Series, time::Zone};

/// A row for each time and a column for each line; empty where a line has no point.
#[must_use]
pub fn csv(lines: &[Line]) -> String {
    let millis = |time: f64| (time * 1000.0).round() as i64;
    let times: BTreeSet<i64> = lines
        .iter()
        .flat_map(|line| &line.points)
        .map(|point| millis(point.time))
        .collect();
    let mut out = String::from("time");
    for line in lines {
        write!(out, ",{}", field(&line.name)).ok();
    }
    out.push_str("\r\n");
    for time in times {
        out.push_str(&Zone::utc().format(time as f64 / 1000.0, "%Y-%m-%dT%H:%M:%S%.fZ"));
        for line in lines {
            out.push(',');
            if let Ok(index) = line.points.binary_search_by_key(&time, |point| millis(point.time)) {
                write!(out, "{}", line.points[index].value).ok();
            }
        }
        out.push_str("\r\n");
    }
    out
}

/// Quoted where it must be. A sheet would take what begins with `=` for a formula.
fn field(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

/// A row for each series: its labels, its value.
#[must_use]
pub fn instant_table(series: &[Series]) -> String {
    let names: BTreeSet<&String> = series.iter().flat_map(|series| series.labels.keys()).collect();
    let mut rows = vec![
        names
            .iter()
            .map(|name| (*name).clone())
            .chain(["VALUE".to_owned()])
            .collect::<Vec<_>>(),
    ];
    for one in series {
        let label = |name: &&String| one.labels.get(*name).cloned().unwrap_or_default();
        let value = one
            .points
            .last()
            .map_or_else(String::new, |point| point.value.to_string());
        rows.push(
            names
                .iter()
                .map(label)
                .chain([value])
                .map(|text| plain(&text))
                .collect(),
        );
    }
    let last = names.len();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..=last).map(width).collect();
    let mut out = String::new();
    for row in &rows {
        for (column, text) in row.iter().enumerate() {
            let width = widths[column];
            if column == last {
                writeln!(out, "{text:>width$}").ok();
            } else {
                write!(out, "{text:width$}  ").ok();
            }
        }
    }
    out
}

fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

/// A list of `{labels, value, time}`. What JSON has no number for is a text: `NaN`, `inf`.
#[must_use]
pub fn instant_json(series: &[Series]) -> String {
    let one = |series: &Series| {
        let point = series.points.last();
        let value = point.map(|point| match point.value {
            value if value.is_finite() => json!(value),
            value => json!(value.to_string()),
        });
        json!({"labels": series.labels, "value": value, "time": point.map(|point| point.time)})
    };
    serde_json::Value::from_iter(series.iter().map(one)).to_string() + "\n"
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        look::Rgb,
        model::FieldConfig,
        prometheus::{Labels, Point},
    };

    fn line(name: &str, points: &[(f64, f64)]) -> Line {
        Line {
            name: name.into(),
            ref_id: String::new(),
            labels: Labels::new(),
            points: points.iter().map(|&(time, value)| Point { time, value }).collect(),
            step: 1.0,
            config: Arc::new(FieldConfig::default()),
            color: Rgb::GREY,
        }
    }

    #[test]
    fn rows_are_times_and_gaps_are_empty() {
        let lines = [
            line("a,\"b\"", &[(0.0, 1.5), (1.5, 2.0)]),
            line("=c", &[(1.5, f64::NAN)]),
        ];
        assert_eq!(
            csv(&lines),
            "time,\"a,\"\"b\"\"\",'=c\r\n1970-01-01T00:00:00Z,1.5,\r\n1970-01-01T00:00:01.5Z,2,NaN\r\n"
        );
    }

    #[test]
    fn instants_are_a_table_or_json() {
        let series = |labels: &[(&str, &str)], value| {
            let labels = labels
                .iter()
                .map(|&(name, value)| (name.to_owned(), value.to_owned()))
                .collect();
            Series::new(labels, vec![Point { time: 1.0, value }])
        };
        let series = [
            series(&[("job", "a")], 1.0),
            series(&[("instance", "x\x07")], f64::INFINITY),
        ];
        assert_eq!(
            instant_table(&series),
            "instance  job  VALUE\n          a        1\nx?               inf\n"
        );
        assert_eq!(
            instant_json(&series),
            "[{\"labels\":{\"job\":\"a\"},\"time\":1.0,\"value\":1.0},{\"labels\":{\"instance\":\"x\\u0007\"},\"time\":1.0,\"value\":\"inf\"}]\n"
        );
    }
}
