//! Work of the network receive path per CPU since boot, from /proc/net/softnet_stat: hexadecimal columns, whose number
//! grew over time.
//!
//! ```text
//! 0000023f 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000
//! ```

use crate::ParseError;
use crate::fields::{Fields, hexadecimal, lines};

/// What one CPU received. Each number is 32 bits wide and wraps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CpuSoftnet {
    /// The kernel's number of this CPU. Source: column 13; before Linux 5.10, which lacks it, the number of the row.
    pub cpu: u32,
    /// Packets that were processed. Source: column 1.
    pub processed: u32,
    /// Packets that were dropped because the backlog was full. Source: column 2.
    pub dropped: u32,
    /// Times that work was left over when the quota ran out. Source: column 3.
    pub time_squeezed: u32,
    /// Collisions on the device lock when sending. Source: column 9; always 0 on current kernels.
    pub cpu_collision: u32,
    /// Times that another CPU woke this one for receive packet steering. Source: column 10. `None` where there
    /// are only 9.
    pub received_rps: Option<u32>,
    /// Times that the flow limit was reached. Source: column 11. `None` before Linux 3.11.
    pub flow_limit_count: Option<u32>,
    /// Packets in the backlog now. Source: column 12. `None` before Linux 5.10.
    pub backlog_len: Option<u32>,
}

/// Parses /proc/net/softnet_stat, in the file's order. Columns past the thirteenth are passed over; an empty file gives
/// nothing.
///
/// # Errors
/// When a line does not hold at least 9 hexadecimal numbers of 32 bits.
pub fn parse(bytes: &[u8]) -> Result<Vec<CpuSoftnet>, ParseError> {
    let rows = lines(bytes).map(|line| line.fields("at least 9 hexadecimal numbers"));
    (0..).zip(rows).map(|(row, fields)| cpu(row, fields)).collect()
}

fn cpu(row: u32, mut fields: Fields<'_>) -> Result<CpuSoftnet, ParseError> {
    let mut columns = [0; 9];
    for column in &mut columns {
        *column = fields.parsed(hexadecimal_32)?;
    }
    let [processed, dropped, time_squeezed, _, _, _, _, _, cpu_collision] = columns;
    let mut later = || fields.optional(hexadecimal_32);
    let (received_rps, flow_limit_count, backlog_len, cpu) = (later()?, later()?, later()?, later()?.unwrap_or(row));
    Ok(CpuSoftnet {
        cpu,
        processed,
        dropped,
        time_squeezed,
        cpu_collision,
        received_rps,
        flow_limit_count,
        backlog_len,
    })
}

fn hexadecimal_32(digits: &[u8]) -> Option<u32> {
    hexadecimal(digits)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::{CpuSoftnet, parse};

    #[test]
    fn current_kernels_number_their_cpus() {
        let idle = CpuSoftnet {
            received_rps: Some(0),
            flow_limit_count: Some(0),
            backlog_len: Some(0),
            ..CpuSoftnet::default()
        };
        let expected = vec![
            CpuSoftnet {
                processed: 0x23f,
                ..idle
            },
            CpuSoftnet {
                cpu: 1,
                processed: 0x278a,
                ..idle
            },
        ];
        assert_eq!(parse(include_bytes!("../fixtures/softnet_stat")), Ok(expected));
    }

    #[test]
    fn older_kernels_have_fewer_columns() {
        let bytes = b"a 1 2 0 0 0 0 0 3\nb 1 2 0 0 0 0 0 3 4 5\nc 1 2 0 0 0 0 0 3 4 5 6 9 x\n";
        let oldest = CpuSoftnet {
            processed: 10,
            dropped: 1,
            time_squeezed: 2,
            cpu_collision: 3,
            ..CpuSoftnet::default()
        };
        let older = CpuSoftnet {
            cpu: 1,
            processed: 11,
            received_rps: Some(4),
            flow_limit_count: Some(5),
            ..oldest
        };
        let current = CpuSoftnet {
            cpu: 9,
            processed: 12,
            backlog_len: Some(6),
            ..older
        };
        assert_eq!(parse(bytes), Ok(vec![oldest, older, current]));
        assert_eq!(parse(b""), Ok(vec![]));
    }

    #[test]
    fn malformed_lines_are_errors() {
        for (line, found) in [
            ("1 2 3", "1 2 3"),
            ("1 2 3 4 5 6 7 8 x", "x"),
            ("100000000 2", "100000000"),
        ] {
            let text = format!("line 1: expected at least 9 hexadecimal numbers, found {found:?}");
            assert_eq!(parse(line.as_bytes()).unwrap_err().to_string(), text);
        }
    }
}
