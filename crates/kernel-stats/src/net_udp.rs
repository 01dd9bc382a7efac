//! UDP sockets, the memory that their queues hold and what did not fit in, from /proc/net/udp and /proc/net/udp6: a row per socket.
//!
//! ```text
//!    sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
//!   412: 00000000:0044 00000000:0000 07 00000000:00000300 00:00000000 00000000     0        0 5551 2 000000004ea8fcd6 0
//! ```

use crate::ParseError;
use crate::fields::{hexadecimal, lines, split_once, unsigned};

const HEADER_LINES: usize = 1;
/// How many fields stand before the queues: the slot, two addresses and the state.
const BEFORE_QUEUES: usize = 4;
/// How many stand between the queues and `drops`.
const BEFORE_DROPS: usize = 7;

/// The queues of all sockets together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Queues {
    /// Bytes on their way out. Source: `tx_queue`.
    pub tx_bytes: u64,
    /// Bytes that came in and were not read yet. Source: `rx_queue`.
    pub rx_bytes: u64,
    /// How many sockets there are.
    pub sockets: u64,
    /// Datagrams that found no room since their sockets were opened. 0 before Linux 2.6.27. Source: `drops`.
    pub drops: u64,
}

/// Parses /proc/net/udp or udp6 into sums over its sockets, past its header. A file without sockets gives 0.
///
/// # Errors
/// When a line does not have two hexadecimal numbers and a colon as its fifth field, or its 13th is no number.
pub fn parse(bytes: &[u8]) -> Result<Queues, ParseError> {
    let mut sum = Queues::default();
    for line in lines(bytes).skip(HEADER_LINES) {
        let mut fields = line.fields("at least 5 fields, the fifth tx_queue:rx_queue");
        sum.sockets += 1;
        for _ in 0..BEFORE_QUEUES {
            fields.word()?;
        }
        let [tx, rx] = fields.parsed(queues)?;
        sum.tx_bytes = sum.tx_bytes.saturating_add(tx);
        sum.rx_bytes = sum.rx_bytes.saturating_add(rx);
        if let Some(drops) = fields.nth(BEFORE_DROPS) {
            let drops = unsigned(drops).ok_or_else(|| fields.error_at(drops))?;
            sum.drops = sum.drops.saturating_add(drops);
        }
    }
    Ok(sum)
}

fn queues(word: &[u8]) -> Option<[u64; 2]> {
    let (tx, rx) = split_once(word, b':')?;
    Some([hexadecimal(tx)?, hexadecimal(rx)?])
}

#[cfg(test)]
mod tests {
    use super::{Queues, parse};

    #[test]
    fn sockets_are_summed() {
        let expected = Queues {
            tx_bytes: 0x15,
            rx_bytes: 0x300 + 0x2,
            sockets: 2,
            drops: 7,
        };
        assert_eq!(parse(include_bytes!("../fixtures/net_udp")), Ok(expected));
        assert_eq!(parse(b"  sl  local_address\n"), Ok(Queues::default()));
        assert_eq!(parse(b""), Ok(Queues::default()));
    }

    #[test]
    fn malformed_lines_are_errors() {
        for (line, found) in [
            ("1: 2 3 4", "1: 2 3 4"),
            ("1: 2 3 4 5", "5"),
            ("1: 2 3 4 5:x", "5:x"),
            ("1: 2 3 4 5:6 7 8 9 10 11 12 13 x", "x"),
        ] {
            let text = format!("line 2: expected at least 5 fields, the fifth tx_queue:rx_queue, found {found:?}");
            let error = parse(format!("  sl\n{line}\n").as_bytes()).unwrap_err();
            assert_eq!(error.to_string(), text);
        }
    }
}
