//! How long a container's threads ran and waited for a CPU: /proc/TID/schedstat of each, summed. The threads are those
//! in `tasks` (v1) or `cgroup.threads` (v2) of the cgroup and of all below. Upstream asks the main threads alone.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use exposition::{Desc, Encoder};
use kernel_stats::attribute;
use kernel_stats::pid_schedstat::{self, ThreadSchedstat};

use super::{Enabled, Group, Stats, each};
use crate::cgroup::{Controller, Version};
use crate::reader::{Reading, Source};

/// The group.
pub(super) const GROUP: Group = Group {
    name: "sched",
    default: Enabled::Off,
    read,
    encode,
};

/// A family, and where its value is.
type Family = (Desc<'static>, fn(ThreadSchedstat) -> f64);

const FAMILIES: [Family; 3] = [
    (
        Desc::counter(
            "container_cpu_schedstat_run_seconds_total",
            "Time duration the processes of the container have run on the CPU.",
            &[],
        ),
        |sum| sum.running_nanos as f64 / 1e9,
    ),
    (
        Desc::counter(
            "container_cpu_schedstat_runqueue_seconds_total",
            "Time duration processes of the container have been waiting on a runqueue.",
            &[],
        ),
        |sum| sum.waiting_nanos as f64 / 1e9,
    ),
    (
        Desc::counter(
            "container_cpu_schedstat_run_periods_total",
            "Number of times processes of the cgroup have run on the cpu",
            &[],
        ),
        |sum| sum.timeslices as f64,
    ),
];

/// The sum over all threads that were ever seen. Those that have ended stay in it with what they had at the last reading,
/// so that it never goes back; what they did after that is lost.
#[derive(Debug, Default)]
pub(crate) struct Sched {
    /// Of threads that have ended.
    ended: ThreadSchedstat,
    /// Of those that live, sorted by number.
    live: Vec<(u32, ThreadSchedstat)>,
    /// The threads of this reading, which become `live`.
    seen: Vec<(u32, ThreadSchedstat)>,
    /// Whether any thread had the file, which kernels without CONFIG_SCHED_INFO lack.
    known: bool,
}

impl Sched {
    /// The sum; `None` where the kernel does not tell.
    pub(crate) fn sum(&self) -> Option<ThreadSchedstat> {
        let live = self.live.iter().map(|(_, stat)| *stat);
        self.known.then(|| live.fold(self.ended, add))
    }

    /// Ends a reading whose threads are in `seen`.
    fn settle(&mut self) {
        self.seen.sort_unstable_by_key(|(thread, _)| *thread);
        self.seen.dedup_by_key(|(thread, _)| *thread);
        self.known |= !self.seen.is_empty();
        for (thread, before) in &self.live {
            let now = self.seen.binary_search_by_key(thread, |(thread, _)| *thread);
            let goes_on = now.is_ok_and(|index| {
                let (_, now) = self.seen[index];
                // A thread that has run less than before is another one with its number.
                now.running_nanos >= before.running_nanos && now.timeslices >= before.timeslices
            });
            if !goes_on {
                self.ended = add(self.ended, *before);
            }
        }
        std::mem::swap(&mut self.live, &mut self.seen);
        self.seen.clear();
    }
}

fn add(a: ThreadSchedstat, b: ThreadSchedstat) -> ThreadSchedstat {
    ThreadSchedstat {
        running_nanos: a.running_nanos.saturating_add(b.running_nanos),
        waiting_nanos: a.waiting_nanos.saturating_add(b.waiting_nanos),
        timeslices: a.timeslices.saturating_add(b.timeslices),
    }
}

fn read(source: &mut Source<'_>, stats: &mut Stats) {
    let list = match source.version() {
        Version::V1 => "tasks",
        Version::V2 => "cgroup.threads",
    };
    let Some(list) = source.path(Controller::Cpu, list) else {
        return;
    };
    let sched = &mut stats.sched;
    let mut buffer = Vec::new();
    for_each_list(list, &mut |list| {
        if let Err(error) = read_threads(source, list, &mut buffer, &mut sched.seen) {
            source.problem(|| format!("reading {}: {error}", list.display()));
        }
    });
    sched.settle();
}

/// Calls `with` for a cgroup's file and its namesakes of all cgroups below.
fn for_each_list(list: PathBuf, with: &mut impl FnMut(&Path)) {
    with(&list);
    let (Some(folder), Some(name)) = (list.parent(), list.file_name()) else {
        return;
    };
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
        for_each_list(entry.path().join(name), with);
    }
}

