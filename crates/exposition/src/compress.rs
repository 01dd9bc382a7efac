//! gzip with a compressor that is kept: its tables are a quarter of a megabyte, far too much to make for each scrape.

use flate2::{Compress, Compression, FlushCompress, Status};

/// 32 KiB. Less would take less memory, but the compressor moves all its tables each time that the window is full, and
/// an answer fills a small one many times.
const WINDOW_BITS: u8 = 15;

/// A gzip compressor to be used again and again.
#[derive(Debug)]
pub struct Gzip {
    state: Compress,
}

impl Default for Gzip {
    fn default() -> Self {
        Self::new()
    }
}

impl Gzip {
    /// Level 1: metrics shrink to a sixth, and higher levels cost more CPU than the bytes are worth on a local network.
    pub fn new() -> Self {
        Self {
            state: Compress::new_gzip(Compression::fast(), WINDOW_BITS),
        }
    }

    /// Appends `input` to `out` as one gzip member.
    pub fn compress(&mut self, input: &[u8], out: &mut Vec<u8>) {
        self.state.reset();
        out.reserve(input.len() / 4 + 128);
        loop {
            let consumed = usize::try_from(self.state.total_in()).unwrap_or(usize::MAX);
            let rest = input.get(consumed..).unwrap_or_default();
            match self.state.compress_vec(rest, out, FlushCompress::Finish) {
                Ok(Status::StreamEnd) => return,
                // The buffer is full; deflate itself cannot fail on valid state.
                Ok(Status::Ok | Status::BufError) | Err(_) => out.reserve(out.capacity().max(4096)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::read::GzDecoder;
    use std::io::Read;

    #[test]
    fn what_is_compressed_reads_back_equal_again_and_again() {
        let mut gzip = Gzip::new();
        for length in [0, 1, 100, 100_000, 7] {
            let input: Vec<u8> = (0..length).map(|i: u32| (i.wrapping_mul(i) % 251) as u8).collect();
            let mut packed = Vec::new();
            gzip.compress(&input, &mut packed);
            let mut back = Vec::new();
            GzDecoder::new(packed.as_slice()).read_to_end(&mut back).unwrap();
            assert_eq!(back, input);
        }
    }
}
