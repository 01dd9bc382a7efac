//! Matches a [`Pattern`], one way after the other, but none twice from the same place: the time grows with the text's
//! length alone, whatever the pattern.

use smallvec::SmallVec;

use super::pattern::{CharacterSet, Pattern, Times};

/// A pattern with more states and characters is left to the `regex` crate.
const MOST_SIZE: usize = 1000;

/// States, each of which knows those that may follow.
#[derive(Clone, Debug)]
pub(super) struct Automaton {
    states: Vec<State>,
    /// All literal texts.
    texts: String,
    first: usize,
    forks: usize,
}

#[derive(Clone, Debug)]
enum State {
    One {
        set: CharacterSet,
        next: usize,
    },
    /// Literal characters, which lie there among the texts.
    Text {
        from: usize,
        to: usize,
        next: usize,
    },
    Start {
        next: usize,
    },
    End {
        next: usize,
    },
    Fork {
        number: usize,
        ways: Vec<usize>,
    },
    /// A fork whose one way is a character and back: `.*` is in half of all expressions.
    Loop {
        number: usize,
        set: CharacterSet,
        next: usize,
    },
    Matched,
}

impl Automaton {
    /// `None` for a pattern that is too large.
    pub(super) fn new(pattern: &Pattern) -> Option<Self> {
        let mut automaton = Self {
            states: vec![State::Matched],
            texts: String::new(),
            first: 0,
            forks: 0,
        };
        automaton.first = automaton.add(pattern, 0)?;
        Some(automaton)
    }

    /// Adds the states of `pattern`, behind which comes `next`, and says which of them is the first.
    fn add(&mut self, pattern: &Pattern, next: usize) -> Option<usize> {
        match pattern {
            Pattern::One(set) => self.push(State::One { set: set.clone(), next }),
            Pattern::Text(text) => self.push_text(text, next),
            Pattern::Start => self.push(State::Start { next }),
            Pattern::End => self.push(State::End { next }),
            Pattern::Sequence(parts) => parts.iter().rev().try_fold(next, |next, part| self.add(part, next)),
            Pattern::Choice(branches) => {
                let ways: Option<Vec<usize>> = branches.iter().map(|branch| self.add(branch, next)).collect();
                self.push_fork(ways?)
            }
            Pattern::Repeated { pattern, times } => self.add_repeated(pattern, *times, next),
        }
    }

    fn add_repeated(&mut self, pattern: &Pattern, times: Times, next: usize) -> Option<usize> {
        if times == Times::ZeroOrOne {
            let once = self.add(pattern, next)?;
            return self.push_fork(vec![once, next]);
        }
        if let Pattern::One(set) = pattern {
            let again = self.push_loop(set, next)?;
            return if times == Times::OneOrMore {
                self.add(pattern, again)
            } else {
                Some(again)
            };
        }
        // The way back leads to a state that has to be there before what it leads to.
        let again = self.push_fork(vec![next])?;
        let once = self.add(pattern, again)?;
        if let Some(State::Fork { ways, .. }) = self.states.get_mut(again) {
            ways.push(once);
        }
        Some(if times == Times::OneOrMore { once } else { again })
    }

    fn push_text(&mut self, text: &str, next: usize) -> Option<usize> {
        let from = self.texts.len();
        self.texts.push_str(text);
        let to = self.texts.len();
        self.push(State::Text { from, to, next })
    }

    fn push_fork(&mut self, ways: Vec<usize>) -> Option<usize> {
        self.forks += 1;
        self.push(State::Fork {
            number: self.forks - 1,
            ways,
        })
    }

    fn push_loop(&mut self, set: &CharacterSet, next: usize) -> Option<usize> {
        self.forks += 1;
        self.push(State::Loop {
            number: self.forks - 1,
            set: set.clone(),
            next,
        })
    }

    fn push(&mut self, state: State) -> Option<usize> {
        let number = self.states.len();
        self.states.push(state);
        (number + self.texts.len() < MOST_SIZE).then_some(number)
    }

    /// Whether the pattern matches somewhere in `text`.
    pub(super) fn is_match(&self, text: &str) -> bool {
        let mut search = Search {
            automaton: self,
            text,
            taken: SmallVec::from_elem(0, (self.forks * (text.len() + 1)).div_ceil(64)),
            left: SmallVec::new(),
        };
        if let Some(State::Start { .. }) = self.states.get(self.first) {
            return search.matches_from(0);
        }
        let mut starts = text.char_indices().map(|(start, _)| start).chain([text.len()]);
        starts.any(|start| search.matches_from(start))
    }
}

