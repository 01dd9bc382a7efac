//! A scrape, by family and labels.

use std::collections::BTreeMap;

use exposition::parse::{Value, parse};

/// Labels by name, without empty ones, which are none to Prometheus.
pub(crate) type Labels = BTreeMap<String, String>;

/// All samples of a scrape.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    pub(crate) families: BTreeMap<String, Vec<(Labels, f64)>>,
}

impl Metrics {
    pub(crate) fn read(text: &str) -> Self {
        let mut metrics = Self::default();
        for family in parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}:\n{text}")) {
            let samples = family.metrics().filter_map(|metric| {
                let labels = metric.labels.iter().filter(|label| !label.value.is_empty());
                let labels = labels.map(|label| (label.name.to_string(), label.value.to_string()));
                match metric.value {
                    Value::Number(value) => Some((labels.collect(), value)),
                    _ => None,
                }
            });
            let samples = samples.collect();
            metrics.families.insert(family.name.to_owned(), samples);
        }
        metrics
    }

    /// The samples of a family that have these labels.
    pub(crate) fn select<'a>(
        &'a self,
        family: &str,
        labels: &'a [(&str, &str)],
    ) -> impl Iterator<Item = &'a (Labels, f64)> {
        let samples = self.families.get(family).into_iter().flatten();
        let has = |of: &Labels, (name, value): &(&str, &str)| of.get(*name).is_some_and(|found| found == value);
        samples.filter(move |(of, _)| labels.iter().all(|label| has(of, label)))
    }

    /// The one value; `None` when there is none.
    pub(crate) fn value(&self, family: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let found: Vec<_> = self.select(family, labels).collect();
        assert!(found.len() <= 1, "{family} {labels:?}: {found:?}");
        found.first().map(|(_, value)| *value)
    }

    /// The sum of all values, as of CPU time over the CPUs; `None` when there is none.
    pub(crate) fn sum(&self, family: &str, labels: &[(&str, &str)]) -> Option<f64> {
        self.select(family, labels)
            .map(|(_, value)| *value)
            .reduce(|a, b| a + b)
    }

    /// Ids that any series has.
    pub(crate) fn ids(&self) -> std::collections::BTreeSet<&str> {
        let samples = self.families.values().flatten();
        samples
            .filter_map(|(labels, _)| Some(labels.get("id")?.as_str()))
            .collect()
    }

    /// What every container has under its name.
    pub(crate) fn of(&self, family: &str, name: &str) -> Option<f64> {
        self.value(family, &[("name", name)])
    }
}
