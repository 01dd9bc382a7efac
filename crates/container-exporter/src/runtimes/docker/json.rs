//! What Docker and Podman say of containers, as facts. Fields may be missing or null: versions and storage drivers differ.

use std::collections::BTreeMap;
use std::path::PathBuf;

use log::warn;
use serde_json::value::RawValue;

use super::super::{Environment, is_id, timestamp};
use super::wire::{Entry, GraphDriver, HealthStatus, HostConfig, Labels, Status, Text, Whole};
use crate::container::{Facts, Health, Network, Runtime, State};

/// Reads `/containers/json`. Entries that make no sense are logged and left out.
///
/// # Errors
/// It is no list.
pub(super) fn list(bytes: &[u8], runtime: Runtime) -> Result<Vec<Facts>, serde_json::Error> {
    let entries: Option<Vec<&RawValue>> = serde_json::from_slice(bytes)?;
    let mut list = Vec::new();
    for (number, entry) in entries.unwrap_or_default().into_iter().enumerate() {
        match serde_json::from_str::<Entry<'_>>(entry.get()) {
            Ok(entry) if is_id(&entry.id.0) => list.push(entry.into_facts(runtime)),
            _ => warn!(
                "{}: entry {number} of the list of containers is malformed",
                runtime.name()
            ),
        }
    }
    Ok(list)
}

/// Reads `/containers/ID/json`.
///
/// # Errors
/// It is no container.
pub(super) fn container(bytes: &[u8], runtime: Runtime, env: &Environment) -> Result<Facts, serde_json::Error> {
    let whole: Whole<'_> = serde_json::from_slice(bytes)?;
    Ok(whole.into_facts(runtime, env))
}

impl Entry<'_> {
    fn into_facts(self, runtime: Runtime) -> Facts {
        Facts {
            runtime,
            id: self.id.0.into_owned(),
            name: own_name(&self.names.unwrap_or_default()).to_owned(),
            image: image(self.image),
            labels: labels(self.labels),
            created: self
                .created
                .filter(|seconds| *seconds > 0)
                .map(|seconds| seconds as f64),
            state: self.state.and_then(|state| named_state(&state.0)).unwrap_or_default(),
            network: network(self.host_config),
            ..Facts::default()
        }
    }
}

impl Whole<'_> {
    fn into_facts(self, runtime: Runtime, env: &Environment) -> Facts {
        let status = self.state.unwrap_or_default();
        let config = self.config.unwrap_or_default();
        let (state, finished) = (status.state(), time(status.finished_at));
        Facts {
            runtime,
            id: self.id.0.into_owned(),
            name: self.name.unwrap_or_default().0.trim_start_matches('/').to_owned(),
            image: image(config.image),
            labels: labels(config.labels),
            env: env.of(config.env.iter().flatten().map(|pair| &*pair.0)),
            created: time(self.created),
            started: time(status.started_at),
            finished,
            state,
            exit_code: status.exit_code.filter(|_| has_ended(state)),
            restarts: self.restart_count.and_then(|count| count.try_into().ok()),
            oom_killed: status.oom_killed.unwrap_or_default(),
            health: health(status.health),
            pid: status.pid.and_then(|pid| pid.try_into().ok()).filter(|pid| *pid > 0),
            limits: self.host_config.as_ref().map(limits).unwrap_or_default(),
            network: network(self.host_config),
            writable_layer: writable_layer(self.graph_driver),
        }
    }
}

impl Status<'_> {
    fn state(&self) -> State {
        let named = self.status.as_ref().and_then(|status| named_state(&status.0));
        named.unwrap_or_else(|| self.flagged_state())
    }

    /// The state by its flags, for daemons that give it no name, or one that is not known here.
    fn flagged_state(&self) -> State {
        let flags = [
            (self.dead, State::Dead),
            (self.restarting, State::Restarting),
            (self.paused, State::Paused),
            (self.running, State::Running),
        ];
        let flagged = flags.into_iter().find(|(flag, _)| flag.unwrap_or_default());
        let was_up = || {
            self.started_at
                .as_ref()
                .is_some_and(|started| timestamp::parse(&started.0).is_some())
        };
        flagged.map_or_else(
            || if was_up() { State::Exited } else { State::Created },
            |(_, state)| state,
        )
    }
}

