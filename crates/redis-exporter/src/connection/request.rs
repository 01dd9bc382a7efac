//! Commands that go out in one piece, and the answers to them.

use std::ops::Range;

use super::resp::{Reply, parse};
use crate::failure::Failure;

/// Commands in order.
#[derive(Debug, Default)]
pub(crate) struct Request {
    bytes: Vec<u8>,
    names: Vec<&'static str>,
    /// Where each command ends.
    ends: Vec<usize>,
}

impl Request {
    /// Adds a command; `name` is what people may read of it, since its words may be secret.
    pub(crate) fn push(&mut self, name: &'static str, words: &[impl AsRef<[u8]>]) {
        self.push_head(b'*', words.len());
        for word in words {
            let word = word.as_ref();
            self.push_head(b'$', word.len());
            self.bytes.extend_from_slice(word);
            self.bytes.extend_from_slice(b"\r\n");
        }
        self.names.push(name);
        self.ends.push(self.bytes.len());
    }

    /// Some of the commands.
    pub(crate) fn only(&self, indexes: &[usize]) -> Self {
        let mut some = Self::default();
        for &index in indexes {
            let start = index.checked_sub(1).and_then(|before| self.ends.get(before));
            let start = start.copied().unwrap_or_default();
            if let (Some(&end), Some(name)) = (self.ends.get(index), self.names.get(index)) {
                some.bytes
                    .extend_from_slice(self.bytes.get(start..end).unwrap_or_default());
                some.names.push(name);
                some.ends.push(some.bytes.len());
            }
        }
        some
    }

    /// The same, each command behind an `ASKING`, which holds for one alone.
    pub(crate) fn asking(&self) -> Self {
        let mut all = Self::default();
        let mut start = 0;
        for (&name, &end) in self.names.iter().zip(&self.ends) {
            all.push("ASKING", &["ASKING"]);
            all.bytes
                .extend_from_slice(self.bytes.get(start..end).unwrap_or_default());
            all.names.push(name);
            all.ends.push(all.bytes.len());
            start = end;
        }
        all
    }

    fn push_head(&mut self, kind: u8, length: usize) {
        self.bytes.push(kind);
        self.bytes.extend_from_slice(length.to_string().as_bytes());
        self.bytes.extend_from_slice(b"\r\n");
    }

    /// What goes over the wire.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What the commands are called, in order.
    pub(crate) fn names(&self) -> &[&'static str] {
        &self.names
    }
}

/// What came back: replies in the order of the commands, and why there are no more of them.
#[derive(Debug)]
pub(crate) struct Answers {
    pub(super) bytes: Vec<u8>,
    pub(super) spans: Vec<Range<usize>>,
    pub(super) failure: Option<Failure>,
}

impl Answers {
    /// The reply to the command at `index`. `None` when none came.
    pub(crate) fn reply(&self, index: usize) -> Option<Reply<'_>> {
        let span = self.spans.get(index)?;
        parse(self.bytes.get(span.clone())?)
    }

    /// Puts others' replies in the place of those at `indexes`.
    pub(crate) fn replace(&mut self, indexes: &[usize], others: &Self) {
        for (&index, span) in indexes.iter().zip(&others.spans) {
            let start = self.bytes.len();
            self.bytes
                .extend_from_slice(others.bytes.get(span.clone()).unwrap_or_default());
            if let Some(place) = self.spans.get_mut(index) {
                *place = start..self.bytes.len();
            }
        }
    }

    /// The replies to what was asked, of [`Request::asking`].
    pub(crate) fn without_asking(mut self) -> Self {
        self.spans = self.spans.into_iter().skip(1).step_by(2).collect();
        self
    }

    /// Why not all replies are there.
    pub(crate) fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    /// The same, if the first reply did not come either.
    pub(crate) fn into_failure(self) -> Option<Failure> {
        self.failure
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_lists_of_strings() {
        let mut request = Request::default();
        request.push("INFO ALL", &["INFO", "ALL"]);
        request.push("GET", &[&b"GET"[..], b"\xff"]);
        assert_eq!(
            request.bytes(),
            b"*2\r\n$4\r\nINFO\r\n$3\r\nALL\r\n*2\r\n$3\r\nGET\r\n$1\r\n\xff\r\n"
        );
        assert_eq!(request.names(), ["INFO ALL", "GET"]);
    }

    #[test]
    fn some_commands_are_asked_elsewhere_and_their_replies_come_back_to_their_places() {
        let mut request = Request::default();
        for word in ["ONE", "TWO", "THREE"] {
            request.push(word, &[word]);
        }
        let some = request.only(&[0, 2]);
        assert_eq!(some.bytes(), b"*1\r\n$3\r\nONE\r\n*1\r\n$5\r\nTHREE\r\n");
        assert_eq!(some.names(), ["ONE", "THREE"]);
        let answers = |bytes: &[u8]| Answers {
            bytes: bytes.to_vec(),
            spans: (0..bytes.len()).step_by(4).map(|start| start..start + 4).collect(),
            failure: None,
        };
        let mut all = answers(b"-a\r\n+b\r\n-c\r\n");
        all.replace(&[0, 2], &answers(b"+A\r\n+C\r\n"));
        let texts = (0..4).map(|index| all.reply(index).and_then(|reply| Some(reply.text()?.into_owned())));
        let expected = ["A", "b", "C"].map(|text| Some(text.to_owned()));
        assert_eq!(texts.collect::<Vec<_>>(), [&expected[..], &[None]].concat());
    }
}
