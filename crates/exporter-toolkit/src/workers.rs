//! Threads for work of pages, such as probes: each has a reactor of its own, so that the work uses every CPU and never keeps
//! the web server from answering.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::LocalSet;

/// Makes a future on the thread where it is to run, so that it need not be `Send`.
type Job = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()>>> + Send>;

/// Names are looked up on threads of their own, since the system's lookup may hang. More than these do not help a worker;
/// lookups that find none free wait.
const MOST_LOOKUPS: usize = 4;

/// The threads. They end when this is dropped.
#[derive(Debug)]
pub struct Workers {
    senders: Vec<UnboundedSender<Job>>,
    next: AtomicUsize,
}

impl Workers {
    /// So many threads, called `name-0` and so on.
    ///
    /// # Errors
    /// When the system has no thread to give.
    pub fn start(name: &str, count: usize) -> io::Result<Self> {
        let senders = (0..count)
            .map(|number| start(name, number))
            .collect::<io::Result<Vec<_>>>()?;
        Ok(Self {
            senders,
            next: AtomicUsize::new(0),
        })
    }

    /// Runs what `job` makes on one of the threads, and gives back what comes of it. When the caller goes away, the work
    /// is dropped.
    pub async fn run<T, F>(&self, job: impl FnOnce() -> F + Send + 'static) -> Option<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + 'static,
    {
        let (mut sender, receiver) = tokio::sync::oneshot::channel();
        let job: Job = Box::new(move || {
            Box::pin(async move {
                let result = tokio::select! {
                    result = job() => result,
                    () = sender.closed() => return,
                };
                // Whoever asked may have gone in this moment.
                drop(sender.send(result));
            })
        });
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let worker = self.senders.get(turn % self.senders.len().max(1))?;
        worker.send(job).ok()?;
        receiver.await.ok()
    }
}

fn start(name: &str, number: usize) -> io::Result<UnboundedSender<Job>> {
    let (sender, mut receiver) = unbounded_channel::<Job>();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(MOST_LOOKUPS)
        .build()?;
    std::thread::Builder::new()
        .name(format!("{name}-{number}"))
        .spawn(move || {
            LocalSet::new().block_on(&runtime, async move {
                while let Some(job) = receiver.recv().await {
                    drop(tokio::task::spawn_local(job()));
                }
            });
        })?;
    Ok(sender)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::oneshot;

    /// Says that it was dropped.
    struct Guard(Option<oneshot::Sender<()>>);

    impl Drop for Guard {
        fn drop(&mut self) {
            self.0.take().map(|sender| sender.send(()));
        }
    }

    #[tokio::test]
    async fn work_whose_caller_goes_away_is_dropped() {
        let workers = Workers::start("probe", 1).unwrap();
        let (begun, has_begun) = oneshot::channel();
        let (dropped, was_dropped) = oneshot::channel();
        let work = workers.run(move || async move {
            let _guard = Guard(Some(dropped));
            begun.send(()).unwrap();
            std::future::pending::<()>().await;
        });
        tokio::select! {
            _ = work => panic!("it never ends by itself"),
            begun = has_begun => begun.unwrap(),
        }
        was_dropped.await.unwrap();
    }

    #[tokio::test]
    async fn a_panic_loses_its_own_work_and_nothing_else() {
        let workers = Workers::start("probe", 1).unwrap();
        let lost: Option<()> = workers.run(|| async { panic!("on purpose") }).await;
        assert_eq!(lost, None);
        assert_eq!(workers.run(|| async { 7 }).await, Some(7));
    }

    #[tokio::test]
    async fn work_is_spread_over_all_threads_by_turns() {
        let workers = Workers::start("probe", 3).unwrap();
        let mut names = Vec::new();
        for _ in 0..3 {
            let name = workers.run(|| async { std::thread::current().name().map(str::to_owned) });
            names.extend(name.await.flatten());
        }
        assert_eq!(names, ["probe-0", "probe-1", "probe-2"]);
    }
}
