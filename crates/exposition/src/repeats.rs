//! gzip for answers in which each container's labels stand a hundred times. A compressor for any bytes spends most of its
//! time on looking for what was there before; here the places where something is repeated are known as it is written: the
//! line before, the same block in the family before, the same label in another block, the same word.

use std::collections::HashMap;
use std::sync::Arc;

use flate2::Crc;

use crate::bits::Bits;
use crate::block::BlockText;
use crate::deflate::{Codes, GZIP_HEADER, MOST_BACK, push_gzip_end};
use crate::search::{LEAST, shared};
use crate::sink::Sink;

/// So much is collected before it is packed.
const CHUNK: usize = 32 * 1024;

/// Repetitions from far away cost more than those nearby.
const LEAST_FAR: usize = 6;
const FAR: usize = 4096;

/// How many words and labels are remembered, by their keys.
const WORDS: usize = 1024;

/// Perhaps what stands at `at` stands at `from` too.
#[derive(Clone, Copy, Debug)]
struct Hint {
    at: usize,
    from: usize,
}

/// What is kept from one answer to the next: memory, and how often each symbol came.
#[derive(Debug)]
pub(crate) struct Repeats {
    /// The end of the text so far: what is not packed yet, and in front of it all that may be referred to.
    window: Vec<u8>,
    /// How much of the text is not in the window any more.
    forgotten: usize,
    packed: usize,
    hints: Vec<Hint>,
    /// Where each block was last.
    blocks: HashMap<usize, usize>,
    /// Where a word or label with each key was last.
    words: Box<[usize; WORDS]>,
    /// Where the last line with a block began, and its end behind the block.
    last_line: Option<(usize, usize)>,
    codes: Codes,
    waiting: (u64, u32),
    sum: Crc,
}

impl Default for Repeats {
    fn default() -> Self {
        Self {
            window: Vec::new(),
            forgotten: 0,
            packed: 0,
            hints: Vec::new(),
            blocks: HashMap::new(),
            words: Box::new([0; WORDS]),
            last_line: None,
            codes: Codes::default(),
            waiting: (0, 0),
            sum: Crc::new(),
        }
    }
}

/// A key of a word for looking it up; different words may have the same.
#[inline]
pub(crate) fn key(word: &[u8]) -> u32 {
    let mut key = word.len() as u64;
    for part in word.chunks(8) {
        let mut eight = [0; 8];
        eight[..part.len()].copy_from_slice(part);
        key = (key.rotate_left(5) ^ u64::from_le_bytes(eight)).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
    (key >> 32) as u32
}

/// Packs one answer.
pub(crate) struct Packer<'r> {
    repeats: &'r mut Repeats,
    out: &'r mut Vec<u8>,
}

impl<'r> Packer<'r> {
    /// Begins a gzip member in `out`.
    pub(crate) fn new(repeats: &'r mut Repeats, out: &'r mut Vec<u8>) -> Self {
        repeats.forget();
        out.extend_from_slice(&GZIP_HEADER);
        let mut bits = Bits::resume(out, (0, 0));
        repeats.codes.learn();
        repeats.codes.begin(&mut bits);
        repeats.waiting = bits.pause();
        Self { repeats, out }
    }

    /// Ends the member.
    pub(crate) fn finish(self) {
        let repeats = self.repeats;
        repeats.pack(self.out);
        let mut bits = Bits::resume(self.out, repeats.waiting);
        repeats.codes.end(&mut bits);
        bits.align();
        push_gzip_end(&repeats.sum, self.out);
        repeats.forget();
    }

    fn pack_if_full(&mut self) {
        let repeats = &mut *self.repeats;
        if repeats.end() - repeats.packed >= CHUNK {
            repeats.pack(self.out);
            repeats.slide();
        }
    }
}

