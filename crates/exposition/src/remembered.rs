//! gzip for answers of which most stays from one to the next: half of the text is help and types, and most numbers rest
//! too. Each family is kept as it was packed, and packed anew only when it has changed; so it repeats nothing but what
//! stands in itself, and in help and type of the family before, whose distance is the only thing that changes.

use std::sync::Arc;

use flate2::Crc;

use crate::bits::{Bits, Packed};
use crate::block::BlockText;
use crate::deflate::{Codes, GZIP_HEADER, LEAST_LENGTH, MOST_BACK, MOST_LENGTH, push_gzip_end};
use crate::search::{LONGEST, Search, Tokens};
use crate::sink::Sink;

/// Larger answers are packed like any bytes: what is kept of them here would be larger than all tables of zlib's.
pub(crate) const LARGEST: usize = 256 * 1024;

/// So many families may vanish at one place before those behind it are taken for new ones.
const NEAR: usize = 16;

/// Even the head of a part that follows another one is near enough to repeat the other's.
const _: () = assert!(2 * LONGEST <= MOST_BACK);

/// `# HELP ` and `# TYPE `, with a family's name behind.
const WORD: usize = 7;

/// What is kept from one answer to the next.
#[derive(Debug)]
pub(crate) struct Remembered {
    /// In the order of the last answer.
    families: Vec<Family>,
    search: Search,
    codes: Codes,
    /// Most of the last answer was new: codes for it will do better.
    is_strange: bool,
    sum: Crc,
}

impl Default for Remembered {
    fn default() -> Self {
        let mut codes = Codes::default();
        codes.learn();
        Self {
            families: Vec::new(),
            search: Search::default(),
            codes,
            is_strange: false,
            sum: Crc::new(),
        }
    }
}

/// A family, or a part of one that is long.
#[derive(Debug, Default)]
struct Family {
    text: Vec<u8>,
    /// The length of its help and type.
    head: usize,
    /// Whether the head is packed for the place behind the family that is before it now.
    is_placed: bool,
    packed_head: Packed,
    /// Where the packed head goes on with the distance of what it repeats from the family before.
    gaps: Vec<Gap>,
    packed_samples: Packed,
}

/// A distance is missing.
#[derive(Debug)]
struct Gap {
    /// Behind so many bits.
    at: u32,
    /// The distance if the family before had no samples.
    back: u32,
}

/// One answer on its way.
pub(crate) struct Answer<'r> {
    remembered: &'r mut Remembered,
    out: &'r mut Vec<u8>,
    waiting: (u64, u32),
    /// The codes were made anew for it.
    learns: bool,
    /// How many families there are so far.
    families: usize,
    anew: Counts,
}

/// How much was packed anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    heads: usize,
    /// Of so many families.
    samples: usize,
}

impl<'r> Answer<'r> {
    /// Begins a gzip member in `out`, for an answer of about `length` bytes.
    pub(crate) fn new(remembered: &'r mut Remembered, length: usize, out: &'r mut Vec<u8>) -> Self {
        out.reserve(length / 4 + 512);
        let learns = std::mem::take(&mut remembered.is_strange);
        if learns {
            remembered.families.clear();
            remembered.codes.learn();
        }
        remembered.codes.count_anew();
        remembered.sum.reset();
        out.extend_from_slice(&GZIP_HEADER);
        let mut bits = Bits::resume(out, (0, 0));
        remembered.codes.begin(&mut bits);
        let waiting = bits.pause();
        Self {
            remembered,
            out,
            waiting,
            learns,
            families: 0,
            anew: Counts::default(),
        }
    }

    /// Ends the member.
    pub(crate) fn finish(self) {
        let Remembered {
            families, codes, sum, ..
        } = &mut *self.remembered;
        families.truncate(self.families);
        let mut bits = Bits::resume(self.out, self.waiting);
        codes.end(&mut bits);
        bits.align();
        push_gzip_end(sum, self.out);
        self.remembered.is_strange = !self.learns && self.anew.heads > self.families / 2;
    }

    fn family(&mut self, text: &[u8]) {
        let Remembered {
            families,
            search,
            codes,
            sum,
            ..
        } = &mut *self.remembered;
        sum.update(text);
        let at = self.families;
        self.families += 1;
        find(families, at, text);
        let (before, rest) = families.split_at_mut(at);
        let Some(family) = rest.first_mut() else { return };
        let before = before.last();
        let anew = family.update(text, before, search, codes);
        self.anew.heads += anew.heads;
        self.anew.samples += anew.samples;
        let mut bits = Bits::resume(self.out, self.waiting);
        family.write(before, codes, &mut bits);
        self.waiting = bits.pause();
    }
}

impl Sink for Answer<'_> {
    fn begin(&mut self, _length: usize) {}

    fn text(&mut self, text: &[u8]) {
        for part in text.chunks(LONGEST) {
            self.family(part);
        }
    }

    fn line(&mut self, head: &[u8], block: &Arc<BlockText>, rest: &[u8]) {
        let mut line = Vec::new();
        line.line(head, block, rest);
        self.text(&line);
    }
}

