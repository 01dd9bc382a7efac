//! Protocol counters in pairs of lines, from /proc/net/netstat and /proc/net/snmp.
//!
//! ```text
//! IpExt: InNoRoutes InTruncatedPkts InOctets
//! IpExt: 0 0 273336353
//! ```

use crate::ParseError;
use crate::fields::{Fields, Line, lines, whole};
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
    pairs(bytes).flat_map(|pair| {
        let (fields, error) = match pair {
            Ok(pair) => (Some(pair.fields()), None),
            Err(error) => (None, Some(Err(error))),
        };
        fields.into_iter().flatten().chain(error)
    })
}

/// The pairs of lines, for those that remember where the names stand and read few of the numbers.
pub fn pairs(bytes: &[u8]) -> impl Iterator<Item = Result<Pair<'_>, ParseError>> {
    let mut lines = lines(bytes);
    std::iter::from_fn(move || Some(Pair::new(lines.next()?, lines.next())))
}

/// A line of names and the line of their numbers.
#[derive(Debug, Clone)]
pub struct Pair<'a> {
    /// The whole line of names, the protocol in front of them. It changes only when the kernel gets to know another name.
    pub line: &'a str,
    /// The protocol.
    pub protocol: &'a str,
    values: Fields<'a>,
}

impl<'a> Pair<'a> {
    fn new(names: Line<'a>, values: Option<Line<'a>>) -> Result<Self, ParseError> {
        let values = values.ok_or_else(|| names.error("a line of numbers after these names"))?;
        let unlike = |found: &[u8]| names.error_at("a protocol and names", found);
        let line = std::str::from_utf8(names.text).map_err(|_| unlike(names.text))?;
        let key = line.split_ascii_whitespace().next().unwrap_or_default();
        let protocol = key.strip_suffix(':').ok_or_else(|| unlike(key.as_bytes()))?;
        let mut values = values.fields(SHAPE);
        values.parsed(|word| (word == key.as_bytes()).then_some(()))?;
        Ok(Self { line, protocol, values })
    }

    /// The names, each a column.
    pub fn names(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.line.split_ascii_whitespace().skip(1)
    }

    /// The numbers in these columns, which ascend; all others are passed over unread.
    ///
    /// # Errors
    /// When there is no such column, or no whole number in it.
    pub fn numbers(self, columns: impl IntoIterator<Item = usize>) -> impl Iterator<Item = Result<f64, ParseError>> {
        let Self { mut values, .. } = self;
        let mut next = 0;
        columns.into_iter().map(move |column| {
            for _ in next..column {
                values.next();
            }
            next = column + 1;
            values.parsed(whole)
        })
    }

    /// All of them.
    fn fields(self) -> impl Iterator<Item = Result<NetField<'a>, ParseError>> {
        let (protocol, mut names, mut values) = (self.protocol, self.names(), self.values);
        let mut is_over = false;
        std::iter::from_fn(move || {
            if is_over {
                return None;
            }
            let field = match names.next() {
                Some(name) => values.parsed(whole).map(|value| NetField { protocol, name, value }),
                None => {
                    let more = values.next()?;
                    Err(values.error_at(more))
                }
            };
            is_over = field.is_err();
            Some(field)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{pairs, parse};
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
    fn some_columns_are_read_and_what_the_others_hold_does_not_matter() {
        let read = |bytes, columns: &[usize]| -> Result<Vec<f64>, _> {
            let pair = pairs(bytes).next().unwrap()?;
            pair.numbers(columns.iter().copied()).collect()
        };
        let bytes = b"Tcp: A B C D\nTcp: 1 x -3 4\n";
        let pair = pairs(bytes).next().unwrap().unwrap();
        assert_eq!((pair.line, pair.protocol), ("Tcp: A B C D", "Tcp"));
        assert_eq!(pair.names().collect::<Vec<_>>(), ["A", "B", "C", "D"]);
        assert_eq!(read(bytes, &[0, 2, 3]), Ok(vec![1.0, -3.0, 4.0]));
        assert_eq!(read(bytes, &[]), Ok(vec![]));
        for columns in [[1], [4]] {
            read(bytes, &columns).unwrap_err();
        }
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
