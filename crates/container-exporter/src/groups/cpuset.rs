//! Whether memory moves along when a container gets other NUMA nodes, from cpuset.memory_migrate of v1. In v2 it always
//! does, and there is no file.

use exposition::{Desc, Encoder};

use super::{Enabled, Group, Stats, each};
use crate::cgroup::{Controller, Version};
use crate::reader::{Reading, Source};

/// The group.
pub(super) const GROUP: Group = Group {
    name: "cpuset",
    default: Enabled::Off,
    read,
    encode,
};

const MIGRATE: Desc<'_> = Desc::gauge("container_memory_migrate", "Memory migrate status.", &[]);

fn read(source: &mut Source<'_>, stats: &mut Stats) {
    stats.memory_migrate = match source.version() {
        Version::V1 => source.number(Controller::Cpuset, "cpuset.memory_migrate"),
        Version::V2 => None,
    };
}

fn encode(reading: &Reading, out: &mut Encoder) {
    each(out, &MIGRATE, reading, |row| Some(row.stats.memory_migrate? as f64));
}

#[cfg(test)]
mod tests {
    use crate::testing::{Tree, lines, samples};

    #[test]
    fn the_switch_is_a_number() {
        let tree = Tree::v1();
        tree.write("cpuset/a/cpuset.memory_migrate", "1\n");
        let expected = [r#"container_memory_migrate{id="/a"} 1"#];
        assert_eq!(lines(&samples(&tree, &["/a"]), "container_memory_migrate"), expected);
    }
}
