//! Interrupts since boot per CPU, from /proc/interrupts. Only CPUs that are online have a column.
//!
//! ```text
//!            CPU0       CPU1
//!  26:          0         16  IO-APIC   4-edge      ttyS0
//! LOC:    2692014    2785746   Local timer interrupts
//! ERR:          0
//! ```

use crate::ParseError;
use crate::cpu_table::{self, CpuTable};

/// Parses /proc/interrupts. Rows that are not per CPU, as `ERR` and `MIS`, are passed over. An empty file gives nothing.
///
/// # Errors
/// When the header is not made of CPUs, or a row's counts are no numbers.
pub fn parse(bytes: &[u8]) -> Result<CpuTable<'_>, ParseError> {
    cpu_table::parse(bytes, true)
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::cpu_table::Event;

    #[test]
    fn rows_of_devices_and_of_the_architecture_are_read() {
        let table = parse(include_bytes!("../fixtures/interrupts")).unwrap();
        let event = |name, description| Event { name, description };
        assert_eq!(table.cpus, [0, 1]);
        assert_eq!(
            table.events,
            [
                event("24", "IO-APIC   5-edge      ACPI:Ged"),
                event("26", "IO-APIC   4-edge      ttyS0"),
                event("36", "PCI-MSIX-0000:00:02.0   1-edge      virtio1-req.0"),
                event("NMI", "Non-maskable interrupts"),
                event("LOC", "Local timer interrupts"),
                event("PIN", "Posted-interrupt notification event"),
            ]
        );
        let counts: Vec<_> = (0..6).map(|row| (table.count(row, 0), table.count(row, 1))).collect();
        let expected = [(1, 0), (0, 16), (0, 369_538), (0, 0), (2_692_014, 2_785_746), (0, 0)];
        assert_eq!(counts, expected.map(|(cpu0, cpu1)| (Some(cpu0), Some(cpu1))));
    }

    #[test]
    fn a_number_may_follow_the_colon_at_once() {
        let table = parse(b"CPU0 CPU3\nIPI0:1234567890 7 Rescheduling interrupts\n").unwrap();
        assert_eq!(
            (table.cpus.as_slice(), table.events[0].name),
            ([0, 3].as_slice(), "IPI0")
        );
        assert_eq!((table.count(0, 0), table.count(0, 1)), (Some(1_234_567_890), Some(7)));
    }

    #[test]
    fn malformed_files_are_errors() {
        let cases: [(&[u8], &str); 3] = [
            (
                b"CPU0 1\n",
                r#"line 1: expected a header of CPU and its number for each column, found "1""#,
            ),
            (
                b"CPU0 CPU1\n1: 2 x PCI eth0\n",
                r#"line 2: expected a name, a colon and a number for each CPU, found "x""#,
            ),
            (
                b"CPU0\n1: 2 \xff\n",
                "line 2: expected a name, a colon and a number for each CPU, found \"\u{fffd}\"",
            ),
        ];
        for (bytes, text) in cases {
            assert_eq!(parse(bytes).unwrap_err().to_string(), text);
        }
    }
}
