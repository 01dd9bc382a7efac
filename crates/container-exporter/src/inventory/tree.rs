//! The cgroup tree: every group of the main hierarchy, kept up to date by inotify on all folders but those of containers,
//! and by a look at everything now and then.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use log::warn;

use super::name::{self, Name};
use super::watches::{Event, Watches};
use crate::cgroup::{Hierarchies, Version};

/// More cgroups than this, or deeper ones, are somebody's mistake, and would be this program's cost.
const MOST: usize = 10_000;
const DEEPEST: usize = 32;

/// One group of the tree.
#[derive(Clone, Debug)]
pub(super) struct Group {
    /// Tells it from one that had its path before.
    pub(super) inode: u64,
    /// When it was made, in seconds since 1970.
    pub(super) made: Option<f64>,
    /// The container that its path names.
    pub(super) name: Option<Name>,
    /// Whether it lies in the cgroup of a container.
    pub(super) inside: bool,
    /// When it was found.
    pub(super) since: Instant,
    watch: Option<i32>,
    /// The last look at everything that found it.
    look: u64,
}

impl Group {
    /// The container whose own cgroup this is.
    pub(super) fn container(&self) -> Option<&Name> {
        self.name.as_ref().filter(|_| !self.inside)
    }
}

/// All groups, by path.
pub(super) type Groups = BTreeMap<String, Group>;

/// The tree as it was at the last look.
#[derive(Debug)]
pub(super) struct Tree {
    mount: PathBuf,
    /// The file that is as old as its cgroup: folders change as groups are made in them.
    oldest_file: &'static str,
    booted: Option<f64>,
    /// Whether groups inside containers are looked for.
    inside: bool,
    groups: Groups,
    watches: Watches,
    /// Where something has happened since, and whether something went there.
    news: BTreeMap<String, bool>,
    overflown: bool,
    look: u64,
    /// Whether a bound was reached, and it was said.
    bounded: bool,
    most: usize,
}

/// Where a folder is looked at from.
#[derive(Clone, Copy)]
struct Place {
    depth: usize,
    inside: bool,
    /// Whether this is a look at everything.
    everything: bool,
    now: Instant,
}

impl Tree {
    /// No group yet. `booted`: nothing is older. `inside`: look for groups inside those of containers too.
    pub(super) fn new(hierarchies: &Hierarchies, booted: Option<f64>, inside: bool) -> Self {
        Self {
            mount: hierarchies.main().unwrap_or(Path::new("")).to_owned(),
            oldest_file: match hierarchies.version() {
                Version::V1 => "cgroup.clone_children",
                Version::V2 => "cgroup.events",
            },
            booted,
            inside,
            groups: BTreeMap::new(),
            watches: Watches::new(),
            news: BTreeMap::new(),
            overflown: false,
            look: 0,
            bounded: false,
            most: MOST,
        }
    }

    /// The groups of the last look.
    pub(super) fn groups(&self) -> &Groups {
        &self.groups
    }

    /// What becomes readable when there is news; `None` where the kernel does not tell.
    pub(super) fn descriptor(&self) -> Option<Arc<OwnedFd>> {
        self.watches.descriptor()
    }

    /// Takes note of what has happened: whether there is something to look at.
    pub(super) fn take_news(&mut self) -> bool {
        let (news, overflown) = (&mut self.news, &mut self.overflown);
        self.watches.read(|event| match event {
            Event::Folder { parent, name, gone } => *news.entry(child(parent, name)).or_default() |= gone,
            Event::Overflow => *overflown = true,
        });
        self.overflown || !self.news.is_empty()
    }

    /// Looks where something has happened.
    pub(super) fn look(&mut self, now: Instant) {
        self.take_news();
        if std::mem::take(&mut self.overflown) {
            return self.look_at_everything(now);
        }
        for (id, gone) in std::mem::take(&mut self.news) {
            if gone {
                self.forget(&id);
            }
            let place = Place {
                depth: id.matches('/').count(),
                inside: false,
                everything: false,
                now,
            };
            self.visit(&id, place);
        }
    }

    /// Looks at the whole tree.
    pub(super) fn look_at_everything(&mut self, now: Instant) {
        self.look += 1;
        let place = Place {
            depth: 0,
            inside: false,
            everything: true,
            now,
        };
        self.visit("/", place);
        let unseen = |(id, group): (&String, &Group)| (group.look != self.look).then(|| id.clone());
        let unseen: Vec<String> = self.groups.iter().filter_map(unseen).collect();
        for id in unseen {
            self.forget_one(&id);
        }
    }

