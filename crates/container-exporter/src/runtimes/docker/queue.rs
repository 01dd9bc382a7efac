//! Which containers to ask about, and when. A container that changes often is asked about once for several changes.

use std::collections::{BTreeMap, BTreeSet};

use tokio::time::Instant;

/// Questions under way at once. One about a container that the daemon is stuck on takes the whole deadline.
const AT_ONCE: usize = 4;

/// The containers that are to be asked about. No more of them than there are containers: those that end are taken out.
#[derive(Debug, Default)]
pub(super) struct Queue {
    due: BTreeMap<String, Instant>,
    asked: BTreeSet<String>,
    under_way: usize,
}

impl Queue {
    /// Asks about a container at `at`, or earlier if that was said before.
    pub(super) fn put(&mut self, id: String, at: Instant) {
        let due = self.due.entry(id).or_insert(at);
        *due = at.min(*due);
    }

    /// The container is no more; an answer that is under way is void.
    pub(super) fn forget(&mut self, id: &str) {
        self.due.remove(id);
        self.asked.remove(id);
    }

    /// The next to be asked about now.
    pub(super) fn take(&mut self, now: Instant) -> Option<String> {
        let is_due = |(id, due): &(&String, &Instant)| **due <= now && !self.asked.contains(*id);
        let id = self
            .due
            .iter()
            .find(is_due)
            .filter(|_| self.under_way < AT_ONCE)?
            .0
            .clone();
        self.due.remove(&id);
        self.asked.insert(id.clone());
        self.under_way += 1;
        Some(id)
    }

    /// An answer came. Whether anybody still wants it.
    pub(super) fn answered(&mut self, id: &str) -> bool {
        self.under_way = self.under_way.saturating_sub(1);
        self.asked.remove(id)
    }

    /// When `take` has the next one; `None` while it depends on an answer or an event.
    pub(super) fn next(&self) -> Option<Instant> {
        let waiting = self.due.iter().filter(|(id, _)| !self.asked.contains(*id));
        waiting.map(|(_, due)| *due).min().filter(|_| self.under_way < AT_ONCE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn queue(ids: &[&str], at: Instant) -> Queue {
        let mut queue = Queue::default();
        for id in ids {
            queue.put((*id).to_owned(), at);
        }
        queue
    }

    #[test]
    fn many_changes_of_a_container_are_one_question_at_the_earliest_time() {
        let now = Instant::now();
        let second = |n| now + Duration::from_secs(n);
        let mut queue = queue(&["a"], second(2));
        queue.put("a".to_owned(), second(1));
        queue.put("a".to_owned(), second(3));
        assert_eq!((queue.take(now), queue.next()), (None, Some(second(1))));
        assert_eq!(queue.take(second(1)).as_deref(), Some("a"));
        assert_eq!((queue.take(second(9)), queue.next()), (None, None));
    }

    #[test]
    fn a_change_while_it_is_asked_about_is_another_question_afterwards() {
        let now = Instant::now();
        let mut queue = queue(&["a"], now);
        queue.take(now);
        queue.put("a".to_owned(), now);
        assert_eq!((queue.take(now), queue.next()), (None, None));
        assert!(queue.answered("a"));
        assert_eq!(queue.next(), Some(now));
        assert_eq!(queue.take(now).as_deref(), Some("a"));
    }

    #[test]
    fn only_a_few_questions_are_under_way_at_once() {
        let now = Instant::now();
        let mut queue = queue(&["a", "b", "c", "d", "e"], now);
        let taken: Vec<_> = std::iter::from_fn(|| queue.take(now)).collect();
        assert_eq!(taken, ["a", "b", "c", "d"]);
        assert_eq!(queue.next(), None);
        queue.answered("c");
        assert_eq!(queue.take(now).as_deref(), Some("e"));
    }

    #[test]
    fn nobody_wants_to_hear_of_one_that_is_gone() {
        let now = Instant::now();
        let mut queue = queue(&["a", "b"], now);
        queue.take(now);
        queue.forget("a");
        queue.forget("b");
        assert!(!queue.answered("a"));
        assert_eq!((queue.take(now), queue.next()), (None, None));
    }
}