impl Sink for Packer<'_> {
    fn begin(&mut self, length: usize) {
        self.out.reserve(length / 8);
    }

    fn text(&mut self, text: &[u8]) {
        for chunk in text.chunks(CHUNK) {
            for word in chunk.split_inclusive(|byte| matches!(byte, b' ' | b'\n' | b'{' | b'"')) {
                let repeats = &mut *self.repeats;
                repeats.hint_word(key(word.get(..word.len() - 1).unwrap_or_default()));
                repeats.window.extend_from_slice(word);
            }
            self.pack_if_full();
        }
        self.repeats.last_line = None;
    }

    fn line(&mut self, head: &[u8], block: &Arc<BlockText>, rest: &[u8]) {
        let repeats = &mut *self.repeats;
        let start = repeats.end();
        match repeats.last_line {
            Some((line, _)) => repeats.hint(line),
            None => repeats.hint_word(key(head.get(..head.len().saturating_sub(1)).unwrap_or_default())),
        }
        repeats.window.extend_from_slice(head);
        repeats.push_block(block);
        let tail = repeats.end();
        if let Some((_, tail)) = repeats.last_line {
            repeats.hint(tail);
        }
        repeats.window.extend_from_slice(rest);
        repeats.last_line = Some((start, tail));
        self.pack_if_full();
    }
}

impl Repeats {
    /// Where the next byte of the text comes.
    fn end(&self) -> usize {
        self.forgotten + self.window.len()
    }

    fn forget(&mut self) {
        self.window.clear();
        (self.forgotten, self.packed) = (0, 0);
        self.hints.clear();
        self.blocks.clear();
        self.words.fill(0);
        self.last_line = None;
        self.sum.reset();
    }

    /// Perhaps what comes next is what was `from` there on.
    #[inline]
    fn hint(&mut self, from: usize) {
        let at = self.end();
        if at - from <= MOST_BACK {
            self.hints.push(Hint { at, from });
        }
    }

    /// A word or label comes next. A wrong guess does no harm: nobody takes it at its word.
    #[inline]
    fn hint_word(&mut self, key: u32) {
        let at = self.end();
        if let Some(place) = self.words.get_mut(key as usize % WORDS) {
            let from = std::mem::replace(place, at);
            if from < at {
                self.hint(from);
            }
        }
    }

    fn push_block(&mut self, block: &Arc<BlockText>) {
        let at = self.end();
        let before = self.blocks.insert(Arc::as_ptr(block).addr(), at);
        match before.filter(|before| at - before <= MOST_BACK) {
            Some(before) => self.hint(before),
            None => {
                for (start, key) in &block.labels {
                    self.hint_label(at + *start as usize, *key);
                }
            }
        }
        self.window.extend_from_slice(&block.bytes);
    }

    #[inline]
    fn hint_label(&mut self, at: usize, key: u32) {
        if let Some(place) = self.words.get_mut(key as usize % WORDS) {
            let from = std::mem::replace(place, at);
            if from < at && at - from <= MOST_BACK {
                self.hints.push(Hint { at, from });
            }
        }
    }

    /// Packs all that is not packed yet.
    fn pack(&mut self, out: &mut Vec<u8>) {
        let mut bits = Bits::resume(out, self.waiting);
        let mut done = self.packed - self.forgotten;
        self.sum.update(self.window.get(done..).unwrap_or_default());
        for hint in self.hints.drain(..) {
            // What is found may reach over later places, and then goes on with theirs only if it is longer.
            let at = done.max(hint.at - self.forgotten);
            let back = hint.at - hint.from;
            let (Some(from), Some(next)) = (at.checked_sub(back), self.window.get(at..)) else {
                continue;
            };
            let length = shared(next, self.window.get(from..).unwrap_or_default());
            if length < LEAST || length < LEAST_FAR && back > FAR {
                continue;
            }
            self.codes
                .literals(self.window.get(done..at).unwrap_or_default(), &mut bits);
            self.codes.repeat(length, back, &mut bits);
            done = at + length;
        }
        self.codes
            .literals(self.window.get(done..).unwrap_or_default(), &mut bits);
        self.waiting = bits.pause();
        self.packed = self.end();
    }

