//! Times and durations as words.

use super::number::fixed;

const WEEK: f64 = 604_800.0;
const YEAR: f64 = 31_536_000.0;

/// In seconds, and what one and many of it are called.
const UNITS: [(f64, &str, &str); 9] = [
    (YEAR, "year", "years"),
    (WEEK, "week", "weeks"),
    (86_400.0, "day", "days"),
    (3600.0, "hour", "hours"),
    (60.0, "min", "mins"),
    (1.0, "s", "s"),
    (1e-3, "ms", "ms"),
    (1e-6, "µs", "µs"),
    (1e-9, "ns", "ns"),
];

/// In the largest unit of which it is one or more; nothing below the unit that the value is in, unless that is seconds.
pub(super) fn largest(value: f64, seconds: f64, decimals: Option<u32>) -> String {
    let size = value.abs() * seconds;
    let least = if seconds == 1.0 { 1e-9 } else { seconds };
    let fits = |(unit, ..): &&(f64, &str, &str)| *unit >= least * 0.999 && size >= *unit * (1.0 - 1e-12);
    let own = || UNITS.iter().find(|(unit, ..)| (unit / seconds - 1.0).abs() < 1e-9);
    let smallest = || {
        if value == 0.0 {
            own()
        } else {
            UNITS.iter().rfind(|(unit, ..)| *unit >= least * 0.999)
        }
    };
    let Some((unit, one, many)) = UNITS.iter().find(fits).or_else(smallest) else {
        return fixed(value, decimals);
    };
    let number = fixed(value * seconds / unit, decimals);
    let word = if number == "1" || number == "-1" { one } else { many };
    format!("{number} {word}")
}

/// `2 hours, 3 minutes`: the first part, and `decimals` more.
pub(super) fn parts(value: f64, seconds: f64, decimals: Option<u32>) -> String {
    const PARTS: [(f64, &str); 8] = [
        (31_536_000_000.0, "year"),
        (2_592_000_000.0, "month"),
        (604_800_000.0, "week"),
        (86_400_000.0, "day"),
        (3_600_000.0, "hour"),
        (60_000.0, "minute"),
        (1000.0, "second"),
        (1.0, "millisecond"),
    ];
    if value == 0.0 {
        return if seconds == 1.0 { "0 seconds" } else { "0 milliseconds" }.to_owned();
    }
    let mut left = value.abs() * seconds * 1000.0;
    let mut words = Vec::new();
    for (millis, name) in PARTS {
        let count = (left / millis).floor();
        if words.is_empty() && count < 1.0 {
            continue;
        }
        let plural = if count == 1.0 { "" } else { "s" };
        words.push(format!("{count} {name}{plural}"));
        left -= count * millis;
        if words.len() > decimals.unwrap_or(0) as usize {
            break;
        }
    }
    let ago = if value < 0.0 { " ago" } else { "" };
    words.join(", ") + ago
}

/// `hh:mm:ss`, or with days.
pub(super) fn clock(value: f64, days: bool) -> String {
    let size = value.abs();
    let (day, rest) = if days {
        ((size / 86_400.0).floor(), size % 86_400.0)
    } else {
        (0.0, size)
    };
    let hours = (rest / 3600.0).floor();
    let (minutes, seconds) = ((rest % 3600.0 / 60.0).floor(), (rest % 60.0).floor());
    let day = if days { format!("{day} d ") } else { String::new() };
    let ago = if value < 0.0 { " ago" } else { "" };
    format!("{day}{hours:02}:{minutes:02}:{seconds:02}{ago}")
}

/// `value` in milliseconds since 1970.
pub(super) fn date(value: f64, pattern: &str) -> String {
    let moment = jiff::Timestamp::from_millisecond(value as i64);
    let moment = moment.map(|moment| moment.to_zoned(jiff::tz::TimeZone::system()));
    moment.map_or_else(|_| value.to_string(), |moment| moment.strftime(pattern).to_string())
}

/// `3 hours ago`, `in 2 days`; both in seconds since 1970.
pub(super) fn from_now(at: f64, now: f64) -> String {
    let distance = (at - now).abs();
    let text = match distance {
        d if d < 45.0 => "a few seconds".to_owned(),
        d if d < 90.0 => "a minute".to_owned(),
        d if d < 45.0 * 60.0 => format!("{} minutes", (d / 60.0).round()),
        d if d < 90.0 * 60.0 => "an hour".to_owned(),
        d if d < 22.0 * 3600.0 => format!("{} hours", (d / 3600.0).round()),
        d if d < 36.0 * 3600.0 => "a day".to_owned(),
        d if d < 26.0 * 86_400.0 => format!("{} days", (d / 86_400.0).round()),
        d if d < 45.0 * 86_400.0 => "a month".to_owned(),
        d if d < 320.0 * 86_400.0 => format!("{} months", (d / 2_629_800.0).round()),
        d if d < 548.0 * 86_400.0 => "a year".to_owned(),
        d => format!("{} years", (d / 31_557_600.0).round()),
    };
    if at > now {
        format!("in {text}")
    } else {
        format!("{text} ago")
    }
}
