//! What a series is called.

use std::collections::BTreeSet;

use crate::{
    model::Target,
    prometheus::{Labels, Series},
};

/// Of each series of an answer.
pub(super) fn names(target: &Target, series: &[Series]) -> Vec<String> {
    let format = target.legend_format.as_str();
    if !matches!(format, "" | "__auto") {
        return series.iter().map(|series| filled(format, &series.labels)).collect();
    }
    if let Some(label) = the_one_that_differs(series) {
        let value = |series: &Series| series.labels.get(label).cloned().unwrap_or_default();
        return series.iter().map(value).collect();
    }
    let own = |series: &Series| {
        let text = selector(&series.labels);
        if text == "{}" || text.is_empty() {
            target.expr.clone()
        } else {
            text
        }
    };
    series.iter().map(own).collect()
}

/// With `{{label}}`s filled in; what is missing is empty.
pub(crate) fn filled(format: &str, labels: &Labels) -> String {
    let mut out = String::new();
    let mut rest = format;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((label, after)) = after.split_once("}}") else {
            break;
        };
        out.push_str(before);
        out.push_str(labels.get(label.trim()).map_or("", String::as_str));
        rest = after;
    }
    out + rest
}

/// Of several series, the only label whose values are not all the same.
fn the_one_that_differs(series: &[Series]) -> Option<&str> {
    let first = series.first()?;
    if series.len() < 2 {
        return None;
    }
    let names: BTreeSet<&str> = series
        .iter()
        .flat_map(|series| series.labels.keys())
        .map(String::as_str)
        .collect();
    let differs = |name: &&str| {
        let one = first.labels.get(*name);
        series.iter().any(|series| series.labels.get(*name) != one)
    };
    let mut differing = names.into_iter().filter(differs);
    differing.next().filter(|_| differing.next().is_none())
}

/// `up{job="a"}`
fn selector(labels: &Labels) -> String {
    let name = labels.get("__name__").map_or("", String::as_str);
    let others = labels.iter().filter(|(label, _)| *label != "__name__");
    let others: Vec<_> = others.map(|(label, value)| format!("{label}={value:?}")).collect();
    if others.is_empty() && !name.is_empty() {
        return name.to_owned();
    }
    format!("{name}{{{}}}", others.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(labels: &[(&str, &str)]) -> Series {
        let labels = labels.iter().map(|&(name, value)| (name.to_owned(), value.to_owned()));
        Series::new(labels.collect(), Vec::new())
    }

    #[test]
    fn series_are_called_by_format_or_by_what_differs() {
        let one = || series(&[("__name__", "up"), ("job", "a"), ("i", "1")]);
        let other = || series(&[("__name__", "up"), ("job", "a"), ("i", "2")]);
        let third = || series(&[("job", "b"), ("i", "3")]);
        let table: [(&str, Vec<Series>, &[&str]); 6] = [
            ("{{job}}/{{ i }}-{{none}}", vec![one()], &["a/1-"]),
            ("plain", vec![one()], &["plain"]),
            ("__auto", vec![one(), other()], &["1", "2"]),
            ("", vec![one()], &[r#"up{i="1", job="a"}"#]),
            (
                "",
                vec![third(), one()],
                &[r#"{i="3", job="b"}"#, r#"up{i="1", job="a"}"#],
            ),
            ("", vec![series(&[])], &["sum(up)"]),
        ];
        for (format, series, expected) in table {
            let target = Target {
                legend_format: format.into(),
                expr: "sum(up)".into(),
                ..Target::default()
            };
            assert_eq!(names(&target, &series), expected, "{format}");
        }
    }
}
