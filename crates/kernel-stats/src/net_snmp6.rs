//! Protocol counters of IPv6, from /proc/net/snmp6. The file is absent where IPv6 is off.
//!
//! ```text
//! Ip6InReceives                       1
//! Icmp6OutType133                     3
//! UdpLite6InDatagrams                 0
//! ```

use crate::ParseError;
use crate::fields::{Line, lines, whole};
use crate::net_field::NetField;

/// Parses /proc/net/snmp6, in the file's order. The protocol is the name up to its first `6`, and the rest is the
/// field's name: `Ip6InReceives` is `InReceives` of `Ip6`. Names without a `6` and lines without a value are passed
/// over; an empty file gives nothing.
///
/// # Errors
/// When a value is not a whole number.
pub fn parse(bytes: &[u8]) -> Result<Vec<NetField<'_>>, ParseError> {
    lines(bytes).filter_map(|line| field(line).transpose()).collect()
}

fn field(line: Line<'_>) -> Result<Option<NetField<'_>>, ParseError> {
    let mut fields = line.fields("a name and a number");
    let name = fields.text()?;
    let Some((protocol, name)) = name.find('6').and_then(|six| name.split_at_checked(six + 1)) else {
        return Ok(None);
    };
    let value = fields.optional(whole)?;
    Ok(value.map(|value| NetField { protocol, name, value }))
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::net_field::NetField;

    #[test]
    fn protocol_ends_at_the_first_six() {
        let expected = vec![
            NetField {
                protocol: "Ip6",
                name: "InReceives",
                value: 1.0,
            },
            NetField {
                protocol: "Ip6",
                name: "OutOctets",
                value: 880.0,
            },
            NetField {
                protocol: "Icmp6",
                name: "OutType133",
                value: 3.0,
            },
            NetField {
                protocol: "UdpLite6",
                name: "InDatagrams",
                value: 0.0,
            },
        ];
        assert_eq!(parse(include_bytes!("../fixtures/net_snmp6")), Ok(expected));
    }

    #[test]
    fn other_lines_are_passed_over() {
        assert_eq!(parse(b"IpInReceives 12\nIp6InReceives\n"), Ok(vec![]));
        assert_eq!(parse(b""), Ok(vec![]));
    }

    #[test]
    fn malformed_values_are_errors() {
        let error = parse(b"Ip6InReceives 1\nIp6InOctets x\n").unwrap_err();
        assert_eq!(error.to_string(), r#"line 2: expected a name and a number, found "x""#);
    }
}
