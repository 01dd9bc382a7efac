//! A container as `/api/v1.3/` tells it.

use serde::Serialize;

use super::spec::ContainerSpec;
use super::stats::ContainerStats;
use crate::container::{Container, Facts, Runtime};
use crate::reader::{Reading, Row};

/// A container, or a cgroup that is none.
#[derive(Debug, Serialize)]
pub(super) struct ContainerInfo<'r> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'r str>,
    /// The cgroup's path.
    name: &'r str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    aliases: Vec<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    subcontainers: Vec<Reference<'r>>,
    spec: ContainerSpec<'r>,
    /// One entry: the present.
    stats: [ContainerStats<'r>; 1],
}

/// The name of a container.
#[derive(Debug, Serialize)]
struct Reference<'r> {
    name: &'r str,
}

impl<'r> ContainerInfo<'r> {
    pub(super) fn new(reading: &'r Reading, row: &'r Row) -> Self {
        let container = row.container.as_ref();
        let facts = container.facts.as_deref();
        let children = running(reading).filter(|child| is_child(&child.container.id, &container.id));
        Self {
            id: facts.map(|facts| facts.id.as_str()),
            name: &container.id,
            aliases: facts
                .map(|facts| vec![facts.name.as_str(), facts.id.as_str()])
                .unwrap_or_default(),
            namespace: facts.map(|facts| facts.runtime.name()),
            subcontainers: children
                .map(|child| Reference {
                    name: &child.container.id,
                })
                .collect(),
            spec: ContainerSpec::new(row),
            stats: [ContainerStats::new(reading, row)],
        }
    }
}

/// Those that have a cgroup; cAdvisor knows no others.
pub(super) fn running(reading: &Reading) -> impl Iterator<Item = &Row> {
    reading.rows.iter().filter(|row| row.container.cgroup.is_some())
}

/// Docker's containers that run.
pub(super) fn of_docker(reading: &Reading) -> impl Iterator<Item = (&Row, &Facts)> {
    let with_facts = running(reading).filter_map(|row| Some((row, row.container.facts.as_deref()?)));
    with_facts.filter(|(_, facts)| facts.runtime == Runtime::Docker)
}

/// Docker's container of this name or id, or the only one whose id begins so.
pub(super) fn find_of_docker<'r>(reading: &'r Reading, name: &str) -> Option<&'r Row> {
    let exact = of_docker(reading).find(|(_, facts)| facts.name == name || facts.id == name);
    let mut begins = of_docker(reading).filter(|(_, facts)| facts.id.starts_with(name));
    let only = begins.next().filter(|_| begins.next().is_none());
    exact.or(only).map(|(row, _)| row)
}

/// Whether `id` is `ancestor` or below it.
pub(super) fn is_within(container: &Container, ancestor: &str) -> bool {
    container.id == ancestor || below(&container.id, ancestor).is_some()
}

fn is_child(id: &str, parent: &str) -> bool {
    below(id, parent).is_some_and(|rest| !rest.contains('/'))
}

/// What of the path `id` comes after `ancestor`.
fn below<'i>(id: &'i str, ancestor: &str) -> Option<&'i str> {
    let rest = id.strip_prefix(ancestor.trim_end_matches('/'))?.strip_prefix('/')?;
    (!rest.is_empty()).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_are_one_level_below() {
        for (id, parent, child, within) in [
            ("/a", "/", true, true),
            ("/", "/", false, true),
            ("/a/b", "/", false, true),
            ("/a/b", "/a", true, true),
            ("/ab", "/a", false, false),
            ("/a", "/a", false, true),
        ] {
            assert_eq!(is_child(id, parent), child, "{id} of {parent}");
            assert_eq!(below(id, parent).is_some() || id == parent, within, "{id} in {parent}");
        }
    }
}
