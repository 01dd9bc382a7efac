//! What pages show of one container: its row of a reading, in their own words.

use serde::Serialize;

use super::address;
use super::units::duration;
use super::values::Values;
use crate::container::{Container, Facts, Health, Network, State};
use crate::reader::Row;

/// One container or cgroup.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Summary {
    /// The cgroup's path.
    pub(super) id: String,
    /// Its page.
    pub(super) href: String,
    /// What people call it: a container's name, or the last part of a cgroup's path.
    pub(super) name: String,
    /// The image; `None` for cgroups that are no container.
    pub(super) image: Option<String>,
    /// Whether it runs; `None` for cgroups that are no container.
    pub(super) status: Option<Status>,
    /// Why somebody should look at it.
    pub(super) trouble: Option<String>,
    /// Whose network it uses; `None` when it is its own.
    pub(super) network_of: Option<String>,
    /// Numbers.
    #[serde(flatten)]
    pub(super) values: Values,
}

/// Whether a container runs, and since when.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Status {
    /// `running, healthy` or `exited (1)`.
    pub(super) text: String,
    /// For colours, which only repeat what the text says.
    pub(super) tone: Tone,
    /// `for 3 min 5 s` or `2 h 4 min ago`.
    pub(super) since: Option<String>,
}

/// How a status looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Tone {
    /// It runs.
    Good,
    /// Somebody should look.
    Bad,
    /// It does not run, and need not.
    #[default]
    Idle,
}

impl Tone {
    /// The class that its colour goes by.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Idle => "idle",
        }
    }
}

impl Summary {
    /// What there is to say at `now`, in seconds since 1970.
    pub(super) fn new(row: &Row, now: f64) -> Self {
        Self::of(&row.container, Values::new(row), now)
    }

    fn of(container: &Container, values: Values, now: f64) -> Self {
        let facts = container.facts.as_deref();
        Self {
            id: container.id.clone(),
            href: address::href(container),
            name: name(container).to_owned(),
            image: facts.map(|facts| facts.image.clone()),
            status: facts.map(|facts| Status::new(facts, now)),
            trouble: facts.and_then(in_trouble).or_else(|| values.trouble()),
            network_of: facts.and_then(network_of),
            values,
        }
    }

    /// Whether it is the machine itself.
    pub(super) fn is_machine(&self) -> bool {
        self.id == "/"
    }

    /// Whether it is a container, by the word of a runtime.
    pub(super) fn is_container(&self) -> bool {
        self.status.is_some()
    }
}

fn name(container: &Container) -> &str {
    let named = container.facts.as_deref().map(|facts| facts.name.as_str());
    let last = || container.id.rsplit('/').next().filter(|last| !last.is_empty());
    named.filter(|name| !name.is_empty()).or_else(last).unwrap_or("/")
}

fn network_of(facts: &Facts) -> Option<String> {
    match &facts.network {
        Network::Own => None,
        Network::Host => Some("the host".to_owned()),
        Network::Of(other) => Some(other.clone()),
    }
}

fn in_trouble(facts: &Facts) -> Option<String> {
    let killed = facts.oom_killed.then_some("killed for want of memory");
    let text = match (facts.state, facts.health) {
        (State::Restarting, _) => killed.unwrap_or("restarting"),
        (State::Dead, _) => "dead: it cannot be removed",
        (State::Exited, _) if killed.is_some() => killed?,
        (State::Exited, _) => return failed(facts.exit_code?),
        (State::Running, Health::Unhealthy) => "unhealthy",
        _ => return None,
    };
    Some(text.to_owned())
}

/// 130, 137 and 143 are what somebody who stops a container gets.
fn failed(exit_code: i64) -> Option<String> {
    (![0, 130, 137, 143].contains(&exit_code)).then(|| format!("exited with code {exit_code}"))
}

impl Status {
    fn new(facts: &Facts, now: f64) -> Self {
        Self {
            text: status_text(facts),
            tone: tone(facts),
            since: since(facts, now),
        }
    }
}

fn status_text(facts: &Facts) -> String {
    let state = facts.state.name();
    let ended = matches!(facts.state, State::Exited | State::Dead | State::Restarting);
    let code = facts.exit_code.filter(|_| ended);
    let code = code.map_or(String::new(), |code| format!(" ({code})"));
    let more = match (facts.state, facts.health) {
        (State::Running, Health::None) => "",
        (State::Running, Health::Starting) => ", health not known yet",
        (State::Running, Health::Healthy) => ", healthy",
        (State::Running, Health::Unhealthy) => ", unhealthy",
        _ if ended && facts.oom_killed => ", out of memory",
        _ => "",
    };
    format!("{state}{code}{more}")
}

fn tone(facts: &Facts) -> Tone {
    match facts.state {
        _ if in_trouble(facts).is_some() => Tone::Bad,
        State::Running => Tone::Good,
        _ => Tone::Idle,
    }
}

