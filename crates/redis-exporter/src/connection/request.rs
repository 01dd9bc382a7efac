//! Commands that go out in one piece, and the answers to them.

use std::ops::Range;

use super::resp::{Reply, parse};
use crate::failure::Failure;

/// Commands in order.
#[derive(Debug, Default)]
pub(crate) struct Request {
    bytes: Vec<u8>,
    names: Vec<&'static str>,
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
}
