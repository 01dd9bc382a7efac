//! The list of containers, from folders that stand for cgroups, news that stand for a runtime's, and a time of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Inventory;
use super::census::Census;
use super::join::GRACE;
use super::told::KEPT;
use crate::container::{Facts, Runtime, State};
use crate::reader::{Containers, List, Reader};
use crate::runtimes::Update;
use crate::settings::{LabelRules, Paths, Selection, Settings, Sockets};
use crate::testing::{Tree, samples_of};

const SECOND: Duration = Duration::from_secs(1);

/// The id of a container: a number in 64 digits.
fn id(number: u32) -> String {
    format!("{number:064x}")
}

fn facts(number: u32) -> Facts {
    Facts {
        id: id(number),
        name: format!("c{number}"),
        state: State::Running,
        ..Facts::default()
    }
}

fn stopped(number: u32) -> Facts {
    Facts {
        state: State::Exited,
        ..facts(number)
    }
}

fn listed<const N: usize>(all: [Facts; N]) -> Update {
    Update::Listed(Runtime::Docker, all.into())
}

fn removed(number: u32) -> Update {
    Update::Removed(Runtime::Docker, id(number))
}

fn settings(paths: Paths) -> Settings {
    Settings {
        groups: Vec::new(),
        paths,
        labels: LabelRules {
            all: true,
            only: Vec::new(),
            env_prefixes: Vec::new(),
        },
        selection: Selection {
            containers_only: false,
            prefixes: Vec::new(),
            without_root: false,
        },
        sockets: Sockets {
            docker: Some("/docker.sock".into()),
            podman: None,
            containerd: None,
            containerd_namespace: "default".to_owned(),
            crio: None,
        },
    }
}

/// A host of a test's own, whose time stands still until it is moved.
struct Host {
    tree: Tree,
    root: PathBuf,
    census: Census,
    now: Instant,
}

impl Host {
    fn new() -> Self {
        Self::with(Tree::v1(), "memory", |_| {})
    }

    fn with(tree: Tree, hierarchy: &str, choose: impl Fn(&mut Settings)) -> Self {
        let mut settings = settings(tree.paths());
        choose(&mut settings);
        let root = tree.paths().sysfs.join("fs/cgroup").join(hierarchy);
        let now = Instant::now();
        Self {
            census: Census::new(&settings, now).unwrap(),
            tree,
            root,
            now,
        }
    }

    fn make(&self, path: &str) {
        fs::create_dir_all(self.root.join(path)).unwrap();
    }

    fn remove(&self, path: &str) {
        fs::remove_dir_all(self.root.join(path)).unwrap();
    }

    fn make_docker(&self, number: u32) {
        self.make(&format!("docker/{}", id(number)));
    }

    fn remove_docker(&self, number: u32) {
        self.remove(&format!("docker/{}", id(number)));
    }

    fn tell(&mut self, update: Update) {
        self.census.tell(update, self.now);
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
    }

    /// What is listed now: id with the digits of the container's number alone, name, and `-` where nothing runs.
    fn settled(&mut self) -> Vec<String> {
        self.census.settle(self.now);
        rows(self.census.list())
    }
}

fn rows(list: &List) -> Vec<String> {
    let row = |container: &Arc<crate::container::Container>| {
        let name = container.facts.as_deref().map_or("", |facts| &facts.name);
        let stopped = if container.cgroup.is_some() { "" } else { "-" };
        format!("{}:{name}{stopped}", container.id.replace(&"0".repeat(61), ""))
    };
    list.iter().map(row).collect()
}

#[test]
fn a_cgroup_has_its_facts_as_soon_as_it_is_listed() {
    let mut host = Host::new();
    host.make("system.slice/ssh.service");
    host.make_docker(1);
    assert_eq!(
        host.settled(),
        ["/:", "/docker:", "/system.slice:", "/system.slice/ssh.service:"]
    );
    host.tell(listed([facts(1)]));
    let all = [
        "/:",
        "/docker:",
        "/docker/001:c1",
        "/system.slice:",
        "/system.slice/ssh.service:",
    ];
    assert_eq!(host.settled(), all);
}

