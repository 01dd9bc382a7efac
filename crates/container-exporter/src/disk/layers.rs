//! The writable layers of containers, walked through by one thread: one at a time, each at most once a minute, and only
//! while somebody asks. Scrapes get what the last walk found.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use log::{debug, warn};
use rustix::io::Errno;

use super::mounts::Mounts;
use super::open;
use super::pace::{SystemClock, Throttle};
use super::space::Space;
use super::turn::Turn;
use super::walk::{Cut, Pace, Usage, walk};

/// Folders are opened one in the other, never one function in the other.
const STACK_BYTES: usize = 128 * 1024;

/// A writable layer. It is measured as long as somebody holds it and asks.
#[derive(Debug)]
pub(crate) struct Layer {
    path: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    turn: Turn,
    found: Option<Found>,
    /// Whether it was said that it cannot be measured.
    said: bool,
}

/// What is known of a layer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Found {
    /// The device of its file system, as metrics name it.
    pub(crate) device: Arc<str>,
    /// The room on its file system.
    pub(crate) space: Space,
    /// What it occupies, and since when that is known; `None` until a walk came to its end.
    pub(crate) usage: Option<(Usage, Instant)>,
}

impl Layer {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where it lies on the host.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// All layers, and the thread that walks them: it starts with the first.
pub(super) struct Layers {
    shared: Arc<Shared>,
}

struct Shared {
    rootfs: PathBuf,
    mounts: Arc<Mutex<Mounts>>,
    queue: Mutex<Queue>,
    /// There is a layer to be walked, or nothing more to do.
    work: Condvar,
    closed: AtomicBool,
}

#[derive(Default)]
struct Queue {
    layers: HashMap<PathBuf, Arc<Layer>>,
    started: bool,
}

impl Layers {
    pub(super) fn new(rootfs: &Path, mounts: Arc<Mutex<Mounts>>) -> Self {
        Self {
            shared: Arc::new(Shared {
                rootfs: rootfs.to_owned(),
                mounts,
                queue: Mutex::default(),
                work: Condvar::new(),
                closed: AtomicBool::new(false),
            }),
        }
    }

    /// The layer at `path`, the same for all who want it.
    pub(super) fn layer(&self, path: &Path) -> Arc<Layer> {
        let mut queue = self.shared.queue();
        if !std::mem::replace(&mut queue.started, true) {
            self.start();
        }
        let new = || {
            Arc::new(Layer {
                path: path.to_owned(),
                state: Mutex::default(),
            })
        };
        Arc::clone(queue.layers.entry(path.to_owned()).or_insert_with(new))
    }

    /// What is known of a layer, which is measured again in a while.
    pub(super) fn ask(&self, layer: &Layer, now: Instant) -> Option<Found> {
        let mut state = layer.state();
        let wake = state.turn.ask(now);
        let found = state.found.clone();
        drop(state);
        if wake {
            // Whoever looks for work holds the queue: it either sees this or waits already.
            drop(self.shared.queue());
            self.shared.work.notify_one();
        }
        found
    }

    fn start(&self) {
        let shared = Arc::clone(&self.shared);
        let builder = thread::Builder::new()
            .name("disk-usage".to_owned())
            .stack_size(STACK_BYTES);
        if let Err(error) = builder.spawn(move || shared.run()) {
            warn!("starting the thread that measures writable layers: {error}");
        }
    }
}

impl Drop for Layers {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::Relaxed);
        drop(self.shared.queue());
        self.shared.work.notify_all();
    }
}

/// What to do next.
#[derive(Debug)]
enum Next {
    /// Walk this one.
    Walk(Arc<Layer>),
    /// Nothing until then.
    Wait(Duration),
    /// Nothing until somebody asks.
    Idle,
}

