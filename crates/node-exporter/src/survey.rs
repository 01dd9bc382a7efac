//! Questions to mounts that may never answer, such as statfs(2) on a dead NFS or FUSE server. Threads of its own ask;
//! one that stalls is left behind while a fresh one goes on with the rest. A mount that is stuck has one thread and is
//! not asked again until that comes back.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// A system call and its bookkeeping need next to nothing.
const STACK_BYTES: usize = 64 * 1024;

/// How long mounts may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// After this, the others are asked by another thread.
    pub(crate) stall: Duration,
    /// After this, the mount is stuck.
    pub(crate) limit: Duration,
}

/// Asks mounts one after another and gives each its time. `A` is what a mount answers.
pub(crate) struct Survey<A> {
    shared: Arc<Shared<A>>,
    patience: Patience,
}

struct Shared<A> {
    ask: Box<dyn Fn(&Path) -> A + Send + Sync>,
    state: Mutex<State<A>>,
    /// There is something to ask, or nothing more to do.
    work: Condvar,
    /// A mount answered.
    answered: Condvar,
}

struct State<A> {
    /// Who asks, for the log.
    collector: &'static str,
    round: u64,
    /// All mounts of the round, and what they answered so far.
    paths: Vec<Arc<Path>>,
    answers: Vec<Option<A>>,
    /// The mounts that nobody has asked yet.
    queue: VecDeque<usize>,
    /// The questions that have no answer yet, of this round and of those before.
    open: Vec<Question>,
    /// The thread that takes from the queue; the others end when they come back.
    holder: u64,
    closed: bool,
}

struct Question {
    path: Arc<Path>,
    round: u64,
    since: Instant,
    thread: u64,
    stuck: bool,
}

impl<A: Send + 'static> Survey<A> {
    /// A survey for `collector` that asks with `ask`, which may block for ever.
    pub(crate) fn new(
        collector: &'static str,
        patience: Patience,
        ask: impl Fn(&Path) -> A + Send + Sync + 'static,
    ) -> Self {
        let state = State {
            collector,
            round: 0,
            paths: Vec::new(),
            answers: Vec::new(),
            queue: VecDeque::new(),
            open: Vec::new(),
            holder: 0,
            closed: false,
        };
        Self {
            shared: Arc::new(Shared {
                ask: Box::new(ask),
                state: Mutex::new(state),
                work: Condvar::new(),
                answered: Condvar::new(),
            }),
            patience,
        }
    }

    /// Asks a mount here and now, which must be one that answers at once.
    pub(super) fn ask_here(&self, path: &Path) -> A {
        (self.shared.ask)(path)
    }

    /// Asks all mounts of `paths`, each of which is there once, and puts their answers into `answers`, `None` for those
    /// that are stuck or came to nothing by the deadline.
    ///
    /// # Errors
    /// When the system has no thread to give.
    pub(crate) fn ask(&self, paths: &[Arc<Path>], deadline: Instant, answers: &mut Vec<Option<A>>) -> io::Result<()> {
        let mut state = self.shared.lock();
        state.begin(paths, answers);
        if !state.queue.is_empty() {
            if state.holder == 0 || state.holder_since().is_some() {
                self.hire(&mut state)?;
            } else {
                self.shared.work.notify_all();
            }
        }
        let result = self.wait(state, deadline);
        std::mem::swap(answers, &mut self.shared.lock().answers);
        result
    }

    /// Waits until each mount of the round has answered or is stuck, and sees that somebody asks.
    fn wait(&self, mut state: MutexGuard<'_, State<A>>, deadline: Instant) -> io::Result<()> {
        loop {
            let now = Instant::now();
            if now >= deadline {
                state.queue.clear();
            }
            state.give_up(|question| now >= self.end(question, deadline));
            if state.queue.is_empty() && state.open.iter().all(|question| question.stuck) {
                return Ok(());
            }
            let look = (!state.queue.is_empty()).then(|| state.holder_since().unwrap_or(now) + self.patience.stall);
            if look.is_some_and(|look| look <= now) {
                self.hire(&mut state)?;
                continue;
            }
            let ends = state.open.iter().filter(|question| !question.stuck);
            let ends = ends.map(|question| self.end(question, deadline));
            let until = ends.chain(look).fold(deadline, Instant::min);
            let wait = self
                .shared
                .answered
                .wait_timeout(state, until.saturating_duration_since(now));
            state = wait.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn end(&self, question: &Question, deadline: Instant) -> Instant {
        let end = question.since.checked_add(self.patience.limit);
        end.map_or(deadline, |end| end.min(deadline))
    }

    /// Lets a fresh thread take from the queue.
    fn hire(&self, state: &mut State<A>) -> io::Result<()> {
        let number = state.holder + 1;
        let shared = Arc::clone(&self.shared);
        let builder = thread::Builder::new()
            .name(state.collector.to_owned())
            .stack_size(STACK_BYTES);
        builder.spawn(move || shared.work(number))?;
        state.holder = number;
        Ok(())
    }
}

impl<A> Drop for Survey<A> {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.work.notify_all();
    }
}

