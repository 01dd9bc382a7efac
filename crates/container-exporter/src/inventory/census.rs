//! The list of containers and everything that it is made from. Nothing here waits or asks for the time.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::join::{Awaited, Join};
use super::paths::Paths;
use super::told::Told;
use super::tree::Tree;
use crate::cgroup::{Hierarchies, Version};
use crate::container::Runtime;
use crate::reader::List;
use crate::runtimes::Update;
use crate::settings::Settings;

/// Changes come in bursts: a container that starts makes a dozen.
const BURST: Duration = Duration::from_millis(50);

/// How often the whole tree is looked at, for what inotify cannot tell.
const LOOK_AT_EVERYTHING: Duration = Duration::from_secs(60);

/// How soon that is done when a container runs whose cgroup was not found.
const LOOK_FOR_MISSING: Duration = Duration::from_secs(1);

/// What there is.
pub(super) struct Census {
    tree: Tree,
    told: Told,
    join: Join,
    /// When the whole tree was last looked at.
    looked: Instant,
    /// When what has happened is to be looked at.
    settle_at: Option<Instant>,
    awaited: Awaited,
}

impl Census {
    /// Looks at the tree for the first time. Nobody was asked yet.
    ///
    /// # Errors
    /// When there are no cgroups; the path is named.
    pub(super) fn new(settings: &Settings, now: Instant) -> io::Result<Self> {
        let root = settings.paths.sysfs.join("fs/cgroup");
        let hierarchies = Arc::new(Hierarchies::detect(&root)?);
        let selection = settings.selection.clone();
        let inside = !selection.containers_only || !selection.prefixes.is_empty();
        let tree = Tree::new(&hierarchies, booted(&settings.paths.procfs), inside);
        let paths = Paths::new(systemd(&hierarchies), &settings.sockets.containerd_namespace);
        let mut census = Self {
            tree,
            told: Told::new(&settings.sockets),
            join: Join::new(hierarchies, paths, settings.labels.clone(), selection),
            looked: now,
            settle_at: None,
            awaited: Awaited::default(),
        };
        census.tree.look_at_everything(now);
        census.settle(now);
        Ok(census)
    }

    /// The list as it was last settled.
    pub(super) fn list(&self) -> &List {
        self.join.list()
    }

    /// Containers of which no runtime has told.
    pub(super) fn untold(&self) -> &[(Runtime, String)] {
        self.join.untold()
    }

    /// What the runtimes have said.
    pub(super) fn told(&self) -> &Told {
        &self.told
    }

    /// What becomes readable when cgroups come or go.
    pub(super) fn descriptor(&self) -> Option<Arc<OwnedFd>> {
        self.tree.descriptor()
    }

    /// Takes news of a runtime; the list follows soon.
    pub(super) fn tell(&mut self, update: Update, now: Instant) {
        self.told.take(update, now);
        self.settle_at.get_or_insert(now + BURST);
    }

    /// Takes note of cgroups that came or went; the list follows soon.
    pub(super) fn notice(&mut self, now: Instant) {
        if self.tree.take_news() {
            self.settle_at.get_or_insert(now + BURST);
        }
    }

    /// When to settle next.
    pub(super) fn due(&self) -> Instant {
        let everything = Some(self.look_at_everything_at());
        let times = [everything, self.settle_at, self.awaited.until];
        times.into_iter().flatten().min().unwrap_or(self.looked)
    }

    fn look_at_everything_at(&self) -> Instant {
        match self.awaited.cgroup {
            true => self.looked + LOOK_FOR_MISSING,
            false => self.looked + LOOK_AT_EVERYTHING,
        }
    }

    /// Brings the list up to date.
    pub(super) fn settle(&mut self, now: Instant) {
        self.settle_at = None;
        self.tree.look(now);
        if now >= self.look_at_everything_at() {
            self.looked = now;
            self.tree.look_at_everything(now);
        }
        let expiry = self.told.expire(now);
        self.awaited = self.join.join(self.tree.groups(), &self.told, now);
        self.awaited.until = [self.awaited.until, expiry].into_iter().flatten().min();
    }
}

/// Whether Docker's and Podman's cgroups are systemd's, by default.
fn systemd(hierarchies: &Hierarchies) -> bool {
    let slice = hierarchies.main().map(|main| main.join("system.slice"));
    hierarchies.version() == Version::V2 && slice.is_some_and(|slice| slice.exists())
}

/// When the machine started, in seconds since 1970.
fn booted(procfs: &Path) -> Option<f64> {
    let bytes = std::fs::read(procfs.join("stat")).ok()?;
    let stat = kernel_stats::stat::parse(&bytes).ok()?;
    Some(stat.boot_time_seconds? as f64)
}
