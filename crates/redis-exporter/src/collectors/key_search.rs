//! Looking for keys with SCAN: a batch of each pattern in one round trip, until the budget is spent.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use super::budget::{Budget, Part, tell};
use super::session::{Held, Session};
use crate::connection::{Answers, Reply, Request};
use crate::failure::Failure;
use crate::key_list::{KeyName, by_database};
use crate::key_options::KeyOptions;

/// Patterns of one database, all of them as far as each other.
pub(super) struct Search<'p> {
    patterns: Vec<Pattern<'p>>,
}

struct Pattern<'p> {
    text: &'p [u8],
    /// Where to go on; `None`: all was seen, or the target refuses.
    cursor: Option<Vec<u8>>,
}

impl<'p> Search<'p> {
    /// Begins.
    pub(super) fn new(patterns: impl IntoIterator<Item = &'p [u8]>) -> Self {
        let pattern = |text| Pattern {
            text,
            cursor: Some(b"0".to_vec()),
        };
        Self {
            patterns: patterns.into_iter().map(pattern).collect(),
        }
    }

    /// Whether there is nothing left to look through.
    pub(super) fn is_over(&self) -> bool {
        self.patterns.iter().all(|pattern| pattern.cursor.is_none())
    }

    /// Looks a batch further; `found` gets the index of the pattern and the key. A key may come more than once.
    ///
    /// # Errors
    /// As [`Session::ask`].
    pub(super) async fn step(
        &mut self,
        session: &mut Session<'_, '_>,
        found: impl FnMut(usize, &[u8]),
    ) -> Result<(), Failure> {
        let request = self.request(session.options.keys.batch);
        let answers = session.ask(&request).await?;
        self.take(&answers, found);
        Ok(())
    }

    fn request(&self, batch: u32) -> Request {
        let mut request = Request::default();
        let batch = batch.to_string();
        for pattern in &self.patterns {
            if let Some(cursor) = &pattern.cursor {
                let words = [&b"SCAN"[..], cursor, b"MATCH", pattern.text, b"COUNT", batch.as_bytes()];
                request.push("SCAN", &words);
            }
        }
        request
    }

    fn take(&mut self, answers: &Answers, mut found: impl FnMut(usize, &[u8])) {
        let open = self.patterns.iter_mut().enumerate();
        let open = open.filter(|(_, pattern)| pattern.cursor.is_some());
        for (place, (index, pattern)) in open.enumerate() {
            let reply = answers.reply(place);
            let page = reply.as_ref().and_then(page);
            pattern.cursor = page.and_then(|(cursor, _)| (cursor != b"0").then(|| cursor.to_vec()));
            for key in page.map(|(_, keys)| keys).unwrap_or_default() {
                if let Reply::Text(key) = key {
                    found(index, key);
                }
            }
        }
    }
}

/// `["17", ["key", …]]`: where to go on, and what was found.
fn page<'r, 'b>(reply: &'r Reply<'b>) -> Option<(&'b [u8], &'r [Reply<'b>])> {
    match reply.list()? {
        [Reply::Text(cursor), keys] => Some((cursor, keys.list()?)),
        _ => None,
    }
}

/// What a part does with keys.
pub(super) struct Look {
    pub(super) part: Part,
    /// Keys that are listed, whatever they look like.
    pub(super) singles: fn(&KeyOptions) -> &[KeyName],
    /// Keys and patterns.
    pub(super) patterns: fn(&KeyOptions) -> &[KeyName],
    /// How many keys it takes at once.
    pub(super) chunk: usize,
    /// Asks for what is wanted of the keys of a database, and writes it.
    pub(super) describe: for<'h> fn(&'h mut Session<'_, '_>, u32, &'h [Vec<u8>]) -> Held<'h>,
}

/// The keys of one database that were found, each once.
#[derive(Default)]
struct Found {
    hashers: [RandomState; 2],
    /// Two hashes of each key under secret numbers stand for it: keys can be many and long, and among any number that a
    /// server holds no two have both alike.
    seen: HashSet<[u64; 2]>,
    new: Vec<Vec<u8>>,
}

impl Found {
    fn add(&mut self, key: &[u8]) {
        let hashes = self.hashers.each_ref().map(|hasher| hasher.hash_one(key));
        if self.seen.insert(hashes) {
            self.new.push(key.to_vec());
        }
    }
}

impl Look {
    /// Looks through all databases that are named.
    ///
    /// # Errors
    /// As [`Session::ask`].
    pub(super) async fn carry_out(&self, session: &mut Session<'_, '_>) -> Result<(), Failure> {
        let options = session.options;
        let budget = Budget::of(self.part, session);
        let mut most = options.keys.most_keys;
        let names = (self.singles)(&options.keys).iter().map(|name| (name, false));
        let patterns = (self.patterns)(&options.keys);
        let names: Vec<_> = names
            .chain(patterns.iter().map(|name| (name, name.is_pattern())))
            .collect();
        let mut databases = by_database(names, |(name, _)| database(session, name));
        let mut is_complete = true;
        while let Some((database, names)) = databases.pop_first() {
            if session.select(database).await? {
                let share = budget.first_of(databases.len() + 1);
                is_complete &= self.look_through(session, database, &names, share, &mut most).await?;
            }
        }
        session.select_own().await?;
        tell(self.part, is_complete, session);
        Ok(())
    }

    /// Whether it came to the end.
    async fn look_through(
        &self,
        session: &mut Session<'_, '_>,
        database: u32,
        names: &[(&KeyName, bool)],
        budget: Budget,
        most: &mut usize,
    ) -> Result<bool, Failure> {
        let mut found = Found::default();
        let (patterns, singles): (Vec<_>, Vec<_>) = names.iter().partition(|(_, is_pattern)| *is_pattern);
        singles.iter().for_each(|(name, _)| found.add(&name.key));
        let mut search = Search::new(patterns.iter().map(|(name, _)| name.key.as_slice()));
        loop {
            let new = std::mem::take(&mut found.new);
            for chunk in new.get(..*most).unwrap_or(&new).chunks(self.chunk) {
                if budget.is_spent() {
                    return Ok(false);
                }
                (self.describe)(session, database, chunk).await?;
            }
            if new.len() > *most {
                return Ok(false);
            }
            *most -= new.len();
            if search.is_over() {
                return Ok(true);
            }
            if budget.is_spent() {
                return Ok(false);
            }
            search.step(session, |_, key| found.add(key)).await?;
        }
    }
}

/// The database of a key. In a cluster there is one, whatever the list says.
pub(super) fn database(session: &Session<'_, '_>, name: &KeyName) -> u32 {
    if session.seen.is_cluster() { 0 } else { name.database }
}

/// A key as a label; `None`, and said once a target, for what is no text. As upstream has it, there is nothing of such keys.
pub(super) fn label<'k>(session: &Session<'_, '_>, key: &'k [u8]) -> Option<&'k str> {
    let text = std::str::from_utf8(key).ok();
    let what = "keys that are no UTF-8";
    if text.is_none() && session.context.told.is_news(session.target, what) {
        let name = session.target.to_string();
        log::warn!(target_address = name; "Some names of keys are no UTF-8 and so cannot be labels; this is said once");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_comes_again_is_not_new() {
        let mut found = Found::default();
        for key in ["a", "b", "a", "", "b", "c", ""] {
            found.add(key.as_bytes());
        }
        assert_eq!(found.new, [&b"a"[..], b"b", b"", b"c"]);
        found.new.clear();
        found.add(b"c");
        assert!(found.new.is_empty());
    }
}
