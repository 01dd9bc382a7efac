//! What is reported of every container that runs, whatever is switched off: that it was seen, since when it is there, how
//! it is, and whether the reading went well. Stopped containers have none of it, so that counting these series counts what
//! runs.

use exposition::{Desc, Encoder};

use super::{Enabled, Group, each};
use crate::container::{Container, Health};
use crate::reader::{Reading, Row};

/// The group.
pub(super) const GROUP: Group = Group {
    name: "always",
    default: Enabled::Always,
    read: |_, _| {},
    encode,
};

const LAST_SEEN: Desc<'_> = Desc::gauge(
    "container_last_seen",
    "Last time a container was seen by the exporter",
    &[],
);
const START_TIME: Desc<'_> = Desc::gauge(
    "container_start_time_seconds",
    "Start time of the container since unix epoch in seconds.",
    &[],
);
const CREATION_TIME: Desc<'_> = Desc::gauge(
    "container_creation_time_seconds",
    "Container creation time since unix epoch in seconds.",
    &[],
);
const HEALTH_STATE: Desc<'_> = Desc::gauge(
    "container_health_state",
    "The result of the container's health check",
    &[],
);
const SCRAPE_ERROR: Desc<'_> = Desc::gauge(
    "container_scrape_error",
    "1 if there was an error while getting container metrics, 0 otherwise",
    &[],
);

fn encode(reading: &Reading, out: &mut Encoder) {
    each_running(out, &LAST_SEEN, reading, |_| Some(reading.at.trunc()));
    each_running(out, &START_TIME, reading, |container| Some(started(container)?.trunc()));
    each_running(out, &CREATION_TIME, reading, |container| {
        Some(created(container)?.trunc())
    });
    each_running(out, &HEALTH_STATE, reading, |container| Some(health(container)));
    out.scalar(&SCRAPE_ERROR, f64::from(u8::from(reading.failed)));
}

fn each_running(out: &mut Encoder, desc: &Desc<'_>, reading: &Reading, value: impl Fn(&Container) -> Option<f64>) {
    let running = |row: &Row| value(&row.container).filter(|_| row.container.cgroup.is_some());
    each(out, desc, reading, running);
}

/// As its runtime says, or else when its cgroup was made.
fn started(container: &Container) -> Option<f64> {
    let facts = container.facts.as_deref();
    facts.and_then(|facts| facts.started).or(container.made)
}

fn created(container: &Container) -> Option<f64> {
    let facts = container.facts.as_deref();
    facts.and_then(|facts| facts.created).or(container.made)
}

/// cAdvisor's numbers.
fn health(container: &Container) -> f64 {
    match container.facts.as_deref().map(|facts| facts.health) {
        None | Some(Health::None) => -1.0,
        Some(Health::Starting | Health::Unhealthy) => 0.0,
        Some(Health::Healthy) => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::Facts;
    use crate::testing::{Tree, reader, samples_of};

    fn container(tree: &Tree, id: &str, facts: Option<Facts>) -> Container {
        Container {
            facts: facts.map(Into::into),
            made: Some(1e9 + 0.75),
            ..tree.container(id)
        }
    }

    fn times(text: &str) -> String {
        let fixed = |line: &&str| !line.contains("last_seen") && !line.contains("state{");
        text.lines().filter(fixed).map(|line| format!("{line}\n")).collect()
    }

    #[test]
    fn times_are_the_runtimes_or_else_the_cgroups() {
        let tree = Tree::v2();
        let known = Facts {
            created: Some(2e9 + 0.5),
            started: Some(2e9 + 9.5),
            ..Facts::default()
        };
        let list = vec![
            container(&tree, "/", None),
            container(&tree, "/a", Some(known)),
            container(&tree, "/b", Some(Facts::default())),
        ];
        let text = times(&samples_of(&reader(&tree, list)));
        for line in [
            r#"container_start_time_seconds{id="/"} 1e+09"#,
            r#"container_start_time_seconds{id="/a"} 2.000000009e+09"#,
            r#"container_start_time_seconds{id="/b"} 1e+09"#,
            r#"container_creation_time_seconds{id="/"} 1e+09"#,
            r#"container_creation_time_seconds{id="/a"} 2e+09"#,
            r#"container_creation_time_seconds{id="/b"} 1e+09"#,
        ] {
            assert!(text.contains(&format!("{line}\n")), "{line}\n{text}");
        }
    }

    #[test]
    fn health_is_told_in_numbers() {
        let tree = Tree::v2();
        let of = |health| {
            Some(Facts {
                health,
                ..Facts::default()
            })
        };
        let list = vec![
            container(&tree, "/a", None),
            container(&tree, "/b", of(Health::None)),
            container(&tree, "/c", of(Health::Starting)),
            container(&tree, "/d", of(Health::Unhealthy)),
            container(&tree, "/e", of(Health::Healthy)),
        ];
        let text = samples_of(&reader(&tree, list));
        let health: Vec<_> = text
            .lines()
            .filter_map(|line| line.strip_prefix("container_health_state"))
            .collect();
        let expected = [
            r#"{id="/a"} -1"#,
            r#"{id="/b"} -1"#,
            r#"{id="/c"} 0"#,
            r#"{id="/d"} 0"#,
            r#"{id="/e"} 1"#,
        ];
        assert_eq!(health, expected);
    }

    #[test]
    fn a_stopped_container_is_not_seen() {
        let tree = Tree::v2();
        let stopped = Container {
            cgroup: None,
            ..container(&tree, "/a", Some(Facts::default()))
        };
        let text = samples_of(&reader(&tree, vec![stopped]));
        for family in ["last_seen", "start_time", "creation_time", "health"] {
            assert!(!text.contains(family), "{family}: {text}");
        }
    }
}
