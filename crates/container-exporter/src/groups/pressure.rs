//! Pressure stall information, from {cpu,memory,io}.pressure of v2 or of the v2 side of a hybrid host. Linux 4.20 and
//! later; absent files are left out.

use exposition::{Desc, Encoder};
use kernel_stats::pressure::{self, Pressure, Stall};

use super::{Enabled, Group, Stats, each};
use crate::cgroup::Controller;
use crate::reader::{Reading, Source};

/// The group.
pub(super) const GROUP: Group = Group {
    name: "pressure",
    default: Enabled::On,
    read,
    encode,
};

/// What tasks wait for.
struct Resource {
    file: &'static str,
    /// When at least one task waited.
    waiting: Desc<'static>,
    /// When all of them did.
    stalled: Desc<'static>,
}

const RESOURCES: [Resource; 3] = [
    Resource {
        file: "cpu.pressure",
        waiting: Desc::counter(
            "container_pressure_cpu_waiting_seconds_total",
            "Total time duration tasks in the container have waited due to CPU congestion.",
            &[],
        ),
        stalled: Desc::counter(
            "container_pressure_cpu_stalled_seconds_total",
            "Total time duration no tasks in the container could make progress due to CPU congestion.",
            &[],
        ),
    },
    Resource {
        file: "memory.pressure",
        waiting: Desc::counter(
            "container_pressure_memory_waiting_seconds_total",
            "Total time duration tasks in the container have waited due to memory congestion.",
            &[],
        ),
        stalled: Desc::counter(
            "container_pressure_memory_stalled_seconds_total",
            "Total time duration no tasks in the container could make progress due to memory congestion.",
            &[],
        ),
    },
    Resource {
        file: "io.pressure",
        waiting: Desc::counter(
            "container_pressure_io_waiting_seconds_total",
            "Total time duration tasks in the container have waited due to IO congestion.",
            &[],
        ),
        stalled: Desc::counter(
            "container_pressure_io_stalled_seconds_total",
            "Total time duration no tasks in the container could make progress due to IO congestion.",
            &[],
        ),
    },
];

/// The pressure of a container on CPU, memory and disks, in this order.
pub(crate) type Pressures = [Pressure; RESOURCES.len()];

fn read(source: &mut Source<'_>, stats: &mut Stats) {
    for (resource, kept) in RESOURCES.iter().zip(&mut stats.pressures) {
        let read = source.parse(Controller::Unified, resource.file, pressure::parse);
        *kept = read.unwrap_or_default();
    }
}

fn encode(reading: &Reading, out: &mut Encoder) {
    for (index, resource) in RESOURCES.iter().enumerate() {
        each(out, &resource.waiting, reading, |row| {
            seconds(row.stats.pressures[index].some)
        });
        each(out, &resource.stalled, reading, |row| {
            seconds(row.stats.pressures[index].full)
        });
    }
}

fn seconds(stall: Option<Stall>) -> Option<f64> {
    Some(stall?.total_micros as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use crate::testing::{Tree, lines, samples};

    #[test]
    fn both_versions_tell_what_waited_and_what_stalled() {
        for (tree, folder) in [(Tree::v1(), "unified/"), (Tree::v2(), "")] {
            for (name, some, full) in [("cpu", 1, 2), ("memory", 3, 4), ("io", 5, 6)] {
                let line = |kind, seconds| format!("{kind} avg10=0.00 avg60=0.10 avg300=1.00 total={seconds}500000\n");
                let content = line("some", some) + &line("full", full);
                tree.write(&format!("{folder}a/{name}.pressure"), &content);
            }
            let expected = [
                r#"container_pressure_cpu_stalled_seconds_total{id="/a"} 2.5"#,
                r#"container_pressure_cpu_waiting_seconds_total{id="/a"} 1.5"#,
                r#"container_pressure_io_stalled_seconds_total{id="/a"} 6.5"#,
                r#"container_pressure_io_waiting_seconds_total{id="/a"} 5.5"#,
                r#"container_pressure_memory_stalled_seconds_total{id="/a"} 4.5"#,
                r#"container_pressure_memory_waiting_seconds_total{id="/a"} 3.5"#,
            ];
            assert_eq!(lines(&samples(&tree, &["/a"]), "container_pressure_"), expected);
        }
    }

    #[test]
    fn a_kernel_without_a_file_or_a_line_leaves_it_out() {
        let tree = Tree::v2();
        tree.write(
            "a/cpu.pressure",
            "some avg10=0.00 avg60=0.00 avg300=0.00 total=1000000\n",
        );
        let expected = [r#"container_pressure_cpu_waiting_seconds_total{id="/a"} 1"#];
        assert_eq!(lines(&samples(&tree, &["/a"]), "container_pressure_"), expected);
    }
}
