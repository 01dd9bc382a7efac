//! gzip with a compressor that is kept: its tables are a quarter of a megabyte, far too much to make for each scrape.

use std::sync::Arc;

use flate2::{Compress, Compression, FlushCompress, Status};

use crate::assemble::{Order, Rejected, join};
use crate::block::BlockText;
use crate::encoder::Encoder;
use crate::format::Format;
use crate::remembered::{self, Remembered};
use crate::repeats::{Packer, Repeats};
use crate::search::LONGEST;
use crate::short::Short;
use crate::sink::Sink;

/// 32 KiB. Less would take less memory, but the compressor moves all its tables each time that the window is full, and
/// an answer fills a small one many times.
const WINDOW_BITS: u8 = 15;

/// So much is collected before zlib has it: each call takes as long as many bytes.
const CHUNK: usize = 32 * 1024;

/// A gzip compressor to be used again and again.
#[derive(Debug, Default)]
pub struct Gzip {
    /// For few bytes; each is made when it is first needed.
    short: Option<Short>,
    /// For any bytes.
    zlib: Option<Zlib>,
    /// For answers of which most stays from one to the next.
    remembered: Option<Box<Remembered>>,
    /// For answers with blocks of labels.
    repeats: Option<Box<Repeats>>,
}

impl Gzip {
    /// A compressor that has taken no memory yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends `input` to `out` as one gzip member.
    pub fn compress(&mut self, input: &[u8], out: &mut Vec<u8>) {
        out.reserve(input.len() / 2 + 32);
        if input.len() <= LONGEST {
            return self.short.get_or_insert_default().compress(input, out);
        }
        let zlib = self.zlib.get_or_insert_default();
        zlib.state.reset();
        zlib.push(input, out, FlushCompress::Finish);
    }

    /// [`assemble_again`](crate::assemble_again()) into one gzip member, without the plain text ever being there as a whole.
    pub fn assemble_again<'a>(
        &mut self,
        parts: impl IntoIterator<Item = &'a Encoder>,
        order: &mut Order,
        out: &mut Vec<u8>,
    ) -> Vec<Rejected> {
        let parts: Vec<&Encoder> = parts.into_iter().collect();
        if parts.iter().any(|part| part.blocks.length() > 0) {
            let mut packer = Packer::new(self.repeats.get_or_insert_default(), out);
            let rejected = join(parts, order, &mut packer);
            packer.finish();
            return rejected;
        }
        let length: usize = parts.iter().map(|part| part.buffer.len()).sum();
        if length <= remembered::LARGEST && parts.iter().all(|part| part.format() != Format::Protobuf) {
            let mut answer = remembered::Answer::new(self.remembered.get_or_insert_default(), length, out);
            let rejected = join(parts, order, &mut answer);
            answer.finish();
            return rejected;
        }
        let zlib = self.zlib.get_or_insert_default();
        zlib.state.reset();
        let mut stream = Stream { zlib, out };
        let rejected = join(parts, order, &mut stream);
        stream.flush(FlushCompress::Finish);
        rejected
    }
}

#[derive(Debug)]
struct Zlib {
    state: Compress,
    chunk: Vec<u8>,
}

impl Default for Zlib {
    /// Level 1: metrics shrink to a sixth, and higher levels cost more CPU than the bytes are worth on a local network.
    fn default() -> Self {
        Self {
            state: Compress::new_gzip(Compression::fast(), WINDOW_BITS),
            chunk: Vec::new(),
        }
    }
}

impl Zlib {
    fn push(&mut self, input: &[u8], out: &mut Vec<u8>, flush: FlushCompress) {
        let before = self.state.total_in();
        loop {
            let consumed = usize::try_from(self.state.total_in() - before).unwrap_or(usize::MAX);
            let rest = input.get(consumed..).unwrap_or_default();
            match self.state.compress_vec(rest, out, flush) {
                Ok(Status::StreamEnd) => return,
                Ok(_) if matches!(flush, FlushCompress::None) && rest.is_empty() => return,
                // The buffer is full; deflate itself cannot fail on valid state.
                Ok(Status::Ok | Status::BufError) | Err(_) => {
                    if out.len() == out.capacity() {
                        out.reserve(out.capacity().max(4096));
                    }
                }
            }
        }
    }
}