#[test]
fn a_cgroup_that_nobody_tells_of_is_listed_after_a_while() {
    let mut host = Host::new();
    host.tell(listed([]));
    host.make_docker(1);
    assert_eq!(host.settled(), ["/:", "/docker:"]);
    assert_eq!(host.census.due(), host.now + GRACE);
    host.pass(GRACE);
    assert_eq!(host.settled(), ["/:", "/docker:", "/docker/001:"]);
    host.make(&format!("libpod_parent/{}", id(2)));
    let with_podman = [
        "/:",
        "/docker:",
        "/docker/001:",
        "/libpod_parent:",
        "/libpod_parent/002:",
    ];
    assert_eq!(host.settled(), with_podman, "nobody is asked about Podman's");
}

#[test]
fn a_container_waits_for_its_cgroup_which_is_looked_for() {
    let mut host = Host::new();
    host.tell(listed([facts(1)]));
    assert_eq!(host.settled(), ["/:"]);
    assert_eq!(host.census.due(), host.now + SECOND);
    host.pass(GRACE - SECOND);
    host.make_docker(1);
    assert_eq!(host.settled(), ["/:", "/docker:", "/docker/001:c1"]);
    host.tell(Update::Changed(facts(2)));
    host.settled();
    host.pass(GRACE);
    let without_cgroup = ["/:", "/docker:", "/docker/001:c1", "/docker/002:c2-"];
    assert_eq!(host.settled(), without_cgroup, "some runtimes can do without");
}

#[test]
fn what_has_not_changed_stays_the_same() {
    let mut host = Host::new();
    host.make_docker(1);
    host.make_docker(2);
    host.tell(listed([facts(1), facts(2), stopped(3)]));
    host.settled();
    let before = Arc::clone(host.census.list());
    host.tell(listed([stopped(3), facts(2), facts(1)]));
    host.pass(Duration::from_secs(61));
    host.settled();
    assert!(Arc::ptr_eq(&before, host.census.list()));
    host.tell(Update::Changed(Facts {
        name: "renamed".to_owned(),
        ..facts(2)
    }));
    assert_eq!(
        host.settled(),
        [
            "/:",
            "/docker:",
            "/docker/001:c1",
            "/docker/002:renamed",
            "/docker/003:c3-"
        ]
    );
    let kept = before.iter().zip(host.census.list().iter());
    let kept: Vec<bool> = kept.map(|(before, now)| Arc::ptr_eq(before, now)).collect();
    assert_eq!(kept, [true, true, true, false, true]);
}

#[test]
fn a_restart_between_two_looks_gives_another_container() {
    let mut host = Host::new();
    host.make_docker(1);
    host.make_docker(2);
    host.tell(listed([facts(1), facts(2)]));
    host.settled();
    let before = Arc::clone(host.census.list());
    // Another folder's inode comes between, since file systems give numbers out again at once and cgroupfs does not.
    fs::rename(host.root.join(format!("docker/{}", id(1))), host.root.join("kept")).unwrap();
    host.make_docker(1);
    host.remove("kept");
    assert_eq!(host.settled(), rows(&before));
    let kept = before.iter().zip(host.census.list().iter());
    let kept: Vec<bool> = kept.map(|(before, now)| Arc::ptr_eq(before, now)).collect();
    assert_eq!(kept, [true, true, false, true]);
}

