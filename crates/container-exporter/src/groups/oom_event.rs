//! Processes that the kernel killed for want of memory, from `oom_kill` in memory.oom_control of v1 (Linux 4.13 and later)
//! and memory.events of v2: no /dev/kmsg. v1's is left alone while /proc/vmstat counts none. The count goes on when the
//! container has ended and when it starts again.

use exposition::{Desc, Encoder};
use kernel_stats::{ParseError, flat_keyed};

use super::memory::Events;
use super::{Enabled, Group, Stats, each};
use crate::cgroup::{Controller, Version};
use crate::reader::{Reading, Source};

/// The group.
pub(super) const GROUP: Group = Group {
    name: "oom_event",
    default: Enabled::On,
    read,
    encode,
};

const EVENTS: Desc<'_> = Desc::counter(
    "container_oom_events_total",
    "Count of out of memory events observed for the container",
    &[],
);

/// Kills in a container over all its lives, each of which has a cgroup of its own. Never goes back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct OomKills {
    /// In its former lives.
    before: u64,
    /// In the life that is or was last.
    last: u64,
    ended: bool,
}

impl OomKills {
    /// All of them.
    pub(crate) fn total(self) -> u64 {
        self.before.saturating_add(self.last)
    }

    /// The cgroup's count now. One that starts over is another life's.
    fn count(&mut self, kills: u64) {
        if self.ended || kills < self.last {
            self.before = self.total();
        }
        (self.last, self.ended) = (kills, false);
    }

    /// The life has ended. A kill that ended it took the cgroup with it, mostly before anyone could read of it; the
    /// runtime knows.
    pub(super) fn end(&mut self, oom_killed: bool) {
        self.ended = true;
        if oom_killed {
            self.last = self.last.max(1);
        }
    }
}

/// Kills on the whole host, from /proc/vmstat: while there are none, no cgroup has one.
#[derive(Debug, Default)]
pub(crate) struct HostKills {
    /// In this reading, once it was asked; `None` as well from a kernel that does not count them.
    count: Option<u64>,
    is_read: bool,
    /// Readings in a row that told the same count.
    same: u8,
}

impl HostKills {
    /// A reading begins, and nothing is known of it.
    pub(crate) fn begin(&mut self) {
        self.is_read = false;
    }

    fn hear(&mut self, count: Option<u64>) {
        let is_same = count.is_some() && count == self.count;
        self.same = if is_same { self.same.saturating_add(1) } else { 0 };
        (self.count, self.is_read) = (count, true);
    }

    /// Whether no cgroup counts more than it did in the reading before. The kernel counts a kill here first and a moment
    /// later in its cgroup, which is therefore read once more.
    fn are_over(&self) -> bool {
        self.same >= 2
    }
}

fn read(source: &mut Source<'_>, stats: &mut Stats) {
    let kills = match (source.version(), stats.memory.events) {
        (Version::V2, Some(events)) => Some(events.oom_kill),
        (Version::V2, None) => Events::read(source).map(|events| events.oom_kill),
        (Version::V1, _) => read_v1(source),
    };
    if let Some(kills) = kills {
        stats.oom_kills.get_or_insert_default().count(kills);
    }
}

/// `None` where they are as before, too.
fn read_v1(source: &mut Source<'_>) -> Option<u64> {
    if !source.host_kills.is_read {
        let count = source.parse_proc("vmstat", parse).flatten();
        source.host_kills.hear(count);
    }
    if source.host_kills.are_over() && source.has_values {
        return None;
    }
    source.parse(Controller::Memory, "memory.oom_control", parse).flatten()
}

fn parse(bytes: &[u8]) -> Result<Option<u64>, ParseError> {
    for field in flat_keyed::fields(bytes) {
        if let ("oom_kill", kills) = field? {
            return Ok(Some(kills));
        }
    }
    Ok(None)
}

fn encode(reading: &Reading, out: &mut Encoder) {
    each(out, &EVENTS, reading, |row| Some(row.stats.oom_kills?.total() as f64));
}

#[cfg(test)]
mod tests {
    use super::OomKills;
    use crate::container::Facts;
    use crate::groups::Stats;
    use crate::testing::{Tree, lines, reader, samples, samples_of};

