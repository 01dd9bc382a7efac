//! Software interrupts since boot per CPU, from /proc/softirqs. Linux 2.6.31 and later.
//!
//! ```text
//!                     CPU0       CPU1
//!           HI:          0          0
//!       NET_RX:      54380      57620
//! ```

use crate::ParseError;
use crate::cpu_table::{self, CpuTable};

/// Parses /proc/softirqs; its events have no description. An empty file gives nothing.
///
/// # Errors
/// When the header is not made of CPUs, or a row's counts are no numbers.
pub fn parse(bytes: &[u8]) -> Result<CpuTable<'_>, ParseError> {
    cpu_table::parse(bytes, false)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn rows_are_read() {
        let table = parse(include_bytes!("../fixtures/softirqs")).unwrap();
        let rows: Vec<_> = table
            .events
            .iter()
            .map(|event| (event.name, event.description))
            .collect();
        assert_eq!(table.cpus, [0, 1]);
        assert_eq!(rows, [("HI", ""), ("TIMER", ""), ("NET_RX", "")]);
        assert_eq!((table.count(1, 1), table.count(2, 0)), (Some(253_502), Some(54_380)));
    }

    #[test]
    fn malformed_rows_are_errors() {
        let error = parse(b"CPU0 CPU1\nHI: 1 x\n").unwrap_err();
        let text = r#"line 2: expected a name, a colon and a number for each CPU, found "x""#;
        assert_eq!(error.to_string(), text);
    }
}