/// Sees to it that the family of `text` stands at `at`: as it was in the last answer, or a new one.
fn find(families: &mut Vec<Family>, at: usize, text: &[u8]) {
    let candidates = families.iter().skip(at).take(NEAR);
    let changed = match candidates.map(|family| family.is_of(text)).position(|is| is) {
        Some(0) => return,
        Some(gone) => {
            families.drain(at..at + gone);
            at
        }
        None => {
            families.insert(at, Family::new(text));
            at + 1
        }
    };
    // Another one stands before it now.
    if let Some(family) = families.get_mut(changed) {
        family.is_placed = false;
    }
}

/// The length of help and type.
fn head(text: &[u8]) -> usize {
    let lines = text.split_inclusive(|byte| *byte == b'\n');
    lines.take_while(|line| line.starts_with(b"#")).map(<[u8]>::len).sum()
}

impl Family {
    /// One with the head of `text`, and nothing packed.
    fn new(text: &[u8]) -> Self {
        let head = head(text);
        Self {
            text: text[..head].to_vec(),
            head,
            ..Self::default()
        }
    }

    fn head(&self) -> &[u8] {
        &self.text[..self.head]
    }

    fn is_of(&self, text: &[u8]) -> bool {
        text.strip_prefix(self.head())
            .is_some_and(|samples| !samples.starts_with(b"#"))
    }

    /// Packs what is not packed as it is now. `text` has this family's head.
    fn update(&mut self, text: &[u8], before: Option<&Self>, search: &mut Search, codes: &mut Codes) -> Counts {
        let mut anew = Counts::default();
        if !self.is_placed {
            self.pack_head(before, search, codes);
            self.is_placed = true;
            anew.heads += 1;
        }
        if self.text != text || self.packed_samples.count() == 0 && text.len() > self.head {
            self.pack_samples(text, search, codes);
            anew.samples += 1;
        }
        anew
    }

    fn pack_head(&mut self, before: Option<&Self>, search: &mut Search, codes: &mut Codes) {
        let before = before.map_or(&[][..], Self::head);
        let text = [before, self.head()].concat();
        let own = before.len();
        self.gaps.clear();
        let gaps = &mut self.gaps;
        self.packed_head.fill(|bits| {
            let mut tokens = HeadTokens {
                text: &text,
                own,
                codes,
                bits,
                gaps,
            };
            search.run(&text, own, (0..own).chain([own + WORD]), &mut tokens);
        });
    }

    fn pack_samples(&mut self, text: &[u8], search: &mut Search, codes: &mut Codes) {
        self.text.truncate(self.head);
        self.text.extend_from_slice(&text[self.head..]);
        let but_end = &self.text[..self.head.saturating_sub(1)];
        let last_line = but_end.iter().rposition(|byte| *byte == b'\n');
        let name = last_line.map(|end| end + 1 + WORD);
        self.packed_samples
            .fill(|bits| search.run(text, self.head, name, &mut (codes, bits)));
    }

    fn write(&self, before: Option<&Self>, codes: &mut Codes, bits: &mut Bits<'_>) {
        let samples = before.map_or(0, |before| before.text.len() - before.head);
        let mut done = 0;
        for gap in &self.gaps {
            let at = gap.at as usize;
            bits.append(&self.packed_head, done..at);
            codes.back(gap.back as usize + samples, bits);
            done = at;
        }
        bits.append(&self.packed_head, done..self.packed_head.count());
        bits.append(&self.packed_samples, 0..self.packed_samples.count());
    }
}

/// Packs a head whose text stands right behind that of the head before, and leaves gaps for distances between them.
struct HeadTokens<'t, 'b> {
    text: &'t [u8],
    /// Where the own head begins.
    own: usize,
    codes: &'t mut Codes,
    bits: &'t mut Bits<'b>,
    gaps: &'t mut Vec<Gap>,
}

impl Tokens for HeadTokens<'_, '_> {
    fn literals(&mut self, bytes: &[u8]) {
        self.codes.literals(bytes, self.bits);
    }

