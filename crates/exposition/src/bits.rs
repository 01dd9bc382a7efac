//! Bits behind each other, the lowest first, as deflate has them.

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
