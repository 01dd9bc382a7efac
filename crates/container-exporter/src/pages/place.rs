//! Which path is which page.

use super::address::decoded;
use super::api::Request;
use super::assets::{self, Asset};
use crate::container::Runtime;

/// The runtimes whose containers have pages by their names. Elsewhere names are long, or not unique.
pub(super) const BY_NAME: [(Runtime, &str); 2] = [(Runtime::Docker, "/docker"), (Runtime::Podman, "/podman")];

/// What was asked for.
#[derive(Debug)]
pub(super) enum Place {
    /// Whether the exporter lives.
    Health,
    /// A script or style.
    Asset(&'static Asset),
    /// What programs ask for, in cAdvisor's way.
    Api(Request),
    /// The values of a page, for its script.
    Data(Subject),
    /// A page.
    Page(Subject),
}

/// What a page is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// A runtime's containers.
    All(Runtime),
    /// One of them, by its name or the beginning of its id.
    Container(Runtime, String),
    /// A cgroup and what is below, by its path; all there is for `/`.
    Cgroup(String),
}

impl Place {
    /// The place; `None` where a path is none of these.
    pub(super) fn find(path: &str, query: &str) -> Option<Self> {
        if path == "/healthz" {
            return Some(Self::Health);
        }
        if path == "/containers/data.json" {
            return Some(Self::Data(wanted(query)));
        }
        if let Some(asset) = path.strip_prefix("/containers/static/").and_then(assets::find) {
            return Some(Self::Asset(asset));
        }
        if let Some(request) = Request::parse(path) {
            return Some(Self::Api(request));
        }
        Subject::at(path).map(Self::Page)
    }

    /// Whether it is cAdvisor's interface.
    pub(super) fn is_api(&self) -> bool {
        matches!(self, Self::Api(_))
    }
}

impl Subject {
    /// What the page at this path is about.
    fn at(path: &str) -> Option<Self> {
        for (runtime, folder) in BY_NAME {
            if let Some(name) = below(folder, path) {
                return Some(match name.trim_matches('/') {
                    "" => Self::All(runtime),
                    name => Self::Container(runtime, decoded(name)),
                });
            }
        }
        let id = below("/containers", path)?;
        Some(Self::Cgroup(format!("/{}", decoded(id.trim_matches('/')))))
    }
}

fn below<'p>(folder: &str, path: &'p str) -> Option<&'p str> {
    let rest = path.strip_prefix(folder)?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

/// `page=PATH`, the path of a page, encoded once more.
fn wanted(query: &str) -> Subject {
    let page = query.split('&').find_map(|pair| pair.strip_prefix("page="));
    let subject = page.and_then(|page| Subject::at(&decoded(page)));
    subject.unwrap_or_else(|| Subject::Cgroup("/".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(path: &str) -> Option<Subject> {
        match Place::find(path, "") {
            Some(Place::Page(subject)) => Some(subject),
            None => None,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn paths_are_pages() {
        let (cgroup, container) = (
            |id: &str| Subject::Cgroup(id.into()),
            |name: &str| Subject::Container(Runtime::Docker, name.into()),
        );
        for (path, subject) in [
            ("/containers", cgroup("/")),
            ("/containers/", cgroup("/")),
            (
                "/containers/system.slice/docker-1.scope/",
                cgroup("/system.slice/docker-1.scope"),
            ),
            ("/containers/a%20b/%3Cc", cgroup("/a b/<c")),
            ("/docker", Subject::All(Runtime::Docker)),
            ("/docker/", Subject::All(Runtime::Docker)),
            ("/podman/", Subject::All(Runtime::Podman)),
            ("/podman/db", Subject::Container(Runtime::Podman, "db".into())),
            ("/docker/web%2F1", container("web/1")),
        ] {
            assert_eq!(page(path), Some(subject), "{path}");
        }
        for path in ["/", "/containersx", "/dockers/", "/metrics", "/healthz/"] {
            assert_eq!(page(path), None, "{path}");
        }
    }

    #[test]
    fn data_are_those_of_a_page() {
        for (query, subject) in [
            ("", Subject::Cgroup("/".into())),
            ("page=%2Fdocker%2F", Subject::All(Runtime::Docker)),
            (
                "x=1&page=%2Fdocker%2Fa%2520b",
                Subject::Container(Runtime::Docker, "a b".into()),
            ),
            ("page=/containers/a", Subject::Cgroup("/a".into())),
            ("page=%2Fetc", Subject::Cgroup("/".into())),
        ] {
            match Place::find("/containers/data.json", query) {
                Some(Place::Data(found)) => assert_eq!(found, subject, "{query}"),
                other => panic!("{other:?}"),
            }
        }
    }
}
