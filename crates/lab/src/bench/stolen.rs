//! How much of this machine's time went to other machines of its host: that is in every latency.

use std::fs;

/// Ticks of all CPUs since the machine started.
#[derive(Clone, Copy)]
pub(super) struct Clock {
    all: u64,
    stolen: u64,
}

/// Up to `steal`; those behind it are parts of the first two.
const COLUMNS: usize = 8;

impl Clock {
    /// `None` where /proc/stat says nothing of it.
    pub(super) fn now() -> Option<Self> {
        Self::parse(&fs::read_to_string("/proc/stat").ok()?)
    }

    fn parse(stat: &str) -> Option<Self> {
        let columns = stat.strip_prefix("cpu ")?.lines().next()?.split_whitespace();
        let columns: Vec<u64> = columns.take(COLUMNS).map_while(|column| column.parse().ok()).collect();
        Some(Self {
            all: columns.iter().sum(),
            stolen: *columns.get(COLUMNS - 1)?,
        })
    }

    /// A line about what was stolen since then.
    pub(super) fn told(self, now: Self) -> String {
        let all = now.all.saturating_sub(self.all).max(1);
        let percent = 100.0 * now.stolen.saturating_sub(self.stolen) as f64 / all as f64;
        format!("\nStolen from this machine by its host meanwhile: {percent:.1} % of the CPUs' time.\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stolen_is_a_part_of_all_time_between() {
        let before = Clock::parse("cpu  10 0 10 80 0 0 0 0 0 0\ncpu0 1 2\n").unwrap();
        let after = Clock::parse("cpu  60 0 20 110 0 0 0 10 9 9\n").unwrap();
        let told = before.told(after);
        assert!(told.contains(" 10.0 %"), "{told}");
        assert!(before.told(before).contains(" 0.0 %"));
        assert!(
            Clock::parse("cpu  10 0 10 80 0 0 0\n").is_none(),
            "a kernel before 2.6.11"
        );
    }
}
