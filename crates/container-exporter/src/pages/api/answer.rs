//! Requests and their answers.

use std::collections::BTreeMap;

use hyper::StatusCode;
use serde::Serialize;

use super::container::{ContainerInfo, find_of_docker, is_within, of_docker, running};
use super::machine::{Attributes, Machine, MachineAnswer};
use super::request::{Request, VERSIONS};
use crate::reader::Reading;

/// Why there is no answer: the status and, for people, the text.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::pages) struct ApiError {
    /// Where cAdvisor answers 500 to a name that it does not know, this is 404.
    pub(in crate::pages) status: StatusCode,
    /// Without a newline.
    pub(in crate::pages) text: String,
}

/// The answer in JSON. `machine` is only called when the machine is asked for.
///
/// # Errors
/// When there is no such container, version or kind of request.
pub(in crate::pages) fn answer(
    request: &Request,
    reading: &Reading,
    machine: impl FnOnce() -> Machine,
) -> Result<String, ApiError> {
    match request {
        Request::Versions => Err(choose("API versions", VERSIONS.iter().map(|version| version.name))),
        Request::Kinds(version) => Err(choose("request types", version.kinds.iter().copied())),
        Request::Container(id) => container(reading, id),
        Request::Subcontainers(id) => subcontainers(reading, id),
        Request::AllOfDocker => all_of_docker(reading),
        Request::OfDocker(name) => one_of_docker(reading, name),
        // None are kept, so none have happened.
        Request::Events => json(&[(); 0]),
        Request::Machine => json(&MachineAnswer::new(reading, &machine())),
        Request::Attributes => json(&Attributes::new(reading, &machine())),
        Request::ProgramVersion => json(&machine().versions.cadvisor_version),
        Request::Unknown(what) => Err(missing(what)),
    }
}

fn container(reading: &Reading, id: &str) -> Result<String, ApiError> {
    let row = running(reading).find(|row| row.container.id == id);
    let row = row.ok_or_else(|| missing(&format!("container {id:?}")))?;
    json(&ContainerInfo::new(reading, row))
}

fn subcontainers(reading: &Reading, id: &str) -> Result<String, ApiError> {
    let within = running(reading).filter(|row| is_within(&row.container, id));
    let all: Vec<ContainerInfo<'_>> = within.map(|row| ContainerInfo::new(reading, row)).collect();
    if all.is_empty() {
        return Err(missing(&format!("container {id:?}")));
    }
    json(&all)
}

fn all_of_docker(reading: &Reading) -> Result<String, ApiError> {
    let by_id = |row| -> (&str, ContainerInfo<'_>) { named(reading, row) };
    json(
        &of_docker(reading)
            .map(|(row, _)| by_id(row))
            .collect::<BTreeMap<_, _>>(),
    )
}

fn one_of_docker(reading: &Reading, name: &str) -> Result<String, ApiError> {
    let row = find_of_docker(reading, name).ok_or_else(|| missing(&format!("container {name:?} of Docker's")))?;
    json(&BTreeMap::from([named(reading, row)]))
}

fn named<'r>(reading: &'r Reading, row: &'r crate::reader::Row) -> (&'r str, ContainerInfo<'r>) {
    (row.container.id.as_str(), ContainerInfo::new(reading, row))
}

fn json(value: &impl Serialize) -> Result<String, ApiError> {
    serde_json::to_string(value).map_err(|error| ApiError {
        status: StatusCode::INTERNAL_SERVER_ERROR,
        text: error.to_string(),
    })
}

fn missing(what: &str) -> ApiError {
    ApiError {
        status: StatusCode::NOT_FOUND,
        text: format!("unknown {what}"),
    }
}

