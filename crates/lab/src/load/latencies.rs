//! Latencies counted in buckets a hundredth apart: any number of them in the same little memory.

use std::time::Duration;

/// Buckets for each doubling of the latency; the next one is less than 1 % away.
const STEPS: u32 = 128;
/// Below so many microseconds each has a bucket of its own.
const EXACT: u64 = 2 * STEPS as u64;
/// Up to 2^40 µs, twelve days.
const DOUBLINGS: u32 = 40 - EXACT.ilog2();

#[derive(Debug)]
pub(super) struct Latencies {
    buckets: Vec<u64>,
    count: u64,
    sum: Duration,
    longest: Duration,
}

impl Default for Latencies {
    fn default() -> Self {
        Self {
            buckets: vec![0; EXACT as usize + (STEPS * DOUBLINGS) as usize],
            count: 0,
            sum: Duration::ZERO,
            longest: Duration::ZERO,
        }
    }
}

impl Latencies {
    pub(super) fn add(&mut self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        let last = self.buckets.len() - 1;
        self.buckets[bucket(micros).min(last)] += 1;
        self.count += 1;
        self.sum += latency;
        self.longest = self.longest.max(latency);
    }

    /// `None` when there are none.
    pub(super) fn mean(&self) -> Option<Duration> {
        (self.count > 0).then(|| self.sum.div_f64(self.count as f64))
    }

    /// `None` when there are none.
    pub(super) fn longest(&self) -> Option<Duration> {
        (self.count > 0).then_some(self.longest)
    }

    /// The latency that this share of all does not exceed, at most 1 % too long. `None` when there are none.
    pub(super) fn quantile(&self, rank: f64) -> Option<Duration> {
        let wanted = ((rank * self.count as f64).ceil() as u64).max(1);
        let mut seen = 0;
        let found = self.buckets.iter().position(|count| {
            seen += count;
            seen >= wanted
        });
        let bound = Duration::from_micros(upper(found?));
        Some(bound.min(self.longest))
    }
}

/// Which bucket counts so many microseconds.
fn bucket(micros: u64) -> usize {
    if micros < EXACT {
        return micros as usize;
    }
    let doublings = micros.ilog2() - EXACT.ilog2();
    let step = (micros >> (doublings + 1)) - u64::from(STEPS);
    EXACT as usize + (doublings * STEPS) as usize + step as usize
}

/// The most microseconds that a bucket counts.
fn upper(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < EXACT {
        return bucket;
    }
    let steps = u64::from(STEPS);
    let (doublings, step) = ((bucket - EXACT) / steps, (bucket - EXACT) % steps);
    ((step + steps + 1) << (doublings + 1)) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_latency_is_in_a_bucket_that_ends_less_than_a_hundredth_above_it() {
        let powers = (0..40).flat_map(|power| [-1_i64, 0, 1].map(|step| ((1_i64 << power) + step).max(0)));
        for micros in powers.map(|micros| micros as u64).filter(|micros| *micros < 1 << 40) {
            let bound = upper(bucket(micros));
            assert!(
                bound >= micros && (bound - micros) as f64 <= micros as f64 * 0.01,
                "{micros}: {bound}"
            );
            assert_eq!(bucket(bound), bucket(micros), "{micros}");
        }
    }

    #[test]
    fn quantiles_are_those_of_the_sorted_values_within_a_hundredth() {
        let mut latencies = Latencies::default();
        (1..=10_000).for_each(|micros| latencies.add(Duration::from_micros(micros * 37)));
        for rank in [0.001, 0.5, 0.95, 0.99, 0.9999] {
            let exact = rank * 10_000.0 * 37.0;
            let found = latencies.quantile(rank).unwrap().as_micros() as f64;
            assert!(found >= exact && found <= exact * 1.01, "{rank}: {found} for {exact}");
        }
        let longest = Duration::from_micros(370_000);
        assert_eq!(
            (latencies.quantile(1.0), latencies.longest()),
            (Some(longest), Some(longest))
        );
        assert_eq!(latencies.mean(), Some(Duration::from_nanos(185_018_500)));
    }

    #[test]
    fn none_have_no_quantiles_and_the_longest_of_all_is_still_counted() {
        let mut latencies = Latencies::default();
        assert_eq!(
            (latencies.quantile(0.5), latencies.mean(), latencies.longest()),
            (None, None, None)
        );
        latencies.add(Duration::from_secs(1 << 40));
        assert_eq!(latencies.mean(), Some(Duration::from_secs(1 << 40)));
        assert!(latencies.quantile(0.5).unwrap() > Duration::from_secs(1_000_000));
    }
}
