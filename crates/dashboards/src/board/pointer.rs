//! The values of lines for the pointer: written as they are formatted, for together they are most of a page.

use std::iter::Peekable;

use serde::{Serialize, Serializer, ser::SerializeStruct};

use crate::{data::Line, prometheus::Point, units};

/// Of a line no more than these are said.
pub(super) const PLACES: usize = 11_000;

/// A line: its values by their place after the first, `step` seconds apart; `null` in gaps.
pub(super) struct Pointed<'a> {
    pub(super) line: &'a Line,
    /// What times ago count from, in seconds since 1970.
    pub(super) now: f64,
}

impl Serialize for Pointed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { line, now } = *self;
        let mut out = serializer.serialize_struct("Pointed", 6)?;
        out.serialize_field("name", &line.name)?;
        out.serialize_field("color", &line.color.text())?;
        out.serialize_field("first", &Places::of(line).first)?;
        out.serialize_field("step", &Places::of(line).step)?;
        out.serialize_field("values", &Each(line, &|point: &Point| rounded(point.value)))?;
        let (unit, decimals) = (line.config.unit.as_deref(), line.config.decimals);
        let text = |point: &Point| units::format(unit, point.value, decimals, now);
        out.serialize_field("texts", &Each(line, &text))?;
        out.end()
    }
}

/// What becomes of each point of a line, and of each gap.
struct Each<'a, F>(&'a Line, &'a F);

impl<T: Serialize, F: Fn(&Point) -> T> Serialize for Each<'_, F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(line, write) = self;
        serializer.collect_seq(Places::of(line).map(|point| point.map(write)))
    }
}

/// The point at each place, if there is one; of several, the last.
struct Places<'a> {
    points: Peekable<std::slice::Iter<'a, Point>>,
    first: f64,
    step: f64,
    next: usize,
    end: usize,
}

impl<'a> Places<'a> {
    fn of(line: &'a Line) -> Self {
        let mut places = Self {
            points: line.points.iter().peekable(),
            first: line.points.first().map_or(0.0, |point| point.time),
            step: if line.step > 0.0 { line.step } else { 1.0 },
            next: 0,
            end: 0,
        };
        let last = line.points.last();
        places.end = last
            .map_or(0, |last| place(last, places.first, places.step) + 1)
            .min(PLACES);
        places
    }
}

/// How many steps a point is after the first.
fn place(point: &Point, first: f64, step: f64) -> usize {
    ((point.time - first) / step).round() as usize
}

impl<'a> Iterator for Places<'a> {
    type Item = Option<&'a Point>;

    fn next(&mut self) -> Option<Self::Item> {
        let now = self.next;
        self.next += 1;
        let (first, step) = (self.first, self.step);
        let is_here = |point: &&Point| place(point, first, step) <= now;
        let mut here = None;
        while let Some(point) = self.points.next_if(is_here) {
            here = Some(point);
        }
        (now < self.end).then_some(here)
    }
}

/// To four digits: they are for sorting.
fn rounded(value: f64) -> Option<f64> {
    format!("{value:.3e}")
        .parse()
        .ok()
        .filter(|value: &f64| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{look::Rgb, prometheus::Labels};
    use serde_json::json;
    use std::sync::Arc;

    fn pointed(points: &[(f64, f64)], step: f64) -> serde_json::Value {
        let points = points.iter().map(|&(time, value)| Point { time, value }).collect();
        let line = Line {
            name: "a".to_owned(),
            ref_id: "A".to_owned(),
            labels: Labels::default(),
            points,
            step,
            config: Arc::default(),
            color: Rgb(1, 2, 3),
        };
        let pointed = Pointed { line: &line, now: 0.0 };
        serde_json::to_value(pointed).unwrap()
    }

    #[test]
    fn every_point_is_at_its_place_and_gaps_are_null() {
        let said = pointed(&[(30.0, 1.23456), (45.2, f64::INFINITY), (90.0, 3.0)], 15.0);
        assert_eq!(said["first"], 30.0);
        assert_eq!(said["step"], 15.0);
        assert_eq!(said["values"], json!([1.235, null, null, null, 3.0]));
        assert_eq!(said["texts"], json!(["1.23", "∞", null, null, "3"]));
    }

    #[test]
    fn of_two_at_one_place_the_last_is_said() {
        let said = pointed(&[(0.0, 1.0), (10.0, 2.0), (10.1, 3.0)], 10.0);
        assert_eq!(said["values"], json!([1.0, 3.0]));
    }

    #[test]
    fn there_may_be_none_or_one_or_too_many() {
        assert_eq!(pointed(&[], 15.0)["values"], json!([]));
        assert_eq!(pointed(&[(5.0, 2.0)], 0.0)["values"], json!([2.0]));
        let many = pointed(&[(0.0, 1.0), (1e9, 2.0)], 1.0);
        assert_eq!(many["values"].as_array().unwrap().len(), PLACES);
    }
}
