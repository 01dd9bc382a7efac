//! The answer's body: unpacked, counted, cut off at the module's limit, and kept only where something is to be found in
//! it.

use std::cell::Cell;
use std::io::{self, ErrorKind, Write};

use brotli_decompressor::DecompressorWriter;
use flate2::write::MultiGzDecoder;
use flate2::{Decompress, FlushDecompress, Status};

use super::incoming::Body;
use crate::config::HttpModule;
use crate::failure::{Failure, Reason, Step};
use crate::probe::Probe;

/// A body that is searched must stay in memory; a larger one fails the probe rather than the program.
const LARGEST_KEPT: u64 = 64 << 20;

/// What unpackers write at a time.
const PIECE: usize = 16 << 10;

/// Reads all of a body. `length` counts its bytes as they come, unpacked; what comes back is the body, or nothing if
/// it need not be kept.
///
/// # Errors
/// When it breaks off, cannot be unpacked, or is too large.
pub(super) async fn read(
    probe: &Probe<'_>,
    module: &HttpModule,
    mut body: Body,
    keep: bool,
    length: &Cell<u64>,
) -> Result<Vec<u8>, Failure> {
    probe.step.set(Step::Body);
    let limit = match (module.body_size_limit.0, keep) {
        (0, false) => u64::MAX,
        (0, true) => LARGEST_KEPT,
        (limit, false) => limit,
        (limit, true) => limit.min(LARGEST_KEPT),
    };
    let sink = Sink {
        length,
        limit,
        kept: keep.then(Vec::new),
    };
    let mut unpacker = Unpacker::new(&module.compression, sink)?;
    while let Some(data) = body.data().await? {
        unpacker.write_all(&data).map_err(cannot_unpack)?;
    }
    Ok(unpacker.finish().map_err(cannot_unpack)?.kept.unwrap_or_default())
}

fn cannot_unpack(error: io::Error) -> Failure {
    let reason = match error.kind() {
        ErrorKind::FileTooLarge => Reason::TooLarge,
        _ => Reason::Compression,
    };
    Failure::new(Step::Body, reason, format!("reading the body: {error}"))
}

/// Where the unpacked bytes end.
struct Sink<'l> {
    length: &'l Cell<u64>,
    limit: u64,
    kept: Option<Vec<u8>>,
}

