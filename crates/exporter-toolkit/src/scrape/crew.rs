//! Who does work that may block: whoever leads at the reactor, if there is a lead and it is free; otherwise named threads. Of
//! these, one stays, waiting; more are made only while others are stuck, and end when they come back.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::lead::{Job, LastWords, Lead, STACK_BYTES};

/// A pool that is as large as the number of stuck jobs, and one.
pub(super) struct Crew {
    lead: Option<Lead>,
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
    pub(super) fn new(name: &'static str, lead: Option<Lead>) -> Self {
        Self {
            lead,
            shared: Arc::new(Shared {
                name,
                state: Mutex::default(),
                work: Condvar::new(),
            }),
        }
    }

    /// Runs `job` where the lead is, on an idle thread, or on a new one.
    ///
    /// # Errors
    /// When the system has no thread to give.
    pub(super) fn run(&self, job: impl FnOnce() -> Option<LastWords> + Send + 'static) -> io::Result<()> {
        let job: Job = Box::new(job);
        let job = match &self.lead {
            Some(lead) => lead.offer(job),
            None => Some(job),
        };
        let Some(job) = job else { return Ok(()) };
        let mut state = self.shared.lock();
        if state.jobs.len() >= state.idle {
            let shared = Arc::clone(&self.shared);
            let thread = thread::Builder::new()
                .name(self.shared.name.to_owned())
                .stack_size(STACK_BYTES);
            thread.spawn(move || shared.work())?;
        }
        state.jobs.push_back(job);
        drop(state);
        self.shared.work.notify_one();
        Ok(())
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.work.notify_all();
    }
}

impl Shared {
    fn work(&self) {
        let mut last_words: Option<LastWords> = None;
        while let Some(job) = self.next(last_words.take()) {
            last_words = job();
        }
    }

    /// The next job; `None` when another thread already waits for it.
    fn next(&self, last_words: Option<LastWords>) -> Option<Job> {
        let mut state = self.lock();
        let surplus = state.idle > 0;
        state.idle += 1;
        if let Some(last_words) = last_words {
            drop(state);
            last_words();
            state = self.lock();
        }
        while state.jobs.is_empty() && !state.closed && !surplus {
            state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.idle -= 1;
        state.jobs.pop_front()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;
    use std::time::Duration;

    const LONG: Duration = Duration::from_secs(10);

    #[test]
    fn a_stuck_job_does_not_hold_up_the_next() {
        let crew = Crew::new("test", None);
        let (release, held) = mpsc::channel::<()>();
        let (done, results) = mpsc::channel();
        let stuck = done.clone();
        crew.run(move || {
            held.recv().unwrap();
            stuck.send("stuck").unwrap();
            None
        })
        .unwrap();
        crew.run(move || {
            done.send("free").unwrap();
            None
        })
        .unwrap();
        assert_eq!(results.recv_timeout(LONG), Ok("free"));
        release.send(()).unwrap();
        assert_eq!(results.recv_timeout(LONG), Ok("stuck"));
    }

    #[test]
    fn jobs_one_after_another_have_one_thread() {
        let crew = Crew::new("test", None);
        let mut threads = std::collections::HashSet::new();
        for _ in 0..200 {
            let (done, results) = mpsc::channel();
            let id = || thread::current().id();
            crew.run(move || Some(Box::new(move || done.send(id()).unwrap())))
                .unwrap();
            threads.insert(results.recv_timeout(LONG).unwrap());
        }
        assert_eq!(threads.len(), 1);
    }
}
