//! The values of all containers, read when somebody asks: scrapes and pages that come together share one reading.

mod problems;
mod processes;
mod source;
mod turn;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::cgroup::{Files, Places};
use crate::container::Container;
use crate::disk::FileSystems;
use crate::groups::{Calm, Group, HostKills, Stats, Undriven};
use crate::process::{Namespaces, Process};
use crate::settings::Paths;
use problems::Problems;
pub(crate) use source::Source;
use turn::Turn;

/// A reading that is younger serves again.
const FRESH: Duration = Duration::from_millis(500);

/// What the buffer keeps between readings; some files of /proc/PID/net are longer by far.
const BUFFER: usize = 64 * 1024;

/// All containers that there are, sorted by id.
pub(crate) type List = Arc<[Arc<Container>]>;

/// Where the list comes from.
pub(crate) trait Containers: Send + Sync {
    /// The containers now. The same `Arc` as before says that nothing has changed.
    fn list(&self) -> List;

    /// Whether everybody who once told of containers still does.
    fn is_whole(&self) -> bool {
        true
    }
}

/// What all groups found, one row a container.
pub(crate) struct Reading {
    /// When, in seconds since 1970.
    pub(crate) at: f64,
    /// In the order of the list: sorted by id.
    pub(crate) rows: Vec<Row>,
    /// Whether something could not be read that is there.
    pub(crate) failed: bool,
}

/// One container.
pub(crate) struct Row {
    /// Which.
    pub(crate) container: Arc<Container>,
    /// Its values; those of groups that are switched off, or that found nothing, are empty.
    pub(crate) stats: Stats,
    files: Files,
    process: Process,
    settings: Turn,
}

/// Reads all groups of all containers.
pub(crate) struct Reader {
    containers: Arc<dyn Containers>,
    groups: Vec<&'static Group>,
    paths: Paths,
    places: Arc<Places>,
    file_systems: FileSystems,
    kept: Mutex<Kept>,
}

struct Kept {
    list: List,
    reading: Reading,
    taken: Option<Instant>,
    buffer: Vec<u8>,
    problems: Problems,
    namespaces: Namespaces,
    calm: Calm,
    host_kills: HostKills,
}

impl Reader {
    /// Reads `groups` of what `containers` lists, with at most `most_open` files open between readings.
    pub(crate) fn new(
        containers: Arc<dyn Containers>,
        groups: Vec<&'static Group>,
        paths: Paths,
        most_open: usize,
    ) -> Self {
        let kept = Kept {
            list: [].into(),
            reading: Reading {
                at: 0.0,
                rows: Vec::new(),
                failed: false,
            },
            taken: None,
            buffer: Vec::new(),
            problems: Problems::default(),
            namespaces: Namespaces::default(),
            calm: Calm::default(),
            host_kills: HostKills::default(),
        };
        Self {
            containers,
            groups,
            file_systems: FileSystems::new(&paths),
            paths,
            places: Places::new(most_open),
            kept: Mutex::new(kept),
        }
    }

    /// The values now, or some that are half a second old at most. Blocks for as long as the kernel takes.
    pub(crate) fn read(&self) -> Fresh<'_> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.taken.is_none_or(|taken| taken.elapsed() >= FRESH) {
            kept.follow(self.containers.list(), &self.places);
            kept.read(&self.groups, &self.paths, &self.file_systems);
            kept.reading.failed |= !self.containers.is_whole();
            kept.taken = Some(Instant::now());
        }
        Fresh(kept)
    }

    /// The next reading is another one, however soon.
    #[cfg(test)]
    pub(crate) fn forget_age(&self) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).taken = None;
    }

    /// What it knows of disks.
    #[cfg(test)]
    pub(crate) fn file_systems(&self) -> &FileSystems {
        &self.file_systems
    }
}

/// A reading; nobody else reads while it is held.
pub(crate) struct Fresh<'r>(MutexGuard<'r, Kept>);

impl std::ops::Deref for Fresh<'_> {
    type Target = Reading;

    fn deref(&self) -> &Reading {
        &self.0.reading
    }
}

