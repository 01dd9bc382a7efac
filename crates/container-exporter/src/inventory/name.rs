//! Which container a cgroup is of, by its path. Runtimes name their cgroups in many ways; what they have in common is
//! the container's id at the end of the last part.

use crate::container::Runtime;

/// A container as a path names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    /// Who made it; `None` where the path does not tell.
    pub(super) runtime: Option<Runtime>,
    /// The container's id.
    pub(super) id: String,
}

/// The container of this cgroup; `None` for slices, services, pods, monitors of containers, and whatever else is none.
pub(super) fn parse(path: &str) -> Option<Name> {
    let (parent, mut base) = path.rsplit_once('/')?;
    let mut parent = parent.rsplit('/').next()?;
    // crun puts the processes one level below the container, where upstream finds them a second time.
    if base == "container" && parent.starts_with("libpod-") {
        (base, parent) = (parent, "");
    }
    let stem = base.strip_suffix(".scope").unwrap_or(base);
    let (prefix, id) = split_id(stem)?;
    let runtime = if prefix.is_empty() {
        by_parent(parent)
    } else {
        by_prefix(prefix)?
    };
    let id = id.to_owned();
    Some(Name { runtime, id })
}

/// Whether the runtime's id would be found in a path.
pub(super) fn is_id(text: &str) -> bool {
    split_id(text).is_some_and(|(prefix, _)| prefix.is_empty())
}

fn by_parent(parent: &str) -> Option<Runtime> {
    match parent {
        "docker" | "actions_job" => Some(Runtime::Docker),
        "libpod_parent" => Some(Runtime::Podman),
        _ => None,
    }
}

/// Who puts this before its ids; `None` if that makes it no container.
fn by_prefix(prefix: &str) -> Option<Option<Runtime>> {
    let unit = prefix.strip_suffix(['-', ':'])?;
    let last = unit.rsplit(':').next().unwrap_or(unit);
    Some(match last {
        "crio-conmon" | "libpod-conmon" => return None,
        "docker" => Some(Runtime::Docker),
        "libpod" => Some(Runtime::Podman),
        "cri-containerd" | "containerd" | "nerdctl" => Some(Runtime::Containerd),
        "crio" => Some(Runtime::CriO),
        _ => None,
    })
}

/// What stands before the id, and the id: 64 hexadecimal digits; 32 and a number (ECS); 8-4-4-4-4 (Garden).
fn split_id(stem: &str) -> Option<(&str, &str)> {
    let docker = trailing_hex(stem, 64);
    docker.or_else(|| ecs(stem)).or_else(|| garden(stem))
}

fn trailing_hex(text: &str, digits: usize) -> Option<(&str, &str)> {
    let (prefix, id) = text.split_at_checked(text.len().checked_sub(digits)?)?;
    is_hex(id).then_some((prefix, id))
}

fn ecs(stem: &str) -> Option<(&str, &str)> {
    let (task, number) = stem.rsplit_once('-')?;
    let (prefix, _) = trailing_hex(task, 32)?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| stem.split_at_checked(prefix.len()))?
}

fn garden(stem: &str) -> Option<(&str, &str)> {
    let is_garden = stem.split('-').map(str::len).eq([8, 4, 4, 4, 4]) && stem.split('-').all(is_hex);
    is_garden.then_some(("", stem))
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    const ECS: &str = "34dc0b5e626f2c5c4c5170e34b10e765-1234567890";
    const GARDEN: &str = "6f265890-5165-7fab-6b52-18d1";

    fn check(path: &str, id: &str, expected: Option<Option<Runtime>>) {
        let path = path.replace("ID", id);
        let expected = expected.map(|runtime| Name {
            runtime,
            id: id.to_owned(),
        });
        assert_eq!(parse(&path), expected, "{path}");
    }

    #[test]
    fn every_runtimes_paths_are_known() {
        let docker = Some(Runtime::Docker);
        let podman = Some(Runtime::Podman);
        let containerd = Some(Runtime::Containerd);
        let crio = Some(Runtime::CriO);
        for (path, runtime) in [
            ("/docker/ID", docker),
            ("/actions_job/ID", docker),
            ("/system.slice/docker-ID.scope", docker),
            (
                "/user.slice/user-1000.slice/user@1000.service/user.slice/docker-ID.scope",
                docker,
            ),
            ("/my\\x2dparent.slice/docker-ID.scope", docker),
            ("/kubepods.slice/kubepods-pod1.slice/docker-ID.scope", docker),
            ("/system.slice:docker:ID", docker),
            ("/libpod_parent/ID", podman),
            ("/libpod_parent/libpod-ID", podman),
            ("/machine.slice/libpod-ID.scope", podman),
            ("/machine.slice/libpod-ID.scope/container", podman),
            (
                "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-ID.scope/container",
                podman,
            ),
            (
                "/kubepods.slice/kubepods-burstable.slice/cri-containerd-ID.scope",
                containerd,
            ),
            (
                "/system.slice/containerd.service/kubepods-pod1.slice:cri-containerd:ID",
                containerd,
            ),
            ("/system.slice/nerdctl-ID.scope", containerd),
            ("/kubepods.slice/kubepods-pod1.slice/crio-ID.scope", crio),
            ("/kubepods/burstable/pod1/crio-ID", crio),
            ("/kubepods/besteffort/pod2d3da189_6407_48e3_9ab6_78188d75e609/ID", None),
            ("/my/parent/ID", None),
            ("/ID", None),
            ("/default/ID", None),
            ("/ecs/1/ID", None),
            ("/x/other-ID.scope", None),
        ] {
            check(path, ID, Some(runtime));
        }
        check("/ecs/34dc0b5e626f2c5c4c5170e34b10e765/ID", ECS, Some(None));
        check("/garden/ID", GARDEN, Some(None));
    }

    #[test]
    fn what_is_no_container_has_no_id() {
        for path in [
            "/",
            "",
            "ID",
            "/docker",
            "/docker/",
            "/docker/buildx",
            "/system.slice/ssh.service",
            "/system.slice/var-lib-docker-overlay2-ID-merged.mount",
            "/system.slice/ID.mount",
            "/system.slice/ID.service",
            "/system.slice/crio-conmon-ID.scope",
            "/kubepods/pod1/crio-conmon-ID",
            "/machine.slice/libpod-conmon-ID.scope",
            "/machine.slice/machine-libpod_pod_ID.slice",
            "/libpod_parent/libpod_pod_ID",
            "/docker/ID/init",
            "/docker/ID/container",
            "/docker/aID",
            "/docker/IDa",
            "/kubepods.slice/kubepods-pod34dc0b5e626f2c5c4c5170e34b10e765.slice",
            "/kubepods/pod34dc0b5e626f2c5c4c5170e34b10e765",
            "/kubepods/pod6f265890-5165-7fab-6b52-18d112345678",
            "/garden/6f265890-5165-7fab-6b52-18d112345678",
            "/docker/é0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde",
        ] {
            check(path, ID, None);
        }
        check("/docker/ID", &ID.to_uppercase(), None);
        check("/docker/ID", &ID.replace('0', "é"), None);
        check("/ecs/ID", "34dc0b5e626f2c5c4c5170e34b10e765-", None);
    }

    #[test]
    fn ids_stand_alone() {
        for (text, expected) in [(ID, true), (ECS, true), (GARDEN, true), ("redis", false), ("", false)] {
            assert_eq!(is_id(text), expected, "{text}");
        }
        assert!(!is_id(&format!("docker-{ID}")));
    }
}
