//! Where the cgroup of a container that does not run was, or would be: its series keep their `id` that way.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::told::Told;
use crate::container::{Facts, Runtime};

/// What the paths of running containers have taught.
#[derive(Debug)]
pub(super) struct Paths {
    /// Where each container's cgroup was last.
    last: HashMap<String, String>,
    learned: BTreeMap<Runtime, Pattern>,
    /// Whether systemd makes the cgroups, as far as can be known without any.
    systemd: bool,
    containerd_namespace: String,
}

/// What stands before and after the id.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pattern {
    before: String,
    after: String,
    /// Whether the runtime uses it unless a container has a parent of its own.
    usual: bool,
}

impl Pattern {
    fn usual(before: &str, after: &str) -> Self {
        Self {
            before: before.to_owned(),
            after: after.to_owned(),
            usual: true,
        }
    }
}

impl Paths {
    /// Nothing learned yet.
    pub(super) fn new(systemd: bool, containerd_namespace: &str) -> Self {
        Self {
            last: HashMap::new(),
            learned: BTreeMap::new(),
            systemd,
            containerd_namespace: containerd_namespace.to_owned(),
        }
    }

    /// Takes note of where a container's cgroup is.
    pub(super) fn learn(&mut self, facts: &Facts, path: &str) {
        if self.last.get(&facts.id).is_some_and(|last| last == path) {
            return;
        }
        self.last.insert(facts.id.clone(), path.to_owned());
        // A pod's containers say nothing of the next pod's.
        let Some((before, after)) = path.rsplit_once(&facts.id).filter(|_| !path.contains("kubepods")) else {
            return;
        };
        let usual = self.usual(facts.runtime);
        let pattern = Pattern {
            usual: usual
                .iter()
                .any(|usual| (&*usual.before, &*usual.after) == (before, after)),
            before: before.to_owned(),
            after: after.to_owned(),
        };
        let known = self.learned.get(&facts.runtime);
        if known.is_none_or(|known| pattern.usual && !known.usual) {
            self.learned.insert(facts.runtime, pattern);
        }
    }

    /// The path where a container's cgroup was; or would be, going by others of its runtime.
    pub(super) fn of(&self, facts: &Facts) -> String {
        if let Some(last) = self.last.get(&facts.id) {
            return last.clone();
        }
        let [cgroupfs, systemd] = self.usual(facts.runtime);
        let default = if self.systemd { systemd } else { cgroupfs };
        let pattern = self.learned.get(&facts.runtime).unwrap_or(&default);
        format!("{}{}{}", pattern.before, facts.id, pattern.after)
    }

    /// Forgets containers that nobody knows any more.
    pub(super) fn forget_unknown(&mut self, told: &Told) {
        let known: HashSet<&str> = told.all().map(|(facts, _)| facts.id.as_str()).collect();
        self.last.retain(|id, _| known.contains(id.as_str()));
    }

    /// What each runtime does by its two cgroup drivers.
    fn usual(&self, runtime: Runtime) -> [Pattern; 2] {
        let pair =
            |cgroupfs, systemd: (&str, &str)| [Pattern::usual(cgroupfs, ""), Pattern::usual(systemd.0, systemd.1)];
        match runtime {
            Runtime::Docker => pair("/docker/", ("/system.slice/docker-", ".scope")),
            Runtime::Podman => pair("/libpod_parent/libpod-", ("/machine.slice/libpod-", ".scope")),
            Runtime::CriO => pair("/crio-", ("/system.slice/crio-", ".scope")),
            Runtime::Containerd => {
                let parent = format!("/{}/", self.containerd_namespace);
                pair(&parent, (&parent, ""))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(runtime: Runtime, id: &str) -> Facts {
        Facts {
            runtime,
            id: id.to_owned(),
            ..Facts::default()
        }
    }

    #[test]
    fn without_any_example_the_driver_is_guessed() {
        for (systemd, runtime, expected) in [
            (false, Runtime::Docker, "/docker/x"),
            (true, Runtime::Docker, "/system.slice/docker-x.scope"),
            (false, Runtime::Podman, "/libpod_parent/libpod-x"),
            (true, Runtime::Podman, "/machine.slice/libpod-x.scope"),
            (true, Runtime::Containerd, "/moby/x"),
            (false, Runtime::CriO, "/crio-x"),
        ] {
            assert_eq!(Paths::new(systemd, "moby").of(&facts(runtime, "x")), expected);
        }
    }

    #[test]
    fn others_show_where_a_cgroup_would_be_and_its_own_past_does_so_better() {
        let docker = |id| facts(Runtime::Docker, id);
        let mut paths = Paths::new(true, "");
        paths.learn(&docker("p"), "/kubepods/pod1/p");
        assert_eq!(paths.of(&docker("x")), "/system.slice/docker-x.scope");
        paths.learn(&docker("a"), "/mine/a");
        paths.learn(&docker("b"), "/other/b");
        assert_eq!(paths.of(&docker("x")), "/mine/x");
        paths.learn(&docker("c"), "/docker/c");
        paths.learn(&docker("d"), "/mine/d");
        assert_eq!(paths.of(&docker("x")), "/docker/x");
        assert_eq!(paths.of(&docker("b")), "/other/b");
        assert_eq!(paths.of(&facts(Runtime::Podman, "x")), "/machine.slice/libpod-x.scope");
    }
}