fn since(facts: &Facts, now: f64) -> Option<String> {
    let elapsed = |then: Option<f64>| Some(duration((now - then?).max(0.0).trunc()));
    match facts.state {
        State::Running | State::Paused => Some(format!("for {}", elapsed(facts.started)?)),
        State::Created => Some(format!("{} ago", elapsed(facts.created)?)),
        _ => Some(format!("{} ago", elapsed(facts.finished)?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use crate::container::Runtime;
    use exposition::LabelBlock;

    fn container(id: &str, facts: Option<Facts>) -> Container {
        Container {
            id: id.to_owned(),
            cgroup: None,
            facts: facts.map(Arc::new),
            made: None,
            labels: LabelBlock::new([("id", id)]),
            all_labels: None,
        }
    }

    fn facts(state: State, change: impl FnOnce(&mut Facts)) -> Facts {
        let mut facts = Facts {
            id: "0123".into(),
            name: "web 1".into(),
            image: "nginx:1".into(),
            created: Some(900.0),
            state,
            ..Facts::default()
        };
        change(&mut facts);
        facts
    }

    #[test]
    fn a_status_says_how_it_is_and_since_when() {
        let ended = |exit_code, oom_killed| {
            move |facts: &mut Facts| {
                facts.exit_code = Some(exit_code);
                facts.finished = Some(940.0);
                facts.oom_killed = oom_killed;
            }
        };
        let running = |health| {
            move |facts: &mut Facts| {
                facts.started = Some(815.0);
                facts.exit_code = Some(0);
                facts.health = health;
            }
        };
        let for_a_while = Some("for 3 min 5 s");
        let ago = Some("1 min 0 s ago");
        for (facts, text, tone, since, trouble) in [
            (
                facts(State::Created, |_| {}),
                "created",
                Tone::Idle,
                Some("1 min 40 s ago"),
                None,
            ),
            (
                facts(State::Running, running(Health::None)),
                "running",
                Tone::Good,
                for_a_while,
                None,
            ),
            (facts(State::Running, |_| {}), "running", Tone::Good, None, None),
            (
                facts(State::Paused, running(Health::None)),
                "paused",
                Tone::Idle,
                for_a_while,
                None,
            ),
            (
                facts(State::Running, running(Health::Healthy)),
                "running, healthy",
                Tone::Good,
                for_a_while,
                None,
            ),
            (
                facts(State::Running, running(Health::Unhealthy)),
                "running, unhealthy",
                Tone::Bad,
                for_a_while,
                Some("unhealthy"),
            ),
            (
                facts(State::Exited, ended(0, false)),
                "exited (0)",
                Tone::Idle,
                ago,
                None,
            ),
            (
                facts(State::Exited, ended(143, false)),
                "exited (143)",
                Tone::Idle,
                ago,
                None,
            ),
            (
                facts(State::Exited, ended(1, false)),
                "exited (1)",
                Tone::Bad,
                ago,
                Some("exited with code 1"),
            ),
            (
                facts(State::Exited, ended(137, true)),
                "exited (137), out of memory",
                Tone::Bad,
                ago,
                Some("killed for want of memory"),
            ),
            (
                facts(State::Restarting, ended(2, false)),
                "restarting (2)",
                Tone::Bad,
                ago,
                Some("restarting"),
            ),
            (facts(State::Removing, |_| {}), "removing", Tone::Idle, None, None),
        ] {
            let summary = Summary::of(&container("/docker/0123", Some(facts)), Values::default(), 1_000.0);
            let expected = Summary {
                id: "/docker/0123".into(),
                href: "/docker/web%201".into(),
                name: "web 1".into(),
                image: Some("nginx:1".into()),
                status: Some(Status {
                    text: text.into(),
                    tone,
                    since: since.map(str::to_owned),
                }),
                trouble: trouble.map(str::to_owned),
                ..Summary::default()
            };
            assert_eq!(summary, expected);
        }
    }

    #[test]
    fn what_has_no_name_goes_by_its_path() {
        let unnamed = facts(State::Running, |facts| facts.name.clear());
        let podman = facts(State::Running, |facts| facts.runtime = Runtime::Podman);
        let crio = facts(State::Running, |facts| facts.runtime = Runtime::CriO);
        for (id, facts, name, href) in [
            ("/", None, "/", "/containers/"),
            (
                "/system.slice/cron.service",
                None,
                "cron.service",
                "/containers/system.slice/cron.service",
            ),
            ("/docker/0123", Some(unnamed), "0123", "/docker/0123"),
            (
                "/machine.slice/libpod-0123.scope",
                Some(podman),
                "web 1",
                "/podman/web%201",
            ),
            (
                "/kubepods.slice/crio-0123.scope",
                Some(crio),
                "web 1",
                "/containers/kubepods.slice/crio-0123.scope",
            ),
        ] {
            let summary = Summary::of(&container(id, facts), Values::default(), 1.0);
            assert_eq!((summary.name.as_str(), summary.href.as_str()), (name, href));
        }
    }

    #[test]
    fn another_network_is_named() {
        for (network, of) in [
            (Network::Own, None),
            (Network::Host, Some("the host")),
            (Network::Of("db".into()), Some("db")),
        ] {
            let facts = facts(State::Running, |facts| facts.network = network);
            assert_eq!(network_of(&facts).as_deref(), of);
        }
    }
}
