//! The value axis: where it begins and ends, and its round ticks.

use crate::units;

/// Of an axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scale {
    pub(super) low: f64,
    pub(super) high: f64,
    /// With their texts, upward.
    pub(super) ticks: Vec<(f64, String)>,
}

/// What an axis is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wanted<'a> {
    /// Where it begins, whatever the values are.
    pub(super) min: Option<f64>,
    pub(super) max: Option<f64>,
    pub(super) soft_min: Option<f64>,
    pub(super) soft_max: Option<f64>,
    pub(super) unit: Option<&'a str>,
    pub(super) decimals: Option<u32>,
    /// The base of its logarithm.
    pub(super) log: Option<f64>,
    pub(super) centered: bool,
}

/// The ends of an axis and its ticks, for those who have no more wishes than a unit.
pub(crate) fn value_axis_of(
    values: impl Iterator<Item = f64>,
    unit: Option<&str>,
    most: usize,
) -> (f64, f64, Vec<(f64, String)>) {
    let wanted = Wanted {
        unit,
        ..Wanted::default()
    };
    let Scale { low, high, ticks } = scale(values, &wanted, most);
    (low, high, ticks)
}

/// For values, with about `most` ticks.
pub(super) fn scale(values: impl Iterator<Item = f64>, wanted: &Wanted<'_>, most: usize) -> Scale {
    let values = values.filter(|value| value.is_finite() && (wanted.log.is_none() || *value > 0.0));
    let extent = values.fold(None, |extent: Option<(f64, f64)>, value| {
        Some(extent.map_or((value, value), |(low, high)| (low.min(value), high.max(value))))
    });
    let (low, high) = extent.unwrap_or((wanted.min.unwrap_or(0.0), wanted.max.unwrap_or(1.0)));
    match wanted.log {
        Some(base) => logarithmic(low, high, base.max(2.0), wanted),
        None => linear(low, high, wanted, most),
    }
}

fn linear(low: f64, high: f64, wanted: &Wanted<'_>, most: usize) -> Scale {
    let soft_low = wanted.soft_min.map_or(low, |soft| soft.min(low));
    let soft_high = wanted.soft_max.map_or(high, |soft| soft.max(high));
    let (mut low, mut high) = (wanted.min.unwrap_or(soft_low), wanted.max.unwrap_or(soft_high));
    if wanted.centered {
        let far = low.abs().max(high.abs());
        (low, high) = (-far, far);
    }
    if high <= low {
        // All the same: some room around it, with zero in sight where it is near.
        let room = if low == 0.0 { 1.0 } else { low.abs() * 0.5 };
        high = low + room;
        if wanted.min.is_none() && low != 0.0 && wanted.soft_min.is_none() {
            low -= room;
        }
    }
    let step = step(high - low, most, binary(wanted.unit));
    let fixed = |end: Option<f64>, value: f64, round: f64| if end.is_some() { value } else { round * step };
    let low = fixed(wanted.min, low, (low / step + 1e-9).floor());
    let high = fixed(wanted.max, high, (high / step - 1e-9).ceil());
    let first = (low / step - 1e-9).ceil() as i64;
    let last = (high / step + 1e-9).floor() as i64;
    let values = (first..=last.min(first + 100))
        .map(|index| index as f64 * step)
        .collect();
    Scale {
        low,
        high: if high > low { high } else { low + step },
        ticks: with_texts(values, wanted),
    }
}

fn with_texts(values: Vec<f64>, wanted: &Wanted<'_>) -> Vec<(f64, String)> {
    let written = |value: f64, decimals: u32| units::format(wanted.unit, value, Some(decimals), 0.0);
    // Those of one scale have as many decimals: 500, 1.0 K, 1.5 K.
    let scale = |value: f64| {
        let text = written(value, 0);
        text.trim_matches(|c: char| c.is_ascii_digit() || matches!(c, '-' | '.'))
            .to_owned()
    };
    let needed = |value: f64| {
        let own = scale(value);
        let alike: Vec<f64> = values.iter().copied().filter(|other| scale(*other) == own).collect();
        let needed = units::decimals_for(wanted.unit, &alike);
        wanted.decimals.map_or(needed, |decimals| decimals.max(needed))
    };
    let text = |value: f64| written(value, if value == 0.0 { 0 } else { needed(value) });
    values.iter().map(|value| (*value, text(*value))).collect()
}