/// Docker's names and Podman's further ones.
fn named_state(name: &str) -> Option<State> {
    let docker = State::ALL.into_iter().find(|state| state.name() == name);
    docker.or(match name {
        "configured" | "initialized" => Some(State::Created),
        "stopping" => Some(State::Running),
        "stopped" => Some(State::Exited),
        _ => None,
    })
}

fn has_ended(state: State) -> bool {
    matches!(state, State::Exited | State::Dead | State::Restarting | State::Removing)
}

/// The first name that is none by which another container links to it: `/db`, not `/web/db`.
fn own_name<'n>(names: &'n [Text<'_>]) -> &'n str {
    let mut names = names.iter().map(|name| name.0.trim_start_matches('/'));
    names.find(|name| !name.contains('/')).unwrap_or_default()
}

/// The image as it was asked for. One that was asked for by its whole id is shortened as `docker ps` does.
fn image(image: Option<Text<'_>>) -> String {
    let image = image.unwrap_or_default().0;
    let id = image.strip_prefix("sha256:").and_then(|id| id.get(..12));
    id.unwrap_or(&image).to_owned()
}

fn labels(labels: Option<Labels>) -> BTreeMap<String, String> {
    let labels = labels.unwrap_or_default().into_iter();
    labels.map(|(name, value)| (name, value.unwrap_or_default())).collect()
}

fn time(text: Option<Text<'_>>) -> Option<f64> {
    timestamp::parse(&text?.0)
}

fn health(health: Option<HealthStatus<'_>>) -> Health {
    let status = health.and_then(|health| health.status).unwrap_or_default();
    match &*status.0 {
        "starting" => Health::Starting,
        "healthy" => Health::Healthy,
        "unhealthy" => Health::Unhealthy,
        _ => Health::None,
    }
}

fn network(host: Option<HostConfig<'_>>) -> Network {
    let mode = host.and_then(|host| host.network_mode).unwrap_or_default().0;
    match mode.split_once(':') {
        Some(("container", id)) => Network::Of(id.to_owned()),
        None if mode == "host" => Network::Host,
        _ => Network::Own,
    }
}

fn limits(host: &HostConfig<'_>) -> Vec<i64> {
    let told = [
        host.memory,
        host.memory_swap,
        host.memory_reservation,
        host.cpu_shares,
        host.cpu_period,
        host.cpu_quota,
        host.nano_cpus,
    ];
    match told.iter().any(Option::is_some) {
        true => told.map(Option::unwrap_or_default).into(),
        false => Vec::new(),
    }
}

/// Where overlayfs has it; other drivers, and Docker's containerd image store, do not say.
fn writable_layer(driver: Option<GraphDriver<'_>>) -> Option<PathBuf> {
    let upper = driver?.data?.upper_dir?.0;
    upper.starts_with('/').then(|| PathBuf::from(upper.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUNNING: &str = include_str!("../../../fixtures/docker/running.json");
    const OOM_KILLED: &str = include_str!("../../../fixtures/docker/oom-killed.json");
    const LIST: &str = include_str!("../../../fixtures/docker/list.json");
    const ID: &str = "39d26f0e035dca5d4ec1c892eb42595acd03ff99e3dc936c99a8c3b735d4646c";

    fn read(json: &str) -> Facts {
        let env = Environment::new(&["APP_".to_owned()]);
        container(json.as_bytes(), Runtime::Docker, &env).unwrap()
    }

    fn map<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    }

    #[test]
    fn a_running_container_says_all_of_this() {
        let layer = "/var/lib/docker/overlay2/LAYER/diff";
        let facts = read(&RUNNING.replace(upper_dir(RUNNING), layer));
        let expected = Facts {
            runtime: Runtime::Docker,
            id: ID.to_owned(),
            name: "runtimes-a".to_owned(),
            image: "busy:1".to_owned(),
            labels: map([
                ("quote", "say \"hi\""),
                ("lines", "a\nb"),
                ("utf8", "größe"),
                ("com.docker.compose.project", "shop"),
            ]),
            env: map([("APP_MODE", "fast")]),
            created: Some(1_795_334_559.311_310_6),
            started: Some(1_795_334_559.756_538_2),
            finished: None,
            state: State::Running,
            exit_code: None,
            restarts: Some(0),
            oom_killed: false,
            health: Health::Healthy,
            pid: Some(5033),
            network: Network::Own,
            writable_layer: Some(layer.into()),
            limits: vec![33554432, 0, 0, 0, 0, 0, 0],
        };
        assert_eq!(facts, expected);
    }

    fn upper_dir(json: &str) -> &str {
        json.split_once(r#""UpperDir":""#).unwrap().1.split('"').next().unwrap()
    }

    #[test]
    fn one_that_ended_says_how() {
        let facts = read(OOM_KILLED);
        let end = (facts.state, facts.exit_code, facts.oom_killed, facts.pid, facts.health);
        assert_eq!(end, (State::Exited, Some(7), true, None, Health::None));
        assert_eq!(facts.finished, Some(1_795_334_562.981_351_4));
    }

    #[test]
    fn the_list_alone_gives_names_labels_and_states() {
        let list = list(LIST.as_bytes(), Runtime::Podman).unwrap();
        let of = |facts: &Facts| {
            (
                facts.name.clone(),
                facts.state,
                facts.network.clone(),
                facts.labels.len(),
            )
        };
        let expected = [
            ("runtimes-net".to_owned(), State::Running, Network::Of(ID.to_owned()), 0),
            ("runtimes-oom".to_owned(), State::Exited, Network::Own, 0),
            ("runtimes-b".to_owned(), State::Running, Network::Own, 4),
        ];
        assert_eq!(list.iter().map(of).collect::<Vec<_>>(), expected);
        let first = list.first().unwrap();
        assert_eq!((first.runtime, first.created), (Runtime::Podman, Some(1_795_334_563.0)));
    }

    #[test]
    fn one_malformed_entry_of_the_list_is_left_out_alone() {
        let entries = r#"[{"Id":"a1"},{"Id":7},{"Id":"b","Labels":[]},{},{"Id":"../x"},null,{"Id":"c3","Names":null}]"#;
        let list = list(entries.as_bytes(), Runtime::Docker).unwrap();
        let ids: Vec<_> = list.iter().map(|facts| facts.id.as_str()).collect();
        assert_eq!(ids, ["a1", "c3"]);
    }

    #[test]
    fn no_containers_are_an_empty_list() {
        for json in ["[]\n", "null"] {
            assert_eq!(list(json.as_bytes(), Runtime::Docker).unwrap(), [], "{json}");
        }
        for json in ["", "{}", "[{]", r#"[{"Id":"a1"}"#] {
            assert!(list(json.as_bytes(), Runtime::Docker).is_err(), "{json}");
        }
    }

    #[test]
    fn what_is_missing_or_null_is_absent() {
        let bare = Facts {
            id: "a1".to_owned(),
            ..Facts::default()
        };
        let nulls = r#"{"Id":"a1","Name":null,"Created":null,"RestartCount":null,"State":null,"Config":null,
            "HostConfig":null,"GraphDriver":null}"#;
        let inner = r#"{"Id":"a1","State":{"Status":null,"Pid":0,"Health":null,"StartedAt":"0001-01-01T00:00:00Z"},
            "Config":{"Labels":null,"Env":null,"Image":null},"HostConfig":{},"GraphDriver":{"Data":null}}"#;
        for json in [r#"{"Id":"a1"}"#, nulls, inner] {
            assert_eq!(read(json), bare, "{json}");
        }
    }

    #[test]
    fn states_have_dockers_names_podmans_or_flags() {
        for (state, expected) in [
            (r#""Status":"created""#, State::Created),
            (r#""Status":"paused","Running":true,"Paused":true"#, State::Paused),
            (r#""Status":"restarting","Running":true"#, State::Restarting),
            (r#""Status":"removing""#, State::Removing),
            (r#""Status":"dead""#, State::Dead),
            (r#""Status":"stopped""#, State::Exited),
            (r#""Status":"stopping""#, State::Running),
            (r#""Status":"initialized""#, State::Created),
            (r#""Status":"odd","Running":true"#, State::Running),
            (r#""Running":true,"Restarting":true"#, State::Restarting),
            (r#""Paused":true,"Running":true"#, State::Paused),
            (r#""Status":"","StartedAt":"2026-11-22T08:02:39Z""#, State::Exited),
            (r#""Status":"odd""#, State::Created),
        ] {
            let facts = read(&format!(r#"{{"Id":"a1","State":{{{state}}}}}"#));
            assert_eq!(facts.state, expected, "{state}");
        }
    }

    #[test]
    fn the_exit_code_is_there_once_it_has_ended() {
        for (status, code) in [
            ("created", None),
            ("running", None),
            ("paused", None),
            ("restarting", Some(3)),
            ("exited", Some(3)),
            ("dead", Some(3)),
        ] {
            let facts = read(&format!(
                r#"{{"Id":"a1","State":{{"Status":"{status}","ExitCode":3}}}}"#
            ));
            assert_eq!(facts.exit_code, code, "{status}");
        }
    }

    #[test]
    fn images_are_as_asked_for_and_whole_ids_short() {
        for (asked, image) in [
            ("busy:1", "busy:1"),
            (
                "sha256:9618ebc1e6bf395da876b119ab3943d01addf099f5935c130733ea80a7d61e5e",
                "9618ebc1e6bf",
            ),
            ("a@sha256:9618ebc1e6bf395da876", "a@sha256:9618ebc1e6bf395da876"),
            ("sha256:short", "sha256:short"),
        ] {
            let facts = read(&format!(r#"{{"Id":"a1","Config":{{"Image":"{asked}"}}}}"#));
            assert_eq!(facts.image, image);
        }
    }

    #[test]
    fn networks_are_own_the_hosts_or_another_containers() {
        for (mode, network) in [
            ("default", Network::Own),
            ("none", Network::Own),
            ("host", Network::Host),
            ("container:b2", Network::Of("b2".to_owned())),
            ("ns:/run/netns/x", Network::Own),
        ] {
            let facts = read(&format!(r#"{{"Id":"a1","HostConfig":{{"NetworkMode":"{mode}"}}}}"#));
            assert_eq!(facts.network, network, "{mode}");
        }
    }

    #[test]
    fn a_link_gives_a_container_no_other_name() {
        let json = r#"[{"Id":"a1","Names":["/web/db","/shop-db"]},{"Id":"b2","Names":["/web/x"]}]"#;
        let list = list(json.as_bytes(), Runtime::Docker).unwrap();
        let names: Vec<_> = list.iter().map(|facts| facts.name.as_str()).collect();
        assert_eq!(names, ["shop-db", ""]);
    }

    #[test]
    fn no_truncation_or_corruption_panics() {
        let env = Environment::new(&[]);
        for json in [RUNNING, OOM_KILLED] {
            let whole = json.trim_end().as_bytes();
            for end in 0..whole.len() {
                let (start, _) = whole.split_at(end);
                assert!(container(start, Runtime::Docker, &env).is_err(), "{end}");
            }
            for at in 0..whole.len() {
                for byte in [b'"', b'9', 0xff] {
                    let mut bytes = whole.to_vec();
                    bytes[at] = byte;
                    container(&bytes, Runtime::Docker, &env).ok();
                }
            }
        }
    }

    #[test]
    fn the_log_never_repeats_a_value() {
        use super::super::super::http::Why;
        let json = r#"{"Id":"a1","Config":{"Env":"PASSWORD=hunter2"}}"#;
        let error = container(json.as_bytes(), Runtime::Docker, &Environment::new(&[]))
            .err()
            .unwrap();
        assert!(error.to_string().contains("hunter2"), "serde says it: {error}");
        let said = Why::from(error).to_string();
        assert_eq!(said, "malformed answer: line 1 column 45");
    }
}
