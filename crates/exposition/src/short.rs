//! gzip for short texts, such as the answer to a probe. What a compressor for any bytes does before it begins, to clear
//! its tables and to make codes for this text, takes longer here than the text itself: so the table is small, and the
//! codes are those that everybody knows (RFC 1951, section 3.2.6).

use flate2::Crc;

use crate::bits::Bits;
use crate::deflate::Codes;
use crate::repeats::shared;

/// Longer texts are worth more effort.
pub(crate) const LONGEST: usize = 16 * 1024;

/// Shorter repetitions cost as much as the bytes.
const LEAST: usize = 4;

/// How many places are remembered, by what stands there.
const PLACES: usize = 1 << PLACES_LOG;
const PLACES_LOG: u32 = 11;

/// What is kept from one text to the next.
#[derive(Debug)]
pub(crate) struct Short {
    /// Where the four bytes with each key were last, plus one; 0 if they were not.
    places: Box<[u16; PLACES]>,
    codes: Codes,
    sum: Crc,
}

impl Default for Short {
    fn default() -> Self {
        Self {
            places: Box::new([0; PLACES]),
            codes: Codes::fixed(),
            sum: Crc::new(),
        }
    }
}

impl Short {
    /// Appends `text`, which is not longer than [`LONGEST`], to `out` as one gzip member.
    pub(crate) fn compress(&mut self, text: &[u8], out: &mut Vec<u8>) {
        // No name, no time, no system.
        out.extend_from_slice(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255]);
        let mut bits = Bits::resume(out, (0, 0));
        // The last block, with the codes that everybody knows.
        bits.push(0b011, 3);
        self.pack(text, &mut bits);
        self.codes.end(&mut bits);
        bits.align();
        self.sum.reset();
        self.sum.update(text);
        out.extend_from_slice(&self.sum.sum().to_le_bytes());
        out.extend_from_slice(&self.sum.amount().to_le_bytes());
    }

    fn pack(&mut self, text: &[u8], bits: &mut Bits<'_>) {
        self.places.fill(0);
        let (mut done, mut at) = (0, 0);
        while let Some(four) = text.get(at..).and_then(|rest| rest.first_chunk::<LEAST>()) {
            let Some(from) = self.replace(*four, at) else {
                at += 1;
                continue;
            };
            let rest = text.get(at..).unwrap_or_default();
            let length = shared(rest, text.get(from..).unwrap_or_default());
            if length < LEAST {
                at += 1;
                continue;
            }
            self.codes.literals(text.get(done..at).unwrap_or_default(), bits);
            self.codes.repeat(length, at - from, bits);
            at += length;
            done = at;
            // What begins in what was repeated, and goes on behind it, comes again often.
            self.remember(text, at.saturating_sub(2));
        }
        self.codes.literals(text.get(done..).unwrap_or_default(), bits);
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

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;

    #[test]
    fn any_bytes_read_back_equal_again_and_again() {
        let mut short = Short::default();
        let noise = |length: u32, of: u32| -> Vec<u8> {
            let byte = |index: u32| (index.wrapping_mul(2_654_435_761) >> 13) % of;
            (0..length).map(|index| byte(index) as u8).collect()
        };
        let longest = LONGEST as u32;
        for (length, of) in [
            (0, 1),
            (1, 256),
            (3, 1),
            (5, 2),
            (longest, 256),
            (longest, 3),
            (longest, 1),
            (300, 256),
        ] {
            let (text, mut packed) = (noise(length, of), Vec::new());
            short.compress(&text, &mut packed);
            let mut back = Vec::new();
            GzDecoder::new(packed.as_slice()).read_to_end(&mut back).unwrap();
            assert!(back == text, "{length} of {of}");
        }
    }

    #[test]
    fn what_repeats_gets_short() {
        let text: String = (0..40)
            .map(|number| {
                format!("# HELP probe_{number} Some words.\n# TYPE probe_{number} gauge\nprobe_{number} {number}\n")
            })
            .collect();
        let mut packed = Vec::new();
        Short::default().compress(text.as_bytes(), &mut packed);
        assert!(packed.len() * 4 < text.len(), "{} of {}", packed.len(), text.len());
    }
}
