//! Named threads for work that may block. One stays, waiting; more are made only while others are stuck, and end when
//! they come back.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

type Job = Box<dyn FnOnce() + Send>;

/// Collectors parse into buffers on the heap; this is many times what they need.
const STACK_BYTES: usize = 512 * 1024;

/// A pool that is as large as the number of stuck jobs, and one.
pub(super) struct Crew {
    shared: Arc<Shared>,
}

struct Shared {
    name: &'static str,
    state: Mutex<State>,
    work: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    idle: usize,
    closed: bool,
}

impl Crew {
    pub(super) fn new(name: &'static str) -> Self {
        Self {
            shared: Arc::new(Shared {
                name,
                state: Mutex::default(),
                work: Condvar::new(),
            }),
        }
    }

    /// Runs `job` on an idle thread, or on a new one.
    ///
    /// # Errors
    /// When the system has no thread to give.
    pub(super) fn run(&self, job: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let mut state = self.shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.jobs.len() >= state.idle {
            let shared = Arc::clone(&self.shared);
            let thread = thread::Builder::new()
                .name(self.shared.name.to_owned())
                .stack_size(STACK_BYTES);
            thread.spawn(move || shared.work())?;
        }
        state.jobs.push_back(Box::new(job));
        drop(state);
        self.shared.work.notify_one();
        Ok(())
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        self.shared.work.notify_all();
    }
}

impl Shared {
    fn work(&self) {
        while let Some(job) = self.next() {
            job();
        }
    }

    /// The next job; `None` when another thread already waits for it.
    fn next(&self) -> Option<Job> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(job) = state.jobs.pop_front() {
                return Some(job);
            }
            if state.idle > 0 || state.closed {
                return None;
            }
            state.idle += 1;
            state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.idle -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::time::Duration;

    #[test]
    fn a_stuck_job_does_not_hold_up_the_next() {
        let crew = Crew::new("test");
        let (release, held) = mpsc::channel::<()>();
        let (done, results) = mpsc::channel();
        let stuck = done.clone();
        crew.run(move || {
            held.recv().unwrap();
            stuck.send("stuck").unwrap();
        })
        .unwrap();
        crew.run(move || done.send("free").unwrap()).unwrap();
        assert_eq!(results.recv_timeout(Duration::from_secs(10)), Ok("free"));
        release.send(()).unwrap();
        assert_eq!(results.recv_timeout(Duration::from_secs(10)), Ok("stuck"));
    }
}