#[test]
fn a_container_that_ends_keeps_its_id_until_it_is_removed() {
    let mut host = Host::new();
    host.make(&format!("mine/{}", id(1)));
    host.make_docker(2);
    host.tell(listed([facts(1), facts(2), stopped(3)]));
    let running = [
        "/:",
        "/docker:",
        "/docker/002:c2",
        "/docker/003:c3-",
        "/mine:",
        "/mine/001:c1",
    ];
    assert_eq!(host.settled(), running);
    host.pass(GRACE);
    host.remove(&format!("mine/{}", id(1)));
    let ended = [
        "/:",
        "/docker:",
        "/docker/002:c2",
        "/docker/003:c3-",
        "/mine:",
        "/mine/001:c1-",
    ];
    assert_eq!(host.settled(), ended, "before its runtime says so");
    host.tell(Update::Changed(stopped(1)));
    assert_eq!(host.settled(), ended);
    host.tell(removed(1));
    assert_eq!(
        host.settled(),
        ["/:", "/docker:", "/docker/002:c2", "/docker/003:c3-", "/mine:"]
    );
}

#[test]
fn ids_of_stopped_containers_follow_the_driver() {
    let make = |choose: fn(&mut Settings)| {
        let tree = Tree::v2();
        tree.write("system.slice/cgroup.procs", "");
        Host::with(tree, "", choose)
    };
    let mut host = make(|settings| settings.selection.containers_only = true);
    host.tell(listed([stopped(1)]));
    assert_eq!(host.settled(), ["/:", "/system.slice/docker-001.scope:c1-"]);
    host.make(&format!(r"my\x2dparent.slice/docker-{}.scope", id(2)));
    host.make_docker(3);
    host.tell(listed([stopped(1), facts(2), facts(3)]));
    assert_eq!(
        host.settled(),
        [
            "/:",
            "/docker/001:c1-",
            "/docker/003:c3",
            r"/my\x2dparent.slice/docker-002.scope:c2"
        ]
    );
}

#[test]
fn a_name_that_is_used_again_is_another_container() {
    let mut host = Host::new();
    let web = |number, facts: fn(u32) -> Facts| Facts {
        name: "web".to_owned(),
        ..facts(number)
    };
    host.make_docker(1);
    host.tell(listed([web(1, facts)]));
    assert_eq!(host.settled(), ["/:", "/docker:", "/docker/001:web"]);
    host.remove_docker(1);
    host.make_docker(2);
    host.tell(removed(1));
    host.tell(Update::Changed(web(2, facts)));
    assert_eq!(host.settled(), ["/:", "/docker:", "/docker/002:web"]);
    host.tell(Update::Changed(web(1, stopped)));
    assert_eq!(
        host.settled(),
        ["/:", "/docker:", "/docker/001:web-", "/docker/002:web"]
    );
}

#[test]
fn one_that_was_killed_for_memory_stays_for_five_minutes() {
    let mut host = Host::new();
    host.make_docker(1);
    host.tell(listed([facts(1)]));
    host.settled();
    host.remove_docker(1);
    host.tell(Update::Changed(Facts {
        oom_killed: true,
        ..stopped(1)
    }));
    host.tell(removed(1));
    assert_eq!(host.settled(), ["/:", "/docker:", "/docker/001:c1-"]);
    host.pass(KEPT - SECOND);
    assert_eq!(host.settled(), ["/:", "/docker:", "/docker/001:c1-"]);
    assert_eq!(host.census.due(), host.now + SECOND);
    host.pass(SECOND);
    assert_eq!(host.settled(), ["/:", "/docker:"]);
}

#[test]
fn without_the_daemon_cgroups_are_still_listed_and_its_absence_told() {
    let mut host = Host::new();
    host.make_docker(1);
    host.make_docker(2);
    host.tell(listed([facts(1), facts(2), stopped(3)]));
    host.settled();
    host.tell(Update::Lost(Runtime::Docker, "connection refused".to_owned()));
    host.remove_docker(2);
    host.make_docker(4);
    host.make("system.slice");
    let rows = [
        "/:",
        "/docker:",
        "/docker/001:c1",
        "/docker/003:c3-",
        "/docker/004:",
        "/system.slice:",
    ];
    assert_eq!(host.settled(), rows, "what ran and has no cgroup is not known to run");
    assert_eq!(host.census.told().problems(), ["docker: connection refused"]);
    host.tell(listed([facts(1), facts(4)]));
    assert_eq!(
        host.settled(),
        ["/:", "/docker:", "/docker/001:c1", "/docker/004:c4", "/system.slice:"]
    );
    assert!(host.census.told().problems().is_empty());
}