impl Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let left = self.limit.saturating_sub(self.length.get());
        let fits = bytes
            .get(..usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len()))
            .unwrap_or_default();
        self.length.set(self.length.get() + fits.len() as u64);
        if let Some(kept) = &mut self.kept {
            kept.extend_from_slice(fits);
        }
        match fits.len() == bytes.len() {
            true => Ok(bytes.len()),
            false => Err(io::Error::new(
                ErrorKind::FileTooLarge,
                format!("it is larger than {} bytes", self.limit),
            )),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The algorithms that a module can ask for. A body that was packed in another way fails, whatever its headers say.
enum Unpacker<'l> {
    Plain(Sink<'l>),
    Gzip(MultiGzDecoder<Sink<'l>>),
    Deflate(Inflater<'l>),
    Brotli(Box<DecompressorWriter<Sink<'l>>>),
}

impl<'l> Unpacker<'l> {
    fn new(algorithm: &str, sink: Sink<'l>) -> Result<Self, Failure> {
        match algorithm.to_ascii_lowercase().as_str() {
            "" | "identity" => Ok(Self::Plain(sink)),
            "gzip" => Ok(Self::Gzip(MultiGzDecoder::new(sink))),
            "deflate" => Ok(Self::Deflate(Inflater {
                sink,
                stream: Decompress::new(false),
                over: false,
            })),
            "br" => Ok(Self::Brotli(Box::new(DecompressorWriter::new(sink, PIECE)))),
            other => {
                let text = format!("unsupported compression algorithm {other:?}");
                Err(Failure::new(Step::Body, Reason::BadModule, text))
            }
        }
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(sink) => sink.write_all(bytes),
            Self::Gzip(decoder) => decoder.write_all(bytes),
            Self::Deflate(inflater) => inflater.write_all(bytes),
            Self::Brotli(decoder) => decoder.write_all(bytes),
        }
    }

    /// The sink, if the packed stream was complete.
    fn finish(self) -> io::Result<Sink<'l>> {
        let broken_off = || io::Error::new(ErrorKind::UnexpectedEof, "unexpected end of the packed data");
        match self {
            Self::Plain(sink) => Ok(sink),
            Self::Gzip(decoder) if decoder.header().is_none() => Err(broken_off()),
            Self::Gzip(decoder) => decoder.finish(),
            Self::Deflate(inflater) if !inflater.over => Err(broken_off()),
            Self::Deflate(inflater) => Ok(inflater.sink),
            Self::Brotli(mut decoder) => {
                decoder.close().map_err(|_| broken_off())?;
                decoder.into_inner().map_err(|_| broken_off())
            }
        }
    }
}

/// Raw deflate, without the zlib header that RFC 9110 wants: as upstream has it.
struct Inflater<'l> {
    sink: Sink<'l>,
    stream: Decompress,
    over: bool,
}

impl Inflater<'_> {
    fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        let mut piece = [0; PIECE];
        while !self.over {
            let (read, written) = (self.stream.total_in(), self.stream.total_out());
            let status = self.stream.decompress(bytes, &mut piece, FlushDecompress::None)?;
            // Neither can be more than what was given.
            let read = (self.stream.total_in() - read) as usize;
            let written = (self.stream.total_out() - written) as usize;
            self.sink.write_all(piece.get(..written).unwrap_or_default())?;
            bytes = bytes.get(read..).unwrap_or_default();
            self.over = status == Status::StreamEnd;
            if read == 0 && written == 0 || bytes.is_empty() && written < PIECE {
                break;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    /// "hello hello hello" as a stored block of 17 bytes and an empty last one (RFC 7932, 9.2).
    const BROTLI: &[u8] = b"\x00\x01\x10hello hello hello\x03";

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder
            .write_all(bytes)
            .and_then(|()| encoder.finish())
            .expect("it is memory")
    }

    fn deflate(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
        encoder
            .write_all(bytes)
            .and_then(|()| encoder.finish())
            .expect("it is memory")
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
        encoder
            .write_all(bytes)
            .and_then(|()| encoder.finish())
            .expect("it is memory")
    }

    /// Without the last byte.
    fn cut(mut bytes: Vec<u8>) -> Vec<u8> {
        bytes.pop();
        bytes
    }

    /// What comes of a body in chunks of `size`.
    fn unpack(algorithm: &str, body: &[u8], limit: u64, size: usize) -> (Result<Vec<u8>, Reason>, u64) {
        let length = Cell::new(0);
        let sink = Sink {
            length: &length,
            limit,
            kept: Some(Vec::new()),
        };
        let result = (|| {
            let mut unpacker = Unpacker::new(algorithm, sink)?;
            for chunk in body.chunks(size) {
                unpacker.write_all(chunk).map_err(cannot_unpack)?;
            }
            unpacker.finish().map_err(cannot_unpack)
        })();
        let result = result
            .map(|sink| sink.kept.unwrap_or_default())
            .map_err(|failure| failure.reason);
        (result, length.get())
    }

    #[test]
    fn each_algorithm_unpacks_its_own_and_refuses_others() {
        let text = b"hello hello hello".as_slice();
        let twice = [gzip(b"hello "), gzip(b"hello")].concat();
        let long = vec![b'x'; 100_000];
        let (cut_gzip, cut_deflate) = (cut(gzip(text)), cut(deflate(&long)));
        let broken = Err(Reason::Compression);
        type Case<'c> = (&'c str, &'c [u8], Result<&'c [u8], Reason>);
        let cases: [Case<'_>; 18] = [
            ("", text, Ok(text)),
            ("identity", text, Ok(text)),
            ("gzip", &gzip(text), Ok(text)),
            ("GZIP", &gzip(text), Ok(text)),
            ("gzip", &gzip(&long), Ok(&long)),
            ("gzip", &twice, Ok(b"hello hello")),
            ("gzip", text, broken),
            ("gzip", b"", broken),
            ("gzip", &cut_gzip, broken),
            ("deflate", &deflate(text), Ok(text)),
            ("deflate", &deflate(&long), Ok(&long)),
            ("deflate", &zlib(text), broken),
            ("deflate", b"", broken),
            ("deflate", &cut_deflate, broken),
            ("br", BROTLI, Ok(text)),
            ("br", text, broken),
            ("br", b"", broken),
            ("lzma", text, Err(Reason::BadModule)),
        ];
        for (algorithm, body, expected) in cases {
            for size in [1, 7, 1 << 20] {
                let (result, _) = unpack(algorithm, body, u64::MAX, size);
                assert_eq!(
                    result.as_deref().map_err(|reason| *reason),
                    expected,
                    "{algorithm} {size} {body:?}"
                );
            }
        }
    }

    #[test]
    fn the_limit_is_on_what_was_unpacked() {
        let bomb = gzip(&vec![0; 1_000_000]);
        type Case<'c> = (&'c str, &'c [u8], u64, Option<Reason>, u64);
        let cases: [Case<'_>; 5] = [
            ("", b"0123456789", 10, None, 10),
            ("", b"0123456789x", 10, Some(Reason::TooLarge), 10),
            ("gzip", &gzip(b"0123456789x"), 10, Some(Reason::TooLarge), 10),
            ("gzip", &bomb, 5000, Some(Reason::TooLarge), 5000),
            ("br", BROTLI, 5, Some(Reason::TooLarge), 5),
        ];
        for (algorithm, body, limit, reason, length) in cases {
            let (result, counted) = unpack(algorithm, body, limit, 1 << 20);
            assert_eq!((result.err(), counted), (reason, length), "{algorithm} {limit}");
        }
    }
}
