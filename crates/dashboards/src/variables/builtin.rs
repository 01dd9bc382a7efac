//! Grafana's own variables: `$__interval`, `$__rate_interval`, `$__range`, `$__from`, …

use super::{
    duration::duration_text,
    scope::{Bound, Scope},
};
use crate::prometheus::Window;

/// How fine a range is looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Resolution {
    /// Between points, in seconds.
    pub step: f64,
    /// Between scrapes, in seconds.
    pub scrape_interval: f64,
}

/// Steps that people can read, in seconds.
const STEPS: [f64; 31] = [
    0.001,
    0.002,
    0.005,
    0.01,
    0.02,
    0.05,
    0.1,
    0.2,
    0.5,
    1.0,
    2.0,
    5.0,
    10.0,
    15.0,
    20.0,
    30.0,
    60.0,
    120.0,
    300.0,
    600.0,
    900.0,
    1200.0,
    1800.0,
    3600.0,
    7200.0,
    10_800.0,
    21_600.0,
    43_200.0,
    86_400.0,
    604_800.0,
    2_592_000.0,
];

/// Prometheus refuses ranges of more points.
const MOST_POINTS: f64 = 11_000.0;

impl Resolution {
    /// For so many points over a range, but no finer than `least` seconds. Where a panel or a target sets the interval,
    /// that is `least`; else it is the scrapes'.
    #[must_use]
    pub fn of(window: Window, points: f64, least: f64, scrape_interval: f64) -> Self {
        let range = (window.end - window.start).max(1.0);
        let wanted = range / points.max(1.0);
        // The nearest, not the next: as Grafana rounds.
        let near = STEPS.windows(2).find(|pair| wanted < f64::midpoint(pair[0], pair[1]));
        let step = near.map_or(31_536_000.0, |pair| pair[0]);
        let step = step.max(least).max(0.001);
        Self {
            step: if range / step > MOST_POINTS {
                (range / MOST_POINTS).ceil()
            } else {
                step
            },
            scrape_interval,
        }
    }

    /// Four scrapes, so that one that is missed leaves enough; more where the step is longer.
    #[must_use]
    pub fn rate_interval(self) -> f64 {
        (self.step + self.scrape_interval).max(4.0 * self.scrape_interval)
    }
}

/// What these stand for, over a range at a resolution.
#[must_use]
pub fn builtin(window: Window, resolution: Resolution) -> Scope {
    let mut scope = Scope::default();
    for (name, seconds) in [
        ("interval", resolution.step),
        ("rate_interval", resolution.rate_interval()),
        ("range", (window.end - window.start).round()),
    ] {
        let text = if name == "range" {
            format!("{seconds}s")
        } else {
            duration_text(seconds)
        };
        scope.set(format!("__{name}"), Bound::one(text));
        scope.set(
            format!("__{name}_ms"),
            Bound::one((seconds * 1000.0).round().to_string()),
        );
        scope.set(format!("__{name}_s"), Bound::one(seconds.round().to_string()));
    }
    scope.set("__from", Bound::one((window.start * 1000.0).round().to_string()));
    scope.set("__to", Bound::one((window.end * 1000.0).round().to_string()));
    scope
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::variables::interpolate;

    const HOUR: Window = Window {
        start: 1000.0,
        end: 4600.0,
    };

    #[test]
    fn steps_are_round_and_no_finer_than_asked() {
        let table = [
            (3600.0, 700.0, 15.0, 15.0),
            (21_600.0, 700.0, 15.0, 30.0),
            (21_600.0, 1440.0, 15.0, 15.0),
            (604_800.0, 700.0, 15.0, 900.0),
            (3600.0, 700.0, 120.0, 120.0),
            (3600.0, 700.0, 1.0, 5.0),
            (31_536_000.0, 50_000.0, 15.0, 2867.0),
        ];
        for (range, points, least, step) in table {
            let window = Window { start: 0.0, end: range };
            assert_eq!(
                Resolution::of(window, points, least, 15.0).step,
                step,
                "{range} {points}"
            );
        }
    }

    #[test]
    fn grafanas_own_variables_are_filled_in() {
        let resolution = Resolution {
            step: 15.0,
            scrape_interval: 15.0,
        };
        let scope = builtin(HOUR, resolution);
        let table = [
            ("[$__interval]", "[15s]"),
            ("$__interval_ms", "15000"),
            ("[$__rate_interval]", "[1m]"),
            ("[$__range]", "[3600s]"),
            ("$__range_s", "3600"),
            ("${__range_ms}", "3600000"),
            ("${__from}", "1000000"),
            ("$__to", "4600000"),
        ];
        for (text, filled) in table {
            assert_eq!(interpolate(text, &scope), filled, "{text}");
        }
    }

    #[test]
    fn a_rate_spans_four_scrapes_or_a_step_and_one() {
        let table = [(15.0, 15.0, 60.0), (300.0, 15.0, 315.0), (5.0, 1.0, 6.0)];
        for (step, scrape_interval, rate) in table {
            let resolution = Resolution { step, scrape_interval };
            assert_eq!(resolution.rate_interval(), rate);
        }
    }
}
