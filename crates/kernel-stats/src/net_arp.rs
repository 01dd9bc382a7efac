//! Entries of ARP's table, from /proc/net/arp.
//!
//! ```text
//! IP address       HW type     Flags       HW address            Mask     Device
//! 172.16.0.1       0x1         0x2         02:fc:00:00:00:02     *        eth0
//! ```

use crate::ParseError;
use crate::fields::{Line, lines};

const SHAPE: &str = "6 columns, the last of which is a device";

/// Parses the file past its header: the device of each entry, in the kernel's order. An empty file gives nothing.
///
/// # Errors
/// When a line below the header has another number of columns, or a device's name is not UTF-8.
pub fn parse(bytes: &[u8]) -> Result<Vec<&str>, ParseError> {
    lines(bytes).skip(1).map(device).collect()
}

fn device(line: Line<'_>) -> Result<&str, ParseError> {
    let mut columns = line
        .text
        .split(u8::is_ascii_whitespace)
        .filter(|column| !column.is_empty());
    let device = columns.nth(5).filter(|_| columns.next().is_none());
    let device = device.and_then(|device| std::str::from_utf8(device).ok());
    device.ok_or_else(|| line.error(SHAPE))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn the_device_of_each_entry_is_read() {
        let fixture = include_bytes!("../fixtures/net_arp");
        assert_eq!(parse(fixture), Ok(vec!["eth0", "eth0", "veth0"]));
        assert_eq!(parse(b"IP address HW type Flags HW address Mask Device\n"), Ok(vec![]));
        assert_eq!(parse(b""), Ok(vec![]));
    }

    #[test]
    fn lines_of_another_shape_are_errors() {
        for line in ["10.0.0.1 0x1 0x2 * eth0", "10.0.0.1 0x1 0x2 02:fc * eth0 more"] {
            let error = parse(format!("header\n{line}\n").as_bytes()).unwrap_err();
            let expected = format!("line 2: expected 6 columns, the last of which is a device, found {line:?}");
            assert_eq!(error.to_string(), expected);
        }
    }
}
