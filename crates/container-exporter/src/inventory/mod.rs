//! Which containers there are: the cgroup tree joined with what the runtimes say.

mod census;
mod follow;
mod join;
mod labels;
mod name;
mod paths;
#[cfg(test)]
mod tests;
mod told;
mod tree;
mod watches;

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use log::error;
use tokio::sync::{mpsc, oneshot};

use crate::container::Runtime;
use crate::reader::{Containers, List};
use crate::runtimes;
use crate::settings::Settings;
use census::Census;
use follow::Published;

/// Room for what the clients of the runtimes call.
const STACK_BYTES: usize = 512 * 1024;

/// News that runtimes may be ahead by; a burst waits in their sockets.
const UPDATES: usize = 64;

/// Keeps the list up to date.
pub(crate) struct Inventory {
    published: Arc<Published>,
    /// Ends the thread when it is dropped.
    _stop: oneshot::Sender<()>,
}

impl Inventory {
    /// Makes the first list and starts to follow changes.
    ///
    /// # Errors
    /// When there are no cgroups, with their path; or no thread.
    pub(crate) fn start(settings: &Settings) -> io::Result<Self> {
        let census = Census::new(settings, Instant::now())?;
        let published = Arc::new(Published::new(&census));
        let (stop, stopped) = oneshot::channel();
        let (sender, updates) = mpsc::channel(UPDATES);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let asked = {
            let _context = runtime.enter();
            runtimes::start(&settings.sockets, &settings.labels, sender)
        };
        let following = follow::follow(census, asked, updates, Arc::clone(&published), stopped);
        let run = move || {
            if let Err(error) = runtime.block_on(following) {
                error!("the list of containers is not followed: {error}");
            }
        };
        let thread = thread::Builder::new().name("inventory".to_owned());
        thread.stack_size(STACK_BYTES).spawn(run)?;
        Ok(Self { published, _stop: stop })
    }

    /// A runtime's version; empty until it has answered.
    pub(crate) fn runtime_version(&self, runtime: Runtime) -> String {
        self.published.version(runtime)
    }

    /// The runtimes that have answered once and do not now, and why.
    pub(crate) fn problems(&self) -> Vec<String> {
        self.published.problems()
    }
}

impl Containers for Inventory {
    fn list(&self) -> List {
        self.published.list()
    }

    fn is_whole(&self) -> bool {
        self.problems().is_empty()
    }
}
