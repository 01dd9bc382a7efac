//! The cgroup tree joined with what the runtimes say, as the list of containers.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::labels;
use super::name;
use super::paths::Paths;
use super::told::Told;
use super::tree::{Group, Groups};
use crate::cgroup::{Cgroup, Hierarchies};
use crate::container::{Container, Facts, Runtime, State};
use crate::reader::List;
use crate::settings::{LabelRules, Selection};

/// How long a cgroup waits for its runtime to tell of it, and a container for its cgroup: to show it without its labels
/// would make series that end at the next scrape.
pub(super) const GRACE: Duration = Duration::from_secs(5);

/// Makes the lists; what has not changed stays the same from one to the next.
pub(super) struct Join {
    hierarchies: Arc<Hierarchies>,
    rules: LabelRules,
    selection: Selection,
    paths: Paths,
    rows: Vec<Row>,
    list: List,
    /// Containers of which nobody has told, by their runtime and id.
    untold: Vec<(Runtime, String)>,
}

/// A container, and what it was made from.
struct Row {
    container: Arc<Container>,
    inode: Option<u64>,
}

/// What is still awaited after a join.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Awaited {
    /// When the list changes though nothing happens.
    pub(super) until: Option<Instant>,
    /// Whether a container runs whose cgroup was not found.
    pub(super) cgroup: bool,
}

impl Awaited {
    fn until(&mut self, until: Instant) {
        self.until = Some(self.until.map_or(until, |earlier| earlier.min(until)));
    }
}

/// One join on its way.
struct Round<'r> {
    told: &'r Told,
    groups: &'r Groups,
    now: Instant,
    /// The ids of containers whose cgroup was found.
    found: HashSet<&'r str>,
    rows: Vec<Row>,
    awaited: Awaited,
}

impl Join {
    /// The list is empty at first.
    pub(super) fn new(hierarchies: Arc<Hierarchies>, paths: Paths, rules: LabelRules, selection: Selection) -> Self {
        Self {
            hierarchies,
            rules,
            selection,
            paths,
            rows: Vec::new(),
            list: [].into(),
            untold: Vec::new(),
        }
    }

    /// Containers of the last list of which no runtime has told.
    pub(super) fn untold(&self) -> &[(Runtime, String)] {
        &self.untold
    }

    /// The last list.
    pub(super) fn list(&self) -> &List {
        &self.list
    }

    /// Makes the list of now, sorted by id.
    pub(super) fn join(&mut self, groups: &Groups, told: &Told, now: Instant) -> Awaited {
        let mut round = Round {
            told,
            groups,
            now,
            found: HashSet::new(),
            rows: Vec::with_capacity(self.rows.len()),
            awaited: Awaited::default(),
        };
        self.untold.clear();
        self.take_named_otherwise(&mut round);
        for (id, group) in groups {
            self.take_group(id, group, &mut round);
        }
        self.take_stopped(&mut round);
        self.paths.forget_unknown(told);
        self.publish(round.rows);
        round.awaited
    }

