//! Points in time as runtimes write them: RFC 3339, `2026-11-22T07:54:18.541064357Z`.

/// Seconds since 1970; `None` for what is no time, and for Go's zero, year 1, which stands for never.
pub(super) fn parse(text: &str) -> Option<f64> {
    let (date, rest) = text.split_once(['T', 't', ' '])?;
    let (year, month, day) = triple(date, '-')?;
    let offset_at = rest.find(['Z', 'z', '+', '-'])?;
    let (time, offset) = rest.split_at_checked(offset_at)?;
    let (clock, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let (hour, minute, second) = triple(clock, ':')?;
    let in_range = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second <= 60;
    if year <= 1 || !in_range {
        return None;
    }
    let seconds =
        days_since_1970(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset_seconds(offset)?;
    Some(seconds as f64 + fraction_of_a_second(fraction)?)
}

/// Three numbers with `separator` between them.
fn triple(text: &str, separator: char) -> Option<(i64, i64, i64)> {
    let mut parts = text.split(separator).map(number);
    let triple = (parts.next()??, parts.next()??, parts.next()??);
    parts.next().is_none().then_some(triple)
}

/// Two or four digits and nothing else.
fn number(text: &str) -> Option<i64> {
    let is_number = (2..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

fn fraction_of_a_second(digits: &str) -> Option<f64> {
    let is_fraction = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_fraction.then(|| format!("0.{digits}").parse().ok())?
}

/// `Z`, `+01:00` or `-01:00`.
fn offset_seconds(text: &str) -> Option<i64> {
    let (sign, rest) = match text.as_bytes().first()? {
        b'Z' | b'z' => return (text.len() == 1).then_some(0),
        b'-' => (-1, text.strip_prefix('-')?),
        _ => (1, text.strip_prefix('+')?),
    };
    let (hours, minutes) = rest.split_once(':')?;
    Some(sign * (number(hours)? * 3_600 + number(minutes)? * 60))
}

/// Days of the Gregorian calendar, by years that begin in March, so that a leap day is the last of its year.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let leap_days = year / 4 - year / 100 + year / 400;
    year * 365 + leap_days + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds_since_1970() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", Some(0.0)),
            ("2026-11-22T07:54:18.541064357Z", Some(1_795_334_058.541_064_3)),
            ("2026-11-22T08:54:18.5+01:00", Some(1_795_334_058.5)),
            ("2026-11-22T02:24:18-05:30", Some(1_795_334_058.0)),
            ("2000-02-29T23:59:59Z", Some(951_868_799.0)),
            ("2000-03-01 00:00:00Z", Some(951_868_800.0)),
            ("1969-12-31T23:59:59Z", Some(-1.0)),
        ] {
            assert_eq!(parse(text), seconds, "{text}");
        }
    }

    #[test]
    fn never_and_what_is_no_time_are_absent() {
        for text in [
            "0001-01-01T00:00:00Z",
            "0001-01-01T00:00:00.000000000Z",
            "",
            "T",
            "Z",
            "2026-11-22",
            "2026-11-22T07:54:18",
            "2026-13-22T07:54:18Z",
            "2026-11-22T24:54:18Z",
            "2026-11-22T07:54:18.Z",
            "2026-11-22T07:54:18.xZ",
            "2026-11-22T07:54:18Zulu",
            "2026-11-22T07:54:18+01",
            "2026-11-22T07:54:18+01:é",
            "99999999999999999999-11-22T07:54:18Z",
            "2026-11-22-01T07:54:18Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
