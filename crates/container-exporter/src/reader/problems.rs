//! What went wrong.

use log::warn;

/// What went wrong in a reading, said once until it changes.
#[derive(Default)]
pub(super) struct Problems {
    first: Option<String>,
    count: usize,
    said: Option<String>,
}

impl Problems {
    /// One more.
    pub(super) fn add(&mut self, text: impl FnOnce() -> String) {
        self.count += 1;
        self.first.get_or_insert_with(text);
    }

    /// How many so far.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Ends a reading: whether anything was wrong.
    pub(super) fn settle(&mut self) -> bool {
        let (first, count) = (self.first.take(), std::mem::take(&mut self.count));
        if let Some(problem) = first.as_ref().filter(|_| first != self.said) {
            warn!(files = count; "{problem}");
        }
        self.said = first;
        count > 0
    }
}
