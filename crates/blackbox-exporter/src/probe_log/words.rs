//! Numbers for the words of the program itself: the messages of log lines and the names of what they tell. There are some
//! hundred, each probe says a few dozen of them, and so a line kept for later has no text that others have too.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// All words so far; a word's number is its place.
static WORDS: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

thread_local! {
    /// The numbers that this thread has asked for before, by where a literal lies: to look at its text would take longer.
    static KNOWN: RefCell<HashMap<*const str, usize>> = RefCell::default();
}

/// The number of a word.
pub(super) fn number(word: &'static str) -> usize {
    KNOWN.with_borrow_mut(|known| *known.entry(word).or_insert_with(|| number_among_all(word)))
}

/// The word with this number.
pub(super) fn word(number: usize) -> Option<&'static str> {
    all().get(number).copied()
}

fn number_among_all(word: &'static str) -> usize {
    let mut all = all();
    all.iter().position(|other| *other == word).unwrap_or_else(|| {
        all.push(word);
        all.len() - 1
    })
}

fn all() -> MutexGuard<'static, Vec<&'static str>> {
    WORDS.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_has_one_number_on_all_threads() {
        let numbers = || ["a word", "another word", "a word"].map(number);
        let [first, second, again] = numbers();
        assert_eq!((first == second, first), (false, again));
        assert_eq!(
            std::thread::Builder::new().spawn(numbers).unwrap().join().unwrap(),
            [first, second, again]
        );
        assert_eq!([first, second].map(word), [Some("a word"), Some("another word")]);
        assert_eq!(word(usize::MAX), None);
    }
}
