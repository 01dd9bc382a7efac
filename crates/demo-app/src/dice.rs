//! Everything that chance decides of a request, drawn at once. The same seed gives the same requests the same fate.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

use crate::orders::Order;
use crate::settings::Settings;
use crate::trace::TraceId;

/// What was drawn for one request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Draw {
    /// How long to hold the answer back.
    pub(crate) latency: Duration,
    /// Whether it is a server error.
    pub(crate) fails: bool,
    /// Whose request it is, counted from 0.
    pub(crate) user: u32,
    pub(crate) trace: TraceId,
    /// What is ordered, if something is.
    pub(crate) order: Order,
}

/// The dice of all requests.
#[derive(Debug)]
pub(crate) struct Dice {
    rng: Mutex<SmallRng>,
    users: u32,
}

impl Dice {
    pub(crate) fn new(seed: u64, users: u32) -> Self {
        Self {
            rng: Mutex::new(SmallRng::seed_from_u64(seed)),
            users,
        }
    }

    pub(crate) fn throw(&self, settings: &Settings) -> Draw {
        let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
        Draw {
            latency: settings.distribution.draw(settings.mean, &mut rng),
            fails: rng.random::<f64>() < settings.error_rate,
            user: rng.random_range(0..self.users.max(1)),
            trace: TraceId(rng.random()),
            order: Order::draw(&mut rng),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draws(seed: u64, settings: &Settings) -> Vec<Draw> {
        let dice = Dice::new(seed, 10);
        (0..1_000).map(|_| dice.throw(settings)).collect()
    }

    #[test]
    fn a_seed_decides_everything() {
        let settings = Settings::default();
        assert_eq!(draws(1, &settings), draws(1, &settings));
        assert_ne!(draws(1, &settings), draws(2, &settings));
    }

    #[test]
    fn another_setting_changes_only_what_it_is_about() {
        let settings = Settings::default();
        let failing = Settings {
            error_rate: 0.5,
            ..settings
        };
        let fails = |draws: &[Draw]| draws.iter().filter(|draw| draw.fails).count();
        let (few, many) = (draws(1, &settings), draws(1, &failing));
        assert!((450..550).contains(&fails(&many)) && fails(&few) < 20);
        let rest = |draws: &[Draw]| -> Vec<_> {
            let rest = |draw: &Draw| (draw.latency, draw.user, draw.trace, draw.order);
            draws.iter().map(rest).collect()
        };
        assert_eq!(rest(&few), rest(&many));
        assert!(many.iter().all(|draw| draw.user < 10));
    }

    #[test]
    fn the_ends_of_the_error_rate_are_never_and_always() {
        for (error_rate, fails) in [(0.0, false), (1.0, true)] {
            let settings = Settings {
                error_rate,
                ..Settings::default()
            };
            assert!(draws(1, &settings).iter().all(|draw| draw.fails == fails));
        }
    }
}
