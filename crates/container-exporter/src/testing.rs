//! A cgroup tree of a test's own, and what the groups make of it.

use std::path::Path;
use std::sync::Arc;

use exposition::{Encoder, Format, LabelBlock, assemble};

use crate::cgroup::{Cgroup, Hierarchies};
use crate::container::Container;
use crate::groups::GROUPS;
use crate::reader::{Containers, List, Reader};
use crate::settings::Paths;

/// Folders as under /sys/fs/cgroup, beside a /proc.
pub(crate) struct Tree {
    root: tempfile::TempDir,
}

impl Tree {
    /// One hierarchy.
    pub(crate) fn v2() -> Self {
        let tree = Self::empty();
        tree.write("cgroup.controllers", "cpu io memory pids\n");
        tree
    }

    /// One hierarchy a controller, and the v2 side of a hybrid host. Files go to `memory/ID/…`, `unified/ID/…`.
    pub(crate) fn v1() -> Self {
        let tree = Self::empty();
        for controller in ["blkio", "cpu,cpuacct", "cpuset", "hugetlb", "memory", "pids", "unified"] {
            tree.write(&format!("{controller}/cgroup.procs"), "");
        }
        tree
    }

    fn empty() -> Self {
        let root = tempfile::tempdir().unwrap();
        let tree = Self { root };
        // Every kernel has these, and what cannot be read is an error.
        tree.write_proc("diskstats", "");
        tree.write_proc("meminfo", "");
        tree.write_proc("vmstat", "");
        tree
    }

    /// Puts a file below /sys/fs/cgroup.
    pub(crate) fn write(&self, path: &str, content: &str) {
        write(&self.cgroups().join(path), content);
    }

    /// Puts a file below /proc.
    pub(crate) fn write_proc(&self, path: &str, content: &str) {
        write(&self.root.path().join("proc").join(path), content);
    }

    /// Puts a symbolic link below /proc.
    pub(crate) fn write_proc_link(&self, path: &str, target: &str) {
        link(&self.root.path().join("proc").join(path), target);
    }

    /// Puts a symbolic link below /sys.
    pub(crate) fn write_sys_link(&self, path: &str, target: &str) {
        link(&self.root.path().join("sys").join(path), target);
    }

    /// Takes a file below /sys/fs/cgroup away.
    pub(crate) fn remove(&self, path: &str) {
        std::fs::remove_file(self.cgroups().join(path)).unwrap();
    }

    /// Where the host's file systems are.
    pub(crate) fn paths(&self) -> Paths {
        let root = self.root.path();
        Paths {
            procfs: root.join("proc"),
            sysfs: root.join("sys"),
            rootfs: root.to_owned(),
        }
    }

    /// The container of this cgroup, without facts; its only label is its id.
    pub(crate) fn container(&self, id: &str) -> Container {
        let hierarchies = Arc::new(Hierarchies::detect(&self.cgroups()).unwrap());
        Container {
            id: id.to_owned(),
            cgroup: Some(Cgroup::new(&hierarchies, id)),
            facts: None,
            made: None,
            labels: LabelBlock::new([("id", id)]),
            all_labels: None,
        }
    }

    fn cgroups(&self) -> std::path::PathBuf {
        self.root.path().join("sys/fs/cgroup")
    }
}

fn write(path: &Path, content: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

fn link(path: &Path, target: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink(target, path).unwrap();
}

struct Fixed(List);

impl Containers for Fixed {
    fn list(&self) -> List {
        Arc::clone(&self.0)
    }
}

/// A reader of all groups for these containers, which must be sorted by id.
pub(crate) fn reader(tree: &Tree, containers: Vec<Container>) -> Reader {
    let list = containers.into_iter().map(Arc::new).collect();
    Reader::new(Arc::new(Fixed(list)), GROUPS.iter().collect(), tree.paths(), 64)
}

/// What all groups write of these cgroups, without comments.
pub(crate) fn samples(tree: &Tree, ids: &[&str]) -> String {
    let containers = ids.iter().map(|id| tree.container(id)).collect();
    samples_of(&reader(tree, containers))
}

/// What all groups write now, without comments.
pub(crate) fn samples_of(reader: &Reader) -> String {
    let (mut encoder, mut body) = (Encoder::new(Format::Text004), Vec::new());
    let reading = reader.read();
    for group in GROUPS {
        (group.encode)(&reading, &mut encoder);
    }
    assert!(assemble([&encoder], &mut body).is_empty(), "nothing comes twice");
    let text = String::from_utf8(body).unwrap();
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    samples.map(|line| format!("{line}\n")).collect()
}

/// The samples of families whose names begin with `prefix`.
pub(crate) fn lines<'t>(samples: &'t str, prefix: &str) -> Vec<&'t str> {
    samples.lines().filter(|line| line.starts_with(prefix)).collect()
}