impl<A> Shared<A> {
    fn lock(&self) -> MutexGuard<'_, State<A>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a thread does: asks as long as it is the one to ask.
    fn work(&self, number: u64) {
        let mut state = self.lock();
        while !state.closed && state.holder == number {
            let Some((index, path)) = state.take(number) else {
                state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            drop(state);
            let answer = (self.ask)(&path);
            state = self.lock();
            state.settle(number, index, answer);
            if state.queue.is_empty() || state.holder != number {
                self.answered.notify_all();
            }
        }
    }
}

impl<A> State<A> {
    /// Starts a round; the mounts that are still stuck are not asked. `answers` gives its memory.
    fn begin(&mut self, paths: &[Arc<Path>], answers: &mut Vec<Option<A>>) {
        self.round += 1;
        std::mem::swap(&mut self.answers, answers);
        self.answers.clear();
        self.answers.resize_with(paths.len(), || None);
        if self.paths != paths {
            self.paths = paths.to_vec();
        }
        let open = &self.open;
        let asked = |path: &Arc<Path>| open.iter().any(|question| question.path == *path);
        let free = paths.iter().enumerate().filter(|(_, path)| !asked(path));
        self.queue.clear();
        self.queue.extend(free.map(|(index, _)| index));
    }

    /// Since when the thread that takes from the queue waits for an answer.
    fn holder_since(&self) -> Option<Instant> {
        let mut open = self.open.iter();
        open.find(|question| question.thread == self.holder)
            .map(|question| question.since)
    }

    /// The next mount to ask, noted as being asked.
    fn take(&mut self, thread: u64) -> Option<(usize, Arc<Path>)> {
        let index = self.queue.pop_front()?;
        let path = Arc::clone(self.paths.get(index)?);
        self.open.push(Question {
            path: Arc::clone(&path),
            round: self.round,
            since: Instant::now(),
            thread,
            stuck: false,
        });
        Some((index, path))
    }

    /// Notes an answer; one to a question of an earlier round comes too late.
    fn settle(&mut self, thread: u64, index: usize, answer: A) {
        let Some(place) = self.open.iter().position(|question| question.thread == thread) else {
            return;
        };
        let question = self.open.swap_remove(place);
        if question.stuck {
            log::warn!(collector = self.collector, mountpoint:% = question.path.display(); "mount point answers again");
        } else if question.round == self.round
            && let Some(place) = self.answers.get_mut(index)
        {
            *place = Some(answer);
        }
    }

