//! Threads that take turns at the reactor: a leader and its followers. The leader drives it, and does work that may block
//! itself: nobody has to be woken for what is over in a moment, as most scrapes are. A follower watches the clock meanwhile.
//! When the work takes longer, the follower takes the lead, so that connections and deadlines go on; who comes back late follows.

use std::future::Future;
use std::io;
use std::os::fd::OwnedFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use log::{debug, error};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};
use tokio::runtime::Runtime;
use tokio::sync::Notify;

/// How long nobody may be at the reactor.
const PATIENCE: Duration = Duration::from_millis(10);

/// Work that may block, and what is said of it at the end: by then the thread counts as idle again, so that whoever hears
/// it and has the next job at once does not get a second thread.
pub(crate) type Job = Box<dyn FnOnce() -> Option<LastWords> + Send>;

/// See [`Job`].
pub(crate) type LastWords = Box<dyn FnOnce() + Send>;

/// Collectors parse into buffers on the heap; this is many times what they need.
pub(crate) const STACK_BYTES: usize = 512 * 1024;

/// Where the leader is asked to do something.
#[derive(Clone)]
pub(crate) struct Lead {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    /// There is something for the leader in the state.
    wanted: Notify,
    /// A timer that followers wait for. To set it wakes nobody.
    clock: OwnedFd,
}

struct State {
    leader: Leader,
    /// Counts the leaders, so that one that comes back late sees that there is another one.
    turn: u64,
    followers: usize,
    job: Option<Job>,
    ended: Option<End>,
}

#[derive(Clone, Copy)]
enum Leader {
    AtTheReactor,
    /// At work since then.
    Away(Instant),
    /// It has left the lead to whoever follows.
    Gone,
}

/// How the service ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    InOrder,
    Panicked,
}

/// What a thread does next.
enum Role {
    Lead { turn: u64 },
    Follow,
    Leave,
}

impl Lead {
    /// # Errors
    /// The system has no timer to give.
    pub(crate) fn new() -> io::Result<Self> {
        let state = State {
            leader: Leader::AtTheReactor,
            turn: 0,
            followers: 0,
            job: None,
            ended: None,
        };
        let shared = Shared {
            state: Mutex::new(state),
            wanted: Notify::new(),
            clock: timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC)?,
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// Has the leader do this; gives it back if the leader has something to do already.
    pub(crate) fn offer(&self, job: Job) -> Option<Job> {
        let mut state = self.shared.lock();
        if state.job.is_some() || !matches!(state.leader, Leader::AtTheReactor) {
            return Some(job);
        }
        state.job = Some(job);
        drop(state);
        self.shared.wanted.notify_one();
        None
    }

    /// Runs `service`, this thread leading first, until it ends. Should this thread be stuck in a job by then, it never
    /// comes to return; `end` is called instead.
    pub(crate) fn run(self, runtime: Runtime, service: impl Future<Output = ()> + Send + 'static, end: fn(End)) -> End {
        let ending = Ending {
            lead: self.clone(),
            end: End::Panicked,
        };
        runtime.spawn(async move {
            let mut ending = ending;
            service.await;
            ending.end = End::InOrder;
        });
        let party = Arc::new(Party {
            shared: self.shared,
            runtime,
            end,
        });
        party.go(Role::Lead { turn: 0 }, true)
    }
}

/// Tells the leader when the service has ended, whichever way.
struct Ending {
    lead: Lead,
    end: End,
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.lead.shared.lock().ended = Some(self.end);
        self.lead.shared.wanted.notify_one();
    }
}

/// The threads.
struct Party {
    shared: Arc<Shared>,
    runtime: Runtime,
    end: fn(End),
}

impl Party {
    /// A thread's life. The first thread has nowhere to go before the end.
    fn go(self: &Arc<Self>, mut role: Role, is_first: bool) -> End {
        loop {
            role = match role {
                Role::Lead { turn } => match self.runtime.block_on(self.shared.next()) {
                    Ok(job) => {
                        self.have_a_follower();
                        self.shared.work(job);
                        self.shared.come_back(turn, is_first)
                    }
                    Err(end) => {
                        if !is_first && !self.shared.pass_on() {
                            (self.end)(end);
                        }
                        return end;
                    }
                },
                Role::Follow => self.shared.follow(),
                Role::Leave => return End::InOrder,
            };
        }
    }

