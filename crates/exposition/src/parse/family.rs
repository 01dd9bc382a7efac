//! What was read: families, and their metrics as views into them.

use std::borrow::Cow;
use std::ops::Range;

use crate::desc::Kind;
use crate::value::{Bucket, Histogram, Quantile, Summary};

/// A metric family with at least one metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Family<'a> {
    /// The name in HELP and TYPE; of histograms and summaries without `_bucket`, `_sum`, `_count`.
    pub name: &'a str,
    /// The text for people, escapes resolved and foreign encodings replaced. `None` where no HELP line is.
    pub help: Option<Cow<'a, str>>,
    /// The type; [`Kind::Untyped`] where no TYPE line is. Never [`Kind::Info`], which this format lacks.
    pub kind: Kind,
    /// The labels of all metrics, one metric's after another's.
    pub(super) labels: Vec<Label<'a>>,
    pub(super) rows: Vec<Row>,
}

/// A label of one metric.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label<'a> {
    /// The name.
    pub name: &'a str,
    /// The value, escapes resolved.
    pub value: Cow<'a, str>,
}

/// One metric as it stood in the text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Metric<'f> {
    /// In the order of the text, without `le` of histograms and `quantile` of summaries.
    pub labels: &'f [Label<'f>],
    /// The value.
    pub value: Value<'f>,
    /// Milliseconds since the epoch, where the text says so.
    pub timestamp_millis: Option<i64>,
}

/// The value of one metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'f> {
    /// Of a counter, gauge or untyped family.
    Number(f64),
    /// Of a histogram family: buckets in the order of the text; what the text lacks is 0.
    Histogram(Histogram<'f>),
    /// Of a summary family: quantiles in the order of the text; what the text lacks is 0.
    Summary(Summary<'f>),
}

/// A [`Metric`] as its family holds it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) labels: Range<usize>,
    pub(super) value: Stored,
    pub(super) timestamp_millis: Option<i64>,
}

/// A [`Value`] that owns its parts.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Stored {
    Number(f64),
    Histogram {
        buckets: Vec<Bucket<'static>>,
        sum: f64,
        count: u64,
    },
    Summary {
        quantiles: Vec<Quantile>,
        sum: f64,
        count: u64,
    },
}

impl<'a> Family<'a> {
    /// The metrics, in the order of the text.
    pub fn metrics(&self) -> impl ExactSizeIterator<Item = Metric<'_>> {
        self.rows.iter().map(|row| Metric {
            labels: self.row_labels(row),
            value: row.value.view(),
            timestamp_millis: row.timestamp_millis,
        })
    }

    pub(super) fn row_labels(&self, row: &Row) -> &[Label<'a>] {
        self.labels.get(row.labels.clone()).unwrap_or_default()
    }
}

impl<'f> Metric<'f> {
    /// The value of a label.
    pub fn label(&self, name: &str) -> Option<&'f str> {
        let mut labels = self.labels.iter();
        labels
            .find(|label| label.name == name)
            .map(|label| label.value.as_ref())
    }
}

impl Stored {
    /// Nothing yet, of this kind.
    pub(super) fn empty(kind: Kind) -> Self {
        let (sum, count) = (0.0, 0);
        match kind {
            Kind::Histogram => Self::Histogram {
                buckets: Vec::new(),
                sum,
                count,
            },
            Kind::Summary => Self::Summary {
                quantiles: Vec::new(),
                sum,
                count,
            },
            Kind::Counter | Kind::Gauge | Kind::Untyped | Kind::Info => Self::Number(0.0),
        }
    }

    fn view(&self) -> Value<'_> {
        match *self {
            Self::Number(number) => Value::Number(number),
            Self::Histogram {
                ref buckets,
                sum,
                count,
            } => Value::Histogram(Histogram { buckets, sum, count }),
            Self::Summary {
                ref quantiles,
                sum,
                count,
            } => Value::Summary(Summary { quantiles, sum, count }),
        }
    }
}
