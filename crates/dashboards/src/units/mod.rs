//! Values as people read them: Grafana's units, by their ids, written as Grafana writes them.

mod duration;
mod number;
mod table;

use table::Unit;

/// The value in a unit; `decimals` after the point, or as many as are of use. An id that nobody knows is written after the
/// value, as Grafana does. `now` is what `dateTimeFromNow` counts from, in seconds since 1970.
#[must_use]
pub fn format(unit: Option<&str>, value: f64, decimals: Option<u32>, now: f64) -> String {
    let unit = table::find(unit.unwrap_or_default());
    if !value.is_finite() && !matches!(unit, Unit::Text) {
        return not_finite(value);
    }
    match unit {
        Unit::After("") => number::fixed(value, decimals),
        Unit::After(suffix) => format!("{} {suffix}", number::fixed(value, decimals)),
        Unit::Before(prefix) => format!("{prefix}{}", number::fixed(value, decimals)),
        Unit::Scaled(scale) => scale.write(value, decimals),
        Unit::Percent => format!("{}%", number::fixed(value, decimals)),
        Unit::Fraction => format!("{}%", number::fixed(100.0 * value, decimals)),
        Unit::Time(seconds) => duration::largest(value, seconds, decimals),
        Unit::Parts(seconds) => duration::parts(value, seconds, decimals),
        Unit::Clock { days } => duration::clock(value, days),
        Unit::Date(pattern) => duration::date(value, pattern),
        Unit::FromNow => duration::from_now(value / 1000.0, now),
        Unit::Truth(yes, no) => (if value == 0.0 { no } else { yes }).to_owned(),
        Unit::Hex(prefix) => format!("{prefix}{:X}", value.round() as i64),
        Unit::Scientific => number::scientific(value, decimals),
        Unit::Thousands => number::thousands(value, decimals),
        Unit::Text => value.to_string(),
    }
}

fn not_finite(value: f64) -> String {
    match value {
        value if value.is_nan() => "NaN",
        value if value > 0.0 => "∞",
        _ => "-∞",
    }
    .to_owned()
}

/// Whether Grafana has a unit of this id.
#[must_use]
pub fn is_known(id: &str) -> bool {
    table::is_known(id)
}

