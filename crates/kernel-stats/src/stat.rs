//! Time per CPU and counts since boot, from /proc/stat. Every line but `cpu` is optional: kernels and containers leave
//! some out.
//!
//! ```text
//! cpu  10074 0 1790 208743 402 0 85 419 0 0
//! cpu0 3761 0 833 105640 239 0 48 277 0 0
//! intr 196906 0 0 16
//! ctxt 330773
//! btime 1795310636
//! processes 4327
//! procs_running 4
//! procs_blocked 0
//! softirq 111075 0 16408 4 13742 7879 0 134 45333 0 27575
//! ```

use crate::ParseError;
use crate::fields::{Fields, lines, unsigned_32};

const CPU: &str = "cpu, its number and at least 4 numbers";
const COUNT: &str = "a name and a number";

/// The content of /proc/stat. What the file does not say is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stat {
    /// Ticks of all CPUs together. Source: `cpu`.
    pub total: Option<CpuTicks>,
    /// The CPUs that are online, in the file's order. Source: `cpuN`.
    pub cpus: Vec<Cpu>,
    /// When the system booted, in seconds since the epoch. Source: `btime`.
    pub boot_time_seconds: Option<u64>,
    /// Interrupts since boot, over all sources. Source: the first number of `intr`.
    pub interrupts: Option<u64>,
    /// Context switches since boot. Source: `ctxt`.
    pub context_switches: Option<u64>,
    /// Processes and threads created since boot. Source: `processes`.
    pub forks: Option<u64>,
    /// Threads that run or wait for a CPU now. Source: `procs_running`.
    pub procs_running: Option<u64>,
    /// Threads that wait for I/O now. Source: `procs_blocked`.
    pub procs_blocked: Option<u64>,
    /// Soft interrupts since boot. `None` before Linux 2.6.31. Source: `softirq`.
    pub softirqs: Option<Softirqs>,
}

/// One line `cpuN` of /proc/stat.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cpu {
    /// The kernel's number of this CPU. Numbers have gaps where CPUs are offline.
    pub number: u32,
    /// What the CPU spent its time on.
    pub ticks: CpuTicks,
}

/// Time since boot in each mode, in ticks of `USER_HZ`: hundredths of a second. Columns that an old kernel lacks are 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CpuTicks {
    /// Programs; holds `guest`.
    pub user: u64,
    /// Programs of low priority; holds `guest_nice`.
    pub nice: u64,
    /// The kernel.
    pub system: u64,
    /// Nothing.
    pub idle: u64,
    /// Nothing, while I/O was outstanding. It can go back. Since Linux 2.5.41.
    pub iowait: u64,
    /// Interrupts. Since Linux 2.6.0.
    pub irq: u64,
    /// Soft interrupts. Since Linux 2.6.0.
    pub softirq: u64,
    /// Taken by the hypervisor for others. Since Linux 2.6.11.
    pub steal: u64,
    /// Virtual CPUs of guests. Since Linux 2.6.24.
    pub guest: u64,
    /// Virtual CPUs of guests of low priority. Since Linux 2.6.33.
    pub guest_nice: u64,
}

/// Soft interrupts since boot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Softirqs {
    /// All vectors.
    pub total: u64,
    /// Each vector in the kernel's order: HI, TIMER, NET_TX, NET_RX, BLOCK, IRQ_POLL, TASKLET, SCHED, HRTIMER, RCU.
    /// Those that an old kernel lacks are 0.
    pub by_vector: [u64; 10],
}

/// Parses /proc/stat. An empty file is a [`Stat`] without data; unknown lines are passed over.
///
/// # Errors
/// When a known line does not hold the numbers it must hold.
pub fn parse(bytes: &[u8]) -> Result<Stat, ParseError> {
    let mut stat = Stat::default();
    for line in lines(bytes) {
        let mut fields = line.fields(COUNT);
        let key = fields.word()?;
        match key.strip_prefix(b"cpu") {
            Some(b"") => stat.total = Some(cpu_ticks(&mut line.fields(CPU))?),
            Some(number) => {
                let number = unsigned_32(number).ok_or_else(|| line.error_at(CPU, key))?;
                stat.cpus.push(Cpu {
                    number,
                    ticks: cpu_ticks(&mut line.fields(CPU))?,
                });
            }
            None => stat.set(key, &mut fields)?,
        }
    }
    Ok(stat)
}

impl Stat {
    fn set(&mut self, key: &[u8], fields: &mut Fields<'_>) -> Result<(), ParseError> {
        let place = match key {
            b"btime" => &mut self.boot_time_seconds,
            b"intr" => &mut self.interrupts,
            b"ctxt" => &mut self.context_switches,
            b"processes" => &mut self.forks,
            b"procs_running" => &mut self.procs_running,
            b"procs_blocked" => &mut self.procs_blocked,
            b"softirq" => {
                self.softirqs = Some(softirqs(fields)?);
                return Ok(());
            }
            _ => return Ok(()),
        };
        *place = Some(fields.number()?);
        Ok(())
    }
}

