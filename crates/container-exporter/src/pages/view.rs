//! What of a reading one page shows, for the page itself and for its script.

use std::collections::HashSet;
use std::sync::Arc;

use serde::Serialize;

use super::place::Subject;
use super::summary::Summary;
use crate::container::{Container, Facts, Runtime, State};
use crate::reader::{Reading, Row};

/// The content of a page.
#[derive(Debug, Serialize)]
pub(super) struct View {
    /// When it was read, in seconds since 1970.
    pub(super) at: f64,
    /// What people should know of where the values come from.
    pub(super) problems: Vec<String>,
    /// What the page is about; `None` for the list of a runtime.
    pub(super) own: Option<Summary>,
    /// Containers, the largest working set first.
    pub(super) containers: Vec<Summary>,
    /// Cgroups right below that are no containers.
    pub(super) groups: Vec<Summary>,
    /// What does not change while a page is open.
    #[serde(skip)]
    pub(super) container: Option<Arc<Container>>,
}

impl View {
    /// The view of a subject; `None` when there is no such thing.
    pub(super) fn new(reading: &Reading, subject: &Subject, mut problems: Vec<String>) -> Option<Self> {
        if reading.failed {
            problems.push("Some files could not be read; the exporter's log says which.".to_owned());
        }
        let summary = |row: &Row| Summary::new(row, reading.at);
        let (own, containers, groups) = match subject {
            Subject::All(runtime) => (
                None,
                of_runtime(reading, *runtime, |_| true)
                    .into_iter()
                    .map(|(row, _)| summary(row))
                    .collect(),
                Vec::new(),
            ),
            Subject::Container(runtime, name) => below(reading, named(reading, *runtime, name)?),
            Subject::Cgroup(id) => match reading.rows.iter().find(|row| row.container.id == *id) {
                Some(own) => below(reading, own),
                // The root may be left out by --disable_root_cgroup_stats; what is in it is there all the same.
                None if id == "/" => (None, containers(reading, "/"), groups(reading, "/")),
                None => return None,
            },
        };
        let mut view = Self {
            at: reading.at,
            problems,
            own: own.map(summary),
            containers,
            groups,
            container: own.map(|row| Arc::clone(&row.container)),
        };
        view.containers.sort_by(by_size);
        view.groups.sort_by(by_size);
        Some(view)
    }
}

type Parts<'r> = (Option<&'r Row>, Vec<Summary>, Vec<Summary>);

fn below<'r>(reading: &'r Reading, own: &'r Row) -> Parts<'r> {
    let id = &own.container.id;
    (Some(own), containers(reading, id), groups(reading, id))
}

fn by_size(a: &Summary, b: &Summary) -> std::cmp::Ordering {
    let size = |summary: &Summary| summary.values.working_set;
    size(b).cmp(&size(a)).then_with(|| a.name.cmp(&b.name))
}

/// The runtime's container of this name or id, or the only one whose id begins so.
fn named<'r>(reading: &'r Reading, runtime: Runtime, name: &str) -> Option<&'r Row> {
    let called = of_runtime(reading, runtime, |facts| facts.name == name || facts.id == name);
    // While a name moves on to a new container, both may be listed.
    if let Some((row, _)) = called
        .iter()
        .find(|(_, facts)| facts.state == State::Running)
        .or(called.first())
    {
        return Some(row);
    }
    match of_runtime(reading, runtime, |facts| facts.id.starts_with(name)).as_slice() {
        [(only, _)] => Some(only),
        _ => None,
    }
}

fn of_runtime(reading: &Reading, runtime: Runtime, matches: impl Fn(&Facts) -> bool) -> Vec<(&Row, &Facts)> {
    let known = reading
        .rows
        .iter()
        .filter_map(|row| Some((row, row.container.facts.as_deref()?)));
    known
        .filter(|(_, facts)| facts.runtime == runtime && matches(facts))
        .collect()
}

fn is_below(id: &str, folder: &str) -> bool {
    let rest = id.strip_prefix(folder.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.len() > 1 && rest.starts_with('/'))
}

fn containers(reading: &Reading, folder: &str) -> Vec<Summary> {
    let rows = reading.rows.iter().filter(|row| is_below(&row.container.id, folder));
    let summaries = rows.map(|row| Summary::new(row, reading.at));
    summaries.filter(Summary::is_container).collect()
}

