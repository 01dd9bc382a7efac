//! What a reader sees of an exposition, and what it should see of the table.

use std::collections::BTreeMap;

use exposition::{Escaping, Exemplar, Format, Histogram, Summary};
use serde::Deserialize;

use crate::table::{BOUNDS, Row, Sample, TABLE, UNDERSCORED, Value};

type Labels = BTreeMap<String, String>;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(crate) struct SeenFamily {
    pub(crate) name: String,
    pub(crate) help: String,
    pub(crate) kind: String,
    pub(crate) samples: Vec<SeenSample>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(crate) struct SeenSample {
    pub(crate) name: String,
    pub(crate) labels: Labels,
    pub(crate) value: Number,
    pub(crate) exemplar: Option<SeenExemplar>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(crate) struct SeenExemplar {
    pub(crate) labels: Labels,
    pub(crate) value: Number,
    pub(crate) timestamp: Option<Number>,
}

/// A number by its shortest digits, so that equal means the same bits, and NaN equals NaN.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Number(String);

impl From<f64> for Number {
    fn from(value: f64) -> Self {
        Self(format!("{value:?}"))
    }
}

impl TryFrom<String> for Number {
    type Error = std::num::ParseFloatError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(|value: f64| value.into())
    }
}

/// Puts families and their samples in one order, so that they can be compared.
pub(crate) fn sorted(mut families: Vec<SeenFamily>) -> Vec<SeenFamily> {
    for family in &mut families {
        family.samples.sort();
    }
    families.sort();
    families
}

/// What stands in the table, as a format that keeps all of it would show it.
pub(crate) fn expected(format: Format, escaping: Escaping) -> Vec<SeenFamily> {
    let spelling = Spelling { format, escaping };
    let rows = TABLE.iter().filter(|row| !row.samples.is_empty());
    sorted(rows.map(|row| spelling.family(row)).collect())
}

struct Spelling {
    format: Format,
    escaping: Escaping,
}

impl Spelling {
    fn family(&self, row: &Row) -> SeenFamily {
        let (name, kind) = match self.format {
            Format::OpenMetrics100 => row.open_metrics,
            _ => (row.desc.name, row.kind),
        };
        SeenFamily {
            name: self.name(name),
            help: row.desc.help.to_owned(),
            kind: kind.to_owned(),
            samples: row
                .samples
                .iter()
                .flat_map(|sample| self.samples(row, sample))
                .collect(),
        }
    }

    fn name(&self, name: &str) -> String {
        let kept = self.escaping == Escaping::AllowUtf8 && self.format != Format::Text004;
        let underscored = UNDERSCORED.iter().find(|(from, _)| !kept && *from == name);
        underscored.map_or(name, |(_, to)| to).to_owned()
    }

    fn samples(&self, row: &Row, sample: &Sample) -> Vec<SeenSample> {
        let series = Series {
            spelling: self,
            name: self.name(row.desc.name),
            labels: self.labels(row.desc.labels.iter().zip(sample.labels)),
        };
        match &sample.value {
            Value::Number(value) => vec![series.sample("", None, *value, None)],
            Value::Exemplified(value, exemplar) => {
                // OpenMetrics allows exemplars on counters, and has no counters without the suffix.
                let kept = self.format != Format::OpenMetrics100 || row.open_metrics.1 == "counter";
                vec![series.sample("", None, *value, Some(exemplar).filter(|_| kept))]
            }
            Value::Histogram(histogram) => series.histogram(histogram),
            Value::Summary(summary) => series.summary(summary),
        }
    }

    fn labels<'a>(&self, labels: impl Iterator<Item = (&'a &'a str, &'a &'a str)>) -> Labels {
        labels
            .map(|(name, value)| (self.name(name), (*value).to_owned()))
            .collect()
    }

    fn bound(&self, bound: f64) -> String {
        let (_, text, float) = BOUNDS.iter().find(|(value, ..)| *value == bound).expect("in the table");
        match self.format {
            Format::Text004 | Format::Text100 => (*text).to_owned(),
            Format::OpenMetrics100 | Format::Protobuf => (*float).to_owned(),
        }
    }
}

/// The name and labels that all series of one sample have.
struct Series<'a> {
    spelling: &'a Spelling,
    name: String,
    labels: Labels,
}

impl Series<'_> {
    fn sample(
        &self,
        suffix: &str,
        bound: Option<(&str, f64)>,
        value: f64,
        exemplar: Option<&Exemplar<'_>>,
    ) -> SeenSample {
        let mut labels = self.labels.clone();
        labels.extend(bound.map(|(name, bound)| (name.to_owned(), self.spelling.bound(bound))));
        let has_exemplars = matches!(self.spelling.format, Format::OpenMetrics100 | Format::Protobuf);
        SeenSample {
            name: format!("{}{suffix}", self.name),
            labels,
            value: value.into(),
            exemplar: exemplar
                .filter(|_| has_exemplars)
                .map(|exemplar| self.exemplar(exemplar)),
        }
    }

    fn exemplar(&self, exemplar: &Exemplar<'_>) -> SeenExemplar {
        SeenExemplar {
            labels: self
                .spelling
                .labels(exemplar.labels.iter().map(|(name, value)| (name, value))),
            value: exemplar.value.into(),
            timestamp: exemplar.timestamp.map(Number::from),
        }
    }

    fn histogram(&self, histogram: &Histogram<'_>) -> Vec<SeenSample> {
        let mut samples: Vec<_> = histogram
            .buckets
            .iter()
            .map(|bucket| {
                let bound = Some(("le", bucket.upper_bound));
                self.sample(
                    "_bucket",
                    bound,
                    bucket.cumulative_count as f64,
                    bucket.exemplar.as_ref(),
                )
            })
            .collect();
        let complete = histogram.buckets.iter().any(|bucket| bucket.upper_bound.is_infinite());
        // Protobuf has the count, and so every reader the last bucket.
        if !complete && self.spelling.format != Format::Protobuf {
            let bound = Some(("le", f64::INFINITY));
            samples.push(self.sample("_bucket", bound, histogram.count as f64, None));
        }
        samples.extend(self.sum_and_count(histogram.sum, histogram.count));
        samples
    }

    fn summary(&self, summary: &Summary<'_>) -> Vec<SeenSample> {
        let quantiles = summary.quantiles.iter();
        quantiles
            .map(|quantile| self.sample("", Some(("quantile", quantile.quantile)), quantile.value, None))
            .chain(self.sum_and_count(summary.sum, summary.count))
            .collect()
    }

    fn sum_and_count(&self, sum: f64, count: u64) -> [SeenSample; 2] {
        [
            self.sample("_sum", None, sum, None),
            self.sample("_count", None, count as f64, None),
        ]
    }
}
