//! Which metrics there are, of which type, and with which labels.

mod captured;
mod pages;
mod rules;

use std::collections::{BTreeMap, BTreeSet};

use promql_parser::parser::Expr;

use super::promql::{LabelSet, output, selectors};

pub use captured::{Capture, capture};
pub(super) use rules::{Alert, RuleFile};

/// All metrics of the stack.
#[derive(Default)]
pub struct Catalogue {
    metrics: BTreeMap<String, Metric>,
}

/// One series name.
struct Metric {
    kind: Kind,
    labels: LabelSet,
    /// Of a recording rule: what it records.
    recorded: Option<Expr>,
}

/// What its values do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// They only grow.
    Counter,
    /// They go up and down.
    Gauge,
    /// Nobody says.
    Unknown,
}

/// What Prometheus adds to each target.
const OF_TARGETS: [&str; 2] = ["job", "instance"];

/// What Prometheus writes itself.
const OF_PROMETHEUS: [&str; 10] = [
    "up",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling",
    "scrape_series_added",
    "scrape_timeout_seconds",
    "scrape_sample_limit",
    "scrape_body_size_bytes",
    "ALERTS",
    "ALERTS_FOR_STATE",
];

impl Catalogue {
    /// Of the exporters' pages, by their file name and text; of captured lists; and of the rules.
    pub(super) fn new(pages: &[(String, String)], lists: &[String], rules: &[RuleFile]) -> Self {
        let mut catalogue = Self::default();
        for name in OF_PROMETHEUS {
            catalogue.add(name, "gauge", &[]);
        }
        for (file, text) in pages {
            catalogue.read_page(file, text);
        }
        for text in lists {
            catalogue.read_list(text);
        }
        catalogue.read_rules(rules);
        catalogue
    }

    /// With the series that its type has. One that is there already gets these labels besides.
    fn add(&mut self, family: &str, kind: &str, labels: &[&str]) {
        let parts: &[(&str, Kind, &[&str])] = match kind {
            "counter" => &[("", Kind::Counter, &[])],
            "gauge" => &[("", Kind::Gauge, &[])],
            "histogram" => &[
                ("_bucket", Kind::Counter, &["le"]),
                ("_sum", Kind::Counter, &[]),
                ("_count", Kind::Counter, &[]),
            ],
            "summary" => &[
                ("", Kind::Gauge, &["quantile"]),
                ("_sum", Kind::Counter, &[]),
                ("_count", Kind::Counter, &[]),
            ],
            _ => &[("", Kind::Unknown, &[])],
        };
        for (suffix, kind, more) in parts {
            let names = labels.iter().chain(*more).chain(&OF_TARGETS).copied();
            let labels = LabelSet::of(names);
            let metric = self.metrics.entry(format!("{family}{suffix}"));
            let metric = metric.or_insert_with(|| Metric::new(*kind));
            metric.labels.extend(&labels);
        }
    }

    #[cfg(test)]
    pub(super) fn add_for_tests(&mut self, family: &str, kind: &str) {
        self.add(family, kind, &[]);
    }

    /// Recordings may use those of other files, so until nothing new is learned.
    fn read_rules(&mut self, files: &[RuleFile]) {
        for _ in 0..3 {
            for recording in files.iter().flat_map(|file| &file.recordings) {
                let mut labels = self.output(&recording.expr);
                recording.labels.iter().for_each(|label| labels.add(label));
                let mut metric = Metric::new(Kind::Gauge);
                metric.labels = labels;
                metric.recorded = Some(recording.expr.clone());
                self.metrics.insert(recording.name.clone(), metric);
            }
        }
        for alert in files.iter().flat_map(|file| &file.alerts) {
            let mut labels = self.output(&alert.expr);
            alert.labels.iter().for_each(|label| labels.add(label));
            labels.add("alertname");
            if let Some(metric) = self.metrics.get_mut("ALERTS_FOR_STATE") {
                metric.labels.extend(&labels);
            }
            if let Some(metric) = self.metrics.get_mut("ALERTS") {
                metric.labels.extend(&labels);
                metric.labels.add("alertstate");
            }
        }
    }

    fn output(&self, expr: &Expr) -> LabelSet {
        output(expr, &|name| self.labels(name), &mut Vec::new())
    }

    pub(super) fn knows(&self, name: &str) -> bool {
        self.metrics.contains_key(name)
    }

    pub(super) fn labels(&self, name: &str) -> Option<LabelSet> {
        self.metrics.get(name).map(|metric| metric.labels.clone())
    }

    pub(super) fn kind(&self, name: &str) -> Option<Kind> {
        self.metrics.get(name).map(|metric| metric.kind)
    }

    pub(super) fn recorded(&self, name: &str) -> Option<&Expr> {
        self.metrics.get(name)?.recorded.as_ref()
    }

    /// The scraped metrics that an expression reads, through recording rules.
    pub(super) fn read_by(&self, expr: &Expr) -> BTreeSet<String> {
        let names = selectors(expr).into_iter().map(|selected| selected.name().to_owned());
        names
            .flat_map(|name| match self.recorded(&name) {
                Some(recorded) => self.read_by(recorded),
                None => BTreeSet::from([name]),
            })
            .collect()
    }

    /// The known name that is most like this one.
    pub(super) fn nearest(&self, name: &str) -> Option<&str> {
        let alike = |known: &str| {
            let same = known.bytes().zip(name.bytes()).take_while(|(a, b)| a == b).count();
            let end = known.bytes().rev().zip(name.bytes().rev());
            same + end.take_while(|(a, b)| a == b).count()
        };
        let names = self.metrics.keys().map(String::as_str);
        names.max_by_key(|known| alike(known)).filter(|known| alike(known) >= 6)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.metrics.len()
    }

    /// Whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.metrics.is_empty()
    }
}

impl Metric {
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            labels: LabelSet::default(),
            recorded: None,
        }
    }
}
