//! Numbers as people read them. The script in static/units.js writes the same.

const BYTES: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/// `0 B`, `1.50 KiB`, `23.4 MiB`, `512 GiB`.
pub(super) fn bytes(count: u64) -> String {
    let (mut value, mut unit) = (count as f64, 0);
    // What would round to four digits goes to the next unit.
    while value >= 999.5 && unit + 1 < BYTES.len() {
        value /= 1024.0;
        unit += 1;
    }
    let unit_name = BYTES.get(unit).copied().unwrap_or_default();
    if unit == 0 {
        return format!("{count} {unit_name}");
    }
    format!("{} {unit_name}", three_digits(value))
}

/// `0 %`, `1.23 %`, `45.6 %`, `250 %`.
pub(super) fn percent(share: f64) -> String {
    format!("{} %", three_digits(share * 100.0))
}

/// Seconds: `0.42 s`, `59.9 s`, `3 min 5 s`, `2 h 4 min`, `5 d 3 h`.
pub(super) fn duration(seconds: f64) -> String {
    if seconds < 59.95 {
        return format!("{} s", three_digits(seconds.max(0.0)));
    }
    let whole = seconds.round() as u64;
    let (minutes, hours, days) = (whole / 60, whole / 3_600, whole / 86_400);
    match (days, hours, minutes) {
        (0, 0, _) => format!("{minutes} min {} s", whole % 60),
        (0, _, _) => format!("{hours} h {} min", minutes % 60),
        _ => format!("{days} d {} h", hours % 24),
    }
}

fn three_digits(value: f64) -> String {
    let decimals = match value {
        0.0 => 0,
        value if value < 9.995 => 2,
        value if value < 99.95 => 1,
        _ => 0,
    };
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_three_digits() {
        for (count, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "0.98 KiB"),
            (1_536, "1.50 KiB"),
            (24_536_678, "23.4 MiB"),
            (536_870_912, "512 MiB"),
            (1_073_741_823, "1.00 GiB"),
            (u64::MAX, "16384 PiB"),
        ] {
            assert_eq!(bytes(count), text);
        }
    }

    #[test]
    fn shares_are_percents() {
        for (share, text) in [
            (0.0, "0 %"),
            (0.0123, "1.23 %"),
            (0.09996, "10.0 %"),
            (0.9996, "100 %"),
            (2.5, "250 %"),
        ] {
            assert_eq!(percent(share), text);
        }
    }

    #[test]
    fn durations_have_two_units() {
        for (seconds, text) in [
            (-3.0, "0 s"),
            (0.42, "0.42 s"),
            (59.94, "59.9 s"),
            (59.96, "1 min 0 s"),
            (185.0, "3 min 5 s"),
            (7_440.0, "2 h 4 min"),
            (442_800.0, "5 d 3 h"),
        ] {
            assert_eq!(duration(seconds), text);
        }
    }
}