#[test]
fn flags_choose_which_cgroups_are_listed() {
    let all = "/: /docker: /docker/001:c1 /docker/001/init: /docker/002:c2- /docker/003: \
               /system.slice: /system.slice/ssh.service:";
    let containers = "/docker/001:c1 /docker/002:c2- /docker/003:";
    let with_prefix = format!("/: {containers} /system.slice/ssh.service:");
    for (containers_only, prefixes, without_root, expected) in [
        (false, &[][..], false, all),
        (true, &[], false, &format!("/: {containers}")),
        (false, &["/system.slice/s", "/z"], false, &with_prefix),
        (true, &["/system.slice/s"], false, &with_prefix),
        (true, &["/"], true, all.strip_prefix("/: ").unwrap()),
    ] {
        let selection = Selection {
            containers_only,
            prefixes: prefixes.iter().map(|prefix| (*prefix).to_owned()).collect(),
            without_root,
        };
        let choose = |settings: &mut Settings| settings.selection = selection.clone();
        let mut host = Host::with(Tree::v1(), "memory", choose);
        for folder in ["system.slice/ssh.service", "system.slice/x.mount"] {
            host.make(folder);
        }
        host.make(&format!("docker/{}/init", id(1)));
        host.make_docker(3);
        host.tell(listed([facts(1), stopped(2)]));
        host.settled();
        host.pass(Duration::from_secs(60));
        assert_eq!(host.settled().join(" "), expected);
    }
}

#[test]
fn a_second_cgroup_of_a_container_does_not_count_it_twice() {
    let mut host = Host::with(Tree::v1(), "memory", |settings| {
        settings.sockets.podman = Some("/podman.sock".into());
    });
    let scope = format!("machine.slice/libpod-{}.scope", id(1));
    host.make(&format!("{scope}/container"));
    host.make(&format!("other/{}", id(1)));
    let facts = Facts {
        runtime: Runtime::Podman,
        ..facts(1)
    };
    host.tell(Update::Listed(Runtime::Podman, vec![facts]));
    host.pass(Duration::from_secs(60));
    let rows = [
        "/:",
        "/machine.slice:",
        "/machine.slice/libpod-001.scope:c1",
        "/machine.slice/libpod-001.scope/container:",
        "/other:",
        "/other/001:",
    ];
    assert_eq!(host.settled(), rows);
}

#[test]
fn any_word_is_an_id_to_containerd() {
    let mut host = Host::with(Tree::v1(), "memory", |settings| {
        settings.sockets.containerd = Some("/containerd.sock".into());
        settings.selection.containers_only = true;
    });
    host.make("default/redis");
    host.make("elsewhere/redis");
    let redis = Facts {
        runtime: Runtime::Containerd,
        id: "redis".to_owned(),
        ..facts(1)
    };
    host.tell(Update::Listed(Runtime::Containerd, vec![redis]));
    assert_eq!(host.settled(), ["/:", "/default/redis:c1"]);
}

#[test]
fn a_burst_of_containers_leaves_nothing_behind() {
    let mut host = Host::new();
    host.make("docker");
    host.tell(listed([]));
    host.settled();
    for number in 1..=500 {
        host.make_docker(number);
        host.tell(Update::Changed(facts(number)));
        host.census.notice(host.now);
        let other = number.checked_sub(9).filter(|other| *other > 0);
        if let Some(other) = other {
            host.remove_docker(other);
            host.tell(removed(other));
        }
        if number % 7 == 0 {
            assert_eq!(host.settled().len(), 2 + 9.min(number as usize));
        }
    }
    for number in 492..=500 {
        host.remove_docker(number);
        host.tell(removed(number));
    }
    assert_eq!(host.settled(), ["/:", "/docker:"]);
}

/// What a reader is given.
struct Fixed(List);

impl Containers for Fixed {
    fn list(&self) -> List {
        Arc::clone(&self.0)
    }
}