    fn have_a_follower(self: &Arc<Self>) {
        let mut state = self.shared.lock();
        if state.followers > 0 {
            return;
        }
        state.followers += 1;
        drop(state);
        let party = Arc::clone(self);
        let thread = thread::Builder::new()
            .name("follower".to_owned())
            .stack_size(STACK_BYTES);
        if let Err(error) = thread.spawn(move || party.go(Role::Follow, false)) {
            debug!(err:% = error; "no thread to follow the reactor's");
            self.shared.lock().followers -= 1;
        }
    }
}

impl Shared {
    /// What the leader is to do, or how everything has ended. With a job, the leader is away.
    async fn next(&self) -> Result<Job, End> {
        loop {
            {
                let mut state = self.lock();
                if let Some(end) = state.ended {
                    return Err(end);
                }
                if let Some(job) = state.job.take() {
                    state.leader = Leader::Away(Instant::now());
                    return Ok(job);
                }
            }
            self.wanted.notified().await;
        }
    }

    fn work(&self, job: Job) {
        self.set_clock(PATIENCE);
        let job = AssertUnwindSafe(|| {
            if let Some(last_words) = job() {
                last_words();
            }
        });
        // The panic itself has been told already.
        if catch_unwind(job).is_err() {
            error!("work at the reactor was lost in a panic");
        }
    }

    /// What becomes of the leader of that turn behind a job.
    fn come_back(&self, turn: u64, is_first: bool) -> Role {
        let mut state = self.lock();
        if state.turn != turn {
            if state.followers > 0 && !is_first {
                return Role::Leave;
            }
            state.followers += 1;
            return Role::Follow;
        }
        // One follower is enough. The first thread may be one, which has to stay.
        if state.followers > 1 && !is_first {
            drop(state);
            self.pass_on();
            return Role::Leave;
        }
        state.leader = Leader::AtTheReactor;
        drop(state);
        self.set_clock(Duration::ZERO);
        Role::Lead { turn }
    }

    /// Leaves the lead to a follower, if there is one.
    fn pass_on(&self) -> bool {
        let mut state = self.lock();
        if state.followers == 0 {
            return false;
        }
        state.leader = Leader::Gone;
        drop(state);
        self.set_clock(Duration::from_nanos(1));
        true
    }

    /// Waits until the lead is to be taken.
    fn follow(&self) -> Role {
        loop {
            // It can only fail by being interrupted, which does no harm either.
            rustix::io::read(&self.clock, &mut [0; 8]).ok();
            let mut state = self.lock();
            let is_vacant = match state.leader {
                Leader::AtTheReactor => false,
                Leader::Away(since) => since.elapsed() >= PATIENCE,
                Leader::Gone => true,
            };
            if is_vacant {
                state.leader = Leader::AtTheReactor;
                state.followers -= 1;
                state.turn += 1;
                return Role::Lead { turn: state.turn };
            }
        }
    }

    /// Zero stops it.
    fn set_clock(&self, duration: Duration) {
        let never = Timespec { tv_sec: 0, tv_nsec: 0 };
        let time = Itimerspec {
            it_interval: never,
            it_value: Timespec {
                tv_nsec: duration.subsec_nanos().into(),
                ..never
            },
        };
        if let Err(error) = timerfd_settime(&self.clock, TimerfdTimerFlags::empty(), &time) {
            debug!(err:% = error; "setting the clock of the reactor's followers");
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc;
    use std::thread::{JoinHandle, ThreadId};

    use tokio::sync::oneshot;

    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    fn no_end(_: End) {
        panic!("the first thread was there to return");
    }

    /// Starts `service` with a thread of its own to lead first.
    fn start<F>(service: impl FnOnce(Lead) -> F, end: fn(End)) -> (Lead, JoinHandle<End>)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let lead = Lead::new().unwrap();
        let service = service(lead.clone());
        let led = lead.clone();
        let first = thread::Builder::new().spawn(move || led.run(runtime, service, end));
        (lead, first.unwrap())
    }

    /// Has a job done, by the leader or not at all.
    async fn job<T: Send + 'static>(lead: &Lead, work: impl FnOnce() -> T + Send + 'static) -> T {
        let (done, result) = oneshot::channel();
        let refused = lead.offer(Box::new(move || {
            let value = work();
            Some(Box::new(move || drop(done.send(value))))
        }));
        assert!(refused.is_none(), "the leader is at the reactor");
        result.await.unwrap()
    }

