//! What the log has said already, so that a target that lacks a command or is down is no line a scrape.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use log::{error, info, warn};

use crate::failure::Failure;
use crate::target::Target;

/// More than this is not remembered, and so may be said again: targets come from whoever asks.
const MOST: usize = 4096;

/// The memory of the log.
#[derive(Default)]
pub(crate) struct Told {
    /// Why targets are down.
    down: Mutex<HashMap<String, String>>,
    /// Which commands they refuse, and what else is said once.
    once: Mutex<HashMap<(String, &'static str), ()>>,
}

impl Told {
    /// Says that a target is down, or another way down than before, or up again.
    pub(crate) fn state(&self, target: &Target, failure: Option<&Failure>) {
        let mut down = self.down.lock().unwrap_or_else(PoisonError::into_inner);
        let name = target.to_string();
        match failure.map(ToString::to_string) {
            None => {
                if down.remove(&name).is_some() {
                    info!(target_address = name; "The target answers again");
                }
            }
            Some(why) if down.get(&name) == Some(&why) => {}
            Some(why) => {
                error!(target_address = name, err = why; "The target cannot be scraped");
                remember(&mut down, name, why);
            }
        }
    }

    /// Says that a target refuses a command, once.
    pub(crate) fn refused(&self, target: &Target, command: &'static str, why: &str) {
        if self.is_news(target, command) {
            let name = target.to_string();
            warn!(target_address = name, command, err = why; "The target refuses a command; this is said once");
        }
    }

    /// Whether this was not said of the target before.
    pub(crate) fn is_news(&self, target: &Target, what: &'static str) -> bool {
        let mut told = self.once.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (target.to_string(), what);
        let is_news = !told.contains_key(&key);
        if is_news {
            remember(&mut told, key, ());
        }
        is_news
    }

    /// Says that something cannot be told of a target, once.
    pub(crate) fn missing(&self, target: &Target, what: &'static str, why: &str) {
        if self.is_news(target, what) {
            warn!(target_address = target.to_string(), what, err = why; "Something of the target cannot be told; this is said once");
        }
    }
}

fn remember<K: Hash + Eq, V>(memory: &mut HashMap<K, V>, key: K, value: V) {
    if memory.len() >= MOST {
        memory.clear();
    }
    memory.insert(key, value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_has_an_end() {
        let mut memory = HashMap::new();
        for number in 0..=MOST {
            remember(&mut memory, number, ());
        }
        assert_eq!(memory.len(), 1);
    }
}
