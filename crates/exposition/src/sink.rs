//! Where an answer goes, piece by piece.

use std::sync::Arc;

use crate::block::BlockText;

/// Takes the pieces of an answer in order.
pub(crate) trait Sink {
    /// The first call: about how many bytes will come.
    fn begin(&mut self, length: usize);

    /// Some text, whole lines of it: all of a family, unless some of its samples have blocks.
    fn text(&mut self, text: &[u8]);

    /// One sample: what stands before its block of labels, the block, and what stands behind.
    fn line(&mut self, head: &[u8], block: &Arc<BlockText>, rest: &[u8]);
}

impl Sink for Vec<u8> {
    fn begin(&mut self, length: usize) {
        self.reserve(length);
    }

    fn text(&mut self, text: &[u8]) {
        self.extend_from_slice(text);
    }

    fn line(&mut self, head: &[u8], block: &Arc<BlockText>, rest: &[u8]) {
        self.extend_from_slice(head);
        self.extend_from_slice(&block.bytes);
        self.extend_from_slice(rest);
    }
}
