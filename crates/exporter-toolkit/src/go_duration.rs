//! Durations as Go writes them: `1s`, `1m30s`, `1.5h`, `100ms`.

use std::time::Duration;

/// Go's `time.Duration` counts nanoseconds in 63 bits.
const MOST_NANOS: u128 = i64::MAX as u128;

/// Reads what Go's `time.ParseDuration` reads, negative durations left out; `None` for anything else.
pub fn parse(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let mut rest = text;
    let mut nanos = 0_u128;
    while !rest.is_empty() {
        let (part, after) = parse_part(rest)?;
        nanos = nanos.checked_add(part).filter(|sum| *sum <= MOST_NANOS)?;
        rest = after;
    }
    let nanos = u64::try_from(nanos).ok()?;
    (!text.is_empty()).then_some(Duration::from_nanos(nanos))
}

/// One number with its unit, in nanoseconds, and what comes after it.
fn parse_part(text: &str) -> Option<(u128, &str)> {
    let of_number = |c: char| c.is_ascii_digit() || c == '.';
    let (number, rest) = text.split_at_checked(text.find(|c| !of_number(c))?)?;
    let (unit, rest) = rest.split_at_checked(rest.find(of_number).unwrap_or(rest.len()))?;
    let scale: u128 = match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60 * 1_000_000_000,
        "h" => 3_600 * 1_000_000_000,
        _ => return None,
    };
    Some((scaled(number, scale)?, rest))
}

/// A decimal number times `scale`, what is below one cut off.
fn scaled(number: &str, scale: u128) -> Option<u128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let mut worth = scale;
    let mut sum = u128::from(whole).checked_mul(scale)?;
    for digit in fraction.chars() {
        worth /= 10;
        sum += u128::from(digit.to_digit(10)?) * worth;
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_go_reads_them() {
        for (text, millis) in [
            ("0", 0),
            ("0s", 0),
            ("1s", 1_000),
            ("100ms", 100),
            ("1m30s", 90_000),
            ("1.5h", 5_400_000),
            (".5s", 500),
            ("1.s", 1_000),
            ("2000us", 2),
            ("3000µs", 3),
            ("4000000ns", 4),
        ] {
            assert_eq!(parse(text), Some(Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "5",
            "s",
            ".s",
            "1",
            "-1s",
            "1 s",
            "1d",
            "1s2",
            "1..5s",
            "ä1s",
            "1ä",
            "9999999h",
            "99999999999999999999s",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