    /// Calls the open questions stuck that have had their time.
    fn give_up(&mut self, over: impl Fn(&Question) -> bool) {
        for question in self.open.iter_mut().filter(|question| !question.stuck) {
            if over(question) {
                question.stuck = true;
                log::warn!(collector = self.collector, mountpoint:% = question.path.display();
                    "mount point does not answer, it will not be asked again until it does");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    /// Mounts under /stuck answer when told to, all others at once; each question is told.
    struct Mounts {
        asked: Receiver<String>,
        release: SyncSender<()>,
    }

    fn survey(patience: Patience) -> (Survey<usize>, Mounts) {
        let (tell, asked) = sync_channel(100);
        let (release, released) = sync_channel(100);
        let (tell, released) = (Mutex::new(tell), Mutex::new(released));
        let survey = Survey::new("filesystem", patience, move |path: &Path| {
            tell.lock().unwrap().send(path.display().to_string()).unwrap();
            if path.starts_with("/stuck") {
                released.lock().unwrap().recv().unwrap();
            }
            path.as_os_str().len()
        });
        (survey, Mounts { asked, release })
    }

    fn ask(survey: &Survey<usize>, paths: &[&str], deadline: Duration) -> Vec<Option<usize>> {
        let paths: Vec<Arc<Path>> = paths.iter().map(|path| Arc::from(Path::new(path))).collect();
        let mut answers = vec![Some(7)];
        survey.ask(&paths, Instant::now() + deadline, &mut answers).unwrap();
        answers
    }

    fn millis(stall: u64, limit: u64) -> Patience {
        Patience {
            stall: Duration::from_millis(stall),
            limit: Duration::from_millis(limit),
        }
    }

    #[test]
    fn one_thread_asks_all_mounts_in_order_again_and_again() {
        let (survey, mounts) = survey(millis(10_000, 60_000));
        for _ in 0..3 {
            assert_eq!(ask(&survey, &["/", "/a", "/bc"], LONG), [Some(1), Some(2), Some(3)]);
        }
        assert_eq!(
            mounts.asked.try_iter().collect::<Vec<_>>(),
            ["/", "/a", "/bc"].repeat(3)
        );
        assert_eq!(survey.shared.lock().holder, 1);
        assert_eq!(ask(&survey, &[], LONG), []);
    }

    #[test]
    fn the_others_answer_while_a_mount_is_stuck_and_it_is_not_asked_again() {
        let (survey, mounts) = survey(millis(50, 300));
        let paths = ["/", "/stuck", "/a", "/bc"];
        assert_eq!(ask(&survey, &paths, LONG), [Some(1), None, Some(2), Some(3)]);
        let began = Instant::now();
        for _ in 0..3 {
            assert_eq!(ask(&survey, &paths, LONG), [Some(1), None, Some(2), Some(3)]);
        }
        assert!(began.elapsed() < LONG, "a stuck mount is reported at once");
        let asked: Vec<String> = mounts.asked.try_iter().collect();
        assert_eq!(asked.iter().filter(|path| *path == "/stuck").count(), 1);
        assert_eq!(
            survey.shared.lock().holder,
            2,
            "one thread more for the one that is stuck"
        );
    }

    #[test]
    fn a_mount_that_answers_again_is_asked_again() {
        let (survey, mounts) = survey(millis(50, 300));
        assert_eq!(ask(&survey, &["/stuck", "/a"], LONG), [None, Some(2)]);
        mounts.release.send(()).unwrap();
        let mut state = survey.shared.lock();
        while !state.open.is_empty() {
            state = survey.shared.answered.wait_timeout(state, LONG).unwrap().0;
        }
        drop(state);
        mounts.release.send(()).unwrap();
        assert_eq!(ask(&survey, &["/stuck", "/a"], LONG), [Some(6), Some(2)]);
    }

    #[test]
    fn the_deadline_ends_the_wait_before_the_limit() {
        let (survey, _mounts) = survey(Patience {
            stall: LONG,
            limit: Duration::MAX,
        });
        let answers = ask(&survey, &["/a", "/stuck", "/never-asked"], Duration::from_millis(20));
        assert_eq!(answers, [Some(2), None, None]);
        assert_eq!(ask(&survey, &["/never-asked"], LONG), [Some(12)]);
    }

    #[test]
    fn many_stuck_mounts_have_a_thread_each_and_stop_nobody() {
        let (survey, _mounts) = survey(millis(20, 300));
        let paths = ["/stuck/1", "/stuck/2", "/stuck/3", "/a"];
        let expected = [None, None, None, Some(2)];
        assert_eq!(ask(&survey, &paths, LONG), expected);
        assert_eq!(ask(&survey, &paths, LONG), expected);
        let state = survey.shared.lock();
        assert_eq!((state.open.len(), state.holder), (3, 4));
    }
}