/// Powers of two are round for what is counted in them.
fn binary(unit: Option<&str>) -> bool {
    matches!(
        unit,
        Some("bytes" | "bits" | "kbytes" | "mbytes" | "gbytes" | "binBps" | "binbps" | "KiBs" | "MiBs")
    )
}

/// A round step that cuts a range into at most so many parts.
fn step(range: f64, most: usize, binary: bool) -> f64 {
    let rough = range / most.max(1) as f64;
    if binary && rough >= 1.0 {
        return 2f64.powf(rough.log2().ceil());
    }
    let power = 10f64.powf(rough.log10().floor());
    let round = [1.0, 2.0, 2.5, 5.0, 10.0]
        .into_iter()
        .find(|round| round * power >= rough * (1.0 - 1e-9));
    round.unwrap_or(10.0) * power
}

fn logarithmic(low: f64, high: f64, base: f64, wanted: &Wanted<'_>) -> Scale {
    let low = wanted
        .min
        .filter(|min| *min > 0.0)
        .unwrap_or(low)
        .max(f64::MIN_POSITIVE);
    let high = wanted.max.unwrap_or(high).max(low * base);
    let (first, last) = (
        (low.ln() / base.ln() + 1e-9).floor() as i32,
        (high.ln() / base.ln() - 1e-9).ceil() as i32,
    );
    let every = ((last - first) / 6).max(1) as usize;
    let values: Vec<f64> = (first..=last).step_by(every).map(|power| base.powi(power)).collect();
    let text = |value: f64| units::format(wanted.unit, value, wanted.decimals, 0.0);
    Scale {
        low: base.powi(first),
        high: base.powi(last),
        ticks: values.into_iter().map(|value| (value, text(value))).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_are_round() {
        let wanted = |min, max, unit| Wanted {
            min,
            max,
            unit,
            ..Wanted::default()
        };
        let table: [(&[f64], Wanted<'_>, &str); 7] = [
            (&[0.0, 9.3], wanted(None, None, None), "0 2 4 6 8 10"),
            (
                &[0.12, 0.31],
                wanted(Some(0.0), Some(1.0), Some("percentunit")),
                "0% 20% 40% 60% 80% 100%",
            ),
            (&[0.0, 3e9], wanted(None, None, Some("bytes")), "0 B 1 GiB 2 GiB 3 GiB"),
            (&[5.0, 5.0], wanted(Some(0.0), None, None), "0 1 2 3 4 5"),
            (
                &[0.0, 0.0],
                wanted(None, None, Some("s")),
                "0 s 200 ms 400 ms 600 ms 800 ms 1 s",
            ),
            (&[], wanted(None, None, None), "0 0.2 0.4 0.6 0.8 1.0"),
            (
                &[f64::NAN, 1.0, f64::INFINITY, 2.0],
                wanted(None, None, None),
                "1.0 1.2 1.4 1.6 1.8 2.0",
            ),
        ];
        for (values, wanted, texts) in table {
            let scale = scale(values.iter().copied(), &wanted, 5);
            let found: Vec<_> = scale.ticks.iter().map(|(_, text)| text.as_str()).collect();
            assert_eq!(found.join(" "), texts, "{values:?}");
        }
    }

    #[test]
    fn a_logarithm_has_a_tick_for_each_power() {
        let wanted = Wanted {
            log: Some(10.0),
            ..Wanted::default()
        };
        let scale = scale([0.0, 3.0, 4200.0].into_iter(), &wanted, 5);
        let ticks: Vec<_> = scale.ticks.iter().map(|(value, _)| value.round()).collect();
        assert_eq!(
            (scale.low, scale.high, ticks),
            (1.0, 10_000.0, vec![1.0, 10.0, 100.0, 1000.0, 10_000.0])
        );
    }
}
