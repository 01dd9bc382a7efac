//! The one thread for what may block: looking at files, and bcrypt. Looks go first, for every request waits on them;
//! passwords are checked one at a time, as upstream does it.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use tokio::sync::oneshot;

use super::file::Secret;
use super::look::Current;

/// Passwords that may wait for their check. More are refused: a flood of wrong ones costs bounded memory.
const MOST_WAITING: usize = 64;

/// YAML, PEM and bcrypt keep all that is large on the heap.
const STACK_BYTES: usize = 512 * 1024;

/// Checks a password against a hash.
pub(super) type Verify = fn(password: &[u8], hash: &str) -> bool;

/// The thread's other end. The thread ends when this is dropped.
pub(super) struct Worker {
    inbox: Arc<Inbox>,
}

/// Why there is no verdict on a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoVerdict {
    /// Too many others wait.
    Busy,
    /// The thread is no more.
    Gone,
}

#[derive(Default)]
struct Inbox {
    tasks: Mutex<Tasks>,
    wake: Condvar,
}

#[derive(Default)]
struct Tasks {
    looks: Vec<oneshot::Sender<Current>>,
    checks: VecDeque<Check>,
    closed: bool,
}

struct Check {
    password: Vec<u8>,
    hash: Secret,
    keep: Keep,
    verdict: oneshot::Sender<bool>,
}

/// Keeps a verdict for the next request.
type Keep = Box<dyn FnOnce(bool) + Send>;

enum Task {
    Look(Vec<oneshot::Sender<Current>>),
    Check(Check),
}

impl Worker {
    /// Starts the thread; `look` is called on it for every look.
    ///
    /// # Errors
    /// When the system has no thread to give.
    pub(super) fn start(look: impl FnMut() -> Current + Send + 'static, verify: Verify) -> io::Result<Self> {
        let inbox = Arc::new(Inbox::default());
        let theirs = Open(Arc::clone(&inbox));
        let thread = thread::Builder::new()
            .name("web-config".to_owned())
            .stack_size(STACK_BYTES);
        thread.spawn(move || theirs.0.work(look, verify))?;
        Ok(Self { inbox })
    }

    /// Asks for a look that begins after this call. `None` when the thread is no more.
    pub(super) async fn look(&self) -> Option<Current> {
        let (answer, answered) = oneshot::channel();
        self.inbox
            .put(|tasks| {
                tasks.looks.push(answer);
                Ok(())
            })
            .ok()?;
        answered.await.ok()
    }

    /// Asks for a password to be checked. A check that has begun goes on when nobody waits for it any more, and `keep` gets
    /// its verdict: where one takes longer than a scrape may, no scrape would ever come in.
    ///
    /// # Errors
    /// When it will not be.
    pub(super) async fn check(
        &self,
        password: Vec<u8>,
        hash: Secret,
        keep: impl FnOnce(bool) + Send + 'static,
    ) -> Result<bool, NoVerdict> {
        let (verdict, judged) = oneshot::channel();
        self.inbox.put(|tasks| {
            tasks.checks.retain(|check| !check.verdict.is_closed());
            if tasks.checks.len() >= MOST_WAITING {
                return Err(NoVerdict::Busy);
            }
            tasks.checks.push_back(Check {
                password,
                hash,
                keep: Box::new(keep),
                verdict,
            });
            Ok(())
        })?;
        judged.await.map_err(|_| NoVerdict::Gone)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.inbox.close();
    }
}

/// Closes the inbox when the thread ends, by a panic too, so that nobody waits forever.
struct Open(Arc<Inbox>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.close();
    }
}

