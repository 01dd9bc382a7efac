//! What the other side said and nobody has taken yet: lines and bytes, from a buffer that never grows past [`LIMIT`].

/// The longest line, its end included, as upstream's: who sends more without a line end is not speaking in lines.
pub(crate) const LIMIT: usize = 64 * 1024;

/// A bounded buffer.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    bytes: Vec<u8>,
    /// Before this all is taken.
    start: usize,
    /// Before this there is no line end.
    searched: usize,
    ended: bool,
}

/// What there is to hear.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard<'i> {
    /// A line, without its end.
    Line(&'i [u8]),
    /// No whole line yet.
    Nothing,
    /// No line any more.
    End,
    /// A line longer than [`LIMIT`].
    TooLong,
}

impl Inbox {
    /// How many bytes it takes now.
    pub(crate) fn room(&self) -> usize {
        LIMIT - (self.bytes.len() - self.start)
    }

    /// Takes in what came, up to [`room`](Self::room).
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.start);
        self.searched = self.searched.saturating_sub(self.start);
        self.start = 0;
        let fitting = bytes.get(..self.room()).unwrap_or(bytes);
        self.bytes.extend_from_slice(fitting);
    }

    /// Nothing more will come.
    pub(crate) fn end(&mut self) {
        self.ended = true;
    }

    /// Whether nothing more will come.
    pub(crate) fn ended(&self) -> bool {
        self.ended
    }

    /// Forgets everything: what comes next is another protocol.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Takes the next line. The last one need not have an end.
    pub(crate) fn line(&mut self) -> Heard<'_> {
        let from = self.searched.max(self.start);
        let unsearched = self.bytes.get(from..).unwrap_or_default();
        let Some(length) = unsearched.iter().position(|byte| *byte == b'\n') else {
            self.searched = self.bytes.len();
            return self.rest();
        };
        let line = self.bytes.get(self.start..from + length).unwrap_or_default();
        self.start = from + length + 1;
        Heard::Line(without_return(line))
    }

    fn rest(&mut self) -> Heard<'_> {
        if self.room() == 0 {
            return Heard::TooLong;
        }
        if !self.ended {
            return Heard::Nothing;
        }
        let line = self.bytes.get(self.start..).unwrap_or_default();
        self.start = self.bytes.len();
        match line {
            [] => Heard::End,
            line => Heard::Line(without_return(line)),
        }
    }

    /// Takes at most `most` bytes of what is there.
    pub(crate) fn bytes(&mut self, most: usize) -> &[u8] {
        let start = self.start;
        self.start = self.bytes.len().min(start.saturating_add(most));
        self.bytes.get(start..self.start).unwrap_or_default()
    }
}

fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_without_their_ends_however_they_are_cut() {
        let text = b"one\r\n\ntwo\rx\n\r\nlast";
        for size in 1..=text.len() {
            let mut inbox = Inbox::default();
            let mut lines = Vec::new();
            for piece in text.chunks(size) {
                inbox.push(piece);
                while let Heard::Line(line) = inbox.line() {
                    lines.push(line.to_vec());
                }
                assert_eq!(inbox.line(), Heard::Nothing);
            }
            inbox.end();
            assert_eq!(inbox.line(), Heard::Line(b"last"));
            assert_eq!(inbox.line(), Heard::End);
            let expected: [&[u8]; 4] = [b"one", b"", b"two\rx", b""];
            assert_eq!(lines, expected, "in pieces of {size}");
        }
    }

    #[test]
    fn a_line_may_be_as_long_as_the_buffer_with_its_end() {
        let mut inbox = Inbox::default();
        inbox.push(&vec![b'x'; LIMIT - 1]);
        assert_eq!(inbox.line(), Heard::Nothing);
        inbox.push(b"\n");
        assert_eq!(inbox.line(), Heard::Line(&vec![b'x'; LIMIT - 1]));
        inbox.push(&vec![b'x'; LIMIT]);
        assert_eq!(inbox.line(), Heard::TooLong);
        assert_eq!(inbox.room(), 0);
    }

    #[test]
    fn bytes_and_lines_come_from_the_same_place() {
        let mut inbox = Inbox::default();
        inbox.push(b"a\nbcd\n");
        assert_eq!(inbox.line(), Heard::Line(b"a"));
        assert_eq!(inbox.bytes(2), b"bc");
        assert_eq!(inbox.line(), Heard::Line(b"d"));
        assert_eq!(inbox.bytes(2), b"");
    }
}