/// Those below with none between that is listed: with `--docker_only` whole levels are missing.
fn groups(reading: &Reading, folder: &str) -> Vec<Summary> {
    let listed: HashSet<&str> = reading.rows.iter().map(|row| row.container.id.as_str()).collect();
    let is_next = |row: &&Row| {
        let id = row.container.id.as_str();
        is_below(id, folder) && !ancestors(id).any(|between| is_below(between, folder) && listed.contains(between))
    };
    let rows = reading.rows.iter().filter(is_next);
    let summaries = rows.map(|row| Summary::new(row, reading.at));
    summaries.filter(|summary| !summary.is_container()).collect()
}

/// The cgroups around one, the nearest first, without the root.
pub(super) fn ancestors(id: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(parent(id), |id| parent(id)).filter(|id| !id.is_empty())
}

fn parent(id: &str) -> Option<&str> {
    id.rsplit_once('/').map(|(parent, _)| parent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Tree, reader};

    /// A cgroup, and id, name and state of the container that it is.
    type Listed = (&'static str, Option<(&'static str, &'static str, State)>);

    fn view(rows: &[Listed], subject: Subject) -> Option<View> {
        let tree = Tree::v2();
        let container = |(id, facts): &Listed| Container {
            facts: facts.map(|(id, name, state)| {
                Facts {
                    id: id.into(),
                    name: name.into(),
                    state,
                    ..Facts::default()
                }
                .into()
            }),
            ..tree.container(id)
        };
        let mut containers: Vec<_> = rows.iter().map(container).collect();
        containers.sort_by(|a, b| a.id.cmp(&b.id));
        View::new(&reader(&tree, containers).read(), &subject, Vec::new())
    }

    const ROWS: &[Listed] = &[
        ("/", None),
        ("/docker", None),
        ("/docker-x", None),
        ("/docker/aa11", Some(("aa11", "web", State::Exited))),
        ("/docker/aa22", Some(("aa22", "web", State::Running))),
        ("/docker/aa22/inner", None),
        ("/docker/bb33", Some(("bb33", "aa", State::Running))),
        ("/lost.slice/deep/x.service", None),
    ];

    fn ids(summaries: &[Summary]) -> Vec<&str> {
        summaries.iter().map(|summary| summary.id.as_str()).collect()
    }

    #[test]
    fn a_cgroup_shows_the_containers_in_it_and_the_cgroups_right_below() {
        let all: &[&str] = &["/docker/bb33", "/docker/aa11", "/docker/aa22"];
        for (id, containers, groups) in [
            ("/", all, &["/docker", "/docker-x", "/lost.slice/deep/x.service"][..]),
            ("/docker", all, &[]),
            ("/docker/aa22", &[], &["/docker/aa22/inner"]),
            ("/docker-x", &[], &[]),
        ] {
            let view = view(ROWS, Subject::Cgroup(id.into())).unwrap();
            assert_eq!(view.own.map(|own| own.id).as_deref(), Some(id));
            assert_eq!(ids(&view.containers), containers, "{id}");
            assert_eq!(ids(&view.groups), groups, "{id}");
        }
        assert!(view(ROWS, Subject::Cgroup("/gone".into())).is_none());
    }

    #[test]
    fn the_list_is_there_without_the_root() {
        let view = view(&ROWS[1..], Subject::Cgroup("/".into())).unwrap();
        assert!(view.own.is_none());
        assert_eq!((view.containers.len(), view.groups.len()), (3, 3));
    }

    #[test]
    fn dockers_containers_go_by_name_id_and_beginning_of_id() {
        for (name, id) in [
            ("web", Some("/docker/aa22")),
            ("aa11", Some("/docker/aa11")),
            ("aa", Some("/docker/bb33")),
            ("b", Some("/docker/bb33")),
            ("a", None),
            ("x", None),
        ] {
            let found = view(ROWS, Subject::Container(Runtime::Docker, name.into()));
            assert_eq!(
                found.and_then(|view| view.own).map(|own| own.id).as_deref(),
                id,
                "{name}"
            );
        }
    }
}
