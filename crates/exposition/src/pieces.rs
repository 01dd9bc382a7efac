//! The text of a family's plain samples, less label values and number, cut where those go in. One copy of a longer
//! piece is several times faster than many of a few bytes.

use crate::encoder::Span;
use crate::escape::{push_block, push_escaped};
use crate::number::push_f64;

/// `name{cpu="`, `",mode="`, `"} `: a piece before each label value and one before the number.
#[derive(Debug, Default)]
pub(crate) struct Pieces {
    text: Vec<u8>,
    /// The same pieces one by one.
    pieces: Vec<Piece>,
    /// Where the piece begins that is not cut yet.
    begun: usize,
    /// How far into the first piece the labels begin.
    labels: usize,
}

/// A place in the text, and a copy of it if it fits, to be written without a call.
#[derive(Debug)]
struct Piece {
    start: usize,
    end: usize,
    block: [u8; BLOCK],
}

/// Longer pieces are few: the first one, with the metric's name.
const BLOCK: usize = 64;

impl Pieces {
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.pieces.clear();
        self.begun = 0;
        self.labels = 0;
    }

    /// The text of the pieces so far; append to it, then [`cut`](Self::cut).
    pub(crate) fn text(&mut self) -> &mut Vec<u8> {
        &mut self.text
    }

    /// What comes now is the first label.
    pub(crate) fn begin_labels(&mut self) {
        self.labels = self.text.len();
    }

    pub(crate) fn cut(&mut self) {
        let (start, end) = (self.begun, self.text.len());
        let mut block = [0; BLOCK];
        if let Some(place) = block.get_mut(..end - start) {
            place.copy_from_slice(&self.text[start..end]);
        }
        self.pieces.push(Piece { start, end, block });
        self.begun = end;
    }

    /// Appends one sample line and says where its labels stand.
    #[inline]
    pub(crate) fn push_sample(&self, out: &mut Vec<u8>, values: &[&str], number: f64) -> Span {
        let start = out.len() + self.labels;
        let mut pieces = self.pieces.iter();
        for (value, piece) in values.iter().zip(&mut pieces) {
            self.push_piece(out, piece);
            push_escaped(out, value, true);
        }
        let end = out.len();
        if let Some(last) = pieces.next() {
            self.push_piece(out, last);
        }
        push_f64(out, number);
        out.push(b'\n');
        // The quote behind the last value belongs to the labels, so that "a" sorts before "ab".
        if values.is_empty() {
            start..start
        } else {
            start..end + 1
        }
    }

    /// The same around a block of labels, which is to be put where the labels start. Without the block it is no line.
    #[inline]
    pub(crate) fn push_sample_around_block(&self, out: &mut Vec<u8>, values: &[&str], number: f64) -> Span {
        if values.is_empty() {
            return self.push_around_block_only(out, number);
        }
        out.extend_from_slice(&self.text[..self.labels]);
        let start = out.len();
        out.push(b',');
        let mut from = self.labels;
        for (value, piece) in values.iter().zip(&self.pieces) {
            out.extend_from_slice(&self.text[from..piece.end]);
            push_escaped(out, value, true);
            from = piece.end;
        }
        // The quote behind the last value belongs to the labels here too.
        let end = out.len() + 1;
        out.extend_from_slice(&self.text[from..]);
        push_f64(out, number);
        out.push(b'\n');
        start..end
    }

    /// The family has no labels of its own: its text is `name ` or `{"name"} `.
    fn push_around_block_only(&self, out: &mut Vec<u8>, number: f64) -> Span {
        match self.text.strip_suffix(b"} ") {
            Some(quoted) => {
                out.extend_from_slice(quoted);
                out.push(b',');
            }
            None => {
                out.extend_from_slice(self.text.trim_ascii_end());
                out.push(b'{');
            }
        }
        let start = out.len();
        out.extend_from_slice(b"} ");
        push_f64(out, number);
        out.push(b'\n');
        start..start
    }

    #[inline]
    fn push_piece(&self, out: &mut Vec<u8>, piece: &Piece) {
        if piece.end - piece.start <= BLOCK {
            push_block(out, &piece.block, piece.end - piece.start);
        } else {
            out.extend_from_slice(&self.text[piece.start..piece.end]);
        }
    }
}
