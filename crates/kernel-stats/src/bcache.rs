//! Files of bcache with more than one value or with rounded ones, from /sys/fs/bcache.
//!
//! ```text
//! rate:           2.3M/sec
//! dirty:          5.1G
//! target:         6.2G
//! proportional:   -3.4k
//! integral:       -87.2k
//! change:         -1.9k/sec
//! next io:        412ms
//! ```

use crate::ParseError;
use crate::fields::{Line, lines, split_once, unsigned};

const SIZE: &str = "a number with or without a decimal and a unit";

/// State of the controller that sets how fast a backing device is written, from `writeback_rate_debug`. Its numbers
/// are rounded; a line that is missing is 0.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct WritebackRate {
    /// Bytes a second that are written back.
    pub rate: f64,
    /// Dirty bytes that it aims at.
    pub target: f64,
    /// The controller's proportional term, in bytes a second.
    pub proportional: f64,
    /// The controller's integral term, in bytes a second.
    pub integral: f64,
    /// The last change of the rate, in bytes a second.
    pub change: f64,
}

/// How a cache device is filled, from `priority_stats`. A line that is missing is 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PriorityStats {
    /// Part of the device that holds nothing, in percent.
    pub unused_percent: u64,
    /// Part of the device that holds metadata, in percent.
    pub metadata_percent: u64,
}

/// Parses a file of one number, which may be rounded and have a unit, as in `1.5M`: whole bytes then.
///
/// # Errors
/// When the file is anything else.
pub fn parse_size(bytes: &[u8]) -> Result<f64, ParseError> {
    let line = Line::whole(bytes);
    line.fields(SIZE).parsed(size)
}

/// Parses writeback_rate_debug. Lines with other names are passed over.
///
/// # Errors
/// When a line has no number behind its name.
pub fn parse_writeback_rate(bytes: &[u8]) -> Result<WritebackRate, ParseError> {
    let mut rate = WritebackRate::default();
    for line in lines(bytes) {
        let mut fields = line.fields("a name and a rounded number");
        let value = match fields.word()? {
            b"rate:" => &mut rate.rate,
            b"target:" => &mut rate.target,
            b"proportional:" => &mut rate.proportional,
            b"integral:" => &mut rate.integral,
            b"change:" => &mut rate.change,
            _ => continue,
        };
        *value = fields.parsed(|word| size(word.strip_suffix(b"/sec").unwrap_or(word)))?;
    }
    Ok(rate)
}

/// Parses priority_stats. Lines with other names are passed over.
///
/// # Errors
/// When a line has no percentage behind its name.
pub fn parse_priority_stats(bytes: &[u8]) -> Result<PriorityStats, ParseError> {
    let mut stats = PriorityStats::default();
    for line in lines(bytes) {
        let mut fields = line.fields("a name and a percentage");
        let value = match fields.word()? {
            b"Unused:" => &mut stats.unused_percent,
            b"Metadata:" => &mut stats.metadata_percent,
            _ => continue,
        };
        *value = fields.parsed(|word| unsigned(word.strip_suffix(b"%")?))?;
    }
    Ok(stats)
}

/// A number as `bch_hprint` of the kernel writes it.
fn size(word: &[u8]) -> Option<f64> {
    if let Some(positive) = word.strip_prefix(b"-") {
        return (!positive.starts_with(b"-"))
            .then(|| size(positive))
            .flatten()
            .map(|size| -size);
    }
    let (&last, before) = word.split_last()?;
    let unit = b"kMGTPEZY".iter().position(|unit| *unit == last);
    let (number, power) = unit.map_or((word, 0), |unit| (before, unit as i32 + 1));
    let number = match split_once(number, b'.') {
        Some((whole, decimal)) => unsigned(whole)? as f64 + decimals(unsigned(decimal)?),
        None => unsigned(number)? as f64,
    };
    Some((number * 1024_f64.powi(power)).trunc())
}

/// The part behind the point. The kernel writes the remainder of a division by 1024 divided by 100, so it goes from 0
/// to 10, and `.10` is more than `.9`.
fn decimals(written: u64) -> f64 {
    written as f64 / 10.24
}

#[cfg(test)]
mod tests {
    use super::{PriorityStats, WritebackRate, parse_priority_stats, parse_size, parse_writeback_rate};

    #[test]
    fn sizes_are_rounded_and_have_units() {
        let cases: [(&[u8], Option<f64>); 13] = [
            (b"0\n", Some(0.0)),
            (b"16384\n", Some(16_384.0)),
            (b"4.0k", Some(4096.0)),
            (b"1.9k", Some(1924.0)),
            (b"1.10k", Some(2024.0)),
            (b"1M", Some(1_048_576.0)),
            (b"-1.1k", Some(-1124.0)),
            (b"2Y", Some(2.0 * 1024_f64.powi(8))),
            (b"--1", None),
            (b"1.5m", None),
            (b".5k", None),
            (b"k", None),
            (b"", None),
        ];
        for (bytes, size) in cases {
            assert_eq!(parse_size(bytes).ok(), size, "{bytes:?}");
        }
        let error = "expected a number with or without a decimal and a unit, found \"many\"";
        assert_eq!(parse_size(b"many\n").unwrap_err().to_string(), error);
    }

    #[test]
    fn the_writeback_rate_has_signs_and_units() {
        let expected = WritebackRate {
            rate: 2_404_352.0,
            target: 6_652_166_144.0,
            proportional: -3472.0,
            integral: -89_288.0,
            change: -1924.0,
        };
        let fixture = include_bytes!("../fixtures/bcache_writeback_rate");
        assert_eq!(parse_writeback_rate(fixture), Ok(expected));
        assert_eq!(parse_writeback_rate(b""), Ok(WritebackRate::default()));
        assert_eq!(
            parse_writeback_rate(b"rate:\t2.3M/min\n").unwrap_err().to_string(),
            r#"line 1: expected a name and a rounded number, found "2.3M/min""#
        );
    }

    #[test]
    fn priorities_are_percentages() {
        let expected = PriorityStats {
            unused_percent: 83,
            metadata_percent: 2,
        };
        let fixture = include_bytes!("../fixtures/bcache_priority_stats");
        assert_eq!(parse_priority_stats(fixture), Ok(expected));
        assert_eq!(parse_priority_stats(b"Clean: x\n"), Ok(PriorityStats::default()));
        assert_eq!(
            parse_priority_stats(b"Unused:\t97\n").unwrap_err().to_string(),
            r#"line 1: expected a name and a percentage, found "97""#
        );
    }
}
