//! containerd's messages, with the fields that are needed, and what they come to.

use std::collections::BTreeMap;

use bytes::Bytes;
use log::warn;
use prost::Message;
use serde::Deserialize;

use super::super::Environment;
use crate::container::{Facts, Network, Runtime, State};

/// The label by which Kubernetes' plugin tells a pod's own container from the others.
const KIND: &str = "io.cri-containerd.kind";
/// The annotation that names the pod's own container.
const SANDBOX: &str = "io.kubernetes.cri.sandbox-id";

/// `VersionResponse`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Version {
    #[prost(string, tag = "1")]
    pub(super) version: String,
}

/// `ListContainersResponse` and `ListTasksResponse`. What is in them is decoded one by one, so that a malformed one is
/// its own loss alone.
#[derive(Clone, PartialEq, Message)]
pub(super) struct List {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    pub(super) all: Vec<Bytes>,
}

/// `Container`.
#[derive(Clone, PartialEq, Message)]
struct Container {
    #[prost(string, tag = "1")]
    id: String,
    #[prost(btree_map = "string, string", tag = "2")]
    labels: BTreeMap<String, String>,
    #[prost(string, tag = "3")]
    image: String,
    #[prost(message, optional, tag = "5")]
    spec: Option<Any>,
    #[prost(message, optional, tag = "8")]
    created_at: Option<Timestamp>,
}

/// `google.protobuf.Any`.
#[derive(Clone, PartialEq, Message)]
struct Any {
    #[prost(bytes = "bytes", tag = "2")]
    value: Bytes,
}

/// `google.protobuf.Timestamp`.
#[derive(Clone, PartialEq, Message)]
struct Timestamp {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

/// `Process`: what of a container runs.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Task {
    #[prost(string, tag = "2")]
    id: String,
    #[prost(uint32, tag = "3")]
    pid: u32,
    /// 1 created, 2 running, 3 stopped, 4 paused, 5 about to be paused.
    #[prost(int32, tag = "4")]
    status: i32,
    #[prost(uint32, tag = "9")]
    exit_status: u32,
    #[prost(message, optional, tag = "10")]
    exited_at: Option<Timestamp>,
}

