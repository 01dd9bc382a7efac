//! Values as Go's configuration files write them.

use std::fmt;
use std::time::Duration;

use exporter_toolkit::go_duration;
use serde::{Deserialize, Deserializer};

use super::load::refusal;
use super::shown::{Node, Shown};

/// A duration as Go writes it: `5s`, `1m30s`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct GoDuration(pub(crate) Duration);

impl<'de> Deserialize<'de> for GoDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        // Upstream takes a timeout below zero for none.
        let (text, negative) = text
            .strip_prefix('-')
            .map_or((text.as_str(), false), |rest| (rest, true));
        let duration = go_duration::parse(text).filter(|_| text != "0");
        let duration = duration.ok_or_else(|| refusal(format!("{text:?} is no duration such as 5s or 1m30s")))?;
        Ok(Self(if negative { Duration::ZERO } else { duration }))
    }
}

impl Shown for GoDuration {
    fn is_unset(&self) -> bool {
        self.0.is_zero()
    }

    fn shown(&self) -> Node {
        Node::Word(self.to_string())
    }
}

/// As Go prints durations: `1h0m0s`, `1.5s`, `20ms`.
impl fmt::Display for GoDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.as_nanos();
        let (unit, scale) = match nanos {
            0 => return f.write_str("0s"),
            1..1_000 => ("ns", 1),
            1_000..1_000_000 => ("µs", 1_000),
            1_000_000..1_000_000_000 => ("ms", 1_000_000),
            _ => ("s", 1_000_000_000),
        };
        let (mut whole, fraction) = (nanos / scale, nanos % scale);
        if unit == "s" {
            if whole >= 3600 {
                write!(f, "{}h", whole / 3600)?;
            }
            if whole >= 60 {
                write!(f, "{}m", whole / 60 % 60)?;
            }
            whole %= 60;
        }
        write!(f, "{whole}")?;
        if fraction > 0 {
            let width = scale.ilog10() as usize;
            write!(f, ".{}", format!("{fraction:0width$}").trim_end_matches('0'))?;
        }
        f.write_str(unit)
    }
}

/// A number of bytes, with a unit: `1KB` is 1024. Zero, and what is below it, is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ByteSize(pub(crate) u64);

/// What each unit is in bytes; all but `B` have an `i` in them if one likes.
const UNITS: [(&str, &str, u64); 7] = [
    ("EB", "EiB", 1 << 60),
    ("PB", "PiB", 1 << 50),
    ("TB", "TiB", 1 << 40),
    ("GB", "GiB", 1 << 30),
    ("MB", "MiB", 1 << 20),
    ("KB", "KiB", 1 << 10),
    ("B", "B", 1),
];

impl<'de> Deserialize<'de> for ByteSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        bytes(&text).map(Self).map_err(refusal)
    }
}

impl Shown for ByteSize {
    fn is_unset(&self) -> bool {
        self.0 == 0
    }

    fn shown(&self) -> Node {
        let mut rest = self.0;
        let part = |(_, unit, worth): &(&str, &str, u64)| {
            let count = rest / worth;
            rest %= worth;
            (count > 0).then(|| format!("{count}{unit}"))
        };
        Node::Word(UNITS.iter().filter_map(part).collect())
    }
}

/// Reads `1KB`, `1.5MiB`, `1KB512B`.
fn bytes(text: &str) -> Result<u64, String> {
    if text == "0" {
        return Ok(0);
    }
    let invalid = || format!("units: invalid {text}");
    let negative = text.starts_with('-');
    let mut rest = text.trim_start_matches(['-', '+']);
    let mut sum = 0.0;
    if rest.is_empty() {
        return Err(invalid());
    }
    while !rest.is_empty() {
        let of_number = |c: char| c.is_ascii_digit() || c == '.';
        let (number, after) = rest.split_at(rest.find(|c| !of_number(c)).unwrap_or(rest.len()));
        let (unit, after) = after.split_at(after.find(of_number).unwrap_or(after.len()));
        let number: f64 = number.parse().map_err(|_| invalid())?;
        let worth = UNITS.iter().find(|(short, long, _)| unit == *short || unit == *long);
        let (_, _, worth) = worth.ok_or_else(|| format!("units: unknown unit {unit} in {text}"))?;
        sum += number * *worth as f64;
        rest = after;
    }
    // More than there can be is as much as there can be.
    Ok(if negative { 0 } else { sum as u64 })
}

/// Text that is never shown.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub(crate) struct Secret(pub(crate) String);

impl Secret {
    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<secret>")
    }
}

impl Shown for Secret {
    fn is_unset(&self) -> bool {
        self.is_empty()
    }

    fn shown(&self) -> Node {
        Node::Word("<secret>".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_printed_as_go_prints_them() {
        for (nanos, expected) in [
            (0, "0s"),
            (1, "1ns"),
            (1_500, "1.5µs"),
            (20_000_000, "20ms"),
            (1_500_000_000, "1.5s"),
            (1_000_000_001, "1.000000001s"),
            (90_000_000_000, "1m30s"),
            (3_600_000_000_000, "1h0m0s"),
            (3_661_500_000_000, "1h1m1.5s"),
        ] {
            assert_eq!(GoDuration(Duration::from_nanos(nanos)).to_string(), expected);
        }
    }

    #[test]
    fn sizes_are_read_and_shown_as_upstream_does() {
        for (text, size, shown) in [
            ("0", 0, ""),
            ("1B", 1, "1B"),
            ("1KB", 1024, "1KiB"),
            ("1KiB", 1024, "1KiB"),
            ("1.5MB", 3 << 19, "1MiB512KiB"),
            ("1KB512B", 1536, "1KiB512B"),
            ("-1KB", 0, ""),
            ("1PiB", 1 << 50, "1PiB"),
        ] {
            assert_eq!(bytes(text), Ok(size), "{text}");
            assert_eq!(ByteSize(size).shown(), Node::Word(shown.to_owned()));
        }
    }

    #[test]
    fn sizes_without_a_known_unit_are_refused_in_upstreams_words() {
        for (text, expected) in [
            ("1024", "units: unknown unit  in 1024"),
            ("1foo", "units: unknown unit foo in 1foo"),
            ("1kb", "units: unknown unit kb in 1kb"),
            ("", "units: invalid "),
            ("-", "units: invalid -"),
            ("KB", "units: invalid KB"),
        ] {
            assert_eq!(bytes(text), Err(expected.to_owned()));
        }
    }
}
