//! CPU figures made up for learning: a value for each second, the same for whoever asks in that second.

use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

/// What `cpu_usage_simulated` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CpuMode {
    /// Up and down below 75, where no alert fires.
    Random,
    /// 100 for a second, 0 for a second.
    Spikes,
    /// Between 90 and 100.
    High,
}

impl CpuMode {
    /// All, with the names that people write.
    pub(crate) const ALL: [(&'static str, Self); 3] =
        [("random", Self::Random), ("spikes", Self::Spikes), ("high", Self::High)];

    /// The simulated usage in percent, so long after the start.
    pub(crate) fn usage(self, seed: u64, since_start: Duration) -> f64 {
        let second = since_start.as_secs();
        match self {
            Self::Random => 75.0 * noise(seed, 0, second),
            Self::Spikes if second.is_multiple_of(2) => 100.0,
            Self::Spikes => 0.0,
            Self::High => 90.0 + 10.0 * noise(seed, 0, second),
        }
    }
}

/// The simulated usage of two cores in percent.
pub(crate) fn cores(seed: u64, since_start: Duration) -> [(&'static str, f64); 2] {
    let second = since_start.as_secs();
    [
        ("core1", 100.0 * noise(seed, 1, second)),
        ("core2", 100.0 * noise(seed, 2, second)),
    ]
}

/// From 0 to 1, by second and stream, whoever asked how often before.
fn noise(seed: u64, stream: u64, second: u64) -> f64 {
    let of_second = second.wrapping_mul(4).wrapping_add(stream);
    SmallRng::seed_from_u64(seed ^ of_second).random()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usages(mode: CpuMode) -> Vec<f64> {
        (0..60)
            .map(|second| mode.usage(7, Duration::from_secs(second)))
            .collect()
    }

    #[test]
    fn spikes_are_100_and_0_a_second_each() {
        let halves: Vec<f64> = (0..6)
            .map(|half| CpuMode::Spikes.usage(7, Duration::from_millis(half * 500)))
            .collect();
        assert_eq!(halves, [100.0, 100.0, 0.0, 0.0, 100.0, 100.0]);
    }

    #[test]
    fn random_stays_below_the_alerts_threshold_and_high_above_it() {
        let (random, high) = (usages(CpuMode::Random), usages(CpuMode::High));
        assert!(random.iter().all(|usage| (0.0..75.0).contains(usage)), "{random:?}");
        assert!(high.iter().all(|usage| (90.0..=100.0).contains(usage)), "{high:?}");
        let moves = |usages: &[f64]| usages.windows(2).filter(|pair| pair[0] != pair[1]).count();
        assert_eq!((moves(&random), moves(&high)), (59, 59));
    }

    #[test]
    fn the_same_second_of_the_same_seed_has_the_same_value() {
        let at = |millis| cores(7, Duration::from_millis(millis));
        assert_eq!(at(3_000), at(3_999));
        assert_ne!(at(3_000), at(4_000));
        assert_ne!(at(3_000)[0].1, at(3_000)[1].1);
        assert_ne!(at(3_000), cores(8, Duration::from_secs(3)));
    }
}
