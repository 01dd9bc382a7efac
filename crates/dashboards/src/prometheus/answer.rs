//! Answers as they come: JSON, with numbers as texts.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, SeqAccess, Visitor},
};

/// Of a series, sorted by name.
pub type Labels = BTreeMap<String, String>;

/// A value at a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// In seconds since 1970.
    pub time: f64,
    /// May be no number, or infinite.
    pub value: f64,
}

/// Its points are sorted by time; where there was no value there is no point.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct Series {
    /// With `__name__`, where the query keeps it.
    #[serde(rename = "metric")]
    pub labels: Labels,
    /// Of a query over a range.
    #[serde(rename = "values")]
    pub points: Vec<Point>,
    /// Of an instant query.
    #[serde(rename = "value")]
    newest: Option<Point>,
}

impl Series {
    /// With what an instant query says among the points.
    fn settled(mut self) -> Self {
        self.points.extend(self.newest.take());
        self
    }

    /// With these labels and points.
    #[must_use]
    pub fn new(labels: Labels, points: Vec<Point>) -> Self {
        Self {
            labels,
            points,
            newest: None,
        }
    }

    /// What it takes in memory, about.
    #[must_use]
    pub fn size(&self) -> usize {
        let texts = self.labels.iter().map(|(name, value)| name.len() + value.len() + 64);
        size_of::<Self>() + self.points.len() * size_of::<Point>() + texts.sum::<usize>()
    }
}

/// What a query says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// A scalar is one without labels.
    pub series: Vec<Series>,
    /// Prometheus' warnings: the answer may be partial.
    pub warnings: Vec<String>,
}

/// An alert that is pending or firing.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default, rename_all = "camelCase")]
pub struct Alert {
    /// Among them `alertname`.
    pub labels: Labels,
    /// Filled in.
    pub annotations: Labels,
    /// `pending` or `firing`.
    pub state: String,
    /// When it became so, as RFC 3339.
    pub active_at: Option<String>,
    /// Of its expression.
    pub value: String,
}

/// Around every answer.
#[derive(Deserialize)]
pub(super) struct Envelope<T> {
    pub(super) data: T,
    #[serde(default)]
    pub(super) warnings: Vec<String>,
}

/// Of one that was refused.
#[derive(Deserialize)]
pub(super) struct Refusal {
    pub(super) error: String,
}

#[derive(Deserialize)]
pub(super) struct Alerts {
    pub(super) alerts: Vec<Alert>,
}

/// Of a query.
#[derive(Deserialize)]
#[serde(tag = "resultType", content = "result", rename_all = "lowercase")]
pub(super) enum Data {
    Matrix(Vec<Series>),
    Vector(Vec<Series>),
    Scalar(Point),
    String((f64, String)),
}

impl Data {
    pub(super) fn series(self) -> Vec<Series> {
        match self {
            Self::Matrix(series) | Self::Vector(series) => series.into_iter().map(Series::settled).collect(),
            Self::Scalar(point) => vec![Series::new(Labels::new(), vec![point])],
            Self::String((time, text)) => {
                let labels = Labels::from([("string".to_owned(), text)]);
                vec![Series::new(labels, vec![Point { time, value: f64::NAN }])]
            }
        }
    }
}

impl<'de> Deserialize<'de> for Point {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Pair;

        impl<'de> Visitor<'de> for Pair {
            type Value = Point;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a time and a value")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut pair: A) -> Result<Point, A::Error> {
                let time = pair.next_element()?;
                let value: Option<Text<'de>> = pair.next_element()?;
                let (Some(time), Some(Text(value))) = (time, value) else {
                    return Err(A::Error::custom("expected a time and a value"));
                };
                let value = number(&value).ok_or_else(|| A::Error::custom(format!("{value:?} is no number")))?;
                Ok(Point { time, value })
            }
        }

        from.deserialize_seq(Pair)
    }
}

/// Borrowed from the answer where it can be.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// As Go writes it: `1e-05`, `+Inf`, `NaN`.
fn number(text: &str) -> Option<f64> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_four_kinds_of_results_become_series() {
        let point = |time, value| Point { time, value };
        let labels = Labels::from([("job".to_owned(), "a".to_owned())]);
        let table = [
            (
                r#"{"resultType":"matrix","result":[{"metric":{"job":"a"},"values":[[1.5,"2"],[3,"+Inf"]]}]}"#,
                Series::new(labels.clone(), vec![point(1.5, 2.0), point(3.0, f64::INFINITY)]),
            ),
            (
                r#"{"resultType":"vector","result":[{"metric":{"job":"a"},"value":[1,"1e-05"]}]}"#,
                Series::new(labels, vec![point(1.0, 1e-5)]),
            ),
            (
                r#"{"resultType":"scalar","result":[1,"-4"]}"#,
                Series::new(Labels::new(), vec![point(1.0, -4.0)]),
            ),
        ];
        for (text, series) in table {
            let data: Data = serde_json::from_str(text).unwrap();
            assert_eq!(data.series(), [series], "{text}");
        }
        let text: Data = serde_json::from_str(r#"{"resultType":"string","result":[1,"so"]}"#).unwrap();
        assert_eq!(text.series()[0].labels["string"], "so");
    }

    #[test]
    fn a_value_that_is_no_number_is_an_error() {
        assert!(serde_json::from_str::<Point>(r#"[1,"x"]"#).is_err());
        assert!(serde_json::from_str::<Point>("[1]").is_err());
        assert!(serde_json::from_str::<Point>(r#"[1,"NaN"]"#).unwrap().value.is_nan());
    }
}