#[test]
fn a_container_that_dies_between_listing_and_reading_is_no_error() {
    let mut host = Host::new();
    host.make_docker(1);
    host.tell(listed([facts(1)]));
    host.settled();
    let list = Arc::clone(host.census.list());
    host.remove_docker(1);
    // What the root's values come from.
    host.tree.write_proc("diskstats", "");
    host.tree.write_proc("meminfo", "MemTotal: 1 kB\n");
    let groups = crate::groups::GROUPS.iter().collect();
    let reader = Reader::new(Arc::new(Fixed(list)), groups, host.tree.paths(), 9);
    let text = samples_of(&reader);
    assert!(text.contains("container_scrape_error 0"), "{text}");
    assert!(
        !text.contains(r#"container_cpu_usage_seconds_total{id="/docker/"#),
        "{text}"
    );
}

/// Waits for a list; the time is for a machine that is very busy.
fn wait_for(inventory: &Inventory, expected: impl Fn(&[String]) -> bool) {
    let start = Instant::now();
    while !expected(&rows(&inventory.list())) {
        assert!(start.elapsed() < 30 * SECOND, "{:?}", rows(&inventory.list()));
        std::thread::yield_now();
    }
}

#[test]
fn the_thread_follows_what_the_kernel_tells() {
    let tree = Tree::v2();
    tree.write("a/cgroup.procs", "");
    let inventory = Inventory::start(&settings(tree.paths())).unwrap();
    assert_eq!(rows(&inventory.list()), ["/:", "/a:"]);
    assert!(inventory.is_whole());
    tree.write("a/b/cgroup.procs", "");
    wait_for(&inventory, |rows| rows == ["/:", "/a:", "/a/b:"]);
}

#[test]
fn a_host_without_cgroups_is_an_error() {
    let empty = tempfile::tempdir().unwrap();
    let paths = Paths {
        procfs: empty.path().join("proc"),
        sysfs: empty.path().to_owned(),
        rootfs: empty.path().to_owned(),
    };
    let error = Inventory::start(&settings(paths)).err().unwrap().to_string();
    assert!(error.contains(&empty.path().display().to_string()), "{error}");
}

/// A cgroup of the kernel's own, removed at the end.
struct RealCgroup(PathBuf);

impl RealCgroup {
    fn make(path: &Path) -> std::io::Result<Self> {
        fs::create_dir(path)?;
        Ok(Self(path.to_owned()))
    }
}

impl Drop for RealCgroup {
    fn drop(&mut self) {
        drop(fs::remove_dir(&self.0));
    }
}

#[test]
fn real_cgroups_are_followed_like_folders() {
    let host = Paths {
        procfs: "/proc".into(),
        sysfs: "/sys".into(),
        rootfs: "/".into(),
    };
    let now = Instant::now();
    let main = crate::cgroup::Hierarchies::detect(Path::new("/sys/fs/cgroup")).ok();
    let main = main.as_ref().and_then(|hierarchies| hierarchies.main());
    let name = format!("container-exporter-test-{}", std::process::id());
    let Some(Ok(parent)) = main.map(|main| RealCgroup::make(&main.join(&name))) else {
        return println!("skipped: cgroups cannot be made here");
    };
    let mut census = Census::new(&settings(host), now).unwrap();
    let listed = |census: &mut Census| {
        census.settle(now);
        let own = census.list().iter().filter(|container| container.id.contains(&name));
        own.map(Arc::clone).collect::<Vec<_>>()
    };
    let child = RealCgroup::make(&parent.0.join("x")).unwrap();
    let first = listed(&mut census);
    assert_eq!(first.len(), 2);
    assert!(first.iter().all(|container| container.made.is_some()));
    drop(child);
    let _again = RealCgroup::make(&parent.0.join("x")).unwrap();
    let second = listed(&mut census);
    let kept: Vec<bool> = first.iter().zip(&second).map(|(a, b)| Arc::ptr_eq(a, b)).collect();
    assert_eq!(kept, [true, false]);
}