impl Inbox {
    fn tasks(&self) -> MutexGuard<'_, Tasks> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, add: impl FnOnce(&mut Tasks) -> Result<(), NoVerdict>) -> Result<(), NoVerdict> {
        let mut tasks = self.tasks();
        if tasks.closed {
            return Err(NoVerdict::Gone);
        }
        add(&mut tasks)?;
        drop(tasks);
        self.wake.notify_one();
        Ok(())
    }

    /// Those who wait are told by their channels' ends.
    fn close(&self) {
        let mut tasks = self.tasks();
        *tasks = Tasks {
            closed: true,
            ..Tasks::default()
        };
        drop(tasks);
        self.wake.notify_all();
    }

    fn work(&self, mut look: impl FnMut() -> Current, verify: Verify) {
        while let Some(task) = self.next() {
            // Whoever asked may have gone away meanwhile.
            match task {
                Task::Look(asked) => {
                    let current = look();
                    asked.into_iter().for_each(|answer| drop(answer.send(current.clone())));
                }
                Task::Check(check) if check.verdict.is_closed() => {}
                Task::Check(check) => {
                    let matches = verify(&check.password, &check.hash.0);
                    (check.keep)(matches);
                    check.verdict.send(matches).ok();
                }
            }
        }
    }

    fn next(&self) -> Option<Task> {
        let mut tasks = self.tasks();
        loop {
            if tasks.closed {
                return None;
            }
            if !tasks.looks.is_empty() {
                return Some(Task::Look(std::mem::take(&mut tasks.looks)));
            }
            if let Some(check) = tasks.checks.pop_front() {
                return Some(Task::Check(check));
            }
            tasks = self.wake.wait(tasks).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc;
    use std::task::{Context, Waker};
    use std::time::Duration;

    use crate::web_config::WebConfigError;

    fn broken() -> Current {
        Err(Arc::new(WebConfigError::new(Path::new("x"), vec![])))
    }

    fn is_empty(password: &[u8], _hash: &str) -> bool {
        password.is_empty()
    }

    #[tokio::test]
    async fn passwords_are_checked_and_files_looked_at() {
        let worker = Worker::start(broken, is_empty).unwrap();
        assert_eq!(worker.check(vec![], Secret::default(), drop).await, Ok(true));
        assert_eq!(worker.check(vec![1], Secret::default(), drop).await, Ok(false));
        assert!(worker.look().await.unwrap().is_err());
    }

    #[tokio::test]
    async fn the_verdict_on_whoever_left_is_kept() {
        static BEGUN: AtomicBool = AtomicBool::new(false);
        static LEFT: AtomicBool = AtomicBool::new(false);
        fn slow(_password: &[u8], _hash: &str) -> bool {
            BEGUN.store(true, Ordering::SeqCst);
            while !LEFT.load(Ordering::SeqCst) {
                thread::yield_now();
            }
            true
        }
        let worker = Worker::start(broken, slow).unwrap();
        let (keep, kept) = mpsc::channel();
        let mut check = Box::pin(worker.check(vec![], Secret::default(), move |matches| keep.send(matches).unwrap()));
        assert!(
            check
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()))
                .is_pending()
        );
        while !BEGUN.load(Ordering::SeqCst) {
            thread::yield_now();
        }
        drop(check);
        LEFT.store(true, Ordering::SeqCst);
        assert_eq!(kept.recv_timeout(Duration::from_secs(5)), Ok(true));
    }

    #[tokio::test]
    async fn nobody_waits_for_a_thread_that_panicked() {
        let worker = Worker::start(broken, |_, _| panic!("of this test")).unwrap();
        assert_eq!(
            worker.check(vec![], Secret::default(), drop).await,
            Err(NoVerdict::Gone)
        );
        assert_eq!(
            worker.check(vec![], Secret::default(), drop).await,
            Err(NoVerdict::Gone)
        );
        assert!(worker.look().await.is_none());
    }

    #[tokio::test]
    async fn only_so_many_may_wait_and_those_who_left_do_not_count() {
        let (release, held) = mpsc::channel::<()>();
        let (entered, inside) = mpsc::channel();
        let look = move || {
            entered.send(()).unwrap();
            held.recv().unwrap();
            broken()
        };
        let worker = Worker::start(look, is_empty).unwrap();
        let mut context = Context::from_waker(Waker::noop());
        let mut looking = Box::pin(worker.look());
        assert!(looking.as_mut().poll(&mut context).is_pending());
        inside.recv().unwrap();
        let mut waiting: Vec<_> = (0..MOST_WAITING)
            .map(|_| Box::pin(worker.check(vec![], Secret::default(), drop)))
            .collect();
        for check in &mut waiting {
            assert!(check.as_mut().poll(&mut context).is_pending());
        }
        assert_eq!(
            worker.check(vec![], Secret::default(), drop).await,
            Err(NoVerdict::Busy)
        );
        drop(waiting.pop());
        let mut last = Box::pin(worker.check(vec![], Secret::default(), drop));
        assert!(last.as_mut().poll(&mut context).is_pending());
        release.send(()).unwrap();
        assert_eq!(last.await, Ok(true));
    }
}
