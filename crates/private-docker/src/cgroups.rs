//! A cgroup of one's own in every hierarchy, and its end with all that is in it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

const ROOT: &str = "/sys/fs/cgroup";

/// How long processes may take to die.
const END_WITHIN: Duration = Duration::from_secs(10);

/// A folder in every mounted hierarchy. Dropping it kills what runs in it and removes it.
#[derive(Debug)]
pub struct Cgroup {
    name: String,
}

impl Cgroup {
    /// For a path such as `/mine`, which need not exist yet.
    pub(crate) fn named(name: &str) -> Self {
        Self { name: name.to_owned() }
    }

    /// Makes an empty one whose name tells whose it is.
    ///
    /// # Errors
    /// This user may not.
    pub fn make() -> io::Result<Self> {
        let cgroup = Self::named(&format!("/{}", super::leftovers::name()));
        cgroup.add("")?;
        Ok(cgroup)
    }

    /// Its path, with a slash in front.
    pub fn path(&self) -> &str {
        &self.name
    }

    /// Makes the cgroup `name` in it.
    ///
    /// # Errors
    /// This user may not.
    pub fn add(&self, name: &str) -> io::Result<()> {
        folders(&self.name)
            .into_iter()
            .try_for_each(|folder| fs::create_dir_all(folder.join(name)))
    }

    /// Removes an empty cgroup in it.
    ///
    /// # Errors
    /// Something runs in it.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        folders(&self.name)
            .into_iter()
            .try_for_each(|folder| fs::remove_dir(folder.join(name)))
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        end(&self.name);
    }
}

/// Kills everything below a cgroup and removes it; one that does not exist is no matter.
pub(crate) fn end(name: &str) {
    let deadline = Instant::now() + END_WITHIN;
    while !folders(name).iter().all(|folder| remove(folder)) && Instant::now() < deadline {
        crate::engine::pause();
    }
}

/// Names of the top cgroups, to find what was left behind.
pub(crate) fn top() -> Vec<String> {
    let names = hierarchies().into_iter().flat_map(|root| subfolders(&root));
    let mut names: Vec<String> = names
        .filter_map(|folder| Some(folder.file_name()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    names.dedup();
    names
}

/// Whether the folder is gone. What runs in it is killed, and takes a moment to go.
fn remove(folder: &Path) -> bool {
    if !folder.exists() {
        return true;
    }
    let procs = fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
    for pid in procs.lines().filter_map(|pid| Pid::from_raw(pid.parse().ok()?)) {
        // It may have ended by itself.
        kill_process(pid, Signal::KILL).ok();
    }
    // Every one, and not only up to the first that takes longer.
    let left = subfolders(folder).iter().filter(|child| !remove(child)).count();
    left == 0 && fs::remove_dir(folder).is_ok()
}

fn folders(name: &str) -> Vec<PathBuf> {
    let path = name.trim_start_matches('/');
    hierarchies().into_iter().map(|root| root.join(path)).collect()
}

/// The roots of v1, and of the v2 side of a hybrid host; or the one of v2.
fn hierarchies() -> Vec<PathBuf> {
    let root = Path::new(ROOT);
    if root.join("cgroup.procs").exists() {
        return vec![root.to_owned()];
    }
    let mut roots = subfolders(root);
    // Links stand for hierarchies that are mounted together.
    roots.retain(|folder| folder.join("cgroup.procs").exists() && !folder.is_symlink());
    roots
}

fn subfolders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}
