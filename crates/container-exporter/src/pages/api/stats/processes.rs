//! Processes and threads.

use serde::Serialize;

use super::known;
use crate::groups::Stats;
use crate::pages::api::spec::is_zero;

/// Always 0: nobody asks the kernel for the states of tasks.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(super) struct TaskStats {
    nr_sleeping: u64,
    nr_running: u64,
    nr_stopped: u64,
    nr_uninterruptible: u64,
    nr_io_wait: u64,
}

#[derive(Debug, Default, PartialEq, Serialize)]
pub(super) struct Processes {
    process_count: u64,
    fd_count: u64,
    socket_count: u64,
    #[serde(skip_serializing_if = "is_zero")]
    threads_current: u64,
    #[serde(skip_serializing_if = "is_zero")]
    threads_max: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ulimits: Vec<Ulimit>,
}

/// A limit of the first process; -1 is none.
#[derive(Debug, PartialEq, Serialize)]
struct Ulimit {
    name: &'static str,
    soft_limit: i64,
}

impl Processes {
    pub(super) fn new(stats: &Stats) -> Self {
        let found = &stats.processes;
        let open = found.descriptors.unwrap_or_default();
        let ulimit = found.max_open_files.map(|files| Ulimit {
            name: "max_open_files",
            soft_limit: files as i64,
        });
        Self {
            process_count: found.count.unwrap_or(0) as u64,
            fd_count: open.open,
            socket_count: open.sockets,
            threads_current: known(found.threads),
            threads_max: known(found.threads_max),
            ulimits: ulimit.into_iter().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Tree, reader};

    #[test]
    fn threads_are_counted_beside_processes() {
        let tree = Tree::v2();
        tree.write("a/cgroup.procs", "7\n8\n");
        tree.write("a/pids.current", "5\n");
        tree.write("a/pids.max", "max\n");
        let reader = reader(&tree, vec![tree.container("/a")]);
        let reading = reader.read();
        let value = serde_json::to_value(Processes::new(&reading.rows[0].stats)).unwrap();
        let expected = serde_json::json!({"process_count": 2, "fd_count": 0, "socket_count": 0, "threads_current": 5});
        assert_eq!(value, expected);
    }
}
