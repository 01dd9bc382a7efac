//! How full disks are. The machine: each of its file systems. A container: what it has written into its own layer, as
//! the last walk found it, and the room on the file system where that lies.

use std::sync::Arc;
use std::time::Instant;

use exposition::{Desc, Encoder};

use super::{Enabled, Group, Stats, each};
use crate::disk::{FileSystem, Layer};
use crate::reader::{Reading, Source};

/// The group.
pub(super) const GROUP: Group = Group {
    name: "disk",
    default: Enabled::On,
    read,
    encode,
};

const USAGE: Desc<'_> = Desc::gauge(
    "container_fs_usage_bytes",
    "Number of bytes that are consumed by the container on this filesystem.",
    &["device"],
);
const LIMIT: Desc<'_> = Desc::gauge(
    "container_fs_limit_bytes",
    "Number of bytes that can be consumed by the container on this filesystem.",
    &["device"],
);
const INODES_TOTAL: Desc<'_> = Desc::gauge("container_fs_inodes_total", "Number of Inodes", &["device"]);
const INODES_FREE: Desc<'_> = Desc::gauge("container_fs_inodes_free", "Number of available Inodes", &["device"]);
const USAGE_AGE: Desc<'_> = Desc::gauge(
    "container_fs_usage_age_seconds",
    "Seconds since the container's writable layer was walked, which container_fs_usage_bytes is from.",
    &[],
);

/// The file systems of the machine, or the one on which a container writes.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    /// Sorted by device; empty where nothing is known, as before the first walk.
    pub(crate) file_systems: Vec<FileSystem>,
    /// How long ago the container's usage was found, in seconds. `None` for the machine, whose is of now.
    pub(crate) usage_age: Option<f64>,
    layer: Option<Arc<Layer>>,
}

fn read(source: &mut Source<'_>, stats: &mut Stats) {
    let disk = &mut stats.disk;
    disk.file_systems.clear();
    disk.usage_age = None;
    if source.container.is_root() {
        source.file_systems.of_machine(&mut disk.file_systems);
        return;
    }
    disk.follow(source);
    let Some(found) = disk
        .layer
        .as_ref()
        .and_then(|layer| source.file_systems.of_layer(layer))
    else {
        return;
    };
    disk.usage_age = found.usage.map(|(_, at)| age(at));
    disk.file_systems.push(FileSystem {
        device: found.device,
        used: found.usage.map(|(usage, _)| usage.bytes),
        space: found.space,
    });
}

fn age(at: Instant) -> f64 {
    Instant::now().saturating_duration_since(at).as_secs_f64()
}

impl Disk {
    /// Holds the container's layer.
    fn follow(&mut self, source: &Source<'_>) {
        let path = source
            .container
            .facts
            .as_ref()
            .and_then(|facts| facts.writable_layer.as_deref());
        if self.layer.as_ref().map(|layer| layer.path()) != path {
            self.layer = path.map(|path| source.file_systems.layer(path));
        }
    }
}

fn encode(reading: &Reading, out: &mut Encoder) {
    each_file_system(out, &USAGE, reading, |file_system| file_system.used);
    each_file_system(out, &LIMIT, reading, |file_system| Some(file_system.space.limit));
    each_file_system(out, &INODES_TOTAL, reading, |file_system| {
        Some(file_system.space.inodes?.total)
    });
    each_file_system(out, &INODES_FREE, reading, |file_system| {
        Some(file_system.space.inodes?.free)
    });
    each(out, &USAGE_AGE, reading, |row| row.stats.disk.usage_age);
}

fn each_file_system(out: &mut Encoder, desc: &Desc<'_>, reading: &Reading, value: impl Fn(&FileSystem) -> Option<u64>) {
    let mut family = out.family(desc);
    for row in &reading.rows {
        for file_system in &row.stats.disk.file_systems {
            if let Some(value) = value(file_system) {
                family.sample_in(&row.container.labels, &[&file_system.device], value as f64);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use crate::container::{Container, Facts};
    use crate::testing::{Tree, reader, samples_of};

    fn tree() -> Tree {
        let tree = Tree::v2();
        tree.write_proc("1/mountinfo", "27 1 254:0 / / rw - ext4 /dev/vda rw\n");
        tree
    }

    fn container(tree: &Tree, id: &str, layer: &str) -> Container {
        let facts = Facts {
            writable_layer: Some(PathBuf::from(layer)),
            ..Facts::default()
        };
        Container {
            facts: Some(facts.into()),
            ..tree.container(id)
        }
    }

    /// The families of this group, without the numbers that are the build host's.
    fn families(text: &str) -> Vec<String> {
        let own = text.lines().filter(|line| line.starts_with("container_fs_"));
        own.filter_map(|line| Some(line.rsplit_once(' ')?.0.to_owned()))
            .collect()
    }

    #[test]
    fn a_container_has_the_room_of_its_layer_and_what_it_wrote() {
        let tree = tree();
        let root = tree.paths().rootfs;
        std::fs::create_dir_all(root.join("layers/a")).unwrap();
        std::fs::write(root.join("layers/a/file"), vec![1; 10_000]).unwrap();
        let containers = vec![
            container(&tree, "/a", "/layers/a"),
            container(&tree, "/gone", "/layers/gone"),
            tree.container("/plain"),
        ];
        let reader = reader(&tree, containers);
        let file_systems = reader.file_systems();
        let layers = ["/layers/a", "/layers/gone"].map(|path| file_systems.layer(path.as_ref()));
        for layer in &layers {
            assert_eq!(file_systems.of_layer(layer), None);
        }
        file_systems.settled();
        let text = samples_of(&reader);
        let labels = r#"{id="/a",device="/dev/vda"}"#;
        for name in ["usage_bytes", "limit_bytes", "inodes_total", "inodes_free"] {
            let is_it = |line: &str| line.starts_with(&format!("container_fs_{name}{labels} "));
            assert!(name.starts_with("inodes") || text.lines().any(is_it), "{name}: {text}");
        }
        assert!(
            families(&text).contains(&r#"container_fs_usage_age_seconds{id="/a"}"#.to_owned()),
            "{text}"
        );
        assert!(
            !text.contains(r#"_fs_usage_bytes{id="/gone""#) && text.contains(r#"_last_seen{id="/gone"}"#),
            "{text}"
        );
        assert!(!text.contains(r#"_fs_limit_bytes{id="/plain""#), "{text}");
    }

    #[test]
    fn the_machine_has_all_its_file_systems() {
        let tree = tree();
        let root = reader(&tree, vec![tree.container("/")]);
        let families = families(&samples_of(&root));
        for name in ["usage", "limit"] {
            let expected = format!(r#"container_fs_{name}_bytes{{id="/",device="/dev/vda"}}"#);
            assert!(families.contains(&expected), "{families:?}");
        }
        assert!(
            !families.iter().any(|family| family.contains("age_seconds")),
            "{families:?}"
        );
    }
}
