//! Pressure stall information, from {cpu,memory,io}.pressure of v2 or of the v2 side of a hybrid host. Linux 4.20 and
//! later; absent files are left out.

use exposition::{Desc, Encoder};
use kernel_stats::pressure::{self, Pressure};

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

/// What nothing on the whole machine has waited for since the last reading, as the root tells: no cgroup has, either.
#[derive(Debug, Default)]
pub(crate) struct Calm {
    of_root: [Option<Pressure>; RESOURCES.len()],
    is_calm: [bool; RESOURCES.len()],
}

impl Calm {
    /// A reading begins, and nothing is known of it.
    pub(crate) fn begin(&mut self) {
        self.is_calm = Default::default();
    }

    fn hear(&mut self, resource: usize, of_root: Option<Pressure>) {
        self.is_calm[resource] = of_root.is_some() && of_root == self.of_root[resource];
        self.of_root[resource] = of_root;
    }
}

fn read(source: &mut Source<'_>, stats: &mut Stats) {
    for (index, (resource, kept)) in RESOURCES.iter().zip(&mut stats.pressures).enumerate() {
        if source.calm.is_calm[index] && source.has_values {
            continue;
        }
        let read = source.parse(Controller::Unified, resource.file, pressure::parse);
        if source.container.is_root() {
            source.calm.hear(index, read);
        }
        *kept = read.unwrap_or_default();
    }
}

fn encode(reading: &Reading, out: &mut Encoder) {
    for (index, resource) in RESOURCES.iter().enumerate() {
        each(out, &resource.waiting, reading, |row| {
            seconds(row.stats.pressures[index].some_micros)
        });
        each(out, &resource.stalled, reading, |row| {
            seconds(row.stats.pressures[index].full_micros)
        });
    }
}

fn seconds(micros: Option<u64>) -> Option<f64> {
    Some(micros? as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use crate::testing::{Tree, lines, reader, samples, samples_of};

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
    fn what_nobody_waited_for_is_not_read_again() {
        let tree = Tree::v2();
        let tell = |folder: &str, seconds: u32| {
            tree.write(
                &format!("{folder}memory.pressure"),
                &format!("some total={seconds}000000\n"),
            );
        };
        let reader = reader(&tree, ["/", "/a"].map(|id| tree.container(id)).into());
        let waited = |root, cgroup| {
            tell("", root);
            tell("a/", cgroup);
            reader.forget_age();
            let text = samples_of(&reader);
            let line = |id: &str| {
                let found = text.lines().find_map(|line| {
                    line.strip_prefix(&format!(
                        "container_pressure_memory_waiting_seconds_total{{id=\"{id}\"}} "
                    ))
                });
                found.and_then(|seconds| seconds.parse::<u32>().ok())
            };
            (line("/"), line("/a"))
        };
        assert_eq!(waited(5, 1), (Some(5), Some(1)));
        // A machine that has not waited cannot have a cgroup that has.
        assert_eq!(waited(5, 2), (Some(5), Some(1)));
        assert_eq!(waited(6, 3), (Some(6), Some(3)));
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
