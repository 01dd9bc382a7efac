//! Threads for the work of pages, such as probes: each has a reactor of its own, so that the work uses every CPU. Where
//! pages lend them to the web server, they also host its connections, and the work for a request stays on the thread
//! that the request came to: nobody has to be woken.

use std::cell::Cell;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::runtime::{Builder, LocalOptions, LocalRuntime};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::spawn_local;

/// Makes a future on the thread where it is to run, so that it need not be `Send`.
type Job = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()>>> + Send>;

/// Names are looked up on threads of their own, since the system's lookup may hang. More than these do not help a worker;
/// lookups that find none free wait.
const MOST_LOOKUPS: usize = 4;

thread_local! {
    /// Whether this thread is a worker, whoever's.
    static IS_WORKER: Cell<bool> = const { Cell::new(false) };
}

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
    /// When the system has no thread to give, or no reactor for it.
    pub fn start(name: &str, count: usize) -> io::Result<Self> {
        let senders = (0..count)
            .map(|number| start(format!("{name}-{number}")))
            .collect::<io::Result<Vec<_>>>()?;
        Ok(Self {
            senders,
            next: AtomicUsize::new(0),
        })
    }

    /// Runs what `job` makes, and gives back what comes of it: on this thread if it is a worker, otherwise on one of the
    /// threads by turns. When the caller goes away, the work is dropped.
    pub async fn run<T, F>(&self, job: impl FnOnce() -> F + Send + 'static) -> Option<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + 'static,
    {
        let (mut sender, receiver) = tokio::sync::oneshot::channel();
        let work = async move || {
            let result = tokio::select! {
                result = job() => result,
                () = sender.closed() => return,
            };
            // Whoever asked may have gone in this moment.
            drop(sender.send(result));
        };
        if IS_WORKER.get() {
            drop(spawn_local(work()));
        } else {
            self.hand_over(Box::new(move || Box::pin(work())));
        }
        receiver.await.ok()
    }

    /// Runs a connection on one of the threads by turns.
    pub(crate) fn host(&self, connection: impl Future<Output = ()> + Send + 'static) {
        self.hand_over(Box::new(move || Box::pin(connection)));
    }

    fn hand_over(&self, job: Job) {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        if let Some(worker) = self.senders.get(turn % self.senders.len().max(1)) {
            // Threads end after this is dropped. If one could not be reached, the job would be dropped, and be missed.
            drop(worker.send(job));
        }
    }
}

fn start(name: String) -> io::Result<UnboundedSender<Job>> {
    let (sender, receiver) = unbounded_channel();
    // A runtime for futures that are not `Send` cannot be made on another thread than its own.
    let (tell, told) = std::sync::mpsc::sync_channel(1);
    std::thread::Builder::new().name(name).spawn(move || {
        IS_WORKER.set(true);
        match runtime() {
            Ok(runtime) => {
                drop(tell.send(Ok(())));
                runtime.block_on(work(receiver));
            }
            Err(error) => drop(tell.send(Err(error))),
        }
    })?;
    told.recv().map_err(io::Error::other)??;
    Ok(sender)
}

fn runtime() -> io::Result<LocalRuntime> {
    Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(MOST_LOOKUPS)
        .build_local(LocalOptions::default())
}

async fn work(mut receiver: UnboundedReceiver<Job>) {
    while let Some(job) = receiver.recv().await {
        drop(spawn_local(job()));
    }
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

    #[tokio::test]
    async fn work_of_a_hosted_connection_stays_on_its_thread() {
        let workers = std::sync::Arc::new(Workers::start("probe", 3).unwrap());
        for number in 0..3 {
            let (sender, receiver) = oneshot::channel();
            let own = std::sync::Arc::clone(&workers);
            workers.host(async move {
                let name = || async { std::thread::current().name().map(str::to_owned) };
                // A stream of HTTP/2 is a task of its own.
                let stream = tokio::spawn(async move { [own.run(name).await, own.run(name).await] });
                sender.send(stream.await.unwrap()).unwrap();
            });
            let expected = Some(Some(format!("probe-{number}")));
            assert_eq!(receiver.await.unwrap(), [expected.clone(), expected]);
        }
    }
}
