//! Processes of a container, their threads, open files and limits: from cgroup.procs, pids.current, pids.max,
//! /proc/PID/fd and /proc/PID/limits.

mod descriptors;

use exposition::{Desc, Encoder};
use kernel_stats::{attribute, pid_limits};

use self::descriptors::Descriptors;
use super::{Enabled, Group, Stats, each};
use crate::cgroup::Controller;
use crate::process;
use crate::reader::{Reading, Source};

/// The group.
pub(super) const GROUP: Group = Group {
    name: "process",
    default: Enabled::Off,
    read,
    encode,
};

const PROCESSES: Desc<'_> = Desc::gauge(
    "container_processes",
    "Number of processes running inside the container.",
    &[],
);
const FILE_DESCRIPTORS: Desc<'_> = Desc::gauge(
    "container_file_descriptors",
    "Number of open file descriptors for the container.",
    &[],
);
const SOCKETS: Desc<'_> = Desc::gauge("container_sockets", "Number of open sockets for the container.", &[]);
const THREADS: Desc<'_> = Desc::gauge(
    "container_threads",
    "Number of threads running inside the container",
    &[],
);
const THREADS_MAX: Desc<'_> = Desc::gauge(
    "container_threads_max",
    "Maximum number of threads allowed inside the container, infinity if value is zero",
    &[],
);
const ULIMITS: Desc<'_> = Desc::gauge(
    "container_ulimits_soft",
    "Soft ulimit values for the container root process. Unlimited if -1, except priority and nice",
    &["ulimit"],
);

/// The limit that is reported, by the kernel's name and by the label's value.
const OPEN_FILES: (&str, &str) = ("Max open files", "max_open_files");
/// What the label's users know as unlimited.
const UNLIMITED: f64 = -1.0;

/// Processes of a container, without those of cgroups below.
#[derive(Debug, Default)]
pub(crate) struct Processes {
    /// How many there are.
    pub(crate) count: Option<usize>,
    /// What they have open; `None` where we may not see it.
    pub(crate) descriptors: Option<Descriptors>,
    /// How many threads there are, those of cgroups below too.
    pub(crate) threads: Option<u64>,
    /// How many there may be; 0: any number.
    pub(crate) threads_max: Option<u64>,
    /// How many files its first process may open, or [`UNLIMITED`]. `None` for cgroups that are no container.
    pub(crate) max_open_files: Option<f64>,
    pids: Vec<u32>,
}

fn read(source: &mut Source<'_>, stats: &mut Stats) {
    let processes = &mut stats.processes;
    processes.pids.clear();
    processes.count = source.pids(|_, pid| processes.pids.push(pid));
    processes.descriptors = processes
        .count
        .and_then(|_| descriptors::count(&source.paths.procfs, &processes.pids));
    processes.threads = source.number(Controller::Pids, "pids.current");
    processes.threads_max = source.parse(Controller::Pids, "pids.max", |bytes| match bytes.trim_ascii() {
        b"max" => Ok(0),
        _ => attribute::parse_u64(bytes),
    });
    processes.max_open_files = max_open_files(source);
}

fn max_open_files(source: &mut Source<'_>) -> Option<f64> {
    if !source.container.is_root() && !process::is_container(source.container) {
        return None;
    }
    source.parse_process("limits", |bytes| {
        for limit in pid_limits::limits(bytes) {
            let limit = limit?;
            if limit.name == OPEN_FILES.0 {
                return Ok(Some(limit.soft.map_or(UNLIMITED, |files| files as f64)));
            }
        }
        Ok(None)
    })?
}

fn encode(reading: &Reading, out: &mut Encoder) {
    let number = |number: Option<u64>| Some(number? as f64);
    let descriptors = |take: fn(&Descriptors) -> u64| {
        move |row: &crate::reader::Row| Some(take(row.stats.processes.descriptors.as_ref()?) as f64)
    };
    each(out, &PROCESSES, reading, |row| Some(row.stats.processes.count? as f64));
    each(out, &FILE_DESCRIPTORS, reading, descriptors(|found| found.open));
    each(out, &SOCKETS, reading, descriptors(|found| found.sockets));
    each(out, &THREADS, reading, |row| number(row.stats.processes.threads));
    each(out, &THREADS_MAX, reading, |row| {
        number(row.stats.processes.threads_max)
    });
    let mut family = out.family(&ULIMITS);
    for row in &reading.rows {
        if let Some(files) = row.stats.processes.max_open_files {
            family.sample_in(&row.container.labels, &[OPEN_FILES.1], files);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::container::{Facts, Network};
    use crate::testing::{Tree, reader, samples_of};

    fn found(tree: &Tree, is_container: bool) -> Vec<String> {
        let mut container = tree.container("/a");
        let facts = Facts {
            pid: Some(7),
            network: Network::Host,
            ..Facts::default()
        };
        container.facts = is_container.then(|| facts.into());
        let text = samples_of(&reader(tree, vec![container]));
        let names = ["processes", "file_descriptors", "sockets", "threads", "ulimits"];
        let is_ours = |line: &&str| names.iter().any(|name| line.starts_with(&format!("container_{name}")));
        text.lines().filter(is_ours).map(str::to_owned).collect()
    }

    fn process(tree: &Tree, pid: u32, open: &[&str]) {
        tree.write_proc(&format!("{pid}/cgroup"), "0::/a\n");
        tree.write_proc(&format!("{pid}/net/dev"), "");
        for (number, target) in open.iter().enumerate() {
            tree.write_proc_link(&format!("{pid}/fd/{number}"), target);
        }
        let header = "Limit                     Soft Limit           Hard Limit           Units\n";
        let limits = "Max stack size            1                    2                    bytes\n\
                      Max open files            unlimited            5                    files\n";
        tree.write_proc(&format!("{pid}/limits"), &format!("{header}{limits}"));
    }

    #[test]
    fn a_containers_processes_are_counted_with_what_they_have_open() {
        let tree = Tree::v2();
        process(&tree, 7, &["/dev/null", "socket:[12]", "anon_inode:[eventpoll]"]);
        process(&tree, 8, &["socket:[13]"]);
        // The third has ended since the list was made.
        tree.write("a/cgroup.procs", "7\n8\n9\n");
        tree.write("a/pids.current", "12\n");
        tree.write("a/pids.max", "max\n");
        let expected = [
            r#"container_file_descriptors{id="/a"} 4"#,
            r#"container_processes{id="/a"} 3"#,
            r#"container_sockets{id="/a"} 2"#,
            r#"container_threads{id="/a"} 12"#,
            r#"container_threads_max{id="/a"} 0"#,
            r#"container_ulimits_soft{id="/a",ulimit="max_open_files"} -1"#,
        ];
        assert_eq!(found(&tree, true), expected);
        assert_eq!(found(&tree, false), expected[..5]);
    }

    #[test]
    fn what_cannot_be_seen_is_absent() {
        let tree = Tree::v1();
        assert_eq!(found(&tree, true), [""; 0]);
        tree.write("cpu,cpuacct/a/cgroup.procs", "7\n");
        tree.write("pids/a/pids.max", "77\n");
        // A file in the place of the folder cannot be listed, as a folder that we may not open.
        tree.write_proc("7/fd", "");
        let expected = [
            r#"container_processes{id="/a"} 1"#,
            r#"container_threads_max{id="/a"} 77"#,
        ];
        assert_eq!(found(&tree, false), expected);
    }
}
