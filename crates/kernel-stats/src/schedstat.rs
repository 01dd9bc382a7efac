//! Scheduler times per CPU, from /proc/schedstat. The file needs a kernel with CONFIG_SCHEDSTATS.
//!
//! ```text
//! version 15
//! timestamp 4295031410
//! cpu0 0 0 61725 23118 38102 17544 152341906231 9120345871 38417
//! domain0 3 412 398 12 1024
//! ```

use crate::ParseError;
use crate::fields::{lines, unsigned_32};

/// What the scheduler did on one CPU since boot. Source: a line `cpuN`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CpuSchedstat {
    /// The kernel's number of this CPU.
    pub cpu: u32,
    /// Time that threads ran, in nanoseconds. Source: column 7.
    pub running_nanos: u64,
    /// Time that threads waited for the CPU, in nanoseconds. Source: column 8.
    pub waiting_nanos: u64,
    /// Timeslices that were run. Source: column 9.
    pub timeslices: u64,
}

/// Parses the lines `cpuN` of /proc/schedstat and passes over all others. An empty file gives nothing.
///
/// # Errors
/// When a line `cpuN` does not hold 9 numbers.
pub fn parse(bytes: &[u8]) -> Result<Vec<CpuSchedstat>, ParseError> {
    let mut cpus = Vec::new();
    for line in lines(bytes) {
        let mut fields = line.fields("cpu, its number and 9 numbers");
        let key = fields.word()?;
        if let Some(number) = key.strip_prefix(b"cpu") {
            let cpu = unsigned_32(number).ok_or_else(|| fields.error_at(key))?;
            let [_, _, _, _, _, _, running_nanos, waiting_nanos, timeslices] = fields.numbers()?;
            cpus.push(CpuSchedstat {
                cpu,
                running_nanos,
                waiting_nanos,
                timeslices,
            });
        }
    }
    Ok(cpus)
}

#[cfg(test)]
mod tests {
    use super::{CpuSchedstat, parse};

    #[test]
    fn last_three_columns_of_cpus_are_read() {
        let expected = vec![
            CpuSchedstat {
                cpu: 0,
                running_nanos: 152_341_906_231,
                waiting_nanos: 9_120_345_871,
                timeslices: 38_417,
            },
            CpuSchedstat {
                cpu: 1,
                running_nanos: 148_007_153_992,
                waiting_nanos: 8_733_009_415,
                timeslices: 37_206,
            },
        ];
        assert_eq!(parse(include_bytes!("../fixtures/schedstat")), Ok(expected));
        assert_eq!(parse(b""), Ok(vec![]));
    }

    #[test]
    fn malformed_cpu_lines_are_errors() {
        let cases: [(&[u8], &str); 3] = [
            (
                b"version 15\ncpu1 1 2 3\n",
                r#"line 2: expected cpu, its number and 9 numbers, found "cpu1 1 2 3""#,
            ),
            (
                b"cpu 1 2 3\n",
                r#"line 1: expected cpu, its number and 9 numbers, found "cpu""#,
            ),
            (
                b"cpu0 1 2 3 4 5 6 7 8 x\n",
                r#"line 1: expected cpu, its number and 9 numbers, found "x""#,
            ),
        ];
        for (bytes, text) in cases {
            assert_eq!(parse(bytes).unwrap_err().to_string(), text);
        }
    }
}
