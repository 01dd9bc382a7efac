//! The symbols of deflate (RFC 1951): bytes, and repetitions of what was there before.

use flate2::Crc;

use crate::bits::{Bits, Code};
use crate::huffman::{codes, number};

/// What a gzip member begins with: no name, no time, no system.
pub(crate) const GZIP_HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255];

/// Ends a gzip member whose text has this sum.
pub(crate) fn push_gzip_end(sum: &Crc, out: &mut Vec<u8>) {
    out.extend_from_slice(&sum.sum().to_le_bytes());
    out.extend_from_slice(&sum.amount().to_le_bytes());
}

/// The longest repetition in one symbol.
pub(crate) const MOST_LENGTH: usize = 258;

/// The farthest place that can be repeated.
pub(crate) const MOST_BACK: usize = 32 * 1024;

/// The shortest.
pub(crate) const LEAST_LENGTH: usize = 3;
const END: usize = 256;
/// Bytes, the end, and lengths.
const LITERALS: usize = 286;
const DISTANCES: usize = 30;

/// The codes of all symbols, made from how often each came in an answer: the next will be much like it.
#[derive(Debug)]
pub(crate) struct Codes {
    literals: [Code; LITERALS],
    distances: [Code; DISTANCES],
    literal_counts: [u32; LITERALS],
    distance_counts: [u32; DISTANCES],
}

impl Default for Codes {
    fn default() -> Self {
        Self {
            literals: [Code::default(); LITERALS],
            distances: [Code::default(); DISTANCES],
            literal_counts: [0; LITERALS],
            distance_counts: [0; DISTANCES],
        }
    }
}

impl Codes {
    /// Those that need not be said: the standard's own.
    pub(crate) fn fixed() -> Self {
        // There are two more than are used, in the middle of the numbers.
        let mut literals: [Code; LITERALS + 2] = std::array::from_fn(|symbol| Code {
            bits: 0,
            length: match symbol {
                0..144 | 280.. => 8,
                144..256 => 9,
                256..280 => 7,
            },
        });
        number(&mut literals);
        let mut codes = Self::default();
        codes.literals.copy_from_slice(&literals[..LITERALS]);
        codes.distances.fill(Code { bits: 0, length: 5 });
        number(&mut codes.distances);
        codes
    }

    /// Makes the codes anew, for what came since the counting began.
    pub(crate) fn learn(&mut self) {
        codes(&self.literal_counts, &mut self.literals);
        codes(&self.distance_counts, &mut self.distances);
        self.count_anew();
    }

    pub(crate) fn count_anew(&mut self) {
        self.literal_counts = [0; LITERALS];
        self.distance_counts = [0; DISTANCES];
    }

    /// Begins the one block of an answer, with its codes.
    pub(crate) fn begin(&self, bits: &mut Bits<'_>) {
        // The last block, with codes of its own.
        bits.push(0b101, 3);
        bits.push((LITERALS - 257) as u16, 5);
        bits.push((DISTANCES - 1) as u16, 5);
        // The lengths of codes have codes too: four bits each for 0 to 15, none for the three that stand for runs. There are
        // 19, in an order of their own that begins with those three.
        bits.push(19 - 4, 4);
        for index in 0..19 {
            bits.push(if index < 3 { 0 } else { 4 }, 3);
        }
        for code in self.literals.iter().chain(&self.distances) {
            bits.push(u16::from(code.length).reverse_bits() >> 12, 4);
        }
    }

    /// Ends the block.
    pub(crate) fn end(&self, bits: &mut Bits<'_>) {
        bits.code(self.literals[END]);
    }

    /// Bytes as they are.
    #[inline]
    pub(crate) fn literals(&mut self, bytes: &[u8], bits: &mut Bits<'_>) {
        for byte in bytes {
            self.literal(usize::from(*byte), bits);
        }
    }

    /// `length` bytes, three at least, that stand `back` before.
    pub(crate) fn repeat(&mut self, length: usize, back: usize, bits: &mut Bits<'_>) {
        let mut left = length;
        while left > 0 {
            let mut length = left.min(MOST_LENGTH);
            // No rest is too short.
            if (1..LEAST_LENGTH).contains(&(left - length)) {
                length -= LEAST_LENGTH;
            }
            left -= length;
            self.length(length, bits);
            self.back(back, bits);
        }
    }

    /// That `length` bytes, [`MOST_LENGTH`] at most, are repeated; from [where](Self::back) comes next.
    pub(crate) fn length(&mut self, length: usize, bits: &mut Bits<'_>) {
        if length == MOST_LENGTH {
            return self.literal(LITERALS - 1, bits);
        }
        let (step, extra, rest) = step(length - LEAST_LENGTH, 4);
        self.literal(END + 1 + step, bits);
        bits.push(rest, extra);
    }

    /// How far before they stand.
    pub(crate) fn back(&mut self, back: usize, bits: &mut Bits<'_>) {
        let (step, extra, rest) = step(back - 1, 2);
        self.distance_counts[step] += 1;
        bits.code(self.distances[step]);
        bits.push(rest, extra);
    }

    #[inline]
    fn literal(&mut self, symbol: usize, bits: &mut Bits<'_>) {
        self.literal_counts[symbol] += 1;
        bits.code(self.literals[symbol]);
    }
}

/// Lengths and distances come in steps that become twice as wide after every `steps` steps, `2 * steps` at first: the step of
/// a value, and how many bits tell which one of the step it is, and they.
#[inline]
fn step(value: usize, steps: usize) -> (usize, u8, u16) {
    let extra = (value / (2 * steps)).checked_ilog2().map_or(0, |log| log + 1);
    let step = steps * extra as usize + (value >> extra);
    (step, extra as u8, (value & ((1 << extra) - 1)) as u16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    /// One answer of `write`, read back by another implementation.
    fn read_back(codes: &mut Codes, write: impl Fn(&mut Codes, &mut Bits<'_>)) -> Vec<u8> {
        let (mut out, mut text) = (Vec::new(), Vec::new());
        let mut bits = Bits::resume(&mut out, (0, 0));
        codes.learn();
        codes.begin(&mut bits);
        write(codes, &mut bits);
        codes.end(&mut bits);
        bits.align();
        flate2::read::DeflateDecoder::new(&*out).read_to_end(&mut text).unwrap();
        text
    }

    #[test]
    fn every_length_is_repeated() {
        let mut codes = Codes::default();
        for length in LEAST_LENGTH..1100 {
            let text = read_back(&mut codes, |codes, bits| {
                codes.literals(b"ab", bits);
                codes.repeat(length, 2, bits);
            });
            let expected: Vec<u8> = b"ab".iter().copied().cycle().take(length + 2).collect();
            assert_eq!(text, expected, "{length}");
        }
    }

    #[test]
    fn every_distance_is_found() {
        let start: Vec<u8> = (0..MOST_BACK as u32)
            .map(|index| (index.wrapping_mul(2_654_435_761) >> 24) as u8)
            .collect();
        let mut codes = Codes::default();
        let near = [
            1, 2, 3, 4, 5, 6, 8, 9, 12, 13, 16, 17, 24, 25, 4095, 4096, 4097, 16_385, 24_577,
        ];
        for back in near.into_iter().chain([MOST_BACK - 1, MOST_BACK]) {
            let text = read_back(&mut codes, |codes, bits| {
                codes.literals(&start, bits);
                codes.repeat(LEAST_LENGTH, back, bits);
            });
            let mut expected = start.clone();
            for _ in 0..LEAST_LENGTH {
                expected.push(expected[expected.len() - back]);
            }
            assert!(text == expected, "{back}");
        }
    }
}
