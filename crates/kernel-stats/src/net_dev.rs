//! Traffic of network interfaces since they came up, from /proc/net/dev.
//!
//! ```text
//! Inter-|   Receive                                                |  Transmit
//!  face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
//!     lo: 2841680    1435    0    0    0     0          0         0  2841680    1435    0    0    0     0       0          0
//! ```

use crate::ParseError;
use crate::fields::{Line, lines};

const HEADER_LINES: usize = 2;
const SHAPE: &str = "an interface, a colon and 16 numbers";

/// One network interface.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Interface<'a> {
    /// The interface's name.
    pub name: &'a str,
    /// What came in.
    pub receive: Receive,
    /// What went out.
    pub transmit: Transmit,
}

/// What an interface received, under the names of the file's header.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Receive {
    /// Bytes received.
    pub bytes: u64,
    /// Packets received.
    pub packets: u64,
    /// Packets with errors of any kind.
    pub errs: u64,
    /// Packets that the kernel dropped or the device missed.
    pub drop: u64,
    /// Overruns of the device's buffer.
    pub fifo: u64,
    /// Frames of wrong length, alignment or checksum.
    pub frame: u64,
    /// Compressed packets received.
    pub compressed: u64,
    /// Multicast packets received.
    pub multicast: u64,
}

/// What an interface sent, under the names of the file's header.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Transmit {
    /// Bytes sent.
    pub bytes: u64,
    /// Packets sent.
    pub packets: u64,
    /// Packets that failed in any way.
    pub errs: u64,
    /// Packets that the kernel dropped.
    pub drop: u64,
    /// Underruns of the device's buffer.
    pub fifo: u64,
    /// Collisions.
    pub colls: u64,
    /// Losses of carrier, aborts and the like.
    pub carrier: u64,
    /// Compressed packets sent.
    pub compressed: u64,
}

/// Parses /proc/net/dev, in the file's order, past its two lines of header. An empty file gives nothing.
///
/// # Errors
/// When a line is not a name, a colon and 16 numbers.
pub fn parse(bytes: &[u8]) -> Result<Vec<Interface<'_>>, ParseError> {
    interfaces(bytes).collect()
}

/// The same one by one, for files that are read in numbers. Each line of another shape is an error of its own.
pub fn interfaces(bytes: &[u8]) -> impl Iterator<Item = Result<Interface<'_>, ParseError>> {
    lines(bytes).skip(HEADER_LINES).map(interface)
}

fn interface(line: Line<'_>) -> Result<Interface<'_>, ParseError> {
    // The last colon ends the name: old alias interfaces are called `eth0:1`.
    let colon = memchr::memrchr(b':', line.text).ok_or_else(|| line.error(SHAPE))?;
    let (name, rest) = line.text.split_at(colon);
    let numbers = rest.get(1..).unwrap_or_default();
    let name = std::str::from_utf8(name.trim_ascii()).map_err(|_| line.error(SHAPE))?;
    let mut fields = line.fields_of(numbers, SHAPE);
    Ok(Interface {
        name,
        receive: receive(fields.numbers()?),
        transmit: transmit(fields.numbers()?),
    })
}

fn receive([bytes, packets, errs, drop, fifo, frame, compressed, multicast]: [u64; 8]) -> Receive {
    Receive {
        bytes,
        packets,
        errs,
        drop,
        fifo,
        frame,
        compressed,
        multicast,
    }
}

fn transmit([bytes, packets, errs, drop, fifo, colls, carrier, compressed]: [u64; 8]) -> Transmit {
    Transmit {
        bytes,
        packets,
        errs,
        drop,
        fifo,
        colls,
        carrier,
        compressed,
    }
}

#[cfg(test)]
mod tests {
    use super::{Interface, Receive, Transmit, parse};

    #[test]
    fn interfaces_are_read() {
        let lo = Interface {
            name: "lo",
            receive: Receive {
                bytes: 2_841_680,
                packets: 1435,
                ..Receive::default()
            },
            transmit: Transmit {
                bytes: 2_841_680,
                packets: 1435,
                ..Transmit::default()
            },
        };
        let eth0 = Interface {
            name: "eth0",
            receive: Receive {
                bytes: 270_624_609,
                packets: 9262,
                ..Receive::default()
            },
            transmit: Transmit {
                bytes: 704_884,
                packets: 7095,
                ..Transmit::default()
            },
        };
        assert_eq!(parse(include_bytes!("../fixtures/net_dev")), Ok(vec![lo, eth0]));
    }

    #[test]
    fn columns_are_in_the_order_of_the_header() {
        let expected = Interface {
            name: "eth0:1",
            receive: Receive {
                bytes: 1,
                packets: 2,
                errs: 3,
                drop: 4,
                fifo: 5,
                frame: 6,
                compressed: 7,
                multicast: 8,
            },
            transmit: Transmit {
                bytes: 9,
                packets: 10,
                errs: 11,
                drop: 12,
                fifo: 13,
                colls: 14,
                carrier: 15,
                compressed: 16,
            },
        };
        assert_eq!(
            parse(b"h\nh\neth0:1:1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"),
            Ok(vec![expected])
        );
    }

    #[test]
    fn headers_alone_give_nothing() {
        assert_eq!(parse(b"h\nh\n"), Ok(vec![]));
        assert_eq!(parse(b""), Ok(vec![]));
    }

    #[test]
    fn malformed_lines_are_errors() {
        for (row, found) in [("eth0 1 2", "eth0 1 2"), ("eth0: 1 2", "eth0: 1 2"), ("eth0: 1 x", "x")] {
            let text = format!("line 3: expected an interface, a colon and 16 numbers, found {found:?}");
            assert_eq!(
                parse(format!("h\nh\n{row}\n").as_bytes()).unwrap_err().to_string(),
                text
            );
        }
    }
}
