//! Replicated block devices of DRBD 8, from /proc/drbd. DRBD 9 leaves only versions there.
//!
//! ```text
//! version: 8.4.11 (api:1/proto:86-101)
//!  0: cs:Connected ro:Primary/Secondary ds:UpToDate/UpToDate C r-----
//!     ns:17324442 nr:10961 dw:17325400 dr:130 al:33 bm:0 lo:0 pe:0 ua:0 ap:0 ep:1 wo:f oos:0
//! ```

use crate::ParseError;
use crate::fields::{Line, lines, split_once, unsigned, unsigned_32};

/// One device. A field that its lines lack is `None`, as all but the connection are before it is configured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Device<'a> {
    /// The number in the device's name: 3 of `drbd3`.
    pub minor: u32,
    /// The state of the connection, as `Connected`. Source: `cs`.
    pub connection: Option<&'a str>,
    /// The roles of this node and the peer, as `Primary`. Source: `ro`.
    pub roles: Option<[&'a str; 2]>,
    /// The states of the disks of this node and the peer, as `UpToDate`. Source: `ds`.
    pub disks: Option<[&'a str; 2]>,
    /// Data sent to the peer, in KiB. Source: `ns`.
    pub sent_kib: Option<u64>,
    /// Data received from the peer, in KiB. Source: `nr`.
    pub received_kib: Option<u64>,
    /// Data written to the local disk, in KiB. Source: `dw`.
    pub disk_written_kib: Option<u64>,
    /// Data read from the local disk, in KiB. Source: `dr`.
    pub disk_read_kib: Option<u64>,
    /// Updates of the activity log. Source: `al`.
    pub activity_log_writes: Option<u64>,
    /// Updates of the bitmap. Source: `bm`.
    pub bitmap_writes: Option<u64>,
    /// Open requests to the local I/O system. Source: `lo`.
    pub local_pending: Option<u64>,
    /// Requests to the peer that it has not answered yet. Source: `pe`.
    pub remote_pending: Option<u64>,
    /// Requests of the peer that were not answered yet. Source: `ua`.
    pub remote_unacknowledged: Option<u64>,
    /// Requests of applications that were not answered yet. Source: `ap`.
    pub application_pending: Option<u64>,
    /// Epochs on the fly. Source: `ep`.
    pub epochs: Option<u64>,
    /// Data out of sync, in KiB. Source: `oos`.
    pub out_of_sync_kib: Option<u64>,
}

/// Parses /proc/drbd, in the file's order. Words that are not known, and all before the first device, are passed over.
///
/// # Errors
/// When a known key has a value of another kind.
pub fn parse(bytes: &[u8]) -> Result<Vec<Device<'_>>, ParseError> {
    let mut devices: Vec<Device<'_>> = Vec::new();
    for line in lines(bytes) {
        for word in line.fields("words") {
            let Some((key, value)) = split_once(word, b':') else {
                continue;
            };
            match (unsigned_32(key), value, devices.last_mut()) {
                (Some(minor), b"", _) => devices.push(Device {
                    minor,
                    ..Device::default()
                }),
                (None, _, Some(device)) => device.set(key, value).ok_or_else(|| error(line, word))?,
                _ => {}
            }
        }
    }
    Ok(devices)
}

fn error(line: Line<'_>, word: &[u8]) -> ParseError {
    line.error_at("a number, a state or a pair of states after the key", word)
}

impl<'a> Device<'a> {
    /// Takes a known key; `None` if its value is of another kind.
    fn set(&mut self, key: &[u8], value: &'a [u8]) -> Option<()> {
        match key {
            b"cs" => self.connection = Some(std::str::from_utf8(value).ok()?),
            b"ro" => self.roles = Some(pair(value)?),
            b"ds" => self.disks = Some(pair(value)?),
            _ => {
                if let Some(number) = self.number_of(key) {
                    *number = Some(unsigned(value)?);
                }
            }
        }
        Some(())
    }

    fn number_of(&mut self, key: &[u8]) -> Option<&mut Option<u64>> {
        Some(match key {
            b"ns" => &mut self.sent_kib,
            b"nr" => &mut self.received_kib,
            b"dw" => &mut self.disk_written_kib,
            b"dr" => &mut self.disk_read_kib,
            b"al" => &mut self.activity_log_writes,
            b"bm" => &mut self.bitmap_writes,
            b"lo" => &mut self.local_pending,
            b"pe" => &mut self.remote_pending,
            b"ua" => &mut self.remote_unacknowledged,
            b"ap" => &mut self.application_pending,
            b"ep" => &mut self.epochs,
            b"oos" => &mut self.out_of_sync_kib,
            _ => return None,
        })
    }
}

fn pair(value: &[u8]) -> Option<[&str; 2]> {
    let (local, remote) = std::str::from_utf8(value).ok()?.split_once('/')?;
    Some([local, remote])
}

#[cfg(test)]
mod tests {
    use super::{Device, parse};

    #[test]
    fn devices_keep_their_order() {
        let expected = vec![
            Device {
                minor: 0,
                connection: Some("Connected"),
                roles: Some(["Primary", "Secondary"]),
                disks: Some(["UpToDate", "Inconsistent"]),
                sent_kib: Some(1),
                received_kib: Some(2),
                disk_written_kib: Some(3),
                disk_read_kib: Some(4),
                activity_log_writes: Some(5),
                bitmap_writes: Some(6),
                local_pending: Some(7),
                remote_pending: Some(8),
                remote_unacknowledged: Some(9),
                application_pending: Some(10),
                epochs: Some(11),
                out_of_sync_kib: Some(12),
            },
            Device {
                minor: 3,
                connection: Some("Unconfigured"),
                ..Device::default()
            },
        ];
        assert_eq!(parse(include_bytes!("../fixtures/drbd")), Ok(expected));
    }

    #[test]
    fn version_9_has_no_devices() {
        let bytes = b"version: 9.1.4 (api:2/proto:110-121)\nTransports (api:17): tcp (9.1.4)\n";
        assert_eq!(parse(bytes), Ok(vec![]));
        assert_eq!(parse(b""), Ok(vec![]));
    }

    #[test]
    fn values_of_another_kind_are_errors() {
        for found in ["ns:x", "ro:Primary", "oos:-1"] {
            let error = parse(format!(" 0: cs:Connected\n {found}\n").as_bytes()).unwrap_err();
            let text = format!("line 2: expected a number, a state or a pair of states after the key, found {found:?}");
            assert_eq!(error.to_string(), text);
        }
    }
}
