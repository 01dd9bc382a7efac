//! I/O of a cgroup by block device, from io.stat in cgroup v2.
//!
//! ```text
//! 8:16 rbytes=1459200 wbytes=314773504 rios=192 wios=353 dbytes=0 dios=0
//! 8:0 rbytes=90430464 wbytes=299008000 rios=8950 wios=1252 dbytes=50331648 dios=3021
//! ```

use crate::ParseError;
use crate::blkio::device;
use crate::fields::{Fields, Line, Lines, lines, split_once, unsigned};

const SHAPE: &str = "a device's numbers, names and numbers with equals signs";

/// One device. Fields that a line lacks are 0, those of io.cost `None`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Device {
    /// The device's major number.
    pub major: u32,
    /// The device's minor number.
    pub minor: u32,
    /// Bytes that were read.
    pub rbytes: u64,
    /// Bytes that were written.
    pub wbytes: u64,
    /// Reads.
    pub rios: u64,
    /// Writes.
    pub wios: u64,
    /// Time of the device that was used up, in microseconds. This and the other three need io.cost and its debugging.
    pub cost_usage_micros: Option<u64>,
    /// Time that requests waited, in microseconds. Source: `cost.wait`.
    pub cost_wait_micros: Option<u64>,
    /// Time in debt, in microseconds. Source: `cost.indebt`.
    pub cost_indebt_micros: Option<u64>,
    /// Time that tasks were delayed for debts, in microseconds. Source: `cost.indelay`.
    pub cost_indelay_micros: Option<u64>,
}

/// Parses io.stat, in its order. Names that are not known are passed over; an empty file gives nothing.
///
/// # Errors
/// When a line does not begin with a device, or goes on with what is no name, equals sign and, if known, number.
pub fn parse(bytes: &[u8]) -> Result<Vec<Device>, ParseError> {
    devices(bytes).collect()
}

/// The same one by one, for files that are read in numbers. Each line of another shape is an error of its own.
pub fn devices(bytes: &[u8]) -> impl Iterator<Item = Result<Device, ParseError>> {
    Devices {
        lines: lines(bytes),
        line: None,
    }
}

struct Devices<'a> {
    lines: Lines<'a>,
    /// The rest of a line and the device that it is about.
    line: Option<(Fields<'a>, Device)>,
}

impl Iterator for Devices<'_> {
    type Item = Result<Device, ParseError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (mut fields, mut found) = match self.line.take() {
            Some(rest) => rest,
            None => match begin(self.lines.next()?) {
                Ok(begun) => begun,
                Err(error) => return Some(Err(error)),
            },
        };
        while let Some(word) = fields.next() {
            // Linux 5.1 to 5.12 ended no line after a device without I/O, so that the next one stands on the same.
            if let Some([major, minor]) = device(word) {
                self.line = Some((
                    fields,
                    Device {
                        major,
                        minor,
                        ..Device::default()
                    },
                ));
                break;
            }
            if found.set(word).is_none() {
                return Some(Err(fields.error_at(word)));
            }
        }
        Some(Ok(found))
    }
}

fn begin(line: Line<'_>) -> Result<(Fields<'_>, Device), ParseError> {
    let mut fields = line.fields(SHAPE);
    let [major, minor] = fields.parsed(device)?;
    Ok((
        fields,
        Device {
            major,
            minor,
            ..Device::default()
        },
    ))
}

impl Device {
    fn set(&mut self, word: &[u8]) -> Option<()> {
        let (name, value) = split_once(word, b'=')?;
        match name {
            b"rbytes" => self.rbytes = unsigned(value)?,
            b"wbytes" => self.wbytes = unsigned(value)?,
            b"rios" => self.rios = unsigned(value)?,
            b"wios" => self.wios = unsigned(value)?,
            b"cost.usage" => self.cost_usage_micros = Some(unsigned(value)?),
            b"cost.wait" => self.cost_wait_micros = Some(unsigned(value)?),
            b"cost.indebt" => self.cost_indebt_micros = Some(unsigned(value)?),
            b"cost.indelay" => self.cost_indelay_micros = Some(unsigned(value)?),
            _ => {}
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Device, parse};

    #[test]
    fn devices_are_read() {
        let sdb = Device {
            major: 8,
            minor: 16,
            rbytes: 1_459_200,
            wbytes: 314_773_504,
            rios: 192,
            wios: 353,
            ..Device::default()
        };
        let nvme = Device {
            major: 259,
            rbytes: 90_430_464,
            wbytes: 299_008_000,
            rios: 8950,
            wios: 1252,
            cost_usage_micros: Some(1_500_000),
            cost_wait_micros: Some(250_000),
            cost_indebt_micros: Some(7),
            cost_indelay_micros: Some(9),
            ..Device::default()
        };
        assert_eq!(parse(include_bytes!("../fixtures/io_stat")), Ok(vec![sdb, nvme]));
        assert_eq!(parse(b""), Ok(vec![]));
    }

    #[test]
    fn devices_without_io_may_share_a_line_with_the_next() {
        let idle = |minor| Device {
            major: 7,
            minor,
            ..Device::default()
        };
        let busy = Device { rbytes: 1, ..idle(2) };
        assert_eq!(parse(b"7:1 7:2 rbytes=1\n7:3 \n"), Ok(vec![idle(1), busy, idle(3)]));
    }

    #[test]
    fn malformed_words_are_errors() {
        for (line, found) in [
            ("rbytes=1", "rbytes=1"),
            ("8:0 rbytes", "rbytes"),
            ("8:0 wios=x", "wios=x"),
        ] {
            let text = format!("line 1: expected {}, found {found:?}", super::SHAPE);
            assert_eq!(parse(line.as_bytes()).unwrap_err().to_string(), text);
        }
    }
}