/// cAdvisor, too, calls it an error to name none.
fn choose<'n>(what: &str, names: impl Iterator<Item = &'n str>) -> ApiError {
    let names: Vec<&str> = names.collect();
    ApiError {
        status: StatusCode::BAD_REQUEST,
        text: format!("Supported {what}: {}", names.join(",")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::container::{Container, Facts, Runtime};
    use crate::reader::Reader;
    use crate::testing::{Tree, reader};

    fn container(tree: &Tree, name: &str, id: &str, runtime: Runtime) -> Container {
        let facts = Facts {
            runtime,
            id: id.to_owned(),
            name: name.to_owned(),
            image: "busy:1".to_owned(),
            labels: [("x".to_owned(), "y".to_owned())].into(),
            created: Some(1_700_000_000.0),
            ..Facts::default()
        };
        Container {
            facts: Some(facts.into()),
            ..tree.container(&format!("/docker/{id}"))
        }
    }

    fn some() -> (Tree, Reader) {
        let tree = Tree::v2();
        tree.write("docker/abc1/cpu.stat", "usage_usec 3\nuser_usec 2\nsystem_usec 1\n");
        let containers = vec![
            tree.container("/"),
            tree.container("/docker"),
            container(&tree, "web", "abc1", Runtime::Docker),
            container(&tree, "pod", "abd2", Runtime::Podman),
            Container {
                cgroup: None,
                ..container(&tree, "ended", "abe3", Runtime::Docker)
            },
        ];
        let reader = reader(&tree, containers);
        (tree, reader)
    }

    fn machine() -> Machine {
        let mut machine = Machine::default();
        machine.info.num_cores = 2;
        machine.versions.cadvisor_version = "1.2".to_owned();
        machine
    }

    fn ask(path: &str) -> Result<Value, ApiError> {
        let (_tree, reader) = some();
        let text = answer(&Request::parse(path).unwrap(), &reader.read(), machine)?;
        Ok(serde_json::from_str(&text).unwrap())
    }

    #[test]
    fn a_container_of_dockers_is_found_by_name_id_and_the_beginning_of_its_id() {
        for name in ["web", "abc1", "abc"] {
            let found = ask(&format!("/api/v1.3/docker/{name}")).unwrap();
            assert_eq!(
                found.as_object().unwrap().keys().collect::<Vec<_>>(),
                ["/docker/abc1"],
                "{name}"
            );
        }
        for name in ["pod", "ended", "b"] {
            let error = ask(&format!("/api/v1.3/docker/{name}")).unwrap_err();
            assert_eq!(error.status, StatusCode::NOT_FOUND, "{name}");
        }
    }

    #[test]
    fn a_container_is_told_by_cadvisors_names() {
        let found = ask("/api/v1.3/docker/web").unwrap();
        let found = &found["/docker/abc1"];
        assert_eq!(found["id"], "abc1");
        assert_eq!(found["name"], "/docker/abc1");
        assert_eq!(found["aliases"], json!(["web", "abc1"]));
        assert_eq!(found["namespace"], "docker");
        assert_eq!(found["spec"]["image"], "busy:1");
        assert_eq!(found["spec"]["labels"], json!({"x": "y"}));
        assert_eq!(found["spec"]["creation_time"], "2023-11-14T22:13:20.000000Z");
        assert_eq!(found["spec"]["has_cpu"], true);
        let usage = json!({"total": 3_000, "user": 2_000, "system": 1_000});
        assert_eq!(found["stats"][0]["cpu"]["usage"], usage);
        assert_eq!(found["stats"].as_array().map(Vec::len), Some(1));
    }

    #[test]
    fn a_cgroup_names_those_directly_below() {
        let root = ask("/api/v1.0/containers").unwrap();
        assert_eq!(root["subcontainers"], json!([{"name": "/docker"}]));
        assert_eq!(
            (root.get("id"), root.get("aliases"), root["spec"].get("image")),
            (None, None, None)
        );
        let docker = ask("/api/v1.3/containers/docker").unwrap();
        assert_eq!(
            docker["subcontainers"],
            json!([{"name": "/docker/abc1"}, {"name": "/docker/abd2"}])
        );
    }

    #[test]
    fn subcontainers_are_told_with_all_below_them() {
        let all = ask("/api/v1.1/subcontainers/docker").unwrap();
        let names: Vec<&Value> = all.as_array().unwrap().iter().map(|found| &found["name"]).collect();
        assert_eq!(names, ["/docker", "/docker/abc1", "/docker/abd2"]);
    }

    #[test]
    fn the_machine_and_the_version_are_told() {
        for path in ["/api/v1.0/machine", "/api/v2.1/machine", "/api/v2.0/attributes"] {
            let machine = ask(path).unwrap();
            assert_eq!(
                (&machine["num_cores"], &machine["cloud_provider"]),
                (&json!(2), &json!("Unknown")),
                "{path}"
            );
        }
        assert_eq!(ask("/api/v2.1/version").unwrap(), "1.2");
        assert_eq!(ask("/api/v1.3/events").unwrap(), json!([]));
    }

    #[test]
    fn errors_say_what_there_is() {
        for (path, status, text) in [
            ("/api", 400, "Supported API versions: v1.0,v1.1,v1.2,v1.3,v2.0,v2.1"),
            (
                "/api/v1.1/",
                400,
                "Supported request types: containers,machine,subcontainers",
            ),
            ("/api/v7/x", 404, "unknown API version \"v7\""),
            ("/api/v1.3/containers/none", 404, "unknown container \"/none\""),
            ("/api/v1.3/subcontainers/none", 404, "unknown container \"/none\""),
        ] {
            let error = ask(path).unwrap_err();
            assert_eq!((error.status.as_u16(), error.text.as_str()), (status, text), "{path}");
        }
    }
}