    /// Takes a folder as it is now, and those in it if it is new or this is a look at everything.
    fn visit(&mut self, id: &str, place: Place) {
        let folder = self.mount.join(id.trim_start_matches('/'));
        let Some(found) = folder.symlink_metadata().ok().filter(Metadata::is_dir) else {
            return self.forget(id);
        };
        if self.groups.get(id).is_some_and(|known| known.inode != found.ino()) {
            self.forget(id);
        }
        let is_new = !self.groups.contains_key(id);
        if !is_new && !place.everything || is_new && !self.add(id, &folder, &found, place) {
            return;
        }
        let Some(group) = self.groups.get_mut(id) else {
            return;
        };
        group.look = self.look;
        let in_container = group.inside || group.name.is_some();
        if in_container && !(self.inside && place.everything) {
            return;
        }
        let is_watched = group.watch.is_some();
        // The watch comes before the list, so that nothing is made unseen between them.
        let watched_now = !in_container && !is_watched && self.watch(id, &folder);
        // A folder has one link more for each folder in it, on file systems that count them.
        if watched_now || is_new || found.nlink() != 2 {
            self.visit_folders(id, &folder, in_container, place);
        }
    }

    fn visit_folders(&mut self, id: &str, folder: &Path, inside: bool, place: Place) {
        // It may have gone meanwhile.
        let Ok(entries) = std::fs::read_dir(folder) else {
            return;
        };
        let place = Place {
            depth: place.depth + 1,
            inside,
            ..place
        };
        for entry in entries.flatten() {
            if let Some(name) = entry.file_name().to_str()
                && entry.file_type().is_ok_and(|kind| kind.is_dir())
            {
                self.visit(&child(id, name), place);
            }
        }
    }

    /// Adds a group, if there is room for it. The units of systemd's mounts hold nothing but copies of what is elsewhere.
    fn add(&mut self, id: &str, folder: &Path, found: &Metadata, place: Place) -> bool {
        if id.ends_with(".mount") || !self.has_room(place.depth) {
            return false;
        }
        let group = Group {
            inode: found.ino(),
            made: self.made(folder, found),
            name: name::parse(id),
            inside: place.inside,
            since: place.now,
            watch: None,
            look: self.look,
        };
        self.groups.insert(id.to_owned(), group);
        true
    }

    fn has_room(&mut self, depth: usize) -> bool {
        let has_room = self.groups.len() < self.most && depth <= DEEPEST;
        if !has_room && !std::mem::replace(&mut self.bounded, true) {
            warn!(
                "more than {} cgroups, or some more than {DEEPEST} deep: the rest is left out",
                self.most
            );
        }
        has_room
    }

    /// The kernel says when a cgroup was first looked at, which its runtime does as it makes it.
    fn made(&self, folder: &Path, found: &Metadata) -> Option<f64> {
        let file = folder.join(self.oldest_file).metadata().ok();
        let times = [Some(found), file.as_ref()].into_iter().flatten().map(modified);
        let oldest = times.min_by(f64::total_cmp)?;
        Some(self.booted.map_or(oldest, |booted| oldest.max(booted)))
    }

    /// Begins to watch a group: whether it worked.
    fn watch(&mut self, id: &str, folder: &Path) -> bool {
        let watch = self.watches.add(folder, id);
        if let Some(group) = self.groups.get_mut(id) {
            group.watch = watch;
        }
        watch.is_some()
    }

    /// Drops a group and all in it.
    fn forget(&mut self, id: &str) {
        let (first, last) = (child(id, ""), format!("{}0", id.trim_end_matches('/')));
        // `0` follows `/`.
        let below: Vec<String> = self.groups.range(first..last).map(|(id, _)| id.clone()).collect();
        for id in below.iter().map(String::as_str).chain([id]) {
            self.forget_one(id);
        }
    }

    fn forget_one(&mut self, id: &str) {
        if let Some(Group { watch: Some(watch), .. }) = self.groups.remove(id) {
            self.watches.remove(watch, id);
        }
    }
}

fn child(parent: &str, name: &str) -> String {
    format!("{}/{name}", parent.trim_end_matches('/'))
}

