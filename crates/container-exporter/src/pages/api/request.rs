//! What a path asks for: `/api/VERSION/KIND/…`.

use crate::pages::address::decoded;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::pages) enum Request {
    /// Which versions there are.
    Versions,
    /// Which kinds of requests this version takes.
    Kinds(&'static Version),
    /// One cgroup by its path.
    Container(String),
    /// A cgroup and all below it.
    Subcontainers(String),
    /// All of Docker's containers.
    AllOfDocker,
    /// One of Docker's containers by its name or id.
    OfDocker(String),
    /// What has happened.
    Events,
    /// The machine's hardware.
    Machine,
    /// The machine's hardware and software.
    Attributes,
    /// The program's own version.
    ProgramVersion,
    /// Nothing that is known; says what.
    Unknown(String),
}

/// A version of the interface and the kinds of requests that it takes.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::pages) struct Version {
    /// As it stands in paths.
    pub(super) name: &'static str,
    /// Sorted.
    pub(super) kinds: &'static [&'static str],
}

/// All of them. Those of the second generation have no history here to tell of.
pub(super) const VERSIONS: &[Version] = &[
    Version {
        name: "v1.0",
        kinds: &["containers", "machine"],
    },
    Version {
        name: "v1.1",
        kinds: &["containers", "machine", "subcontainers"],
    },
    Version {
        name: "v1.2",
        kinds: &["containers", "docker", "machine", "subcontainers"],
    },
    Version {
        name: "v1.3",
        kinds: &["containers", "docker", "events", "machine", "subcontainers"],
    },
    Version {
        name: "v2.0",
        kinds: &["attributes", "events", "machine", "version"],
    },
    Version {
        name: "v2.1",
        kinds: &["attributes", "events", "machine", "version"],
    },
];

impl Request {
    /// Reads a path as it came, percent signs and all; `None` when it is none of the interface's.
    pub(in crate::pages) fn parse(path: &str) -> Option<Self> {
        let rest = path.strip_prefix("/api")?;
        if !rest.is_empty() && !rest.starts_with('/') {
            return None;
        }
        let mut parts = parts(rest).into_iter();
        let Some(version) = parts.next() else {
            return Some(Self::Versions);
        };
        let Some(known) = VERSIONS.iter().find(|known| known.name == version) else {
            return Some(Self::Unknown(format!("API version {version:?}")));
        };
        let Some(kind) = parts.next() else {
            return Some(Self::Kinds(known));
        };
        if !known.kinds.contains(&kind.as_str()) {
            return Some(Self::Unknown(format!("request type {kind:?} in {version}")));
        }
        Some(Self::of_kind(&kind, parts.collect()))
    }

    fn of_kind(kind: &str, mut rest: Vec<String>) -> Self {
        match kind {
            "containers" => Self::Container(cgroup(&rest)),
            "subcontainers" => Self::Subcontainers(cgroup(&rest)),
            "docker" => match (rest.pop(), rest.len()) {
                (None, _) => Self::AllOfDocker,
                (Some(name), 0) => Self::OfDocker(name),
                (Some(_), _) => Self::Unknown("request: Docker's containers have one name each".to_owned()),
            },
            "events" => Self::Events,
            "attributes" => Self::Attributes,
            "version" => Self::ProgramVersion,
            _ => Self::Machine,
        }
    }
}

/// The parts of a path, without empty ones and those that lead nowhere else.
fn parts(path: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for part in path.split('/').map(decoded) {
        match part.as_str() {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    parts
}

fn cgroup(parts: &[String]) -> String {
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_mean_what_they_mean_to_cadvisor() {
        let container = |id: &str| Some(Request::Container(id.to_owned()));
        let docker = |name: &str| Some(Request::OfDocker(name.to_owned()));
        for (path, expected) in [
            ("/api", Some(Request::Versions)),
            ("/api/", Some(Request::Versions)),
            ("/apis", None),
            ("/metrics", None),
            ("/api/v1.3", Some(Request::Kinds(&VERSIONS[3]))),
            ("/api/v2.1/", Some(Request::Kinds(&VERSIONS[5]))),
            ("/api/v1.0/containers", container("/")),
            ("/api/v1.3/containers/", container("/")),
            ("/api/v1.3/containers/docker//abc/", container("/docker/abc")),
            ("/api/v1.3/containers/a/../b", container("/b")),
            (
                "/api/v1.3/containers/system.slice/a%5cx2db.service",
                container("/system.slice/a\\x2db.service"),
            ),
            (
                "/api/v1.1/subcontainers/a",
                Some(Request::Subcontainers("/a".to_owned())),
            ),
            ("/api/v1.2/docker", Some(Request::AllOfDocker)),
            ("/api/v1.3/docker/", Some(Request::AllOfDocker)),
            ("/api/v1.3/docker/web", docker("web")),
            ("/api/v1.3/events", Some(Request::Events)),
            ("/api/v1.0/machine", Some(Request::Machine)),
            ("/api/v2.1/machine", Some(Request::Machine)),
            ("/api/v2.0/version", Some(Request::ProgramVersion)),
            ("/api/v2.1/attributes", Some(Request::Attributes)),
        ] {
            assert_eq!(Request::parse(path), expected, "{path}");
        }
    }

    #[test]
    fn what_is_not_known_is_named() {
        for (path, expected) in [
            ("/api/v9/machine", "\"v9\""),
            ("/api/v1.0/docker", "\"docker\" in v1.0"),
            ("/api/v2.1/ps", "\"ps\" in v2.1"),
            ("/api/v1.3/docker/a/b", "one name each"),
        ] {
            match Request::parse(path) {
                Some(Request::Unknown(what)) => assert!(what.contains(expected), "{path}: {what}"),
                other => panic!("{path}: {other:?}"),
            }
        }
    }
}