impl Queue {
    /// The layer that has waited longest; those that nobody holds any more are forgotten. One that is not due yet may be
    /// asked for by then, of which nobody tells.
    fn next(&mut self, now: Instant) -> Next {
        self.layers.retain(|_, layer| Arc::strong_count(layer) > 1);
        let mut first: Option<(Option<Instant>, &Arc<Layer>)> = None;
        for layer in self.layers.values() {
            let turn = layer.state().turn;
            if turn.is_open(now) && first.is_none_or(|(due, _)| turn.due < due) {
                first = Some((turn.due, layer));
            }
        }
        match first {
            Some((Some(due), _)) if due > now => Next::Wait(due - now),
            Some((_, layer)) => Next::Walk(Arc::clone(layer)),
            None => Next::Idle,
        }
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the thread does until the end.
    fn run(&self) {
        // Of this thread alone. Where it is refused, walks are only a little less polite.
        if let Err(error) = rustix::process::setpriority_process(None, 19) {
            debug!("lowering the priority of walks: {error}");
        }
        let mut walker = Walker {
            throttle: Throttle::new(SystemClock, &self.closed),
            said: Vec::new(),
        };
        let mut queue = self.queue();
        while !self.closed.load(Ordering::Relaxed) {
            queue = match queue.next(Instant::now()) {
                Next::Walk(layer) => {
                    drop(queue);
                    walker.measure(self, &layer);
                    drop(layer);
                    self.queue()
                }
                Next::Wait(duration) => {
                    let waited = self.work.wait_timeout(queue, duration);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                Next::Idle => self.work.wait(queue).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// Opens a layer and looks how much room there is.
    fn open(&self, layer: &Layer) -> Result<(std::os::fd::OwnedFd, Arc<str>, Space), Errno> {
        let folder = open::folder(&self.rootfs, &layer.path)?;
        let device = rustix::fs::fstat(&folder)?.st_dev;
        let space = Space::new(&rustix::fs::fstatvfs(&folder)?);
        let mut mounts = self.mounts.lock().unwrap_or_else(PoisonError::into_inner);
        mounts.update(Instant::now());
        let device = mounts.device(device, &layer.path);
        Ok((folder, device, space))
    }
}

/// What the thread keeps.
struct Walker<'s> {
    throttle: Throttle<'s, SystemClock>,
    /// Why layers could not be opened, as far as that was said.
    said: Vec<Errno>,
}

impl Walker<'_> {
    fn measure(&mut self, shared: &Shared, layer: &Layer) {
        let began = Instant::now();
        layer.state().turn.begin();
        match shared.open(layer) {
            Ok((folder, device, space)) => {
                self.throttle.begin();
                let walked = self.throttle.step().and_then(|()| walk(folder, &mut self.throttle));
                settle(layer, device, space, walked);
            }
            Err(error) => {
                self.say(layer, error);
                layer.state().found = None;
            }
        }
        layer.state().turn.end(began, Instant::now());
    }

    /// A layer that cannot be opened belongs to a container that has just ended, or none of them can.
    fn say(&mut self, layer: &Layer, error: Errno) {
        let path = layer.path.display();
        if self.said.contains(&error) {
            debug!("opening the writable layer {path}: {error}");
            return;
        }
        self.said.push(error);
        warn!("opening the writable layer {path}: {error}; such containers have no container_fs_usage_bytes");
    }
}

/// A walk that was cut short leaves the usage that was found before.
fn settle(layer: &Layer, device: Arc<str>, space: Space, walked: Result<Usage, Cut>) {
    let mut state = layer.state();
    let before = state.found.take().and_then(|found| found.usage);
    let usage = walked.ok().map(|usage| (usage, Instant::now())).or(before);
    state.found = Some(Found { device, space, usage });
    let cut = walked.err().filter(|cut| *cut != Cut::Stopped);
    if let Some(cut) = cut.filter(|_| !state.said) {
        warn!("measuring the writable layer {}: {cut}", layer.path.display());
    }
    state.said = cut.is_some();
}

#[cfg(test)]
impl Layers {
    /// Waits until all that was asked has been answered.
    pub(super) fn settled(&self) {
        let is_done = |layer: &Arc<Layer>| {
            let state = layer.state();
            !state.turn.asked && state.turn.due.is_some()
        };
        while !self.shared.queue().layers.values().all(is_done) {
            thread::yield_now();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn layers(root: &Path) -> Layers {
        let mounts = Mounts::new(&root.join("proc"));
        Layers::new(root, Arc::new(Mutex::new(mounts)))
    }

    /// Without the thread: what it would do is done here.
    fn by_hand(root: &Path) -> Layers {
        let layers = layers(root);
        layers.shared.queue().started = true;
        layers
    }

    fn measure(layers: &Layers, layer: &Layer) {
        let mut walker = Walker {
            throttle: Throttle::new(SystemClock, &layers.shared.closed),
            said: Vec::new(),
        };
        walker.measure(&layers.shared, layer);
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn nothing_is_walked_when_nobody_asks() {
        let root = tempfile::tempdir().unwrap();
        let layers = by_hand(root.path());
        let (layer, start) = (layers.layer(Path::new("/")), Instant::now());
        let next = |after: u64| layers.shared.queue().next(start + seconds(after));
        assert!(matches!(next(0), Next::Idle));
        layers.ask(&layer, start);
        assert!(matches!(next(0), Next::Walk(_)));
        measure(&layers, &layer);
        assert!(matches!(next(0), Next::Wait(_)), "somebody may ask by then");
        assert!(matches!(next(3_600), Next::Idle), "once a question");
        layers.ask(&layer, start);
        assert!(matches!(next(0), Next::Wait(_)));
        assert!(matches!(next(3_600), Next::Walk(_)));
    }

    #[test]
    fn who_has_waited_longest_comes_first_and_who_is_gone_never() {
        let root = tempfile::tempdir().unwrap();
        let layers = by_hand(root.path());
        let start = Instant::now();
        let [late, early, gone] = ["/late", "/early", "/gone"].map(|path| layers.layer(Path::new(path)));
        for (layer, due) in [(&late, 20), (&early, 10), (&gone, 0)] {
            layers.ask(layer, start);
            layer.state().turn.due = Some(start + seconds(due));
        }
        drop(gone);
        match layers.shared.queue().next(start + seconds(30)) {
            Next::Walk(layer) => assert_eq!(layer.path(), Path::new("/early")),
            other => panic!("{other:?}"),
        }
        match layers.shared.queue().next(start) {
            Next::Wait(duration) => assert_eq!(duration, seconds(10)),
            other => panic!("{other:?}"),
        }
        assert_eq!(layers.shared.queue().layers.len(), 2);
    }

    #[test]
    fn a_layer_that_cannot_be_opened_has_no_usage_until_it_can() {
        let root = tempfile::tempdir().unwrap();
        let layers = by_hand(root.path());
        let (layer, now) = (layers.layer(Path::new("/layer")), Instant::now());
        measure(&layers, &layer);
        assert_eq!(layers.ask(&layer, now), None);
        fs::create_dir(root.path().join("layer")).unwrap();
        measure(&layers, &layer);
        let (usage, _) = layers.ask(&layer, now).unwrap().usage.unwrap();
        assert_eq!(usage.inodes, 1);
        fs::remove_dir(root.path().join("layer")).unwrap();
        measure(&layers, &layer);
        assert_eq!(layers.ask(&layer, now), None);
    }

    #[test]
    fn a_walk_that_is_cut_short_leaves_what_was_found_before() {
        let root = tempfile::tempdir().unwrap();
        let layers = by_hand(root.path());
        let layer = layers.layer(Path::new("/"));
        measure(&layers, &layer);
        let before = layer.state().found.clone().unwrap();
        let space = Space {
            limit: 5,
            ..Space::default()
        };
        settle(&layer, "x".into(), space, Err(Cut::TooMany));
        let after = layer.state().found.clone().unwrap();
        assert_eq!((after.usage, &*after.device, after.space.limit), (before.usage, "x", 5));
    }

    #[test]
    fn the_thread_measures_what_is_asked_for() {
        let root = tempfile::tempdir().unwrap();
        let layers = layers(root.path());
        let paths: Vec<String> = (0..20).map(|number| format!("/layer{number}")).collect();
        for path in &paths {
            fs::create_dir_all(format!("{}{path}/a/b", root.path().display())).unwrap();
        }
        let all: Vec<_> = paths.iter().map(|path| layers.layer(Path::new(path))).collect();
        for layer in &all {
            layers.ask(layer, Instant::now());
        }
        layers.settled();
        for layer in &all {
            let found = layer.state().found.clone().unwrap();
            assert_eq!(found.usage.unwrap().0.inodes, 3);
        }
    }
}
