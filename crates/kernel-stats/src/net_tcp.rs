//! How many TCP sockets are in which state, from /proc/net/tcp and /proc/net/tcp6: a row per socket.
//!
//! ```text
//!   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
//!    0: 0100007F:0CEA 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 5551 1 …
//! ```

use crate::ParseError;
use crate::fields::{hexadecimal, lines};

const HEADER_LINES: usize = 1;
/// How many fields stand before the state: the slot and two addresses.
const BEFORE_STATE: usize = 3;

/// Numbers of sockets by state, under the kernel's names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct States {
    /// State 1.
    pub established: u64,
    /// State 2.
    pub syn_sent: u64,
    /// State 3.
    pub syn_recv: u64,
    /// State 4.
    pub fin_wait1: u64,
    /// State 5.
    pub fin_wait2: u64,
    /// State 6.
    pub time_wait: u64,
    /// State 7.
    pub close: u64,
    /// State 8.
    pub close_wait: u64,
    /// State 9.
    pub last_ack: u64,
    /// State 10.
    pub listen: u64,
    /// State 11.
    pub closing: u64,
}

/// Parses /proc/net/tcp or tcp6, past its header. Sockets in states that are not known are passed over; a file without
/// sockets gives 0.
///
/// # Errors
/// When a line does not have a hexadecimal number as its fourth field.
pub fn parse(bytes: &[u8]) -> Result<States, ParseError> {
    let mut states = States::default();
    for line in lines(bytes).skip(HEADER_LINES) {
        let mut fields = line.fields("at least 4 fields, the fourth a state");
        for _ in 0..BEFORE_STATE {
            fields.word()?;
        }
        if let Some(count) = states.count(fields.parsed(hexadecimal)?) {
            *count += 1;
        }
    }
    Ok(states)
}

impl States {
    fn count(&mut self, state: u64) -> Option<&mut u64> {
        Some(match state {
            1 => &mut self.established,
            2 => &mut self.syn_sent,
            3 => &mut self.syn_recv,
            4 => &mut self.fin_wait1,
            5 => &mut self.fin_wait2,
            6 => &mut self.time_wait,
            7 => &mut self.close,
            8 => &mut self.close_wait,
            9 => &mut self.last_ack,
            10 => &mut self.listen,
            11 => &mut self.closing,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{States, parse};

    #[test]
    fn sockets_are_counted_by_state() {
        let expected = States {
            established: 1,
            time_wait: 2,
            listen: 1,
            ..States::default()
        };
        assert_eq!(parse(include_bytes!("../fixtures/net_tcp")), Ok(expected));
        assert_eq!(parse(b"  sl  local_address\n"), Ok(States::default()));
        assert_eq!(parse(b""), Ok(States::default()));
    }

    #[test]
    fn every_state_has_its_count() {
        let mut text = String::from("  sl\n");
        for state in 1..=12 {
            for _ in 0..state {
                text.push_str(&format!("0: a b {state:02X} c\n"));
            }
        }
        let expected = States {
            established: 1,
            syn_sent: 2,
            syn_recv: 3,
            fin_wait1: 4,
            fin_wait2: 5,
            time_wait: 6,
            close: 7,
            close_wait: 8,
            last_ack: 9,
            listen: 10,
            closing: 11,
        };
        assert_eq!(parse(text.as_bytes()), Ok(expected));
    }

    #[test]
    fn malformed_lines_are_errors() {
        for (line, found) in [("1: 2 3", "1: 2 3"), ("1: 2 3 x", "x")] {
            let text = format!("line 2: expected at least 4 fields, the fourth a state, found {found:?}");
            let error = parse(format!("  sl\n{line}\n").as_bytes()).unwrap_err();
            assert_eq!(error.to_string(), text);
        }
    }
}
