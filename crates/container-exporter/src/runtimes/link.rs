//! Whether a runtime answers: said once when that changes, and how long to wait before it is asked again.

use std::time::Duration;

use log::{debug, info, warn};
use tokio::sync::mpsc;

use super::Update;
use super::http::{Error, Why};
use crate::container::Runtime;

/// The wait after the first failure.
const SHORTEST: Duration = Duration::from_secs(1);
/// The wait after many, for a socket that was never there, and how long all must be well to begin anew.
const LONGEST: Duration = Duration::from_secs(30);

/// What is known of a runtime's willingness to answer.
pub(super) struct Link {
    /// Who is asked.
    pub(super) runtime: Runtime,
    updates: mpsc::Sender<Update>,
    standing: Standing,
    wait: Duration,
    has_answered: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Standing {
    Unknown,
    Answers,
    Lost,
}

impl Link {
    pub(super) fn new(runtime: Runtime, updates: mpsc::Sender<Update>) -> Self {
        Self {
            runtime,
            updates,
            standing: Standing::Unknown,
            wait: SHORTEST,
            has_answered: false,
        }
    }

    /// Sends news, when there is room for it.
    pub(super) async fn tell(&self, update: Update) {
        // Nobody listens any more: whoever runs this ends it.
        self.updates.send(update).await.ok();
    }

    /// It answers.
    pub(super) fn answers(&mut self) {
        if self.standing == Standing::Lost && self.has_answered {
            info!("{}: answers again", self.runtime.name());
        }
        self.standing = Standing::Answers;
        self.has_answered = true;
    }

    /// It does not, or not any more after it has for `lasted`. Returns how long to wait before it is asked again.
    pub(super) async fn lost(&mut self, error: &Error, lasted: Duration) -> Duration {
        let was_expected = self.has_answered || !matches!(error.why, Why::Absent);
        if self.standing != Standing::Lost {
            if was_expected {
                warn!("{}: {error}", self.runtime.name());
                self.tell(Update::Lost(self.runtime, error.to_string())).await;
            } else {
                debug!("{}: {error}", self.runtime.name());
                self.tell(Update::Absent(self.runtime)).await;
            }
        }
        self.standing = Standing::Lost;
        self.next_wait(was_expected, lasted)
    }

    fn next_wait(&mut self, was_expected: bool, lasted: Duration) -> Duration {
        if !was_expected {
            return LONGEST;
        }
        // One that answers and breaks off again and again is as costly as one that does not.
        if lasted >= LONGEST {
            self.wait = SHORTEST;
        }
        let wait = self.wait;
        self.wait = (wait * 2).min(LONGEST);
        wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtimes::http::Socket;

    fn link() -> (Link, mpsc::Receiver<Update>) {
        let (updates, received) = mpsc::channel(8);
        (Link::new(Runtime::Podman, updates), received)
    }

    fn error(why: Why) -> Error {
        Socket::new("/s".into()).error("/x?y", why)
    }

    #[tokio::test]
    async fn waits_grow_to_half_a_minute_and_shrink_after_a_good_time() {
        let (mut link, _received) = link();
        let mut waits = Vec::new();
        for lasted in [0, 1, 0, 0, 29, 0, 0, 30, 0] {
            let wait = link.lost(&error(Why::Ended), Duration::from_secs(lasted)).await;
            waits.push(wait.as_secs());
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 30, 30, 1, 2]);
    }

    #[tokio::test]
    async fn a_socket_that_was_never_there_is_looked_for_seldom() {
        let (mut link, _received) = link();
        for _ in 0..3 {
            assert_eq!(link.lost(&error(Why::Absent), Duration::ZERO).await, LONGEST);
        }
        link.answers();
        assert_eq!(link.lost(&error(Why::Absent), Duration::ZERO).await, SHORTEST);
    }

    #[tokio::test]
    async fn a_loss_is_told_once_until_it_answers_again() {
        let (mut link, mut received) = link();
        let lost = Update::Lost(Runtime::Podman, "asking /s for /x: status 500".to_owned());
        for _ in 0..2 {
            link.lost(&error(Why::Status(500)), Duration::ZERO).await;
            link.lost(&error(Why::Late), Duration::ZERO).await;
            assert_eq!(received.try_recv().as_ref(), Ok(&lost));
            assert!(received.try_recv().is_err());
            link.answers();
        }
    }
}
