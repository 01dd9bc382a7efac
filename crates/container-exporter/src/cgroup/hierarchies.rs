//! Which hierarchies are mounted under /sys/fs/cgroup: one for all (v2), one a controller (v1), or both (hybrid), which
//! counts as v1.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The controllers whose files are read, by their names in v1. In v2 all lie in one folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Controller {
    /// Quotas and throttling.
    Cpu,
    /// CPU time.
    Cpuacct,
    /// CPUs and memory nodes.
    Cpuset,
    /// Memory.
    Memory,
    /// Disks; `io` in v2.
    Blkio,
    /// Number of tasks.
    Pids,
    /// Huge pages.
    Hugetlb,
    /// The v2 side, of a hybrid host too: pressure.
    Unified,
}

impl Controller {
    const ALL: [Self; 8] = [
        Self::Cpu,
        Self::Cpuacct,
        Self::Cpuset,
        Self::Memory,
        Self::Blkio,
        Self::Pids,
        Self::Hugetlb,
        Self::Unified,
    ];

    /// The folder under /sys/fs/cgroup, or one of the names that such a folder joins with commas.
    fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Cpuacct => "cpuacct",
            Self::Cpuset => "cpuset",
            Self::Memory => "memory",
            Self::Blkio => "blkio",
            Self::Pids => "pids",
            Self::Hugetlb => "hugetlb",
            Self::Unified => "unified",
        }
    }
}

/// Which files a cgroup has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// A hierarchy for each controller; the v2 side of a hybrid host has pressure alone.
    V1,
    /// One hierarchy.
    V2,
}

/// Where the hierarchies are mounted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Hierarchies {
    version: Version,
    /// The mount of each controller in the order of [`Controller::ALL`].
    mounts: [Option<PathBuf>; Controller::ALL.len()],
}

impl Hierarchies {
    /// Looks what is under `root`, which is /sys/fs/cgroup.
    ///
    /// # Errors
    /// When nothing there is a hierarchy; the path is named.
    pub(crate) fn detect(root: &Path) -> io::Result<Self> {
        if root.join("cgroup.controllers").exists() {
            return Ok(Self {
                version: Version::V2,
                mounts: Controller::ALL.map(|_| Some(root.to_owned())),
            });
        }
        let folders = folders(root)?;
        let mounts = Controller::ALL.map(|controller| {
            let names = |folder: &&PathBuf| is_for(folder, controller);
            folders.iter().find(names).cloned()
        });
        if mounts.iter().all(Option::is_none) {
            let text = format!("no cgroup hierarchy is mounted under {}", root.display());
            return Err(io::Error::new(io::ErrorKind::NotFound, text));
        }
        Ok(Self {
            version: Version::V1,
            mounts,
        })
    }

    /// v1 for hybrid hosts.
    pub(crate) fn version(&self) -> Version {
        self.version
    }

    /// The root folder of a controller's hierarchy.
    pub(crate) fn mount(&self, controller: Controller) -> Option<&Path> {
        self.mounts.get(controller as usize)?.as_deref()
    }

    /// The hierarchies that are walked and watched for containers: a container is in all of them, but not every one is
    /// mounted everywhere. v2: the only one; v1: memory, or else cpuacct, cpu, pids.
    pub(crate) fn main(&self) -> Option<&Path> {
        let order = [
            Controller::Memory,
            Controller::Cpuacct,
            Controller::Cpu,
            Controller::Pids,
            Controller::Unified,
        ];
        order.into_iter().find_map(|controller| self.mount(controller))
    }
}

fn folders(root: &Path) -> io::Result<Vec<PathBuf>> {
    let with_path = |error: io::Error| io::Error::new(error.kind(), format!("reading {}: {error}", root.display()));
    let entries = std::fs::read_dir(root).map_err(with_path)?;
    let mut folders: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    // `cpu` and `cpuacct` are links to `cpu,cpuacct` where they are mounted together.
    folders.retain(|path| path.join("cgroup.procs").exists());
    folders.sort();
    Ok(folders)
}

fn is_for(folder: &Path, controller: Controller) -> bool {
    let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.split(',').any(|part| part == controller.name())
}

/// Where the files of one cgroup lie.
#[derive(Clone, Debug)]
pub(crate) struct Cgroup {
    hierarchies: Arc<Hierarchies>,
    /// Its path below every mount, without a slash in front; empty for the root.
    path: PathBuf,
}

impl Cgroup {
    /// The cgroup `id`, a path with a slash in front.
    pub(crate) fn new(hierarchies: &Arc<Hierarchies>, id: &str) -> Self {
        Self {
            hierarchies: Arc::clone(hierarchies),
            path: id.trim_start_matches('/').into(),
        }
    }

    /// Which files it has.
    pub(crate) fn version(&self) -> Version {
        self.hierarchies.version()
    }

    /// The path of one of its files; `None` where the controller has no hierarchy.
    pub(crate) fn file(&self, controller: Controller, name: &str) -> Option<PathBuf> {
        let mut path = self.hierarchies.mount(controller)?.to_owned();
        path.push(&self.path);
        path.push(name);
        Some(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(files: &[&str]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for file in files {
            let path = root.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        root
    }

    #[test]
    fn one_hierarchy_holds_every_file_in_v2() {
        let root = root(&["cgroup.controllers", "cgroup.procs"]);
        let hierarchies = Arc::new(Hierarchies::detect(root.path()).unwrap());
        assert_eq!(hierarchies.version(), Version::V2);
        let cgroup = Cgroup::new(&hierarchies, "/system.slice/docker-1.scope");
        let expected = root.path().join("system.slice/docker-1.scope/cpu.stat");
        assert_eq!(cgroup.file(Controller::Cpuacct, "cpu.stat"), Some(expected.clone()));
        assert_eq!(cgroup.file(Controller::Unified, "cpu.stat"), Some(expected));
    }

    #[test]
    fn hybrid_hosts_are_v1_with_pressure_on_the_other_side() {
        let files = [
            "cpu,cpuacct/cgroup.procs",
            "memory/cgroup.procs",
            "unified/cgroup.procs",
            "stray/file",
        ];
        let root = root(&files);
        let hierarchies = Arc::new(Hierarchies::detect(root.path()).unwrap());
        assert_eq!(hierarchies.version(), Version::V1);
        let cgroup = Cgroup::new(&hierarchies, "/docker/1");
        let at = |path: &str| Some(root.path().join(path));
        assert_eq!(
            cgroup.file(Controller::Cpuacct, "cpuacct.stat"),
            at("cpu,cpuacct/docker/1/cpuacct.stat")
        );
        assert_eq!(
            cgroup.file(Controller::Unified, "cpu.pressure"),
            at("unified/docker/1/cpu.pressure")
        );
        assert_eq!(cgroup.file(Controller::Pids, "pids.current"), None);
        let whole = Cgroup::new(&hierarchies, "/");
        assert_eq!(whole.file(Controller::Memory, "memory.stat"), at("memory/memory.stat"));
    }

    #[test]
    fn a_folder_without_hierarchies_is_named() {
        let root = root(&["memory/no_cgroup"]);
        let error = Hierarchies::detect(root.path()).unwrap_err().to_string();
        assert!(error.contains(&root.path().display().to_string()), "{error}");
    }
}
