//! What the runtimes have said, and who of them can be asked.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::container::{Facts, Runtime};
use crate::runtimes::Update;
use crate::settings::Sockets;

/// How long a container that the kernel killed for want of memory stays listed when it is removed: long enough for any
/// scraper to see why.
pub(super) const KEPT: Duration = Duration::from_secs(300);

/// All that was told.
#[derive(Debug)]
pub(super) struct Told {
    /// By the container's id. Two runtimes may tell of one: containerd of Docker's.
    containers: BTreeMap<String, Vec<Entry>>,
    /// Removed ones that are still shown.
    kept: Vec<Kept>,
    runtimes: BTreeMap<Runtime, Standing>,
}

#[derive(Clone, Debug)]
struct Entry {
    facts: Arc<Facts>,
    since: Instant,
}

#[derive(Debug)]
struct Kept {
    facts: Arc<Facts>,
    until: Instant,
}

/// How a runtime that is to be asked does.
#[derive(Debug, Default)]
struct Standing {
    version: String,
    /// Whether it has no socket.
    is_absent: bool,
    /// Why it cannot be asked.
    lost: Option<String>,
}

impl Standing {
    fn may_tell(&self) -> bool {
        self.lost.is_none() && !self.is_absent
    }
}

impl Told {
    /// Nothing yet from any of those that will be asked.
    pub(super) fn new(sockets: &Sockets) -> Self {
        let asked = [
            (Runtime::Docker, &sockets.docker),
            (Runtime::Podman, &sockets.podman),
            (Runtime::Containerd, &sockets.containerd),
            (Runtime::CriO, &sockets.crio),
        ];
        let asked = asked.into_iter().filter(|(_, socket)| socket.is_some());
        Self {
            containers: BTreeMap::new(),
            kept: Vec::new(),
            runtimes: asked.map(|(runtime, _)| (runtime, Standing::default())).collect(),
        }
    }

    /// Takes news.
    pub(super) fn take(&mut self, update: Update, now: Instant) {
        match update {
            Update::Listed(runtime, all) => self.replace(runtime, all, now),
            Update::Changed(facts) => self.set(facts, now),
            Update::Removed(runtime, id) => self.remove(runtime, &id, now),
            Update::Lost(runtime, why) => self.runtimes.entry(runtime).or_default().lost = Some(why),
            Update::Absent(runtime) => self.runtimes.entry(runtime).or_default().is_absent = true,
            Update::Version(runtime, version) => self.answered(runtime).version = version,
        }
    }

    fn answered(&mut self, runtime: Runtime) -> &mut Standing {
        let standing = self.runtimes.entry(runtime).or_default();
        standing.is_absent = false;
        standing.lost = None;
        standing
    }

    fn replace(&mut self, runtime: Runtime, all: Vec<Facts>, now: Instant) {
        self.answered(runtime);
        let mut gone: Vec<String> = self.of(runtime).map(|facts| facts.id.clone()).collect();
        gone.retain(|id| !all.iter().any(|facts| facts.id == *id));
        for id in gone {
            self.remove(runtime, &id, now);
        }
        for facts in all {
            self.set(facts, now);
        }
    }

    fn of(&self, runtime: Runtime) -> impl Iterator<Item = &Facts> {
        let entries = self.containers.values().flatten();
        entries
            .map(|entry| &*entry.facts)
            .filter(move |facts| facts.runtime == runtime)
    }

    /// Facts that say nothing new stay the ones they were.
    fn set(&mut self, facts: Facts, since: Instant) {
        self.kept.retain(|kept| kept.facts.id != facts.id);
        let entries = self.containers.entry(facts.id.clone()).or_default();
        match entries.iter_mut().find(|entry| entry.facts.runtime == facts.runtime) {
            Some(entry) if *entry.facts == facts => {}
            Some(entry) => {
                *entry = Entry {
                    facts: facts.into(),
                    since,
                }
            }
            None => {
                entries.push(Entry {
                    facts: facts.into(),
                    since,
                });
                entries.sort_by_key(|entry| entry.facts.runtime);
            }
        }
    }

    fn remove(&mut self, runtime: Runtime, id: &str, now: Instant) {
        let Some(entries) = self.containers.get_mut(id) else {
            return;
        };
        let index = entries.iter().position(|entry| entry.facts.runtime == runtime);
        let facts = index.map(|index| entries.remove(index).facts);
        if entries.is_empty() {
            self.containers.remove(id);
            let until = now + KEPT;
            let kept = facts.filter(|facts| facts.oom_killed);
            self.kept.extend(kept.map(|facts| Kept { facts, until }));
        }
    }

    /// Lets go of removed ones whose time is over: when the next one's is.
    pub(super) fn expire(&mut self, now: Instant) -> Option<Instant> {
        self.kept.retain(|kept| kept.until > now);
        self.kept.iter().map(|kept| kept.until).min()
    }

    /// What is known of a container.
    pub(super) fn get(&self, id: &str) -> Option<&Arc<Facts>> {
        self.containers.get(id)?.first().map(|entry| &entry.facts)
    }

    /// All containers, those removed too, and since when this is known of them.
    pub(super) fn all(&self) -> impl Iterator<Item = (&Arc<Facts>, Option<Instant>)> {
        let entries = self.containers.values().filter_map(|entries| entries.first());
        let present = entries.map(|entry| (&entry.facts, Some(entry.since)));
        present.chain(self.kept.iter().map(|kept| (&kept.facts, None)))
    }

