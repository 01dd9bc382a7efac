//! The text of a family's plain samples, less label values and number, cut where those go in. One copy of a longer
//! piece is several times faster than many of a few bytes.

use crate::encoder::Span;
use crate::escape::push_escaped;
use crate::number::push_f64;

/// `name{cpu="`, `",mode="`, `"} `: a piece before each label value and one before the number.
#[derive(Debug, Default)]
pub(crate) struct Pieces {
    text: Vec<u8>,
    /// Where each piece ends.
    cuts: Vec<usize>,
    /// How far into the first piece the labels begin.
    labels: usize,
}

impl Pieces {
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.cuts.clear();
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
        self.cuts.push(self.text.len());
    }

    /// Appends one sample line and says where its labels stand.
    #[inline]
    pub(crate) fn push_sample(&self, out: &mut Vec<u8>, values: &[&str], number: f64) -> Span {
        let start = out.len() + self.labels;
        let mut from = 0;
        for (value, &cut) in values.iter().zip(&self.cuts) {
            out.extend_from_slice(&self.text[from..cut]);
            push_escaped(out, value, true);
            from = cut;
        }
        let end = out.len();
        out.extend_from_slice(&self.text[from..]);
        push_f64(out, number);
        out.push(b'\n');
        // The quote behind the last value belongs to the labels, so that "a" sorts before "ab".
        if values.is_empty() {
            start..start
        } else {
            start..end + 1
        }
    }
}
