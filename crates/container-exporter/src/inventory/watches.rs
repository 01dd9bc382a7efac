//! inotify on folders: what was made and what went in them since the last look.

use std::collections::HashMap;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;

use log::warn;
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use rustix::io::Errno;

const COMINGS: ReadFlags = ReadFlags::CREATE.union(ReadFlags::MOVED_TO);
const GOINGS: ReadFlags = ReadFlags::DELETE.union(ReadFlags::MOVED_FROM);

/// Watched folders, each under the name that it was given.
#[derive(Debug)]
pub(super) struct Watches {
    /// `None` where the kernel gave none: nothing is watched.
    inotify: Option<Arc<OwnedFd>>,
    names: HashMap<i32, String>,
    /// Whether the kernel has refused, and it was said.
    refused: bool,
}

/// What happened in a watched folder.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Event<'e> {
    /// A folder in `parent` was made, or went, or was renamed.
    Folder { parent: &'e str, name: &'e str, gone: bool },
    /// More happened than the kernel remembers.
    Overflow,
}

impl Watches {
    /// Watches nothing yet.
    pub(super) fn new() -> Self {
        let inotify = match inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC) {
            Ok(inotify) => Some(Arc::new(inotify)),
            Err(error) => {
                warn!("cgroups cannot be watched and are looked through once a minute: {error}");
                None
            }
        };
        Self {
            refused: inotify.is_none(),
            inotify,
            names: HashMap::new(),
        }
    }

    /// What becomes readable when something happens.
    pub(super) fn descriptor(&self) -> Option<Arc<OwnedFd>> {
        self.inotify.clone()
    }

    /// Begins to watch a folder; `None` if that cannot be, which is said once.
    pub(super) fn add(&mut self, folder: &Path, name: &str) -> Option<i32> {
        let inotify = self.inotify.as_ref()?;
        let what = WatchFlags::CREATE | WatchFlags::DELETE | WatchFlags::MOVED_FROM | WatchFlags::MOVED_TO;
        let how = WatchFlags::ONLYDIR | WatchFlags::DONT_FOLLOW;
        match inotify::add_watch(inotify, folder, what | how) {
            Ok(watch) => {
                self.names.insert(watch, name.to_owned());
                Some(watch)
            }
            // It has gone meanwhile, which its parent will tell.
            Err(Errno::NOENT | Errno::NOTDIR) => None,
            Err(error) => {
                self.refuse(folder, error);
                None
            }
        }
    }

    fn refuse(&mut self, folder: &Path, error: Errno) {
        if !std::mem::replace(&mut self.refused, true) {
            let limit = match error {
                Errno::NOSPC => "; the limit is fs.inotify.max_user_watches",
                _ => "",
            };
            warn!(
                "{} cannot be watched; changes there are found once a minute: {error}{limit}",
                folder.display()
            );
        }
    }

    /// Ends a watch, unless another name has it by now: a folder that was renamed keeps its watch.
    pub(super) fn remove(&mut self, watch: i32, name: &str) {
        if self.names.get(&watch).is_none_or(|known| known != name) {
            return;
        }
        self.names.remove(&watch);
        if let Some(inotify) = &self.inotify {
            // The kernel ends the watch of a removed folder itself.
            inotify::remove_watch(inotify, watch).ok();
        }
    }

    /// Hands out everything that has happened.
    pub(super) fn read(&mut self, mut each: impl FnMut(Event<'_>)) {
        let Some(inotify) = self.inotify.clone() else {
            return;
        };
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut events = inotify::Reader::new(inotify, &mut buffer);
        loop {
            match events.next() {
                Ok(event) => self.translate(&event, &mut each),
                Err(Errno::INTR) => {}
                Err(_) => return,
            }
        }
    }

    fn translate(&mut self, event: &inotify::Event<'_>, each: &mut impl FnMut(Event<'_>)) {
        let kind = event.events();
        if kind.intersects(ReadFlags::QUEUE_OVERFLOW | ReadFlags::UNMOUNT) {
            each(Event::Overflow);
        }
        if kind.contains(ReadFlags::IGNORED) {
            self.names.remove(&event.wd());
        }
        if !kind.contains(ReadFlags::ISDIR) || !kind.intersects(COMINGS | GOINGS) {
            return;
        }
        let name = event.file_name().and_then(|name| name.to_str().ok());
        if let (Some(parent), Some(name)) = (self.names.get(&event.wd()), name) {
            let gone = kind.intersects(GOINGS);
            each(Event::Folder { parent, name, gone });
        }
    }

    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.names.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn news(watches: &mut Watches) -> Vec<String> {
        let mut news = Vec::new();
        watches.read(|event| {
            news.push(match event {
                Event::Folder { parent, name, gone } => format!("{}{parent}/{name}", if gone { '-' } else { '+' }),
                Event::Overflow => "overflow".to_owned(),
            });
        });
        news
    }

    #[test]
    fn folders_that_come_and_go_are_told_and_files_are_not() {
        let root = tempfile::tempdir().unwrap();
        let mut watches = Watches::new();
        let watch = watches.add(root.path(), "a").unwrap();
        fs::create_dir(root.path().join("x")).unwrap();
        fs::write(root.path().join("file"), "").unwrap();
        fs::rename(root.path().join("x"), root.path().join("y")).unwrap();
        fs::remove_dir(root.path().join("y")).unwrap();
        assert_eq!(news(&mut watches), ["+a/x", "-a/x", "+a/y", "-a/y"]);
        watches.remove(watch, "another");
        fs::create_dir(root.path().join("z")).unwrap();
        assert_eq!(news(&mut watches), ["+a/z"]);
        watches.remove(watch, "a");
        fs::create_dir(root.path().join("unseen")).unwrap();
        assert_eq!((news(&mut watches), watches.count()), (vec![], 0));
    }

    #[test]
    fn a_removed_folder_leaves_no_watch() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("x")).unwrap();
        let mut watches = Watches::new();
        watches.add(&root.path().join("x"), "x").unwrap();
        assert_eq!(watches.add(&root.path().join("missing"), "missing"), None);
        fs::remove_dir(root.path().join("x")).unwrap();
        assert_eq!((news(&mut watches), watches.count()), (vec![], 0));
        assert!(!watches.refused);
    }
}
