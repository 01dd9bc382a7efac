//! Families that grow line by line.

use std::collections::HashMap;

use super::family::{Family, Label, Row, Stored};
use crate::desc::Kind;
use crate::value::{Bucket, Quantile};

/// All families so far.
#[derive(Debug, Default)]
pub(super) struct Builder<'a> {
    drafts: Vec<Draft<'a>>,
    /// The place of each family in `drafts`.
    places: HashMap<&'a str, usize>,
    /// The rows of histograms and summaries, whose lines may stand far apart, by family and sorted labels.
    series: HashMap<(usize, Vec<Label<'a>>), usize>,
}

/// A family that more lines may belong to.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    pub(super) family: Family<'a>,
    /// A TYPE line or a sample settled the kind.
    pub(super) typed: bool,
}

/// Which number of its metric a line has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The value, a bucket or a quantile.
    Plain,
    /// `_sum` of a histogram or summary.
    Sum,
    /// `_count` of a histogram or summary.
    Count,
}

/// What a sample line says of its row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Number {
    pub(super) part: Part,
    /// `le` or `quantile`.
    pub(super) bound: Option<f64>,
    pub(super) value: f64,
    pub(super) timestamp_millis: Option<i64>,
}

impl<'a> Builder<'a> {
    /// The families that have metrics.
    pub(super) fn finish(self) -> Vec<Family<'a>> {
        let families = self.drafts.into_iter().map(|draft| draft.family);
        families.filter(|family| !family.rows.is_empty()).collect()
    }

    /// The family that a line of this name belongs to, and what the line says of it.
    pub(super) fn place(&mut self, name: &'a str) -> (&mut Draft<'a>, usize, Part) {
        let (place, part) = self.find(name).unwrap_or_else(|| {
            let place = self.drafts.len();
            self.places.insert(name, place);
            self.drafts.push(Draft::new(name));
            (place, Part::Plain)
        });
        (&mut self.drafts[place], place, part)
    }

    /// The name that errors give to the family of a line of this name.
    pub(super) fn family_name(&self, name: &'a str) -> &'a str {
        self.find(name)
            .map_or(name, |(place, _)| self.drafts[place].family.name)
    }

    fn find(&self, name: &str) -> Option<(usize, Part)> {
        if let Some(&place) = self.places.get(name) {
            return Some((place, Part::Plain));
        }
        let of = |suffix: &str, kinds: &[Kind]| {
            let place = self.places.get(name.strip_suffix(suffix)?).copied();
            place.filter(|place| kinds.contains(&self.drafts[*place].family.kind))
        };
        let both = [Kind::Summary, Kind::Histogram];
        None.or_else(|| Some((of("_count", &both)?, Part::Count)))
            .or_else(|| Some((of("_sum", &both)?, Part::Sum)))
            .or_else(|| Some((of("_bucket", &[Kind::Histogram])?, Part::Plain)))
    }

    /// Adds a line to the row that its labels belong to, and takes the labels.
    ///
    /// # Errors
    /// What is negative in a histogram and must not be.
    pub(super) fn add(
        &mut self,
        place: usize,
        labels: &mut Vec<Label<'a>>,
        number: Number,
    ) -> Result<(), &'static str> {
        let row = self.row(place, labels);
        let Some(row) = self.drafts[place].family.rows.get_mut(row) else {
            return Ok(());
        };
        row.timestamp_millis = number.timestamp_millis.or(row.timestamp_millis);
        row.value.set(number)
    }

    /// The row for these labels; of plain families a new one for each line.
    fn row(&mut self, place: usize, labels: &mut Vec<Label<'a>>) -> usize {
        let family = &mut self.drafts[place].family;
        let next = family.rows.len();
        if matches!(family.kind, Kind::Histogram | Kind::Summary) {
            if let Some(last) = family.rows.last()
                && family.row_labels(last) == labels.as_slice()
            {
                return next - 1;
            }
            let mut key = labels.clone();
            key.sort_unstable();
            let row = *self.series.entry((place, key)).or_insert(next);
            if row < next {
                return row;
            }
        }
        let first = family.labels.len();
        family.labels.append(labels);
        family.rows.push(Row {
            labels: first..family.labels.len(),
            value: Stored::empty(family.kind),
            timestamp_millis: None,
        });
        next
    }
}

impl<'a> Draft<'a> {
    fn new(name: &'a str) -> Self {
        Self {
            family: Family {
                name,
                help: None,
                kind: Kind::Untyped,
                labels: Vec::new(),
                rows: Vec::new(),
            },
            typed: false,
        }
    }
}

impl Stored {
    fn set(&mut self, number: Number) -> Result<(), &'static str> {
        let value = number.value;
        let bound = number.bound.filter(|bound| !bound.is_nan());
        match (self, number.part) {
            (Self::Number(stored), _) => *stored = value,
            (Self::Histogram { .. }, Part::Count) if value < 0.0 => return Err("count"),
            (Self::Histogram { .. }, Part::Plain) if value < 0.0 && bound.is_some() => return Err("bucket population"),
            (Self::Histogram { count, .. } | Self::Summary { count, .. }, Part::Count) => *count = value as u64,
            (Self::Histogram { sum, .. } | Self::Summary { sum, .. }, Part::Sum) => *sum = value,
            (Self::Histogram { buckets, .. }, Part::Plain) => buckets.extend(bound.map(|upper_bound| Bucket {
                upper_bound,
                cumulative_count: value as u64,
                exemplar: None,
            })),
            (Self::Summary { quantiles, .. }, Part::Plain) => {
                quantiles.extend(bound.map(|quantile| Quantile { quantile, value }));
            }
        }
        Ok(())
    }
}
