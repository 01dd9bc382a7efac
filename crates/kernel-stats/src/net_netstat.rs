//! Protocol counters in pairs of lines, from /proc/net/netstat and /proc/net/snmp.
//!
//! ```text
//! IpExt: InNoRoutes InTruncatedPkts InOctets
//! IpExt: 0 0 273336353
//! ```

use std::str::SplitAsciiWhitespace;

use crate::ParseError;
use crate::fields::{Fields, Line, Lines, lines, whole};
use crate::net_field::NetField;

const SHAPE: &str = "a protocol and as many numbers as the line before has names";

/// Parses /proc/net/netstat or /proc/net/snmp, in the file's order. An empty file gives nothing.
///
/// # Errors
/// When a line of names is not followed by a line of the same protocol with as many numbers.
pub fn parse(bytes: &[u8]) -> Result<Vec<NetField<'_>>, ParseError> {
    fields(bytes).collect()
}

/// The same one by one, for files that are read in numbers. An error ends its pair of lines.
pub fn fields(bytes: &[u8]) -> impl Iterator<Item = Result<NetField<'_>, ParseError>> {
    Pairs {
        lines: lines(bytes),
        pair: None,
    }
}

/// Walks a file pair by pair.
struct Pairs<'a> {
    lines: Lines<'a>,
    pair: Option<Pair<'a>>,
}

impl<'a> Iterator for Pairs<'a> {
    type Item = Result<NetField<'a>, ParseError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(pair) = &mut self.pair {
                match pair.next() {
                    Ok(Some(field)) => return Some(Ok(field)),
                    Ok(None) => self.pair = None,
                    Err(error) => {
                        self.pair = None;
                        return Some(Err(error));
                    }
                }
            }
            match Pair::new(self.lines.next()?, self.lines.next()) {
                Ok(pair) => self.pair = Some(pair),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// A line of names and the line of their numbers.
struct Pair<'a> {
    protocol: &'a str,
    /// Checked to be text all at once.
    names: SplitAsciiWhitespace<'a>,
    values: Fields<'a>,
}

impl<'a> Pair<'a> {
    fn new(names: Line<'a>, values: Option<Line<'a>>) -> Result<Self, ParseError> {
        let values = values.ok_or_else(|| names.error("a line of numbers after these names"))?;
        let unlike = |found: &[u8]| names.error_at("a protocol and names", found);
        let text = std::str::from_utf8(names.text).map_err(|_| unlike(names.text))?;
        let mut words = text.split_ascii_whitespace();
        let key = words.next().unwrap_or_default();
        let protocol = key.strip_suffix(':').ok_or_else(|| unlike(key.as_bytes()))?;
        let mut values = values.fields(SHAPE);
        values.parsed(|word| (word == key.as_bytes()).then_some(()))?;
        Ok(Self {
            protocol,
            names: words,
            values,
        })
    }

    fn next(&mut self) -> Result<Option<NetField<'a>>, ParseError> {
        if let Some(name) = self.names.next() {
            let value = self.values.parsed(whole)?;
            let protocol = self.protocol;
            return Ok(Some(NetField { protocol, name, value }));
        }
        match self.values.next() {
            Some(more) => Err(self.values.error_at(more)),
            None => Ok(None),
        }
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
