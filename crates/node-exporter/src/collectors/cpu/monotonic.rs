//! CPU times that never go back, though the kernel's do: `idle` and `iowait` are estimates, and hotplug starts a CPU's
//! counts anew.

use kernel_stats::stat::{Cpu, CpuTicks};

/// When idle drops by this much, the CPU was taken away and came back, and its counts began anew.
const RESTART_TICKS: u64 = 300;

/// The largest times seen so far, of each CPU that is online.
#[derive(Debug, Default)]
pub(super) struct Monotonic {
    cpus: Vec<Cpu>,
}

impl Monotonic {
    /// Takes what the kernel says now and gives it back in the same order, no time smaller than before. CPUs that went
    /// offline are forgotten.
    pub(super) fn update(&mut self, now: &[Cpu]) -> &[Cpu] {
        let number = |cpu: &Cpu| cpu.number;
        if !self.cpus.iter().map(number).eq(now.iter().map(number)) {
            self.cpus = now.iter().map(|cpu| self.known(cpu)).collect();
        }
        for (known, cpu) in self.cpus.iter_mut().zip(now) {
            known.ticks = larger(&known.ticks, &cpu.ticks);
        }
        &self.cpus
    }

    fn known(&self, cpu: &Cpu) -> Cpu {
        let known = self.cpus.iter().find(|known| known.number == cpu.number);
        *known.unwrap_or(cpu)
    }
}

fn larger(before: &CpuTicks, now: &CpuTicks) -> CpuTicks {
    if before.idle.saturating_sub(now.idle) >= RESTART_TICKS {
        return *now;
    }
    CpuTicks {
        user: before.user.max(now.user),
        nice: before.nice.max(now.nice),
        system: before.system.max(now.system),
        idle: before.idle.max(now.idle),
        iowait: before.iowait.max(now.iowait),
        irq: before.irq.max(now.irq),
        softirq: before.softirq.max(now.softirq),
        steal: before.steal.max(now.steal),
        guest: before.guest.max(now.guest),
        guest_nice: before.guest_nice.max(now.guest_nice),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cpu(number: u32, idle: u64, iowait: u64) -> Cpu {
        let ticks = CpuTicks {
            idle,
            iowait,
            ..CpuTicks::default()
        };
        Cpu { number, ticks }
    }

    /// What the second of two reads gives.
    fn second(first: &[Cpu], second: &[Cpu]) -> Vec<Cpu> {
        let mut times = Monotonic::default();
        assert_eq!(times.update(first), first);
        times.update(second).to_vec()
    }

    #[test]
    fn each_time_keeps_its_larger_value() {
        assert_eq!(second(&[cpu(0, 1000, 50)], &[cpu(0, 1010, 40)]), [cpu(0, 1010, 50)]);
        assert_eq!(second(&[cpu(0, 1000, 50)], &[cpu(0, 701, 60)]), [cpu(0, 1000, 60)]);
    }

    #[test]
    fn a_drop_of_three_seconds_in_idle_starts_a_cpu_anew() {
        let first = [cpu(0, 1000, 50), cpu(1, 1000, 50)];
        let now = [cpu(0, 700, 1), cpu(1, 1001, 1)];
        assert_eq!(second(&first, &now), [cpu(0, 700, 1), cpu(1, 1001, 50)]);
    }

    #[test]
    fn cpus_may_come_and_go() {
        let first = [cpu(0, 1000, 50), cpu(1, 1000, 50)];
        assert_eq!(second(&first, &[cpu(1, 999, 50)]), [cpu(1, 1000, 50)]);
        let mut times = Monotonic::default();
        times.update(&first);
        times.update(&first[..1]);
        let back = [cpu(0, 1000, 50), cpu(1, 5, 5)];
        assert_eq!(times.update(&back), back);
    }
}
