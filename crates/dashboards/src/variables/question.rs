//! What a variable asks Prometheus: `label_values(up, job)` and its kin.

use std::sync::LazyLock;

use regex::Regex;

/// A variable's query, understood.
#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    /// `label_values(label)` or `label_values(selector, label)`.
    LabelValues {
        /// Which series; empty: all.
        matcher: String,
        /// Whose values.
        label: String,
    },
    /// `label_names()` or `label_names(selector)`.
    LabelNames {
        /// Which series; empty: all.
        matcher: String,
    },
    /// `metrics(expression)`: the names of metrics that match.
    Metrics {
        /// A regular expression.
        pattern: String,
    },
    /// `query_result(expr)`: series and their values as texts.
    Result {
        /// PromQL.
        expr: String,
    },
    /// A selector: its series as texts.
    Series {
        /// Which.
        matcher: String,
    },
}

impl Question {
    /// Of a query whose variables are filled in; `None` if it is empty.
    #[must_use]
    pub fn parse(query: &str) -> Option<Self> {
        let query = query.trim();
        if query.is_empty() {
            return None;
        }
        let group = |pattern: &Regex, index: usize| {
            let found = pattern.captures(query)?;
            let text = found.get(index).map_or("", |group| group.as_str());
            Some(text.trim().to_owned())
        };
        if let Some(label) = group(&LABEL_VALUES, 2) {
            let matcher = group(&LABEL_VALUES, 1).unwrap_or_default();
            return Some(Self::LabelValues { matcher, label });
        }
        if let Some(matcher) = group(&LABEL_NAMES, 1) {
            return Some(Self::LabelNames { matcher });
        }
        if let Some(pattern) = group(&METRICS, 1) {
            return Some(Self::Metrics { pattern });
        }
        if let Some(expr) = group(&QUERY_RESULT, 1) {
            return Some(Self::Result { expr });
        }
        Some(Self::Series {
            matcher: query.to_owned(),
        })
    }
}

static LABEL_VALUES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?s)^label_values\((?:(.+),\s*)?([a-zA-Z_$][a-zA-Z0-9_{}]*)\s*\)$").expect("a pattern")
});
static LABEL_NAMES: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?s)^label_names\((.*)\)$").expect("a pattern"));
static METRICS: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?s)^metrics\((.+)\)$").expect("a pattern"));
static QUERY_RESULT: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?s)^query_result\((.+)\)$").expect("a pattern"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_forms_are_understood() {
        let values = |matcher: &str, label: &str| Question::LabelValues {
            matcher: matcher.into(),
            label: label.into(),
        };
        let table = [
            ("label_values(job)", values("", "job")),
            ("label_values(up, job)", values("up", "job")),
            (
                r#"label_values(up{a="b, c"}, instance) "#,
                values(r#"up{a="b, c"}"#, "instance"),
            ),
            ("label_names()", Question::LabelNames { matcher: "".into() }),
            ("label_names(up)", Question::LabelNames { matcher: "up".into() }),
            (
                "metrics(node_.*)",
                Question::Metrics {
                    pattern: "node_.*".into(),
                },
            ),
            (
                "query_result(topk(5, sum(up) by (job)))",
                Question::Result {
                    expr: "topk(5, sum(up) by (job))".into(),
                },
            ),
            (
                r#"up{a="b"}"#,
                Question::Series {
                    matcher: r#"up{a="b"}"#.into(),
                },
            ),
        ];
        for (query, question) in table {
            assert_eq!(Question::parse(query), Some(question), "{query}");
        }
        assert_eq!(Question::parse("  "), None);
    }
}