impl Kept {
    /// Makes one row for each container of `list`; those that stay keep their open files.
    fn follow(&mut self, list: List, places: &Arc<Places>) {
        if Arc::ptr_eq(&list, &self.list) {
            return;
        }
        let mut before = std::mem::take(&mut self.reading.rows).into_iter().peekable();
        for container in list.iter() {
            while before.next_if(|row| row.container.id < container.id).is_some() {}
            let row = before.next_if(|row| row.container.id == container.id);
            let settings = Turn::new(self.reading.rows.len());
            let (stats, mut files, process) = match row {
                Some(row) if Arc::ptr_eq(&row.container, container) => {
                    self.reading.rows.push(row);
                    continue;
                }
                Some(row) => (row.stats, row.files, row.process),
                None => (Stats::default(), Files::new(places), Process::new(places)),
            };
            files.forget_absent();
            self.reading.rows.push(Row {
                container: Arc::clone(container),
                stats,
                files,
                process,
                settings,
            });
        }
        self.list = list;
    }

    fn read(&mut self, groups: &[&Group], paths: &Paths, file_systems: &FileSystems) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        self.reading.at = now.map_or(0.0, |since| since.as_secs_f64());
        self.namespaces.begin();
        self.calm.begin();
        self.host_kills.begin();
        let (now, mut undriven) = (Instant::now(), Undriven::default());
        for row in &mut self.reading.rows {
            let Some(cgroup) = &row.container.cgroup else {
                row.stats.forget(row.container.facts.as_deref());
                row.files.let_go();
                row.process.let_go();
                row.settings.again();
                continue;
            };
            let mut source = Source {
                container: &row.container,
                cgroup,
                paths,
                file_systems,
                has_values: row.settings.has_come(),
                settings_are_due: row.settings.comes(now),
                undriven: &mut undriven,
                calm: &mut self.calm,
                host_kills: &mut self.host_kills,
                files: &mut row.files,
                buffer: &mut self.buffer,
                problems: &mut self.problems,
                process: &mut row.process,
                namespaces: &mut self.namespaces,
                own_network: None,
            };
            let problems = source.problems.count();
            for group in groups {
                (group.read)(&mut source, &mut row.stats);
            }
            if self.problems.count() > problems {
                row.settings.again();
            }
            row.process.let_go_without_place();
        }
        self.buffer.shrink_to(BUFFER);
        self.reading.failed = self.problems.settle();
    }
}

#[cfg(test)]
mod tests {
    use crate::container::Facts;
    use crate::testing::{Tree, reader, samples, samples_of};

    #[test]
    fn a_container_that_was_started_again_has_its_new_network() {
        let tree = Tree::v2();
        let start = |pid: u32, cgroup: &str, namespace: &str| {
            tree.write_proc(&format!("{pid}/cgroup"), &format!("0::{cgroup}\n"));
            tree.write_proc(
                &format!("{pid}/net/dev"),
                &format!("h\nh\neth0: {pid} 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"),
            );
            tree.write_proc(&format!("namespaces/{namespace}"), "");
            tree.write_proc_link(&format!("{pid}/ns/net"), &format!("../../namespaces/{namespace}"));
            tree.write(
                &format!("{}/cgroup.procs", &cgroup.trim_start_matches('/')),
                &pid.to_string(),
            );
        };
        start(5, "/a", "shared");
        start(6, "/b", "shared");
        let container = |id| {
            let mut container = tree.container(id);
            container.facts = Some(Facts::default().into());
            container
        };
        let reader = reader(&tree, vec![container("/a"), container("/b")]);
        let bytes = |id: &str, bytes: u32| {
            format!("container_network_receive_bytes_total{{id=\"{id}\",interface=\"eth0\"}} {bytes}\n")
        };
        let first = samples_of(&reader);
        assert!(
            first.contains(&bytes("/a", 5)) && !first.contains(&bytes("/b", 6)),
            "{first}"
        );
        std::fs::remove_dir_all(tree.paths().procfs.join("6")).unwrap();
        start(7, "/b", "own");
        reader.forget_age();
        let second = samples_of(&reader);
        assert!(
            second.contains(&bytes("/a", 5)) && second.contains(&bytes("/b", 7)),
            "{second}"
        );
    }

    #[test]
    fn an_unreadable_file_drops_its_metric_alone_and_is_told() {
        let tree = Tree::v2();
        tree.write("a/cpu.stat", "usage_usec x");
        tree.write("b/cpu.stat", "usage_usec 2000000\nuser_usec 1\nsystem_usec 1\n");
        let text = samples(&tree, &["/a", "/b"]);
        assert!(!text.contains(r#"container_cpu_usage_seconds_total{id="/a""#), "{text}");
        assert!(
            text.contains(r#"container_cpu_usage_seconds_total{id="/b",cpu="total"} 2"#),
            "{text}"
        );
        assert!(text.contains("container_scrape_error 1"), "{text}");
        tree.remove("a/cpu.stat");
        assert!(samples(&tree, &["/a", "/b"]).contains("container_scrape_error 0"));
    }
}