fn cpu_ticks(fields: &mut Fields<'_>) -> Result<CpuTicks, ParseError> {
    fields.word()?;
    let [user, nice, system, idle] = fields.numbers()?;
    let mut since_2_5 = || Ok(fields.optional_number()?.unwrap_or(0));
    Ok(CpuTicks {
        user,
        nice,
        system,
        idle,
        iowait: since_2_5()?,
        irq: since_2_5()?,
        softirq: since_2_5()?,
        steal: since_2_5()?,
        guest: since_2_5()?,
        guest_nice: since_2_5()?,
    })
}

fn softirqs(fields: &mut Fields<'_>) -> Result<Softirqs, ParseError> {
    let mut softirqs = Softirqs {
        total: fields.number()?,
        ..Softirqs::default()
    };
    for count in &mut softirqs.by_vector {
        *count = fields.optional_number()?.unwrap_or(0);
    }
    Ok(softirqs)
}

#[cfg(test)]
mod tests {
    use super::{Cpu, CpuTicks, Softirqs, Stat, parse};

    #[test]
    fn whole_file_is_read() {
        let stat = parse(include_bytes!("../fixtures/stat")).unwrap();
        let cpu0 = CpuTicks {
            user: 3761,
            system: 833,
            idle: 105_640,
            iowait: 239,
            softirq: 48,
            steal: 277,
            ..CpuTicks::default()
        };
        let cpu1 = CpuTicks {
            user: 6313,
            system: 956,
            idle: 103_102,
            iowait: 162,
            softirq: 37,
            steal: 141,
            ..CpuTicks::default()
        };
        let expected = Stat {
            total: Some(CpuTicks {
                user: 10_074,
                system: 1790,
                idle: 208_743,
                iowait: 402,
                softirq: 85,
                steal: 419,
                ..CpuTicks::default()
            }),
            cpus: vec![Cpu { number: 0, ticks: cpu0 }, Cpu { number: 1, ticks: cpu1 }],
            boot_time_seconds: Some(1_795_310_636),
            interrupts: Some(196_906),
            context_switches: Some(330_773),
            forks: Some(4327),
            procs_running: Some(4),
            procs_blocked: Some(0),
            softirqs: Some(Softirqs {
                total: 111_075,
                by_vector: [0, 16_408, 4, 13_742, 7879, 0, 134, 45_333, 0, 27_575],
            }),
        };
        assert_eq!(stat, expected);
    }

    #[test]
    fn columns_are_in_the_order_of_the_kernel() {
        let stat = parse(b"cpu9 1 2 3 4 5 6 7 8 9 10 11\n").unwrap();
        let ticks = CpuTicks {
            user: 1,
            nice: 2,
            system: 3,
            idle: 4,
            iowait: 5,
            irq: 6,
            softirq: 7,
            steal: 8,
            guest: 9,
            guest_nice: 10,
        };
        assert_eq!(
            stat,
            Stat {
                cpus: vec![Cpu { number: 9, ticks }],
                ..Stat::default()
            }
        );
    }

    #[test]
    fn offline_cpus_leave_gaps_and_old_kernels_zeros() {
        let stat = parse(b"cpu0 1 2 3 4\ncpu7 5 6 7 8 9\nsoftirq 6 1 2 3\nfuture x\n").unwrap();
        let first = CpuTicks {
            user: 1,
            nice: 2,
            system: 3,
            idle: 4,
            ..CpuTicks::default()
        };
        let second = CpuTicks {
            user: 5,
            nice: 6,
            system: 7,
            idle: 8,
            iowait: 9,
            ..CpuTicks::default()
        };
        let expected = Stat {
            cpus: vec![
                Cpu {
                    number: 0,
                    ticks: first,
                },
                Cpu {
                    number: 7,
                    ticks: second,
                },
            ],
            softirqs: Some(Softirqs {
                total: 6,
                by_vector: [1, 2, 3, 0, 0, 0, 0, 0, 0, 0],
            }),
            ..Stat::default()
        };
        assert_eq!(stat, expected);
    }

    #[test]
    fn empty_file_is_without_data() {
        assert_eq!(parse(b""), Ok(Stat::default()));
    }

    #[test]
    fn only_the_first_number_of_intr_is_read() {
        assert_eq!(
            parse(b"intr 5 x y\n"),
            Ok(Stat {
                interrupts: Some(5),
                ..Stat::default()
            })
        );
    }

    #[test]
    fn malformed_lines_are_errors() {
        let cases: [(&[u8], &str); 5] = [
            (
                b"cpu 1 2 3\n",
                r#"line 1: expected cpu, its number and at least 4 numbers, found "cpu 1 2 3""#,
            ),
            (
                b"cpux 1 2 3 4\n",
                r#"line 1: expected cpu, its number and at least 4 numbers, found "cpux""#,
            ),
            (
                b"cpu0 1 2 3 4 -5\n",
                r#"line 1: expected cpu, its number and at least 4 numbers, found "-5""#,
            ),
            (
                b"ctxt 1\nbtime\n",
                r#"line 2: expected a name and a number, found "btime""#,
            ),
            (b"softirq 1 2 x\n", r#"line 1: expected a name and a number, found "x""#),
        ];
        for (bytes, text) in cases {
            assert_eq!(parse(bytes).unwrap_err().to_string(), text);
        }
    }
}
