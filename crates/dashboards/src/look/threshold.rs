//! From which value on another color holds.

use super::color::Rgb;
use crate::model::{Step, Thresholds};

/// The thresholds as values of a field whose gauge would go from `range.0` to `range.1`, lowest first; the first is minus
/// infinity.
#[must_use]
pub fn limits(thresholds: &Thresholds, range: (f64, f64)) -> Vec<(f64, Option<Rgb>)> {
    let percentage = thresholds.mode == "percentage";
    let at = |step: &Step| match step.value {
        None => f64::NEG_INFINITY,
        Some(value) if percentage => range.0 + (range.1 - range.0) * value / 100.0,
        Some(value) => value,
    };
    let color = |step: &Step| Rgb::named(&step.color);
    let mut limits: Vec<_> = thresholds.steps.iter().map(|step| (at(step), color(step))).collect();
    limits.sort_by(|a, b| a.0.total_cmp(&b.0));
    limits
}

/// Of the highest threshold that a value reaches; `None` where there is none, or no color in it.
#[must_use]
pub fn threshold_color(thresholds: Option<&Thresholds>, value: f64, range: (f64, f64)) -> Option<Rgb> {
    let limits = limits(thresholds?, range);
    let reached = limits.iter().rfind(|(limit, _)| value >= *limit);
    reached.or(limits.first())?.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_threshold_reached_colors_a_value() {
        let step = |color: &str, value| Step {
            color: color.into(),
            value,
        };
        let mut thresholds = Thresholds {
            mode: "absolute".into(),
            steps: vec![
                step("green", None),
                step("yellow", Some(10.0)),
                step("transparent", Some(50.0)),
            ],
        };
        let color = |thresholds: &Thresholds, value| threshold_color(Some(thresholds), value, (0.0, 1000.0));
        assert_eq!(color(&thresholds, -5.0), Rgb::named("green"));
        assert_eq!(color(&thresholds, 10.0), Rgb::named("yellow"));
        assert_eq!(color(&thresholds, 50.0), None);
        thresholds.mode = "percentage".into();
        assert_eq!(color(&thresholds, 99.0), Rgb::named("green"));
        assert_eq!(color(&thresholds, 100.0), Rgb::named("yellow"));
        assert_eq!(threshold_color(None, 1.0, (0.0, 1.0)), None);
    }
}
