//! The thread that keeps the list: it sleeps until a runtime or the kernel has news.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::{mpsc, oneshot};

use super::census::Census;
use crate::container::Runtime;
use crate::reader::List;
use crate::runtimes::{Runtimes, Update};

/// What others see.
pub(super) struct Published {
    state: Mutex<State>,
}

struct State {
    list: List,
    versions: Vec<(Runtime, String)>,
    problems: Vec<String>,
}

impl Published {
    /// What the census has found.
    pub(super) fn new(census: &Census) -> Self {
        let state = State {
            list: Arc::clone(census.list()),
            versions: Vec::new(),
            problems: Vec::new(),
        };
        Self {
            state: Mutex::new(state),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn update(&self, census: &Census) {
        let told = census.told();
        let version = |runtime| (runtime, told.version(runtime).to_owned());
        let mut state = self.state();
        state.list = Arc::clone(census.list());
        state.versions = Runtime::ALL.map(version).into();
        state.problems = told.problems();
    }

    /// The list now.
    pub(super) fn list(&self) -> List {
        Arc::clone(&self.state().list)
    }

    /// Empty until it is known.
    pub(super) fn version(&self, runtime: Runtime) -> String {
        let state = self.state();
        let known = state.versions.iter().find(|(known, _)| *known == runtime);
        known.map(|(_, version)| version.clone()).unwrap_or_default()
    }

    /// What cannot be asked any more, and why.
    pub(super) fn problems(&self) -> Vec<String> {
        self.state().problems.clone()
    }
}

/// Follows until `stop`'s other end is dropped.
///
/// # Errors
/// When the reactor takes no more descriptors.
pub(super) async fn follow(
    mut census: Census,
    asked: Runtimes,
    mut updates: mpsc::Receiver<Update>,
    published: Arc<Published>,
    mut stop: oneshot::Receiver<()>,
) -> io::Result<()> {
    let kernel = census.descriptor().map(register).transpose()?;
    loop {
        tokio::select! {
            _ = &mut stop => return Ok(()),
            // Nobody to ask: the branch rests.
            Some(update) = updates.recv() => census.tell(update, Instant::now()),
            () = news(kernel.as_ref()) => census.notice(Instant::now()),
            () = tokio::time::sleep_until(census.due().into()) => {
                census.settle(Instant::now());
                published.update(&census);
                for (runtime, id) in census.untold() {
                    asked.ask(*runtime, id);
                }
            }
        }
    }
}

#[expect(
    deprecated,
    reason = "its successor is unsafe; an OwnedFd cannot be closed while it is registered"
)]
fn register(kernel: Arc<OwnedFd>) -> io::Result<AsyncFd<Arc<OwnedFd>>> {
    AsyncFd::with_interest(kernel, Interest::READABLE)
}

/// Waits for the kernel's news. All of it is read then, so that the next waits for more.
async fn news(kernel: Option<&AsyncFd<Arc<OwnedFd>>>) {
    match kernel {
        Some(kernel) => {
            if let Ok(mut ready) = kernel.readable().await {
                ready.clear_ready();
            }
        }
        None => std::future::pending().await,
    }
}