/// Collects pieces until they are worth a call.
struct Stream<'g> {
    zlib: &'g mut Zlib,
    out: &'g mut Vec<u8>,
}

impl Stream<'_> {
    fn flush(&mut self, flush: FlushCompress) {
        let mut chunk = std::mem::take(&mut self.zlib.chunk);
        self.zlib.push(&chunk, self.out, flush);
        chunk.clear();
        self.zlib.chunk = chunk;
    }

    fn flush_if_full(&mut self) {
        if self.zlib.chunk.len() >= CHUNK {
            self.flush(FlushCompress::None);
        }
    }
}

impl Sink for Stream<'_> {
    fn begin(&mut self, length: usize) {
        self.out.reserve(length / 4 + 128);
    }

    fn text(&mut self, text: &[u8]) {
        self.zlib.chunk.extend_from_slice(text);
        self.flush_if_full();
    }

    fn line(&mut self, head: &[u8], block: &Arc<BlockText>, rest: &[u8]) {
        self.zlib.chunk.line(head, block, rest);
        self.flush_if_full();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Desc, assemble};
    use flate2::read::GzDecoder;
    use std::io::Read;

    fn unpack(packed: &[u8]) -> Vec<u8> {
        let mut text = Vec::new();
        GzDecoder::new(packed).read_to_end(&mut text).unwrap();
        text
    }

    /// So many families, and rows of the last two, of which one is out of order.
    fn write(encoder: &mut Encoder, format: Format, families: usize, rows: usize) {
        encoder.reset(format, crate::Escaping::Underscores);
        for number in 0..families {
            let (name, help) = (format!("node_netstat_Tcp{number}"), format!("Statistic Tcp{number}."));
            encoder.scalar(&Desc::gauge(&name, &help, &[]), (rows * number) as f64);
        }
        for name in ["node_x", "node_y"] {
            let desc = Desc::gauge(name, "Help.", &["device"]);
            let mut family = encoder.family(&desc);
            for row in 0..rows {
                let row = if name == "node_x" { row } else { rows - row };
                family.sample(&[format!("eth{row:05}").as_str()], row as f64 * 0.3);
            }
        }
    }

    #[test]
    fn answers_of_every_size_and_format_read_back() {
        let (mut gzip, mut order) = (Gzip::new(), Order::default());
        let mut encoders = [(); 2].map(|()| Encoder::new(Format::Text004));
        for rows in [0, 3, 4, 100, 5_000, 4] {
            for format in Format::ALL {
                write(&mut encoders[0], format, 20, rows);
                // One family in common.
                write(&mut encoders[1], format, 0, 1);
                let (mut plain, mut packed) = (Vec::new(), Vec::new());
                let rejected = assemble(&encoders, &mut plain);
                assert_eq!(gzip.assemble_again(&encoders, &mut order, &mut packed), rejected);
                assert!(unpack(&packed) == plain, "{rows} {format:?}");
            }
        }
    }

    #[test]
    fn what_is_remembered_gets_as_small_as_with_zlib() {
        let (mut gzip, mut order) = (Gzip::new(), Order::default());
        let mut encoder = Encoder::new(Format::Text004);
        let (mut plain, mut packed, mut by_zlib) = (Vec::new(), Vec::new(), Vec::new());
        for rows in 20..24 {
            write(&mut encoder, Format::Text004, 300, rows);
            packed.clear();
            gzip.assemble_again([&encoder], &mut order, &mut packed);
        }
        assemble([&encoder], &mut plain);
        gzip.compress(&plain, &mut by_zlib);
        assert!(packed.len() <= by_zlib.len(), "{} of {}", packed.len(), by_zlib.len());
    }

    #[test]
    fn what_is_compressed_reads_back_equal_again_and_again() {
        let mut gzip = Gzip::new();
        for length in [0, 1, 100, 100_000, 7] {
            let input: Vec<u8> = (0..length).map(|i: u32| (i.wrapping_mul(i) % 251) as u8).collect();
            let mut packed = Vec::new();
            gzip.compress(&input, &mut packed);
            assert_eq!(unpack(&packed), input);
        }
    }
}
