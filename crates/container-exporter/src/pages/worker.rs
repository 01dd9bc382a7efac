//! The one thread that reads for pages: the kernel may take its time, and the reactor must not wait for it.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use log::error;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::reader::Reader;

/// Requests that may wait. More are refused: with a kernel that hangs, waiting ones would only pile up.
const MOST_WAITING: usize = 16;

/// How long a person waits.
const PATIENCE: Duration = Duration::from_secs(10);

const STACK_BYTES: usize = 256 * 1024;

type Task = Box<dyn FnOnce(&Reader) + Send>;

/// The thread's other end. The thread ends when this is dropped.
pub(super) struct Worker {
    tasks: SyncSender<Task>,
}

/// Why a request gets no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoAnswer {
    /// Too many others wait.
    Busy,
    /// It took too long, or failed.
    Late,
}

impl Worker {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system has no thread to give.
    pub(super) fn start(reader: Arc<Reader>) -> io::Result<Self> {
        let (tasks, received) = sync_channel(MOST_WAITING);
        let thread = thread::Builder::new().name("pages".to_owned()).stack_size(STACK_BYTES);
        thread.spawn(move || work(&reader, &received))?;
        Ok(Self { tasks })
    }

    /// What `task` makes, on the thread.
    ///
    /// # Errors
    /// [`NoAnswer`], and then nobody waits for `task` any more.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        task: impl FnOnce(&Reader) -> T + Send + 'static,
    ) -> Result<T, NoAnswer> {
        let (answer, answered) = oneshot::channel();
        let task = move |reader: &Reader| {
            // Whoever has gone needs no reading.
            if !answer.is_closed() {
                drop(answer.send(task(reader)));
            }
        };
        self.tasks.try_send(Box::new(task)).map_err(|_| NoAnswer::Busy)?;
        let answered = timeout(PATIENCE, answered).await.map_err(|_| NoAnswer::Late)?;
        answered.map_err(|_| NoAnswer::Late)
    }
}

/// A panic is the failure of one request.
fn work(reader: &Reader, tasks: &Receiver<Task>) {
    while let Ok(task) = tasks.recv() {
        if catch_unwind(AssertUnwindSafe(|| task(reader))).is_err() {
            error!("a page panicked");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Tree, reader};

    fn run(test: impl AsyncFnOnce(Worker)) {
        let tree = Tree::v2();
        let worker = Worker::start(Arc::new(reader(&tree, Vec::new()))).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        runtime.block_on(test(worker));
    }

    #[test]
    fn a_panic_costs_one_request_alone() {
        run(async |worker| {
            let panicked = worker.ask(|_| -> u8 { panic!("on purpose") }).await;
            assert_eq!(panicked, Err(NoAnswer::Late));
            assert_eq!(worker.ask(|reader| reader.read().rows.len()).await, Ok(0));
        });
    }

    #[test]
    fn while_the_kernel_hangs_so_many_wait_and_the_rest_are_refused() {
        run(async |worker| {
            let (release, released) = std::sync::mpsc::channel::<()>();
            let (begun, has_begun) = oneshot::channel();
            let hangs = worker.ask(move |_| {
                begun.send(()).unwrap();
                released.recv().unwrap_err();
            });
            let mut hangs = Box::pin(hangs);
            tokio::select! {
                _ = &mut hangs => panic!("it hangs"),
                begun = has_begun => begun.unwrap(),
            }
            let mut waiting: Vec<_> = (0..=MOST_WAITING)
                .map(|number| Box::pin(worker.ask(move |_| number)))
                .collect();
            let last = waiting.pop().unwrap();
            for one in &mut waiting {
                let polled = std::future::poll_fn(|context| std::task::Poll::Ready(one.as_mut().poll(context))).await;
                assert!(polled.is_pending());
            }
            assert_eq!(last.await, Err(NoAnswer::Busy));
            drop(release);
            hangs.await.unwrap();
            for (number, one) in waiting.into_iter().enumerate() {
                assert_eq!(one.await, Ok(number));
            }
        });
    }
}