fn modified(found: &Metadata) -> f64 {
    found.mtime() as f64 + found.mtime_nsec() as f64 / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;
    use std::fs;

    const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    struct Host {
        _tree: testing::Tree,
        root: PathBuf,
        tree: Tree,
        now: Instant,
    }

    impl Host {
        fn new(folders: &[&str], inside: bool) -> Self {
            let host = testing::Tree::v2();
            let root = host.paths().sysfs.join("fs/cgroup");
            for folder in folders {
                fs::create_dir_all(root.join(folder)).unwrap();
            }
            let tree = Tree::new(&Hierarchies::detect(&root).unwrap(), None, inside);
            let now = Instant::now();
            let mut host = Self {
                _tree: host,
                root,
                tree,
                now,
            };
            host.tree.look_at_everything(now);
            host
        }

        fn make(&self, folder: &str) {
            fs::create_dir_all(self.root.join(folder)).unwrap();
        }

        fn remove(&self, folder: &str) {
            fs::remove_dir_all(self.root.join(folder)).unwrap();
        }

        fn ids(&self) -> Vec<&str> {
            self.tree.groups().keys().map(String::as_str).collect()
        }

        fn after_news(&mut self) -> Vec<&str> {
            self.tree.look(self.now);
            self.ids()
        }
    }

    #[test]
    fn folders_are_followed_as_they_come_and_go() {
        let mut host = Host::new(&["a/b", "c"], true);
        assert_eq!(host.ids(), ["/", "/a", "/a/b", "/c"]);
        assert!(!host.tree.take_news());
        host.make("a/b/deep/deeper");
        host.remove("c");
        assert!(host.tree.take_news());
        assert_eq!(host.after_news(), ["/", "/a", "/a/b", "/a/b/deep", "/a/b/deep/deeper"]);
        fs::rename(host.root.join("a/b"), host.root.join("a/z")).unwrap();
        assert_eq!(host.after_news(), ["/", "/a", "/a/z", "/a/z/deep", "/a/z/deep/deeper"]);
        host.make("a/z/new");
        host.remove("a/z/deep");
        assert_eq!(host.after_news(), ["/", "/a", "/a/z", "/a/z/new"]);
        host.remove("a");
        assert_eq!(host.after_news(), ["/"]);
        host.tree.take_news();
        assert_eq!(host.tree.watches.count(), 1);
    }

    #[test]
    fn what_is_made_again_under_its_name_is_another() {
        let mut host = Host::new(&["a/b"], true);
        let soon = host.now + std::time::Duration::from_secs(1);
        host.remove("a");
        host.make("a/b");
        host.tree.look(soon);
        let since: Vec<Instant> = host.tree.groups().values().map(|group| group.since).collect();
        assert_eq!(since, [host.now, soon, soon]);
        host.make("a/c");
        assert_eq!(host.after_news(), ["/", "/a", "/a/b", "/a/c"]);
    }

    #[test]
    fn containers_are_not_watched_and_what_is_inside_is_found_later() {
        let container = format!("docker/{ID}");
        let inner = format!("/{container}/init");
        for inside in [true, false] {
            let mut host = Host::new(&["docker"], inside);
            host.make(&container);
            host.after_news();
            host.make(&format!("{container}/init/docker/{ID}"));
            assert!(!host.tree.take_news());
            host.tree.look_at_everything(host.now);
            assert_eq!(host.ids().contains(&inner.as_str()), inside);
            assert_eq!(host.tree.watches.count(), 2, "root and parent");
            let containers = host.tree.groups().values().filter_map(Group::container);
            assert_eq!(containers.count(), 1, "one inside another is no container of this host");
            host.remove(&container);
            assert_eq!(host.after_news(), ["/", "/docker"]);
        }
    }

    #[test]
    fn a_look_at_everything_finds_what_was_not_told() {
        let mut host = Host::new(&["a/b", "c"], true);
        host.make("a/b/new");
        host.remove("c");
        host.tree.watches.read(|_| {});
        host.tree.look_at_everything(host.now);
        assert_eq!(host.ids(), ["/", "/a", "/a/b", "/a/b/new"]);
        host.make("d");
        host.tree.watches.read(|_| {});
        host.tree.overflown = true;
        assert!(host.tree.take_news());
        assert_eq!(host.after_news(), ["/", "/a", "/a/b", "/a/b/new", "/d"]);
        host.make("d/e");
        assert_eq!(host.after_news().last(), Some(&"/d/e"), "the new one is watched");
    }

    #[test]
    fn mounts_files_and_links_are_no_groups() {
        let host = Host::new(
            &["system.slice/var-lib.mount/x", "system.slice/my\\x2dunit.service"],
            true,
        );
        std::os::unix::fs::symlink("system.slice", host.root.join("link")).unwrap();
        let mut host = host;
        assert_eq!(
            host.after_news(),
            ["/", "/system.slice", "/system.slice/my\\x2dunit.service"]
        );
    }

    #[test]
    fn number_and_depth_are_bounded() {
        let deep = vec!["d"; DEEPEST + 5].join("/");
        let mut host = Host::new(&[&deep], true);
        assert_eq!(host.ids().len(), DEEPEST + 1);
        assert!(host.tree.bounded);
        host.remove("d");
        host.after_news();
        host.tree.most = 3;
        for folder in ["a", "b", "c", "e"] {
            host.make(folder);
        }
        assert_eq!(host.after_news().len(), 3);
        host.remove("a");
        assert_eq!(host.after_news().len(), 2);
        host.tree.look_at_everything(host.now);
        assert_eq!(host.ids().len(), 3, "there is room again");
    }

    #[test]
    fn nothing_is_older_than_the_machine() {
        let mut host = Host::new(&["a"], true);
        let file = host.root.join("a/cgroup.events");
        fs::write(&file, "").unwrap();
        let time = std::time::UNIX_EPOCH + std::time::Duration::from_millis(1_500);
        fs::File::options()
            .write(true)
            .open(file)
            .unwrap()
            .set_modified(time)
            .unwrap();
        for (booted, expected) in [(None, 1.5), (Some(7.0), 7.0), (Some(0.5), 1.5)] {
            host.tree.booted = booted;
            host.tree.forget("/a");
            host.tree.look_at_everything(host.now);
            assert_eq!(host.tree.groups().get("/a").unwrap().made, Some(expected));
        }
    }
}