    /// Forgets what nothing may refer to any more.
    fn slide(&mut self) {
        let superfluous = self.window.len().saturating_sub(MOST_BACK);
        if superfluous > MOST_BACK {
            self.window.drain(..superfluous);
            self.forgotten += superfluous;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use crate::{Desc, Encoder, Format, Gzip, LabelBlock, Order, assemble};

    const PLAIN: Desc<'_> = Desc::gauge("container_memory_usage_bytes", "Current memory usage.", &[]);
    const BY_CPU: Desc<'_> = Desc::counter("container_cpu_usage_seconds_total", "CPU time.", &["cpu"]);
    const MACHINE: Desc<'_> = Desc::gauge("machine_memory_bytes", "Memory of the machine.", &[]);

    fn blocks(count: u64) -> Vec<LabelBlock> {
        let block = |number: u64| {
            let hash = [1, 3, 5, 7].map(|part| (number + part).wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_mul(part));
            let id = format!(
                "/docker/{:016x}{:016x}{:016x}{:016x}",
                hash[0], hash[1], hash[2], hash[3]
            );
            let name = format!("web-{number}");
            let long = "ü\"\n".repeat(number as usize % 3);
            LabelBlock::new([("id", &*id), ("name", &*name), ("container_label_long", &*long)])
        };
        (0..count).map(block).collect()
    }

    fn write(blocks: &[LabelBlock], format: Format) -> Encoder {
        let mut encoder = Encoder::new(format);
        encoder.scalar(&MACHINE, 8e9);
        let mut family = encoder.family(&BY_CPU);
        for (index, block) in blocks.iter().enumerate() {
            for cpu in ["cpu00", "cpu01"] {
                family.sample_in(block, &[cpu], index as f64 * 0.731);
            }
        }
        for number in 0..30 {
            let name = format!("container_memory_{number}_bytes");
            let desc = Desc { name: &name, ..PLAIN };
            let mut family = encoder.family(&desc);
            for (index, block) in blocks.iter().enumerate() {
                family.sample_in(block, &[], (index * 4096) as f64);
            }
        }
        encoder
    }

    fn unpack(packed: &[u8]) -> Vec<u8> {
        let (mut reader, mut text) = (GzDecoder::new(packed), Vec::new());
        reader.read_to_end(&mut text).unwrap();
        text
    }

    #[test]
    fn what_is_packed_reads_back_equal_again_and_again() {
        let (mut gzip, mut order) = (Gzip::new(), Order::default());
        for format in Format::ALL {
            for count in [0, 1, 20, 300, 3, 90] {
                let encoder = write(&blocks(count), format);
                let (mut plain, mut packed) = (Vec::new(), b"before".to_vec());
                assert_eq!(assemble([&encoder], &mut plain), []);
                assert_eq!(gzip.assemble_again([&encoder], &mut order, &mut packed), []);
                let text = unpack(packed.strip_prefix(b"before").unwrap());
                assert!(text == plain, "{format:?} {count}");
            }
        }
    }

    #[test]
    fn it_is_smaller_than_what_finds_repetitions_by_itself() {
        let (mut gzip, mut order) = (Gzip::new(), Order::default());
        for count in [20, 200] {
            let encoder = write(&blocks(count), Format::Text004);
            let (mut plain, mut packed, mut other) = (Vec::new(), Vec::new(), Vec::new());
            assemble([&encoder], &mut plain);
            for _ in 0..2 {
                packed.clear();
                gzip.assemble_again([&encoder], &mut order, &mut packed);
            }
            gzip.compress(&plain, &mut other);
            assert!(
                packed.len() < other.len(),
                "{count}: {} of {}",
                packed.len(),
                other.len()
            );
        }
    }
}