/// What is needed of the OCI runtime specification, which is JSON.
#[derive(Default, Deserialize)]
struct Spec {
    process: Option<Process>,
    linux: Option<Linux>,
    annotations: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct Process {
    env: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Linux {
    namespaces: Option<Vec<Namespace>>,
}

#[derive(Deserialize)]
struct Namespace {
    #[serde(rename = "type", default)]
    kind: String,
}

/// The tasks by their containers' ids.
pub(super) fn tasks(list: List) -> BTreeMap<String, Task> {
    let tasks = list.all.into_iter().filter_map(|task| decoded::<Task>(task, "task"));
    tasks.map(|task| (task.id.clone(), task)).collect()
}

/// The containers as facts.
pub(super) fn facts(list: List, tasks: &BTreeMap<String, Task>, env: &Environment) -> Vec<Facts> {
    let containers = list
        .all
        .into_iter()
        .filter_map(|container| decoded::<Container>(container, "container"));
    let facts = containers.map(|container| {
        let task = tasks.get(&container.id);
        container.into_facts(task, env)
    });
    facts.collect()
}

fn decoded<M: Message + Default>(bytes: Bytes, what: &str) -> Option<M> {
    M::decode(bytes)
        .map_err(|error| warn!("containerd: malformed {what}: {error}"))
        .ok()
}

impl Container {
    fn into_facts(self, task: Option<&Task>, env: &Environment) -> Facts {
        let spec = self
            .spec
            .as_ref()
            .and_then(|spec| serde_json::from_slice::<Spec>(&spec.value).ok());
        let network = network(&self.labels, spec.as_ref());
        let variables = spec.and_then(|spec| spec.process?.env).unwrap_or_default();
        let state = task.map_or(State::Exited, Task::state);
        let ended = task.filter(|_| state == State::Exited);
        Facts {
            runtime: Runtime::Containerd,
            // containerd has no names, and upstream shows the id instead.
            name: self.id.clone(),
            id: self.id,
            image: self.image,
            labels: self.labels,
            env: env.of(variables.iter().map(String::as_str)),
            created: self.created_at.as_ref().map(Timestamp::seconds),
            finished: ended.and_then(|task| Some(task.exited_at.as_ref()?.seconds())),
            state,
            exit_code: ended.map(|task| task.exit_status.into()),
            pid: task.map(|task| task.pid).filter(|pid| *pid > 0 && ended.is_none()),
            network,
            ..Facts::default()
        }
    }
}

impl Task {
    fn state(&self) -> State {
        match self.status {
            1 => State::Created,
            3 => State::Exited,
            4 | 5 => State::Paused,
            _ => State::Running,
        }
    }
}

impl Timestamp {
    fn seconds(&self) -> f64 {
        self.seconds as f64 + f64::from(self.nanos) / 1e9
    }
}

/// The pod's, for containers of a pod; the host's, for those that are given no namespace of their own.
fn network(labels: &BTreeMap<String, String>, spec: Option<&Spec>) -> Network {
    let is_in_pod = labels.get(KIND).is_some_and(|kind| kind == "container");
    let sandbox = spec.and_then(|spec| spec.annotations.as_ref()?.get(SANDBOX));
    let namespaces = spec.and_then(|spec| spec.linux.as_ref()?.namespaces.as_ref());
    match (sandbox, namespaces) {
        (Some(sandbox), _) if is_in_pod => Network::Of(sandbox.clone()),
        (_, Some(namespaces)) if !namespaces.iter().any(|namespace| namespace.kind == "network") => Network::Host,
        _ => Network::Own,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEC: &str = r#"{"ociVersion":"1.0.2","process":{"env":["APP_A=1","SECRET=x"],"cwd":"/"},
        "linux":{"namespaces":[{"type":"pid"},{"type":"network","path":"/proc/7/ns/net"}]},
        "annotations":{"io.kubernetes.cri.sandbox-id":"pod"}}"#;

    fn container(spec: &str, labels: &[(&str, &str)]) -> Container {
        let labels = labels
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Container {
            id: "a1".to_owned(),
            labels: labels.collect(),
            image: "docker.io/library/web:1".to_owned(),
            spec: Some(Any {
                value: Bytes::copy_from_slice(spec.as_bytes()),
            }),
            created_at: Some(Timestamp {
                seconds: 1_795_334_058,
                nanos: 500_000_000,
            }),
        }
    }

    fn task(status: i32) -> Task {
        Task {
            id: "a1".to_owned(),
            pid: 7,
            status,
            exit_status: 3,
            exited_at: Some(Timestamp { seconds: 9, nanos: 0 }),
        }
    }

    fn list(messages: &[&dyn Fn() -> Vec<u8>]) -> List {
        List {
            all: messages.iter().map(|message| Bytes::from(message())).collect(),
        }
    }

    #[test]
    fn a_container_of_a_pod_is_its_spec_and_its_task() {
        let all = list(&[&|| container(SPEC, &[(KIND, "container")]).encode_to_vec(), &|| {
            vec![0xff; 3]
        }]);
        let tasks = tasks(list(&[&|| vec![0xff; 3], &|| task(2).encode_to_vec()]));
        let expected = Facts {
            runtime: Runtime::Containerd,
            id: "a1".to_owned(),
            name: "a1".to_owned(),
            image: "docker.io/library/web:1".to_owned(),
            labels: [(KIND.to_owned(), "container".to_owned())].into(),
            env: [("APP_A".to_owned(), "1".to_owned())].into(),
            created: Some(1_795_334_058.5),
            state: State::Running,
            pid: Some(7),
            network: Network::Of("pod".to_owned()),
            ..Facts::default()
        };
        assert_eq!(facts(all, &tasks, &Environment::new(&["APP_".to_owned()])), [expected]);
    }

    #[test]
    fn states_are_the_tasks() {
        for (task, state, code, pid) in [
            (Some(task(1)), State::Created, None, Some(7)),
            (Some(task(2)), State::Running, None, Some(7)),
            (Some(task(3)), State::Exited, Some(3), None),
            (Some(task(4)), State::Paused, None, Some(7)),
            (None, State::Exited, None, None),
        ] {
            let facts = container(SPEC, &[]).into_facts(task.as_ref(), &Environment::new(&[]));
            assert_eq!(
                (facts.state, facts.exit_code, facts.pid),
                (state, code, pid),
                "{task:?}"
            );
            assert_eq!(facts.finished, code.map(|_| 9.0));
        }
    }

    #[test]
    fn networks_are_the_pods_the_hosts_or_own() {
        let host = r#"{"linux":{"namespaces":[{"type":"pid"}]}}"#;
        for (spec, labels, network) in [
            (SPEC, &[(KIND, "container")][..], Network::Of("pod".to_owned())),
            (SPEC, &[(KIND, "sandbox")], Network::Own),
            (SPEC, &[], Network::Own),
            (host, &[], Network::Host),
            ("{}", &[], Network::Own),
            ("{", &[(KIND, "container")], Network::Own),
        ] {
            let facts = container(spec, labels).into_facts(None, &Environment::new(&[]));
            assert_eq!(facts.network, network, "{spec}");
        }
    }
}