/// Adds what the threads of one list did. A thread that has ended since, and a cgroup, is passed over.
fn read_threads(
    source: &Source<'_>,
    list: &Path,
    buffer: &mut Vec<u8>,
    seen: &mut Vec<(u32, ThreadSchedstat)>,
) -> io::Result<()> {
    let Some(()) = read_if_there(list, buffer)? else {
        return Ok(());
    };
    let lines = std::mem::take(buffer);
    for line in lines.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
        let thread = attribute::parse_u64(line).map_err(io::Error::other)?;
        // 0 stands for threads outside of the exporter's process namespace.
        let Some(thread) = u32::try_from(thread).ok().filter(|&thread| thread > 0) else {
            continue;
        };
        let path = source.paths.procfs.join(thread.to_string()).join("schedstat");
        if read_if_there(&path, buffer)?.is_some() {
            seen.push((thread, pid_schedstat::parse(buffer).map_err(io::Error::other)?));
        }
    }
    Ok(())
}

/// Puts a file into `buffer`; `None` where it is no more.
fn read_if_there(path: &Path, buffer: &mut Vec<u8>) -> io::Result<Option<()>> {
    buffer.clear();
    match File::open(path).and_then(|mut file| file.read_to_end(buffer)) {
        Ok(_) => Ok(Some(())),
        Err(error) if is_gone(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_gone(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let gone = [Errno::NOENT, Errno::SRCH, Errno::NODEV, Errno::NOTDIR, Errno::OPNOTSUPP];
    gone.iter()
        .any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

fn encode(reading: &Reading, out: &mut Encoder) {
    for (desc, value) in &FAMILIES {
        each(out, desc, reading, |row| row.stats.sched.sum().map(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Tree, lines, samples};

    #[test]
    fn threads_of_cgroups_below_count_too() {
        let tree = Tree::v2();
        for (list, threads) in [("a", "10\n11\n0\n"), ("a/b", "12\n13\n"), ("other", "14\n")] {
            tree.write(&format!("{list}/cgroup.threads"), threads);
        }
        for (thread, stat) in [
            (10, "1000000000 2000000000 3"),
            (11, "500000000 0 1"),
            (12, "250000000 0 2"),
            (14, "9 9 9"),
        ] {
            tree.write_proc(&format!("{thread}/schedstat"), stat);
        }
        let expected = [
            r#"container_cpu_schedstat_run_periods_total{id="/a"} 6"#,
            r#"container_cpu_schedstat_run_seconds_total{id="/a"} 1.75"#,
            r#"container_cpu_schedstat_runqueue_seconds_total{id="/a"} 2"#,
        ];
        assert_eq!(lines(&samples(&tree, &["/a"]), "container_cpu_schedstat"), expected);
    }

    #[test]
    fn a_kernel_without_the_files_reports_nothing() {
        let tree = Tree::v1();
        tree.write("cpu,cpuacct/a/tasks", "10\n");
        assert!(lines(&samples(&tree, &["/a"]), "container_cpu_schedstat").is_empty());
    }

    fn stat(timeslices: u64) -> ThreadSchedstat {
        ThreadSchedstat {
            running_nanos: 10 * timeslices,
            waiting_nanos: 100 * timeslices,
            timeslices,
        }
    }

    #[test]
    fn threads_that_ended_stay_in_the_sum() {
        let mut sched = Sched::default();
        assert_eq!(sched.sum(), None);
        for (seen, sum) in [
            (&[(2, 5), (1, 1)][..], 6),
            (&[(2, 7)], 8),
            // Its number is another thread's by now.
            (&[(2, 1)], 9),
            (&[], 9),
            // A thread that moved while it was listed is in two lists.
            (&[(3, 4), (3, 4)], 13),
        ] {
            sched.seen = seen.iter().map(|&(thread, count)| (thread, stat(count))).collect();
            sched.settle();
            assert_eq!(sched.sum(), Some(stat(sum)), "{seen:?}");
        }
    }
}
