//! Exact quantiles of the last observations: of at most so many, none older than a minute.

use std::collections::VecDeque;
use std::time::Duration;

/// Observations that a window holds. At more than eight a second it reaches back less than a minute.
const MOST: usize = 500;

/// How long one counts.
const AGE: Duration = Duration::from_secs(60);

/// The ranks that are told.
pub(crate) const RANKS: [f64; 4] = [0.5, 0.9, 0.95, 0.99];

/// The values at [`RANKS`], in seconds; NaN when there was nothing.
pub(crate) type Quantiles = [f64; RANKS.len()];

#[derive(Debug, Default)]
pub(super) struct Window {
    /// When, in whole seconds since the start, and how long, in seconds.
    last: VecDeque<(u32, f32)>,
}

impl Window {
    pub(super) fn add(&mut self, took: Duration, since_start: Duration) {
        if self.last.len() == MOST {
            self.last.pop_front();
        }
        // Half a second in 136 years, and seven digits, are near enough.
        self.last.push_back((since_start.as_secs() as u32, took.as_secs_f32()));
    }

    pub(super) fn quantiles(&self, since_start: Duration) -> Quantiles {
        let oldest = since_start.saturating_sub(AGE).as_secs() as u32;
        let young = self.last.iter().filter(|(when, _)| *when >= oldest);
        let mut values: Vec<f32> = young.map(|(_, took)| *took).collect();
        values.sort_by(f32::total_cmp);
        RANKS.map(|rank| at(&values, rank))
    }
}

/// The smallest value that is no smaller than this share of all.
fn at(sorted: &[f32], rank: f64) -> f64 {
    let place = (rank * sorted.len() as f64).ceil() as usize;
    sorted
        .get(place.saturating_sub(1))
        .map_or(f64::NAN, |value| f64::from(*value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(millis: impl Iterator<Item = u64>, second: u64) -> Window {
        let mut window = Window::default();
        millis.for_each(|millis| window.add(Duration::from_millis(millis), Duration::from_secs(second)));
        window
    }

    fn millis(window: &Window, second: u64) -> [f64; 4] {
        window
            .quantiles(Duration::from_secs(second))
            .map(|value| (value * 1e3).round())
    }

    #[test]
    fn quantiles_are_values_that_were_observed() {
        assert_eq!(millis(&window((1..=100).rev(), 0), 0), [50.0, 90.0, 95.0, 99.0]);
        assert_eq!(millis(&window(7..=7, 0), 0), [7.0; 4]);
    }

    #[test]
    fn only_the_last_minute_and_the_last_500_count() {
        let mut some = window(1..=1, 10);
        some.add(Duration::from_millis(9), Duration::from_secs(40));
        assert_eq!(millis(&some, 70)[0], 1.0);
        assert_eq!(millis(&some, 71)[0], 9.0);
        assert!(
            some.quantiles(Duration::from_secs(101))
                .iter()
                .all(|value| value.is_nan())
        );
        assert_eq!(millis(&window(1..=1_500, 0), 0), [1_250.0, 1_450.0, 1_475.0, 1_495.0]);
    }
}
