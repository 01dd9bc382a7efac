//! Properties that udev keeps of a device, from /run/udev/data/b`MAJOR`:`MINOR`.
//!
//! ```text
//! S:disk/by-id/virtio-root
//! I:1234567
//! E:ID_SERIAL=root
//! E:ID_FS_TYPE=ext4
//! ```

use crate::ParseError;
use crate::fields::{lines, split_once};

/// The properties of a device.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UdevData<'a> {
    /// Names and values, in the file's order. Source: the lines `E:NAME=value`.
    pub properties: Vec<(&'a str, &'a str)>,
}

impl<'a> UdevData<'a> {
    /// The value of a property; the last one where the file has several.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.properties
            .iter()
            .rev()
            .find(|(found, _)| *found == name)
            .map(|(_, value)| *value)
    }
}

/// Parses the data of one device. Lines without a property are passed over; an empty file has none.
///
/// # Errors
/// When a property is not UTF-8.
pub fn parse(bytes: &[u8]) -> Result<UdevData<'_>, ParseError> {
    let mut properties = Vec::new();
    for line in lines(bytes) {
        let Some(property) = line.text.strip_prefix(b"E:") else {
            continue;
        };
        let Some((name, value)) = split_once(property, b'=') else {
            continue;
        };
        let text = |part| std::str::from_utf8(part).map_err(|_| line.error("text in UTF-8"));
        properties.push((text(name)?, text(value)?));
    }
    Ok(UdevData { properties })
}

#[cfg(test)]
mod tests {
    use super::{UdevData, parse};

    #[test]
    fn only_properties_are_read() {
        let expected = vec![
            ("ID_SERIAL", "QEMU_HARDDISK_drive-scsi0"),
            ("ID_MODEL", "QEMU HARDDISK"),
            ("ID_PATH", "pci-0000:00:05.0-scsi-0:0:0:0"),
            ("ID_FS_TYPE", "ext4"),
            ("ID_PART_ENTRY_NAME", ""),
        ];
        assert_eq!(
            parse(include_bytes!("../fixtures/udev_data")),
            Ok(UdevData { properties: expected })
        );
    }

    #[test]
    fn the_last_of_several_counts() {
        let data = parse(b"E:A=1\nE:A=2=3\nE:B\nS:A=4\n").unwrap();
        assert_eq!(data.get("A"), Some("2=3"));
        assert_eq!(data.get("B"), None);
        assert_eq!(parse(b""), Ok(UdevData::default()));
    }

    #[test]
    fn other_encodings_are_errors() {
        let error = parse(b"S:x\nE:A=\xff\n").unwrap_err();
        assert_eq!(
            error.to_string(),
            "line 2: expected text in UTF-8, found \"E:A=\u{fffd}\""
        );
    }
}
