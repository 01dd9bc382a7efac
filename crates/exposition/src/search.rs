//! Looking in a short text for what was there before. Its table is small, since a compressor for any bytes takes longer to
//! clear its own than such a text takes.

use crate::bits::Bits;
use crate::deflate::Codes;

/// Two texts behind each other may be as long as this each, so that places fit into the table.
pub(crate) const LONGEST: usize = 16 * 1024;

/// Shorter repetitions cost as much as the bytes.
pub(crate) const LEAST: usize = 4;

/// How many places are remembered, by what stands there.
const PLACES: usize = 1 << PLACES_LOG;
const PLACES_LOG: u32 = 11;

/// What is kept from one text to the next.
#[derive(Debug)]
pub(crate) struct Search {
    /// Where the four bytes with each key were last, plus one; 0 if they were not.
    places: Box<[u16; PLACES]>,
}

impl Default for Search {
    fn default() -> Self {
        Self {
            places: Box::new([0; PLACES]),
        }
    }
}

/// Takes what a text consists of, in order.
pub(crate) trait Tokens {
    /// Bytes as they are.
    fn literals(&mut self, bytes: &[u8]);

    /// `length` bytes that stand at `from` too, and are now `at`.
    fn repeat(&mut self, length: usize, at: usize, from: usize);
}

/// Packs them right away.
impl Tokens for (&mut Codes, &mut Bits<'_>) {
    fn literals(&mut self, bytes: &[u8]) {
        self.0.literals(bytes, self.1);
    }

    fn repeat(&mut self, length: usize, at: usize, from: usize) {
        self.0.repeat(length, at - from, self.1);
    }
}

impl Search {
    /// Takes `text`, which is no longer than twice [`LONGEST`], apart from `start` on. What stands before that may be repeated
    /// from the places that are `known`.
    pub(crate) fn run(
        &mut self,
        text: &[u8],
        start: usize,
        known: impl IntoIterator<Item = usize>,
        tokens: &mut impl Tokens,
    ) {
        self.places.fill(0);
        for place in known {
            self.remember(text, place);
        }
        let (mut done, mut at) = (start, start);
        while let Some(four) = text.get(at..).and_then(|rest| rest.first_chunk::<LEAST>()) {
            let Some(from) = self.replace(*four, at).filter(|from| *from < at) else {
                at += 1;
                continue;
            };
            let rest = text.get(at..).unwrap_or_default();
            let length = shared(rest, text.get(from..).unwrap_or_default());
            if length < LEAST {
                at += 1;
                continue;
            }
            tokens.literals(text.get(done..at).unwrap_or_default());
            tokens.repeat(length, at, from);
            at += length;
            done = at;
            // What begins in what was repeated, and goes on behind it, comes again often.
            self.remember(text, at.saturating_sub(2));
        }
        tokens.literals(text.get(done..).unwrap_or_default());
    }

    /// Where these bytes, or others with the same key, were before; from now on they are `at`.
    #[inline]
    fn replace(&mut self, four: [u8; LEAST], at: usize) -> Option<usize> {
        let key = u32::from_le_bytes(four).wrapping_mul(0x9e37_79b1) >> (u32::BITS - PLACES_LOG);
        let place = self.places.get_mut(key as usize)?;
        let before = std::mem::replace(place, at as u16 + 1);
        usize::from(before).checked_sub(1)
    }

    #[inline]
    fn remember(&mut self, text: &[u8], at: usize) {
        if let Some(four) = text.get(at..).and_then(|rest| rest.first_chunk()) {
            self.replace(*four, at);
        }
    }
}

/// How many bytes both begin with.
#[inline]
pub(crate) fn shared(a: &[u8], b: &[u8]) -> usize {
    let (a_words, _) = a.as_chunks::<8>();
    let (b_words, _) = b.as_chunks::<8>();
    let mut length = 0;
    for (a, b) in a_words.iter().zip(b_words) {
        let differ = u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b);
        if differ != 0 {
            return length + differ.trailing_zeros() as usize / 8;
        }
        length += 8;
    }
    length + a[length..].iter().zip(&b[length..]).take_while(|(a, b)| a == b).count()
}