    #[test]
    fn kills_are_read_from_either_version() {
        let v1 = Tree::v1();
        v1.write(
            "memory/a/memory.oom_control",
            "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n",
        );
        let v2 = Tree::v2();
        v2.write("a/memory.events", "low 0\nhigh 0\nmax 9\noom 4\noom_kill 3\n");
        for tree in [v1, v2] {
            let expected = [r#"container_oom_events_total{id="/a"} 3"#];
            assert_eq!(lines(&samples(&tree, &["/a"]), "container_oom"), expected);
        }
    }

    #[test]
    fn kernels_that_do_not_count_report_nothing() {
        let tree = Tree::v1();
        tree.write("memory/a/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\n");
        assert!(lines(&samples(&tree, &["/a"]), "container_oom").is_empty());
    }

    #[test]
    fn what_nobody_was_killed_in_is_not_read_again() {
        let tree = Tree::v1();
        let tell = |of_host: &str, kills: u32| {
            tree.write_proc("vmstat", of_host);
            tree.write("memory/a/memory.oom_control", &format!("oom_kill {kills}\n"));
        };
        let reader = reader(&tree, vec![tree.container("/a")]);
        for (of_host, kills, told) in [
            ("oom_kill 5\n", 0, 0),
            ("oom_kill 5\n", 1, 1),
            ("oom_kill 5\n", 2, 1),
            ("oom_kill 6\n", 2, 2),
            // The cgroup's own count may come a moment later.
            ("oom_kill 6\n", 3, 3),
            ("oom_kill 6\n", 4, 3),
            // A kernel that does not count them here.
            ("pgfault 7\n", 4, 4),
            ("pgfault 7\n", 5, 5),
            ("pgfault 7\n", 6, 6),
        ] {
            tell(of_host, kills);
            reader.forget_age();
            let expected = [format!(r#"container_oom_events_total{{id="/a"}} {told}"#)];
            assert_eq!(
                lines(&samples_of(&reader), "container_oom"),
                expected,
                "{of_host:?} {kills}"
            );
        }
    }

    #[derive(Clone, Copy, Debug)]
    enum Step {
        Count(u64),
        End { oom_killed: bool },
    }

    #[test]
    fn the_total_outlives_cgroups_and_never_goes_back() {
        use Step::{Count, End};
        let killed = End { oom_killed: true };
        let quiet = End { oom_killed: false };
        for (steps, total) in [
            (&[Count(2)][..], 2),
            (&[Count(2), quiet], 2),
            (&[Count(2), killed], 2),
            (&[Count(0), killed], 1),
            (&[Count(0), killed, killed], 1),
            // The runtime's word may come after the cgroup's end.
            (&[Count(0), quiet, killed], 1),
            (&[killed], 1),
            (&[Count(2), quiet, Count(0)], 2),
            (&[Count(2), quiet, Count(3)], 5),
            (&[Count(0), killed, Count(0), killed], 2),
            // A life that was too short to be seen ended.
            (&[Count(2), Count(1)], 3),
            (&[Count(u64::MAX), quiet, Count(1)], u64::MAX),
        ] {
            let mut kills = OomKills::default();
            for step in steps {
                let before = kills.total();
                match *step {
                    Count(count) => kills.count(count),
                    End { oom_killed } => kills.end(oom_killed),
                }
                assert!(kills.total() >= before, "{steps:?}");
            }
            assert_eq!(kills.total(), total, "{steps:?}");
        }
    }

    #[test]
    fn an_ended_container_keeps_its_kills_and_nothing_else() {
        let facts = |oom_killed| Facts {
            oom_killed,
            ..Facts::default()
        };
        let mut stats = Stats {
            memory_migrate: Some(1),
            ..Stats::default()
        };
        stats.forget(Some(&facts(false)));
        assert_eq!((stats.memory_migrate, stats.oom_kills), (None, None));
        stats.forget(Some(&facts(true)));
        assert_eq!(stats.oom_kills.map(OomKills::total), Some(1));
        stats.forget(None);
        assert_eq!(stats.oom_kills.map(OomKills::total), Some(1));
    }
}
