//! A list that each reading writes anew into the memory of the one before.

use std::ops::Deref;

/// The list; it derefs to what the last reading wrote.
#[derive(Debug)]
pub(crate) struct Reused<T> {
    items: Vec<T>,
    used: usize,
}

impl<T> Default for Reused<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            used: 0,
        }
    }
}

impl<T: Default> Reused<T> {
    /// Empties it and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.used = 0;
    }

    /// One more item, which holds what it did in an earlier reading: all of it is to be overwritten.
    pub(crate) fn next(&mut self) -> &mut T {
        if self.used == self.items.len() {
            self.items.push(T::default());
        }
        self.used += 1;
        &mut self.items[self.used - 1]
    }
}

impl<T> Deref for Reused<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.items[..self.used]
    }
}

/// Puts another text where one is, in the same memory.
pub(crate) fn renew(text: &mut String, with: &str) {
    text.clear();
    text.push_str(with);
}