    /// Cgroups that do not look like a container's, and are where the runtime puts those of such ids: containerd takes
    /// any word for an id.
    fn take_named_otherwise<'r>(&mut self, round: &mut Round<'r>) {
        let Round { told, groups, .. } = *round;
        for (facts, _) in told.all().filter(|(facts, _)| !name::is_id(&facts.id)) {
            let path = self.paths.of(facts);
            if let Some(group) = groups.get(&path) {
                self.take_container(&path, group, facts, round);
            }
        }
    }

    fn take_group<'r>(&mut self, id: &str, group: &'r Group, round: &mut Round<'r>) {
        // A second cgroup of the same container would count it twice under its name.
        let name = group.container().filter(|name| !round.found.contains(name.id.as_str()));
        let Some(name) = name else {
            if self.wants_other(id) {
                self.push(id, Some(group), None, round);
            }
            return;
        };
        if let Some(facts) = round.told.get(&name.id) {
            return self.take_container(id, group, facts, round);
        }
        self.untold
            .extend(name.runtime.map(|runtime| (runtime, name.id.clone())));
        let until = group.since + GRACE;
        if until > round.now && round.told.may_tell(name.runtime) {
            round.awaited.until(until);
        } else {
            self.push(id, Some(group), None, round);
        }
    }

    fn take_container<'r>(&mut self, id: &str, group: &Group, facts: &'r Arc<Facts>, round: &mut Round<'r>) {
        self.paths.learn(facts, id);
        round.found.insert(&facts.id);
        self.push(id, Some(group), Some(facts), round);
    }

    /// Containers without a cgroup.
    fn take_stopped(&mut self, round: &mut Round<'_>) {
        let told = round.told;
        for (facts, since) in told.all() {
            if round.found.contains(facts.id.as_str()) {
                continue;
            }
            if let Some(since) = since.filter(|_| runs(facts)) {
                // A runtime that is gone cannot say that the container is, too.
                if !told.may_tell(Some(facts.runtime)) {
                    continue;
                }
                let until = since + GRACE;
                if until > round.now {
                    round.awaited.until(until);
                    round.awaited.cgroup = true;
                    continue;
                }
            }
            self.push(&self.paths.of(facts), None, Some(facts), round);
        }
    }

    /// Whether a cgroup that is no container is reported. Prefixes choose among all such cgroups, as they do upstream.
    fn wants_other(&self, id: &str) -> bool {
        let Selection {
            containers_only,
            prefixes,
            without_root,
        } = &self.selection;
        if id == "/" {
            return !without_root;
        }
        match prefixes.as_slice() {
            [] => !containers_only,
            prefixes => prefixes.iter().any(|prefix| id.starts_with(prefix.as_str())),
        }
    }

    /// Adds a row: the one of the last list, if it is made from the same things.
    fn push(&self, id: &str, group: Option<&Group>, facts: Option<&Arc<Facts>>, round: &mut Round<'_>) {
        let inode = group.map(|group| group.inode);
        let last = self.rows.binary_search_by(|row| row.container.id.as_str().cmp(id));
        let last = last.ok().and_then(|index| self.rows.get(index));
        let same = last.filter(|last| last.inode == inode && same_facts(last.container.facts.as_ref(), facts));
        let container = match same {
            Some(last) => Arc::clone(&last.container),
            None => Arc::new(self.container(id, group, facts)),
        };
        round.rows.push(Row { container, inode });
    }

    fn container(&self, id: &str, group: Option<&Group>, facts: Option<&Arc<Facts>>) -> Container {
        let told = facts.map(|facts| &**facts);
        Container {
            id: id.to_owned(),
            cgroup: group.map(|_| Cgroup::new(&self.hierarchies, id)),
            facts: facts.cloned(),
            made: group.and_then(|group| group.made),
            labels: labels::block(id, told, &self.rules),
            all_labels: labels::all(id, told, &self.rules),
        }
    }

    /// Sorts; of two rows with one id, the first that was found stays.
    fn publish(&mut self, mut rows: Vec<Row>) {
        rows.sort_by(|a, b| a.container.id.cmp(&b.container.id));
        rows.dedup_by(|second, first| second.container.id == first.container.id);
        let same = |(row, container): (&Row, &Arc<Container>)| Arc::ptr_eq(&row.container, container);
        let unchanged = rows.len() == self.list.len() && rows.iter().zip(self.list.iter()).all(same);
        if !unchanged {
            self.list = rows.iter().map(|row| Arc::clone(&row.container)).collect();
        }
        self.rows = rows;
    }
}

fn runs(facts: &Facts) -> bool {
    matches!(facts.state, State::Running | State::Paused)
}

fn same_facts(a: Option<&Arc<Facts>>, b: Option<&Arc<Facts>>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => Arc::ptr_eq(a, b),
        (None, None) => true,
        _ => false,
    }
}