    /// What begins in the head before ends there, since samples will stand in between.
    fn repeat(&mut self, length: usize, at: usize, from: usize) {
        let is_own = from >= self.own;
        let most = if is_own {
            length
        } else {
            (self.own - from).min(MOST_LENGTH)
        };
        let part = length.min(most);
        if part < LEAST_LENGTH {
            self.codes.literals(&self.text[at..at + part], self.bits);
        } else if is_own {
            self.codes.repeat(part, at - from, self.bits);
        } else {
            self.codes.length(part, self.bits);
            self.gaps.push(Gap {
                at: self.bits.position() as u32,
                back: (at - from) as u32,
            });
        }
        if part < length {
            self.repeat(length - part, at + part, from + part);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// One answer of these families, checked to be what another implementation reads: its length, and what was packed anew.
    fn answer(remembered: &mut Remembered, families: &[impl AsRef<[u8]>]) -> (usize, Counts) {
        let mut packed = b"before".to_vec();
        let mut answer = Answer::new(remembered, 0, &mut packed);
        for family in families {
            answer.text(family.as_ref());
        }
        let anew = answer.anew;
        answer.finish();
        let packed = packed.split_off(b"before".len());
        let mut text = Vec::new();
        GzDecoder::new(&*packed).read_to_end(&mut text).unwrap();
        let expected = families.iter().flat_map(AsRef::as_ref).copied().collect::<Vec<_>>();
        assert!(text == expected, "{}", String::from_utf8_lossy(&text));
        (packed.len(), anew)
    }

    const NOTHING: Counts = Counts { heads: 0, samples: 0 };

    fn family(number: u32, samples: &str) -> String {
        let name = format!("node_netstat_Tcp_{number:x}");
        format!("# HELP {name} Statistic Tcp{number:x}.\n# TYPE {name} gauge\n{name} {samples}\n")
    }

    fn families(numbers: impl Iterator<Item = u32>) -> Vec<String> {
        numbers
            .map(|number| family(number.wrapping_mul(2_654_435_761), "0"))
            .collect()
    }

    /// An answer that is known, with codes made for it.
    fn known(families: &[String]) -> Remembered {
        let mut remembered = Remembered::default();
        for _ in 0..3 {
            answer(&mut remembered, families);
        }
        remembered
    }

    #[test]
    fn only_samples_that_changed_are_packed_anew() {
        let mut families = families(0..100);
        let mut remembered = known(&families);
        assert_eq!(answer(&mut remembered, &families).1, NOTHING);
        families[50] = families[50].replace(" 0\n", " 12.5\n");
        assert_eq!(answer(&mut remembered, &families).1, Counts { heads: 0, samples: 1 });
        assert_eq!(answer(&mut remembered, &families).1, NOTHING);
    }

    #[test]
    fn families_come_and_go_and_the_others_stay_known() {
        let all = families(0..100);
        let mut remembered = known(&all);
        let mut some = all.clone();
        some.drain(40..50);
        // The head behind them repeats another one now.
        assert_eq!(answer(&mut remembered, &some).1, Counts { heads: 1, samples: 0 });
        assert_eq!(answer(&mut remembered, &some).1, NOTHING);
        let back = Counts { heads: 11, samples: 10 };
        assert_eq!(answer(&mut remembered, &all).1, back);
        assert_eq!(answer(&mut remembered, &all[..90]).1, NOTHING);
    }

    #[test]
    fn codes_are_made_once_for_each_kind_of_answer() {
        let (mut remembered, upper) = (Remembered::default(), families(0..100));
        let lower: Vec<String> = upper.iter().map(|family| family.to_lowercase()).collect();
        let mut lengths = |families: &[String]| [(); 4].map(|()| answer(&mut remembered, families).0);
        for families in [&upper, &lower, &upper] {
            let [first, second, third, last] = lengths(families);
            assert!(second < first, "{second} {first}");
            assert_eq!([second, second], [third, last]);
        }
    }

    #[test]
    fn a_family_that_grows_long_is_known_in_parts() {
        let mut families = families(0..3);
        let mut remembered = known(&families);
        for number in 0..2000 {
            families[1].push_str(&format!("node_netstat_Tcp {number}\n"));
            if number % 400 == 0 {
                answer(&mut remembered, &families);
            }
        }
        answer(&mut remembered, &families);
        assert_eq!(answer(&mut remembered, &families).1, NOTHING);
    }

    #[test]
    fn codes_stay_when_all_numbers_change() {
        let mut remembered = known(&families(0..100));
        let with = |value: &str| {
            families(0..100)
                .iter()
                .map(|family| family.replace(" 0\n", value))
                .collect::<Vec<_>>()
        };
        for value in [" 1\n", " 2\n", " 3\n", " 4\n"] {
            let changed = Counts { heads: 0, samples: 100 };
            assert_eq!(answer(&mut remembered, &with(value)).1, changed);
        }
    }

    proptest! {
        #[test]
        fn any_answers_read_back(answers in vec(vec("[#ab\n]{0,12}|(# HELP [ab]{1,3} help\n){0,2}[ab]{0,40}", 0..12), 0..6)) {
            let mut remembered = Remembered::default();
            for families in answers {
                answer(&mut remembered, &families);
            }
        }

        #[test]
        fn long_ones_too(answers in vec(vec((0..4_u8, 0..3 * LONGEST), 0..6), 0..6)) {
            let mut remembered = Remembered::default();
            for parts in answers {
                let of = |(kind, length): (u8, usize)| {
                    (0..length as u32).map(|byte| b'#' + (byte.wrapping_mul(2_654_435_761) >> 28) as u8 % (kind + 1)).collect()
                };
                let families: Vec<Vec<u8>> = parts.into_iter().map(of).collect();
                answer(&mut remembered, &families);
            }
        }
    }
}