    /// Whether somebody may yet tell of a container of `runtime`, or of any.
    pub(super) fn may_tell(&self, runtime: Option<Runtime>) -> bool {
        let mut asked = self.runtimes.iter();
        asked.any(|(asked, standing)| standing.may_tell() && runtime.is_none_or(|runtime| runtime == *asked))
    }

    /// Its version, empty until it is known.
    pub(super) fn version(&self, runtime: Runtime) -> &str {
        self.runtimes.get(&runtime).map_or("", |standing| &standing.version)
    }

    /// Those that cannot be asked. One without a socket is not there at all, which is no error.
    pub(super) fn problems(&self) -> Vec<String> {
        let runtimes = self.runtimes.iter();
        runtimes
            .filter_map(|(runtime, standing)| Some(format!("{}: {}", runtime.name(), standing.lost.as_ref()?)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told() -> Told {
        Told::new(&Sockets {
            docker: Some("/d".into()),
            podman: None,
            containerd: Some("/c".into()),
            containerd_namespace: "moby".to_owned(),
            crio: None,
        })
    }

    fn facts(runtime: Runtime, id: &str, name: &str) -> Facts {
        Facts {
            runtime,
            id: id.to_owned(),
            name: name.to_owned(),
            ..Facts::default()
        }
    }

    fn names(told: &Told) -> Vec<&str> {
        told.all().map(|(facts, _)| facts.name.as_str()).collect()
    }

    #[test]
    fn a_listing_voids_what_was_said_before_by_the_same_runtime() {
        let (mut told, now) = (told(), Instant::now());
        let docker = |id, name| facts(Runtime::Docker, id, name);
        told.take(Update::Changed(facts(Runtime::Containerd, "c", "other")), now);
        told.take(
            Update::Listed(Runtime::Docker, vec![docker("a", "1"), docker("b", "2")]),
            now,
        );
        let kept = Arc::clone(told.get("b").unwrap());
        told.take(
            Update::Listed(Runtime::Docker, vec![docker("b", "2"), docker("d", "3")]),
            now,
        );
        assert_eq!(names(&told), ["2", "other", "3"]);
        assert!(Arc::ptr_eq(&kept, told.get("b").unwrap()), "nothing new, nothing made");
        told.take(Update::Changed(docker("b", "new name")), now);
        told.take(Update::Removed(Runtime::Docker, "d".to_owned()), now);
        told.take(Update::Removed(Runtime::Docker, "unknown".to_owned()), now);
        assert_eq!(names(&told), ["new name", "other"]);
    }

    #[test]
    fn docker_knows_more_of_its_containers_than_containerd() {
        for order in [
            [Runtime::Docker, Runtime::Containerd],
            [Runtime::Containerd, Runtime::Docker],
        ] {
            let (mut told, now) = (told(), Instant::now());
            for runtime in order {
                told.take(Update::Changed(facts(runtime, "a", runtime.name())), now);
            }
            assert_eq!(names(&told), ["docker"]);
            told.take(Update::Removed(Runtime::Docker, "a".to_owned()), now);
            assert_eq!(names(&told), ["containerd"]);
        }
    }

    #[test]
    fn one_that_was_killed_for_memory_is_kept_for_a_while() {
        let (mut told, now) = (told(), Instant::now());
        for (id, oom_killed) in [("a", true), ("b", false), ("c", true)] {
            let facts = Facts {
                oom_killed,
                ..facts(Runtime::Docker, id, id)
            };
            told.take(Update::Changed(facts), now);
            told.take(Update::Removed(Runtime::Docker, id.to_owned()), now);
        }
        assert_eq!(names(&told), ["a", "c"]);
        assert_eq!(told.get("a"), None, "a cgroup of this id would be another's");
        told.take(Update::Changed(facts(Runtime::Docker, "c", "again")), now);
        assert_eq!(names(&told), ["again", "a"]);
        assert_eq!(told.expire(now + KEPT - Duration::from_secs(1)), Some(now + KEPT));
        assert_eq!(told.expire(now + KEPT), None);
        assert_eq!(names(&told), ["again"]);
    }

    #[test]
    fn only_a_runtime_that_is_there_can_be_missed() {
        let (mut told, now) = (told(), Instant::now());
        let lost = |runtime| Update::Lost(runtime, "hung up".to_owned());
        assert!(told.may_tell(None) && told.may_tell(Some(Runtime::Docker)));
        assert!(!told.may_tell(Some(Runtime::Podman)), "nobody asks it");
        told.take(Update::Absent(Runtime::Docker), now);
        assert!(!told.may_tell(Some(Runtime::Docker)) && told.may_tell(None));
        assert_eq!(told.problems(), Vec::<String>::new());
        told.take(Update::Version(Runtime::Docker, "20.10".to_owned()), now);
        told.take(Update::Changed(facts(Runtime::Docker, "a", "a")), now);
        assert_eq!(told.version(Runtime::Docker), "20.10");
        told.take(lost(Runtime::Docker), now);
        assert_eq!(told.problems(), ["docker: hung up"]);
        assert_eq!(names(&told), ["a"], "what it said holds");
        told.take(Update::Listed(Runtime::Docker, vec![]), now);
        assert_eq!((told.problems(), names(&told)), (vec![], vec![]));
        assert_eq!(told.version(Runtime::Podman), "");
    }
}
