//! Out of the way of a program that is timed from its start.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use super::target::Process;

/// Keeps this thread off the CPU that a program starts on, as long as there is another: whoever asks every few microseconds
/// whether it answers yet would take the time that is measured from it.
pub(super) struct Aside {
    /// Where this thread may run otherwise.
    anywhere: Option<CpuSet>,
}

impl From<&Process> for Aside {
    /// Best done right after its start. Where it cannot be done, the program is only measured somewhat slower.
    fn from(process: &Process) -> Self {
        let anywhere = process.processor().ok().and_then(step_aside);
        Self { anywhere }
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        if let Some(anywhere) = &self.anywhere {
            // The kernel allowed these CPUs before; at worst this thread stays where it is.
            sched_setaffinity(None, anywhere).ok();
        }
    }
}

/// Leaves `processor` alone; the CPUs that this thread had until now.
fn step_aside(processor: usize) -> Option<CpuSet> {
    let anywhere = sched_getaffinity(None).ok()?;
    let mut others = anywhere;
    if processor >= CpuSet::MAX_CPU || others.count() < 2 {
        return None;
    }
    others.unset(processor);
    sched_setaffinity(None, &others).ok()?;
    Some(anywhere)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cpu_is_left_alone_and_given_back() {
        let before = sched_getaffinity(None).unwrap();
        let first = (0..CpuSet::MAX_CPU).find(|cpu| before.is_set(*cpu)).unwrap();
        let aside = Aside {
            anywhere: step_aside(first),
        };
        if before.count() > 1 {
            assert!(!sched_getaffinity(None).unwrap().is_set(first));
        }
        drop(aside);
        assert_eq!(sched_getaffinity(None).unwrap(), before);
    }
}
