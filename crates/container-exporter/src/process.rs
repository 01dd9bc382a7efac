//! One living process of a container: through it, the files of /proc that belong to the container's namespaces are read.

use std::path::Path;
use std::sync::Arc;

use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{Access, AtFlags, CWD, Mode, OFlags, accessat, openat, statat};
use rustix::io::Errno;

use crate::cgroup::{Places, fill};
use crate::container::{Container, Network};

/// The process, or a place for it.
///
/// What stays open is its folder in /proc: unlike its number that never means another process, and unlike a file of its
/// network it keeps no namespace alive.
#[derive(Debug)]
pub(crate) struct Process {
    held: Option<Held>,
    places: Arc<Places>,
}

#[derive(Debug)]
struct Held {
    folder: OwnedFd,
    /// The inode of its network namespace; `None` where we may not see it.
    network: Option<u64>,
    /// Whether it has one of the places of files that stay open.
    has_place: bool,
}

impl Process {
    /// None yet.
    pub(crate) fn new(places: &Arc<Places>) -> Self {
        Self {
            held: None,
            places: Arc::clone(places),
        }
    }

    /// Whether there is one, which may have ended by now.
    pub(crate) fn is_held(&self) -> bool {
        self.held.is_some()
    }

    /// Takes the process with this number if it lives and its cgroup has `name` in its path; a number alone may belong
    /// to another process by now.
    pub(crate) fn hold(&mut self, procfs: &Path, pid: u32, name: &str, buffer: &mut Vec<u8>) -> bool {
        self.let_go();
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let Ok(folder) = openat(CWD, procfs.join(pid.to_string()), flags, Mode::empty()) else {
            return false;
        };
        if read_at(&folder, "cgroup", buffer).is_err() || !contains(buffer, name.as_bytes()) || !is_alive(&folder) {
            return false;
        }
        let network = statat(&folder, "ns/net", AtFlags::empty()).ok();
        self.held = Some(Held {
            network: network.map(|stat| stat.st_ino),
            has_place: self.places.take(),
            folder,
        });
        true
    }

    /// Reads a file by its path below the process' folder.
    ///
    /// # Errors
    /// The kernel's: ENOENT or ESRCH once the process has ended.
    pub(crate) fn read(&self, name: &str, buffer: &mut Vec<u8>) -> Result<(), Errno> {
        let held = self.held.as_ref().ok_or(Errno::SRCH)?;
        read_at(&held.folder, name, buffer)
    }

    /// Whether it has not ended.
    pub(crate) fn is_alive(&self) -> bool {
        self.held.as_ref().is_some_and(|held| is_alive(&held.folder))
    }

    /// The network that it was in when it was taken; `None` where we may not see it.
    pub(crate) fn network_namespace(&self) -> Option<u64> {
        self.held.as_ref()?.network
    }

    /// Forgets it.
    pub(crate) fn let_go(&mut self) {
        if self.held.take().is_some_and(|held| held.has_place) {
            self.places.give_back(1);
        }
    }

    /// Forgets it if no file more may stay open.
    pub(crate) fn let_go_without_place(&mut self) {
        self.held.take_if(|held| !held.has_place);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.let_go();
    }
}

/// The network namespaces that were counted in a reading.
#[derive(Debug, Default)]
pub(crate) struct Namespaces {
    host: Option<u64>,
    claimed: Vec<u64>,
}

impl Namespaces {
    /// A reading begins: nothing was counted.
    pub(crate) fn begin(&mut self) {
        self.claimed.clear();
    }

    /// The host's; `None` where we may not see it.
    pub(crate) fn host(&mut self, procfs: &Path) -> Option<u64> {
        if self.host.is_none() {
            let stat = statat(CWD, procfs.join("1/ns/net"), AtFlags::empty());
            self.host = stat.ok().map(|stat| stat.st_ino);
        }
        self.host
    }

    /// Whether it was not counted yet. From now on it is.
    pub(crate) fn claim(&mut self, namespace: u64) -> bool {
        let first = !self.claimed.contains(&namespace);
        if first {
            self.claimed.push(namespace);
        }
        first
    }
}

/// Whether a network may be the container's own: its runtime says so, or its cgroup is called as runtimes call those of
/// containers. Services and slices are in the host's.
pub(crate) fn may_have_network(container: &Container) -> bool {
    match &container.facts {
        Some(facts) => facts.network == Network::Own,
        None => is_named_as_containers(&container.id),
    }
}

/// Whether it is a container, as its runtime says or as its cgroup is called.
pub(crate) fn is_container(container: &Container) -> bool {
    container.facts.is_some() || is_named_as_containers(&container.id)
}

