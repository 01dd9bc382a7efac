//! Durations as Grafana and Prometheus write them: `15s`, `1h30m`, `500ms`.

/// In seconds.
const UNITS: [(&str, f64); 8] = [
    ("ms", 0.001),
    ("s", 1.0),
    ("m", 60.0),
    ("h", 3600.0),
    ("d", 86_400.0),
    ("w", 604_800.0),
    ("M", 2_592_000.0),
    ("y", 31_536_000.0),
];

/// In seconds; `None` for what is no duration. A plain number is seconds.
#[must_use]
pub fn parse_duration(text: &str) -> Option<f64> {
    let text = text.trim();
    // As Grafana has it for "at least so long".
    let mut rest = text.strip_prefix('>').unwrap_or(text);
    if let Ok(seconds) = rest.parse::<f64>() {
        return (seconds.is_finite() && seconds >= 0.0).then_some(seconds);
    }
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at_checked(digits)?;
        let letters = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at_checked(letters)?;
        let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit)?;
        seconds += number.parse::<f64>().ok()? * factor;
        rest = after;
    }
    (!text.is_empty()).then_some(seconds)
}

/// In the largest unit that it is a whole number of: `90s` is `90s`, `3600s` is `1h`.
#[must_use]
pub fn duration_text(seconds: f64) -> String {
    let millis = (seconds * 1000.0).round();
    let units = [("d", 86_400_000.0), ("h", 3_600_000.0), ("m", 60_000.0), ("s", 1000.0)];
    let whole = units
        .iter()
        .find(|(_, factor)| millis >= *factor && millis % factor == 0.0);
    match whole {
        Some((unit, factor)) => format!("{}{unit}", millis / factor),
        None => format!("{millis}ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read() {
        let table = [
            ("15s", Some(15.0)),
            ("1h30m", Some(5400.0)),
            ("500ms", Some(0.5)),
            (">10s", Some(10.0)),
            ("60", Some(60.0)),
            ("1M", Some(2_592_000.0)),
            ("", None),
            ("s", None),
            ("5x", None),
            ("$__interval", None),
            ("-1", None),
        ];
        for (text, seconds) in table {
            assert_eq!(parse_duration(text), seconds, "{text:?}");
        }
    }

    #[test]
    fn durations_are_written_in_the_largest_whole_unit() {
        let table = [
            (15.0, "15s"),
            (60.0, "1m"),
            (90.0, "90s"),
            (3600.0, "1h"),
            (0.25, "250ms"),
            (86_400.0, "1d"),
        ];
        for (seconds, text) in table {
            assert_eq!(duration_text(seconds), text);
        }
    }
}