/// A name's search seldom needs more than this, and then takes no memory: places for bits, and ways left at a time.
const WORDS: usize = 16;
const WAYS: usize = 16;

/// A search of one text.
struct Search<'a> {
    automaton: &'a Automaton,
    text: &'a str,
    /// A bit for each fork at each place in the text: whether its ways were taken from there.
    taken: SmallVec<[u64; WORDS]>,
    /// States still to be tried, with the place to try them at.
    left: SmallVec<[(usize, usize); WAYS]>,
}

impl Search<'_> {
    fn matches_from(&mut self, start: usize) -> bool {
        let mut to_try = Some((self.automaton.first, start));
        while let Some((state, at)) = to_try {
            if self.goes_to_match(state, at) {
                return true;
            }
            to_try = self.left.pop();
        }
        false
    }

    /// Goes on until there is a match, no way, or a fork, whose ways are then left.
    fn goes_to_match(&mut self, mut state: usize, mut at: usize) -> bool {
        let automaton = self.automaton;
        loop {
            match automaton.states.get(state) {
                Some(State::Matched) => return true,
                Some(State::Fork { number, ways }) => {
                    if self.is_first_time(*number, at) {
                        self.leave(ways, at);
                    }
                    return false;
                }
                Some(State::Loop { number, set, next }) => {
                    self.go_round(*number, set, *next, at);
                    return false;
                }
                _ => match self.pass(state, at) {
                    Some(next) => (state, at) = next,
                    None => return false,
                },
            }
        }
    }

    /// Where `state` goes on from the place `at` in the text; `None` where it does not. Forks and the end go on where they
    /// are.
    #[inline]
    fn pass(&self, state: usize, at: usize) -> Option<(usize, usize)> {
        match self.automaton.states.get(state)? {
            State::One { set, next } => {
                let character = self.character_at(at).filter(|character| set.contains(*character))?;
                Some((*next, at + character.len_utf8()))
            }
            State::Text { from, to, next } => {
                let wanted = self.automaton.texts.as_bytes().get(*from..*to)?;
                let rest = self.text.as_bytes().get(at..)?;
                // A call to compare costs more than most texts, which differ in the first character.
                let is_there = rest.first() == wanted.first() && rest.starts_with(wanted);
                is_there.then_some((*next, at + wanted.len()))
            }
            State::Start { next } => (at == 0).then_some((*next, at)),
            State::End { next } => (at == self.text.len()).then_some((*next, at)),
            State::Fork { .. } | State::Loop { .. } | State::Matched => Some((state, at)),
        }
    }

    /// Leaves the ways that go on from this place.
    fn leave(&mut self, ways: &[usize], at: usize) {
        for way in ways {
            if let Some(next) = self.pass(*way, at) {
                self.left.push(next);
            }
        }
    }

    /// Leaves, of every place that the loop comes to, the way on from there.
    fn go_round(&mut self, number: usize, set: &CharacterSet, next: usize, mut at: usize) {
        while self.is_first_time(number, at) {
            if let Some(next) = self.pass(next, at) {
                self.left.push(next);
            }
            match self.character_at(at).filter(|character| set.contains(*character)) {
                Some(character) => at += character.len_utf8(),
                None => return,
            }
        }
    }

    /// Names are ASCII, nearly all of them.
    fn character_at(&self, at: usize) -> Option<char> {
        match self.text.as_bytes().get(at)? {
            byte @ ..128 => Some(char::from(*byte)),
            _ => self.text.get(at..)?.chars().next(),
        }
    }

    fn is_first_time(&mut self, fork: usize, at: usize) -> bool {
        let place = fork * (self.text.len() + 1) + at;
        let bit = 1 << (place % 64);
        let Some(word) = self.taken.get_mut(place / 64) else {
            return false;
        };
        let is_first = *word & bit == 0;
        *word |= bit;
        is_first
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::go_regex::pattern;

    #[test]
    fn a_large_pattern_is_refused() {
        let automaton = |length| Automaton::new(&pattern::parse(&"x".repeat(length)).unwrap());
        assert!(automaton(MOST_SIZE - 2).unwrap().is_match(&"x".repeat(MOST_SIZE)));
        assert!(automaton(MOST_SIZE).is_none());
    }

    #[test]
    fn what_would_take_ages_to_try_in_every_way_takes_no_time() {
        let text = "a".repeat(5000);
        for expression in ["^(a*)*b$", "^(a|a|a?)+b$", "^(.*.*.*.*)b", "(a|aa)+b"] {
            let automaton = Automaton::new(&pattern::parse(expression).unwrap()).unwrap();
            assert!(!automaton.is_match(&text), "{expression}");
        }
    }
}