/// 64 hexadecimal digits, or ECS' 32 with a number behind; conmon, which stands beside Podman's and CRI-O's containers,
/// has their id too.
fn is_named_as_containers(id: &str) -> bool {
    let name = id.rsplit('/').next().unwrap_or_default();
    if name.contains("conmon-") {
        return false;
    }
    let is_digit = |part: &str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let parts = || name.split(['-', '.', ':']);
    let ecs = parts().zip(parts().skip(1)).any(|(id, number)| {
        id.len() == 32 && is_digit(id) && !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    });
    ecs || parts().any(|part| part.len() == 64 && is_digit(part))
}

/// Reads a whole file that is opened for that.
///
/// # Errors
/// The kernel's.
pub(crate) fn read_file(path: &Path, buffer: &mut Vec<u8>) -> Result<(), Errno> {
    let file = openat(CWD, path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    fill(&file, buffer)
}

fn read_at(folder: impl AsFd, name: &str, buffer: &mut Vec<u8>) -> Result<(), Errno> {
    let file = openat(folder, name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    fill(&file, buffer)
}

/// A process that has ended and was not waited for yet has a folder, but no network.
fn is_alive(folder: impl AsFd) -> bool {
    accessat(folder, "net/dev", Access::EXISTS, AtFlags::empty()).is_ok()
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    part.is_empty() || bytes.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::Facts;
    use crate::testing::Tree;

    fn process(tree: &Tree, pid: u32, cgroup: &str) {
        tree.write_proc(&format!("{pid}/cgroup"), &format!("0::{cgroup}\n"));
        tree.write_proc(&format!("{pid}/net/dev"), "");
        tree.write_proc(&format!("{pid}/limits"), "limits");
    }

    #[test]
    fn a_process_of_another_cgroup_is_not_taken() {
        let tree = Tree::v2();
        process(&tree, 7, "/docker/a");
        let (mut held, mut buffer) = (Process::new(&Places::new(9)), Vec::new());
        let procfs = tree.paths().procfs;
        assert!(!held.hold(&procfs, 7, "b", &mut buffer));
        assert!(!held.hold(&procfs, 8, "a", &mut buffer));
        assert!(!held.is_held());
        assert!(held.hold(&procfs, 7, "a", &mut buffer));
        assert_eq!(held.read("limits", &mut buffer), Ok(()));
        assert_eq!(buffer, b"limits");
    }

    #[test]
    fn the_next_process_with_its_number_is_not_it() {
        let tree = Tree::v2();
        process(&tree, 7, "/docker/a");
        let (mut held, mut buffer) = (Process::new(&Places::new(9)), Vec::new());
        let procfs = tree.paths().procfs;
        assert!(held.hold(&procfs, 7, "a", &mut buffer) && held.is_alive());
        std::fs::remove_dir_all(procfs.join("7")).unwrap();
        process(&tree, 7, "/docker/b");
        assert_eq!(held.read("limits", &mut buffer), Err(Errno::NOENT));
        assert!(!held.is_alive());
    }

    #[test]
    fn without_a_place_it_is_held_for_one_reading() {
        let tree = Tree::v2();
        process(&tree, 7, "/docker/a");
        let (places, mut buffer) = (Places::new(1), Vec::new());
        let (mut first, mut second) = (Process::new(&places), Process::new(&places));
        for held in [&mut first, &mut second] {
            assert!(held.hold(&tree.paths().procfs, 7, "a", &mut buffer));
            held.let_go_without_place();
        }
        assert!(first.is_held() && !second.is_held());
        drop(first);
        assert!(places.take());
    }

    #[test]
    fn the_names_of_containers_are_known() {
        let long = "0123456789abcdef".repeat(4);
        let short = "0123456789abcdef".repeat(2);
        for (id, expected) in [
            (format!("/docker/{long}"), true),
            (format!("/system.slice/docker-{long}.scope"), true),
            (format!("/kubepods.slice/cri-containerd-{long}.scope"), true),
            (format!("/ecs/task/{short}-1234567"), true),
            (format!("/machine.slice/libpod-conmon-{long}.scope"), false),
            (format!("/jobs/{short}"), false),
            (format!("/docker/{long}/init.scope"), false),
            ("/system.slice/ssh.service".to_owned(), false),
            ("/docker".to_owned(), false),
            ("/".to_owned(), false),
        ] {
            assert_eq!(is_named_as_containers(&id), expected, "{id}");
        }
    }

    #[test]
    fn what_the_runtime_says_goes_before_the_name() {
        let tree = Tree::v2();
        let mut container = tree.container("/docker/short");
        assert!(!may_have_network(&container));
        for (network, expected) in [
            (Network::Own, true),
            (Network::Host, false),
            (Network::Of("other".to_owned()), false),
        ] {
            let facts = Facts {
                network,
                ..Facts::default()
            };
            container.facts = Some(facts.into());
            assert_eq!(may_have_network(&container), expected);
        }
    }
}
