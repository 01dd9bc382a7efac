//! gzip for short texts, such as the answer to a probe. To make codes for such a text takes longer than the text itself: so
//! the codes are those that everybody knows (RFC 1951, section 3.2.6).

use flate2::Crc;

use crate::bits::Bits;
use crate::deflate::{Codes, GZIP_HEADER, push_gzip_end};
use crate::search::Search;

/// What is kept from one text to the next.
#[derive(Debug)]
pub(crate) struct Short {
    search: Search,
    codes: Codes,
    sum: Crc,
}

impl Default for Short {
    fn default() -> Self {
        Self {
            search: Search::default(),
            codes: Codes::fixed(),
            sum: Crc::new(),
        }
    }
}

impl Short {
    /// Appends `text`, which is not longer than [`LONGEST`](crate::search::LONGEST), to `out` as one gzip member.
    pub(crate) fn compress(&mut self, text: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(&GZIP_HEADER);
        let mut bits = Bits::resume(out, (0, 0));
        // The last block, with the codes that everybody knows.
        bits.push(0b011, 3);
        self.search.run(text, 0, [], &mut (&mut self.codes, &mut bits));
        self.codes.end(&mut bits);
        bits.align();
        self.sum.reset();
        self.sum.update(text);
        push_gzip_end(&self.sum, out);
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
        let longest = crate::search::LONGEST as u32;
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
