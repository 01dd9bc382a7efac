//! How long answers take: the distributions that latency is drawn from.

use std::f64::consts::TAU;
use std::time::Duration;

use rand::RngExt;
use rand::rngs::SmallRng;

/// No answer is held back for longer, whatever is drawn.
pub(crate) const LONGEST: Duration = Duration::from_secs(30);

/// The logarithm's standard deviation of the log-normal distribution: its 95th percentile is twice its mean.
const SIGMA: f64 = 0.5;

/// The shape of the distribution; its mean is set apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Distribution {
    /// Always the mean.
    Constant,
    /// From nothing to twice the mean, all alike.
    Uniform,
    /// Many short ones and a long tail: the 99th percentile is 4.6 times the mean.
    Exponential,
    /// What most services look like: hardly any very short ones, and a tail.
    Lognormal,
}

impl Distribution {
    /// All, with the names that people write.
    pub(crate) const ALL: [(&'static str, Self); 4] = [
        ("constant", Self::Constant),
        ("uniform", Self::Uniform),
        ("exponential", Self::Exponential),
        ("lognormal", Self::Lognormal),
    ];

    /// One latency. Draws the same number of random numbers whatever the distribution, so that a change of it leaves the
    /// rest of a seeded run as it was.
    pub(crate) fn draw(self, mean: Duration, rng: &mut SmallRng) -> Duration {
        // Above zero, for logarithms.
        let (first, second) = (1.0 - rng.random::<f64>(), rng.random::<f64>());
        let factor = match self {
            Self::Constant => 1.0,
            Self::Uniform => 2.0 * second,
            Self::Exponential => -first.ln(),
            Self::Lognormal => (SIGMA * normal(first, second) - SIGMA * SIGMA / 2.0).exp(),
        };
        Duration::try_from_secs_f64(mean.as_secs_f64() * factor).map_or(LONGEST, |drawn| drawn.min(LONGEST))
    }
}

/// A normally distributed number of two uniform ones, after Box and Muller.
pub(crate) fn normal(first: f64, second: f64) -> f64 {
    (-2.0 * first.ln()).sqrt() * (TAU * second).cos()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    const MEAN: Duration = Duration::from_millis(100);

    /// The mean and the 95th percentile of many, in milliseconds.
    fn shape(distribution: Distribution) -> (f64, f64) {
        let mut rng = SmallRng::seed_from_u64(1);
        let mut drawn: Vec<f64> = (0..20_000)
            .map(|_| distribution.draw(MEAN, &mut rng).as_secs_f64() * 1e3)
            .collect();
        drawn.sort_by(f64::total_cmp);
        (drawn.iter().sum::<f64>() / 20_000.0, drawn[19_000])
    }

    #[test]
    fn each_distribution_has_the_mean_that_was_set_and_a_tail_of_its_own() {
        for (distribution, p95) in [
            (Distribution::Constant, 100.0),
            (Distribution::Uniform, 190.0),
            (Distribution::Exponential, 299.6),
            (Distribution::Lognormal, 200.8),
        ] {
            let (mean, found) = shape(distribution);
            assert!((mean - 100.0).abs() < 2.0, "{distribution:?}: mean {mean}");
            assert!((found - p95).abs() < 6.0, "{distribution:?}: p95 {found}");
        }
    }

    #[test]
    fn nothing_is_held_back_for_ever() {
        let mut rng = SmallRng::seed_from_u64(1);
        assert_eq!(Distribution::Constant.draw(Duration::MAX, &mut rng), LONGEST);
        assert_eq!(Distribution::Lognormal.draw(Duration::ZERO, &mut rng), Duration::ZERO);
    }
}