    /// A job that is stuck until it is released.
    fn stuck(lead: &Lead) -> mpsc::Sender<()> {
        let (release, released) = mpsc::channel::<()>();
        let refused = lead.offer(Box::new(move || {
            // The other end may be dropped instead.
            released.recv().ok();
            None
        }));
        assert!(refused.is_none());
        release
    }

    fn here() -> ThreadId {
        thread::current().id()
    }

    async fn until(mut condition: impl FnMut() -> bool) {
        let came_true = async {
            while !condition() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(LONG, came_true).await.unwrap();
    }

    #[test]
    fn jobs_are_done_by_the_thread_that_leads() {
        let all_by_the_first = || {
            let (threads, seen) = mpsc::channel();
            let service = |lead: Lead| async move {
                for _ in 0..100 {
                    threads.send(job(&lead, here).await).unwrap();
                }
            };
            let (_, first) = start(service, no_end);
            let leader = first.thread().id();
            assert_eq!(first.join().unwrap(), End::InOrder);
            seen.iter().all(|thread| thread == leader)
        };
        // On a busy machine a job may take so long that a follower takes the lead.
        assert!((0..10).any(|_| all_by_the_first()));
    }

    #[test]
    fn a_stuck_job_does_not_stop_the_reactor_and_too_many_followers_leave() {
        let service = |lead: Lead| async move {
            let first = job(&lead, here).await;
            let mut releases = Vec::new();
            for _ in 0..3 {
                releases.push(stuck(&lead));
                // Time passes only where there is somebody at the reactor.
                tokio::time::timeout(LONG, tokio::time::sleep(3 * PATIENCE))
                    .await
                    .unwrap();
                assert_ne!(job(&lead, here).await, first);
            }
            drop(releases);
            // The first thread comes back to follow, beside the one that follows already.
            until(|| lead.shared.lock().followers == 2).await;
            while lead.shared.lock().followers > 1 {
                job(&lead, || ()).await;
            }
        };
        let (_, first) = start(service, no_end);
        assert_eq!(first.join().unwrap(), End::InOrder);
    }

    #[test]
    fn a_leader_that_is_away_takes_no_second_job() {
        let (refused, was_refused) = mpsc::channel();
        let service = |lead: Lead| async move {
            let own = lead.clone();
            job(&lead, move || {
                refused.send(own.offer(Box::new(|| None)).is_some()).unwrap()
            })
            .await;
        };
        let (_, first) = start(service, no_end);
        first.join().unwrap();
        assert!(was_refused.recv().unwrap());
    }

    #[test]
    fn it_ends_while_the_first_thread_is_stuck() {
        static ENDED: AtomicBool = AtomicBool::new(false);
        let (release, released) = mpsc::channel();
        let service = |lead: Lead| async move {
            release.send(stuck(&lead)).unwrap();
            tokio::time::sleep(3 * PATIENCE).await;
        };
        let (_, first) = start(service, |end| ENDED.store(end == End::InOrder, Ordering::SeqCst));
        let release = released.recv_timeout(LONG).unwrap();
        let began = Instant::now();
        while !ENDED.load(Ordering::SeqCst) {
            assert!(began.elapsed() < LONG);
            thread::yield_now();
        }
        assert!(!first.is_finished());
        drop(release);
    }

    #[test]
    fn a_panic_loses_its_own_job_and_one_of_the_service_is_told() {
        let service = |lead: Lead| async move {
            assert!(lead.offer(Box::new(|| panic!("on purpose"))).is_none());
            tokio::time::sleep(PATIENCE).await;
            assert_eq!(job(&lead, || 7).await, 7);
            panic!("on purpose");
        };
        let (_, first) = start(service, no_end);
        assert_eq!(first.join().unwrap(), End::Panicked);
    }
}