/// How many decimals it takes to tell these values apart and true: for the ticks of an axis.
#[must_use]
pub fn decimals_for(unit: Option<&str>, values: &[f64]) -> u32 {
    const MOST: u32 = 4;
    let needed = |value: &f64| {
        let text = format(unit, *value, Some(MOST), 0.0);
        let digits = text.trim_start_matches(|c: char| !c.is_ascii_digit());
        let fraction = digits.split_once('.').map_or("", |(_, fraction)| fraction);
        let end = fraction.find(|c: char| !c.is_ascii_digit()).unwrap_or(fraction.len());
        let fraction = fraction.split_at_checked(end).map_or("", |(digits, _)| digits);
        u32::try_from(fraction.trim_end_matches('0').len()).unwrap_or(MOST)
    };
    values.iter().map(needed).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Grafana's own formatters say of these.
    #[test]
    fn values_are_written_as_grafana_writes_them() {
        let table: [(&str, f64, Option<u32>, &str); 62] = [
            ("", 1.0, None, "1"),
            ("none", 2.5, None, "2.50"),
            ("none", 1234.5678, None, "1235"),
            ("none", 0.04321, None, "0.0432"),
            ("none", 3.0, Some(2), "3.00"),
            ("none", -0.5, Some(0), "0"),
            ("short", 0.0, None, "0"),
            ("short", 999.0, None, "999"),
            ("short", 1200.0, None, "1.20 K"),
            ("short", 2_500_000.0, Some(1), "2.5 Mil"),
            ("short", -1_000_000_000.0, None, "-1 Bil"),
            ("percent", 12.345, None, "12.3%"),
            ("percentunit", 0.5, None, "50%"),
            ("percentunit", 0.12345, Some(1), "12.3%"),
            ("bytes", 0.0, None, "0 B"),
            ("bytes", 1023.0, None, "1023 B"),
            ("bytes", 1024.0, None, "1 KiB"),
            ("bytes", 1_610_612_736.0, None, "1.50 GiB"),
            ("decbytes", 1_500_000.0, None, "1.50 MB"),
            ("decbytes", 0.0, None, "0 B"),
            ("kbytes", 2048.0, None, "2 MiB"),
            ("bits", 2048.0, None, "2 Kib"),
            ("binBps", 2048.0, None, "2 KiB/s"),
            ("Bps", 1500.0, None, "1.50 kB/s"),
            ("bps", 1e6, None, "1 Mb/s"),
            ("pps", 20.0, None, "20 p/s"),
            ("hertz", 2.4e9, None, "2.40 GHz"),
            ("watt", 0.002, None, "2 mW"),
            ("mwatt", 1500.0, None, "1.50 W"),
            ("s", 0.0, None, "0 s"),
            ("s", 0.000_000_5, None, "500 ns"),
            ("s", 0.000_25, None, "250 µs"),
            ("s", 0.25, None, "250 ms"),
            ("s", 59.0, None, "59 s"),
            ("s", 90.0, None, "1.50 mins"),
            ("s", 3600.0, None, "1 hour"),
            ("s", 86_400.0 * 2.0, None, "2 days"),
            ("s", 604_800.0 * 3.0, None, "3 weeks"),
            ("ms", 0.5, None, "0.500 ms"),
            ("ms", 1500.0, None, "1.50 s"),
            ("µs", 1500.0, None, "1.50 ms"),
            ("ns", 2e9, None, "2 s"),
            ("m", 90.0, None, "1.50 hours"),
            ("h", 48.0, None, "2 days"),
            ("d", 14.0, None, "2 weeks"),
            ("dtdurations", 0.0, None, "0 seconds"),
            ("dtdurations", 7384.0, None, "2 hours"),
            ("dtdurations", 7384.0, Some(2), "2 hours, 3 minutes, 4 seconds"),
            ("dtdurations", -60.0, None, "1 minute ago"),
            ("dtdurationms", 1000.0, None, "1 second"),
            ("dthms", 3661.0, None, "01:01:01"),
            ("dtdhms", 90_061.0, None, "1 d 01:01:01"),
            ("ops", 1200.0, None, "1.20K ops/s"),
            ("reqps", 0.5, None, "0.500 req/s"),
            ("cps", 10.0, None, "10 c/s"),
            ("iops", 10.0, None, "10 io/s"),
            ("celsius", 20.5, Some(1), "20.5 °C"),
            ("currencyUSD", 12.0, Some(2), "$12.00"),
            ("bool_yes_no", 1.0, None, "Yes"),
            ("dateTimeFromNow", 1_000_000.0, None, "2 minutes ago"),
            ("suffix:apples", 3.0, None, "3 apples"),
            ("parsecs", 3.0, None, "3 parsecs"),
        ];
        for (unit, value, decimals, text) in table {
            assert_eq!(format(Some(unit), value, decimals, 1120.0), text, "{unit} {value}");
        }
        assert_eq!(format(Some("bytes"), f64::NAN, None, 0.0), "NaN");
        assert_eq!(format(None, f64::NEG_INFINITY, None, 0.0), "-∞");
    }

    #[test]
    fn ticks_have_as_many_decimals_as_it_takes() {
        let table: [(&str, &[f64], u32); 5] = [
            ("none", &[0.0, 5.0, 10.0], 0),
            ("none", &[0.0, 2.5, 5.0], 1),
            ("percentunit", &[0.0, 0.05, 0.1], 0),
            ("bytes", &[0.0, 1024.0 * 1024.0 * 1.5], 1),
            ("s", &[0.0025, 0.005], 1),
        ];
        for (unit, values, decimals) in table {
            assert_eq!(decimals_for(Some(unit), values), decimals, "{unit} {values:?}");
        }
    }

    #[test]
    fn grafanas_units_are_known_and_others_are_not() {
        let known = [
            "short",
            "percentunit",
            "bytes",
            "µs",
            "reqps",
            "dtdurations",
            "time:YYYY",
            "prefix:x",
        ];
        assert!(known.into_iter().all(is_known));
        assert!(!is_known("parsecs"));
        assert!(!is_known("byte"));
    }
}
