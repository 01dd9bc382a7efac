//! Traffic of IP virtual servers since the module was loaded, from /proc/net/ip_vs_stats: two lines of header, a row of
//! totals, and rates.
//!
//! ```text
//!    Total Incoming Outgoing         Incoming         Outgoing
//!    Conns  Packets  Packets            Bytes            Bytes
//!  16AA370 E33656E5        0     51D8C8883AB3                0
//! ```

use crate::ParseError;
use crate::fields::{Line, hexadecimal, lines};

const HEADER_LINES: usize = 2;
const SHAPE: &str = "5 hexadecimal numbers";

/// Totals of all virtual servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IpVsStats {
    /// Connections that were made. Source: column 1.
    pub connections: u64,
    /// Packets from clients. Source: column 2.
    pub incoming_packets: u64,
    /// Packets to clients. Source: column 3.
    pub outgoing_packets: u64,
    /// Bytes from clients. Source: column 4.
    pub incoming_bytes: u64,
    /// Bytes to clients. Source: column 5.
    pub outgoing_bytes: u64,
}

/// Parses the totals of /proc/net/ip_vs_stats.
///
/// # Errors
/// When the third line is not 5 hexadecimal numbers, as in an empty file.
pub fn parse(bytes: &[u8]) -> Result<IpVsStats, ParseError> {
    let totals = lines(bytes).nth(HEADER_LINES);
    let mut fields = totals.unwrap_or_else(|| Line::whole(bytes)).fields(SHAPE);
    let mut number = || fields.parsed(hexadecimal);
    Ok(IpVsStats {
        connections: number()?,
        incoming_packets: number()?,
        outgoing_packets: number()?,
        incoming_bytes: number()?,
        outgoing_bytes: number()?,
    })
}

#[cfg(test)]
mod tests {
    use super::{IpVsStats, parse};

    #[test]
    fn totals_are_read() {
        let expected = IpVsStats {
            connections: 0x016a_a370,
            incoming_packets: 0xe336_56e5,
            outgoing_packets: 0x7,
            incoming_bytes: 0x51d8_c888_3ab3,
            outgoing_bytes: 0x9,
        };
        assert_eq!(parse(include_bytes!("../fixtures/ip_vs_stats")), Ok(expected));
    }

    #[test]
    fn malformed_files_are_errors() {
        for (text, error) in [
            ("", r#"expected 5 hexadecimal numbers, found """#),
            (
                "Total\nConns\n1 2 3\n",
                r#"line 3: expected 5 hexadecimal numbers, found "1 2 3""#,
            ),
            (
                "Total\nConns\n1 2 3 4 x\n",
                r#"line 3: expected 5 hexadecimal numbers, found "x""#,
            ),
        ] {
            assert_eq!(parse(text.as_bytes()).unwrap_err().to_string(), error);
        }
    }
}
