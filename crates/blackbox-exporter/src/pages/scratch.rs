//! Buffers that a worker's thread keeps from probe to probe.

use std::cell::RefCell;

use exposition::{Encoder, Escaping, Format, Gzip};

/// More encoders than this are not kept: a burst must not stay in memory.
const MOST_KEPT: usize = 8;

thread_local! {
    static ENCODERS: RefCell<Vec<Encoder>> = const { RefCell::new(Vec::new()) };
    /// Its tables are made when they are first needed.
    static GZIP: RefCell<Option<Gzip>> = const { RefCell::new(None) };
}

/// An encoder for this format, which has its memory already if one was given back.
pub(super) fn encoder(format: Format, escaping: Escaping) -> Encoder {
    let kept = ENCODERS.with_borrow_mut(Vec::pop);
    let mut encoder = kept.unwrap_or_else(|| Encoder::new(format));
    encoder.reset(format, escaping);
    encoder
}

/// Takes back an encoder that is no longer needed.
pub(super) fn give_back(encoder: Encoder) {
    ENCODERS.with_borrow_mut(|kept| {
        if kept.len() < MOST_KEPT {
            kept.push(encoder);
        }
    });
}

/// The same bytes as a gzip member.
pub(super) fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    GZIP.with_borrow_mut(|gzip| gzip.get_or_insert_with(Gzip::new).compress(bytes, &mut packed));
    packed
}
