//! Protocol counters in pairs of lines, from /proc/net/netstat and /proc/net/snmp.
//!
//! ```text
//! IpExt: InNoRoutes InTruncatedPkts InOctets
//! IpExt: 0 0 273336353
//! ```

use crate::ParseError;
use crate::fields::{Line, lines, whole};
use crate::net_field::NetField;

const SHAPE: &str = "a protocol and as many numbers as the line before has names";

/// Parses /proc/net/netstat or /proc/net/snmp, in the file's order. An empty file gives nothing.
///
/// # Errors
/// When a line of names is not followed by a line of the same protocol with as many numbers.
pub fn parse(bytes: &[u8]) -> Result<Vec<NetField<'_>>, ParseError> {
    let mut rows = Vec::new();
    let mut lines = lines(bytes);
    while let Some(names) = lines.next() {
        let values = lines
            .next()
            .ok_or_else(|| names.error("a line of numbers after these names"))?;
        pair(names, values, &mut rows)?;
    }
    Ok(rows)
}

fn pair<'a>(names: Line<'a>, values: Line<'a>, rows: &mut Vec<NetField<'a>>) -> Result<(), ParseError> {
    let mut names = names.fields("a protocol and names");
    let mut values = values.fields(SHAPE);
    let key = names.text()?;
    let protocol = key.strip_suffix(':').ok_or_else(|| names.error_at(key.as_bytes()))?;
    values.parsed(|word| (word == key.as_bytes()).then_some(()))?;
    while let Some(name) = names.optional(|word| std::str::from_utf8(word).ok())? {
        rows.push(NetField {
            protocol,
            name,
            value: values.parsed(whole)?,
        });
    }
    match values.next() {
        Some(more) => Err(values.error_at(more)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::net_field::NetField;

    fn fields<'a>(protocol: &'a str, values: &[(&'a str, f64)]) -> Vec<NetField<'a>> {
        values
            .iter()
            .map(|&(name, value)| NetField { protocol, name, value })
            .collect()
    }

    #[test]
    fn netstat_is_read() {
        let mut expected = fields(
            "TcpExt",
            &[("SyncookiesSent", 0.0), ("TW", 32.0), ("DelayedACKs", 105.0)],
        );
        expected.extend(fields("IpExt", &[("InNoRoutes", 0.0), ("InOctets", 273_336_353.0)]));
        assert_eq!(parse(include_bytes!("../fixtures/net_netstat")), Ok(expected));
    }

    #[test]
    fn snmp_has_negative_numbers() {
        let mut expected = fields("Ip", &[("Forwarding", 2.0), ("DefaultTTL", 64.0)]);
        expected.extend(fields("IcmpMsg", &[("InType3", 1.0)]));
        expected.extend(fields("Tcp", &[("MaxConn", -1.0), ("CurrEstab", 0.0)]));
        assert_eq!(parse(include_bytes!("../fixtures/net_snmp")), Ok(expected));
    }

    #[test]
    fn numbers_up_to_64_bits_are_kept() {
        let expected = fields("Tcp", &[("CurrEstab", 18_446_744_073_709_551_615.0)]);
        assert_eq!(parse(b"Tcp: CurrEstab\nTcp: 18446744073709551615\n"), Ok(expected));
        assert_eq!(parse(b""), Ok(vec![]));
    }

    #[test]
    fn unequal_pairs_are_errors() {
        let cases: [(&[u8], &str); 6] = [
            (
                b"Tcp: A\n",
                r#"line 1: expected a line of numbers after these names, found "Tcp: A""#,
            ),
            (
                b"Tcp A\nTcp 1\n",
                r#"line 1: expected a protocol and names, found "Tcp""#,
            ),
            (b"Tcp: A B\nTcp: 1\n", r#"found "Tcp: 1""#),
            (b"Tcp: A\nTcp: 1 2\n", r#"found "2""#),
            (b"Tcp: A\nUdp: 1\n", r#"found "Udp:""#),
            (b"Tcp: A\nTcp: x\n", r#"found "x""#),
        ];
        for (bytes, text) in cases {
            let shown = parse(bytes).unwrap_err().to_string();
            assert!(shown.ends_with(text), "{shown}");
        }
    }
}
