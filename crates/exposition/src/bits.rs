//! Bits behind each other, the lowest first, as deflate has them.

use std::ops::Range;

/// Collects bits until they are bytes.
#[derive(Debug)]
pub(crate) struct Bits<'o> {
    out: &'o mut Vec<u8>,
    waiting: u64,
    count: u32,
}

/// The bits of one symbol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Code {
    pub(crate) bits: u16,
    pub(crate) length: u8,
}

/// Bits that are kept, to be [appended](Bits::append) again and again.
#[derive(Debug, Default)]
pub(crate) struct Packed {
    /// The bits, and behind them room to read eight bytes wherever one begins.
    bytes: Vec<u8>,
    count: usize,
}

impl Packed {
    /// Keeps what `write` writes, instead of what was there.
    pub(crate) fn fill(&mut self, write: impl FnOnce(&mut Bits<'_>)) {
        self.bytes.clear();
        let mut bits = Bits::resume(&mut self.bytes, (0, 0));
        write(&mut bits);
        self.count = bits.position();
        let (waiting, _) = bits.pause();
        self.bytes.extend_from_slice(&waiting.to_le_bytes());
        self.bytes.extend_from_slice(&[0; 8]);
    }

    /// How many bits it has.
    pub(crate) fn count(&self) -> usize {
        self.count
    }
}

/// So many bits are in eight bytes whichever bit of the first one they begin with, and have room beside those that wait.
const MOST_AT_ONCE: usize = 56;

/// So many may wait: as many more as one call pushes fit in behind.
const MOST_WAITING: u32 = 48;

impl<'o> Bits<'o> {
    /// Appends to `out`; `waiting` and `count` are what [`Self::pause`] left.
    pub(crate) fn resume(out: &'o mut Vec<u8>, (waiting, count): (u64, u32)) -> Self {
        Self { out, waiting, count }
    }

    /// The bits that are no whole byte yet.
    pub(crate) fn pause(self) -> (u64, u32) {
        (self.waiting, self.count)
    }

    /// How many bits there are, of those that went to `out` before too.
    pub(crate) fn position(&self) -> usize {
        self.out.len() * 8 + self.count as usize
    }

    /// The `length` lowest bits of `bits`, 16 at most; all others must be 0.
    #[inline]
    pub(crate) fn push(&mut self, bits: u16, length: u8) {
        self.waiting |= u64::from(bits) << self.count;
        self.count += u32::from(length);
        if self.count >= MOST_WAITING {
            self.flush();
        }
    }

    /// One symbol.
    #[inline]
    pub(crate) fn code(&mut self, code: Code) {
        self.push(code.bits, code.length);
    }

    /// Those bits of `packed`.
    pub(crate) fn append(&mut self, packed: &Packed, mut bits: Range<usize>) {
        self.flush();
        while let Some(eight) = packed.bytes.get(bits.start / 8..).and_then(|rest| rest.first_chunk()) {
            let count = bits.len().min(MOST_AT_ONCE);
            if count == 0 {
                return;
            }
            self.waiting |= (u64::from_le_bytes(*eight) >> (bits.start % 8) & ((1 << count) - 1)) << self.count;
            self.count += count as u32;
            self.flush();
            bits.start += count;
        }
    }

    /// Fills the last byte with zeros.
    pub(crate) fn align(&mut self) {
        self.flush();
        if self.count > 0 {
            self.out.push(self.waiting as u8);
            (self.waiting, self.count) = (0, 0);
        }
    }

    #[inline]
    fn flush(&mut self) {
        let whole = self.count / 8;
        let end = self.out.len() + whole as usize;
        self.out.extend_from_slice(&self.waiting.to_le_bytes());
        self.out.truncate(end);
        // 8 whole bytes never wait, so that the shift is by less than all bits.
        self.waiting >>= whole * 8;
        self.count -= whole * 8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_again_wherever_it_stands() {
        let write = |bits: &mut Bits<'_>, count: u16| {
            for bit in 0..count {
                bits.push(bit * 7 % 3 % 2, 1);
            }
        };
        for before in 0..20 {
            for count in 0..200 {
                let cut = usize::from(before * count % (count + 1));
                let (mut packed, mut out, mut expected) = (Packed::default(), Vec::new(), Vec::new());
                packed.fill(|bits| bits.push(0b11, 2));
                packed.fill(|bits| write(bits, count));
                let mut bits = Bits::resume(&mut out, (0, 0));
                let mut plain = Bits::resume(&mut expected, (0, 0));
                write(&mut bits, before);
                write(&mut plain, before);
                for _ in 0..3 {
                    bits.append(&packed, 0..cut);
                    bits.append(&packed, cut..packed.count());
                    write(&mut plain, count);
                }
                bits.align();
                plain.align();
                assert_eq!(out, expected, "{count} bits behind {before}");
            }
        }
    }

    #[test]
    fn bits_follow_each_other_over_bytes_and_pauses() {
        let mut out = Vec::new();
        let mut bits = Bits::resume(&mut out, (0, 0));
        bits.push(0b101, 3);
        let left = bits.pause();
        let mut bits = Bits::resume(&mut out, left);
        bits.push(0b1_1111, 5);
        for byte in 0..20 {
            bits.push(byte, 8);
        }
        bits.push(1, 1);
        bits.align();
        let expected: Vec<u8> = [0b1111_1101].into_iter().chain(0..20).chain([1]).collect();
        assert_eq!(out, expected);
    }
}
