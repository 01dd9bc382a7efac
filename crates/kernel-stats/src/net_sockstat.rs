//! Sockets in use, from /proc/net/sockstat and /proc/net/sockstat6. The latter is absent where IPv6 is off.
//!
//! ```text
//! sockets: used 11
//! TCP: inuse 1 orphan 0 tw 2 alloc 1 mem 0
//! FRAG: inuse 0 memory 0
//! ```

use crate::ParseError;
use crate::fields::{Line, lines, whole};
use crate::net_field::NetField;

const SHAPE: &str = "a protocol, a colon and pairs of a name and a number";

/// Parses /proc/net/sockstat or sockstat6, in the file's order: sockets, except `mem`, which is in pages, and `memory`,
/// which is in bytes. All sockets together are `used` of the protocol `sockets`. An empty file gives nothing.
///
/// # Errors
/// When a line is not a protocol and at least one pair of a name and a whole number.
pub fn parse(bytes: &[u8]) -> Result<Vec<NetField<'_>>, ParseError> {
    let mut rows = Vec::new();
    for line in lines(bytes) {
        protocol(line, &mut rows)?;
    }
    Ok(rows)
}

fn protocol<'a>(line: Line<'a>, rows: &mut Vec<NetField<'a>>) -> Result<(), ParseError> {
    let mut fields = line.fields(SHAPE);
    let protocol = fields.text()?;
    let protocol = protocol.strip_suffix(':').unwrap_or(protocol);
    let mut name = Some(fields.text()?);
    while let Some(found) = name {
        rows.push(NetField {
            protocol,
            name: found,
            value: fields.parsed(whole)?,
        });
        name = fields.optional(|word| std::str::from_utf8(word).ok())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::net_field::NetField;

    #[test]
    fn pairs_are_read_per_protocol() {
        let rows = [
            ("sockets", "used", 11.0),
            ("TCP", "inuse", 1.0),
            ("TCP", "orphan", 0.0),
            ("TCP", "tw", 2.0),
            ("TCP", "alloc", 1.0),
            ("TCP", "mem", 0.0),
            ("UDP", "inuse", 0.0),
            ("UDP", "mem", 0.0),
            ("FRAG", "inuse", 0.0),
            ("FRAG", "memory", 0.0),
        ];
        let expected = rows.map(|(protocol, name, value)| NetField { protocol, name, value });
        assert_eq!(parse(include_bytes!("../fixtures/net_sockstat")), Ok(expected.to_vec()));
    }

    #[test]
    fn ipv6_has_the_same_shape() {
        let expected = vec![
            NetField {
                protocol: "TCP6",
                name: "inuse",
                value: 0.0,
            },
            NetField {
                protocol: "FRAG6",
                name: "inuse",
                value: 0.0,
            },
            NetField {
                protocol: "FRAG6",
                name: "memory",
                value: 0.0,
            },
        ];
        assert_eq!(parse(include_bytes!("../fixtures/net_sockstat6")), Ok(expected));
        assert_eq!(parse(b""), Ok(vec![]));
    }

    #[test]
    fn malformed_lines_are_errors() {
        for (line, found) in [("UDP:", "UDP:"), ("UDP: mem", "UDP: mem"), ("UDP: mem x", "x")] {
            let text =
                format!("line 1: expected a protocol, a colon and pairs of a name and a number, found {found:?}");
            assert_eq!(parse(line.as_bytes()).unwrap_err().to_string(), text);
        }
    }
}
