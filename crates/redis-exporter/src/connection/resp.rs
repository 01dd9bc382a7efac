//! The protocol of Redis, version 2: where a reply ends, and what it says. Pure.

use std::borrow::Cow;

use memchr::memchr;

/// The longest line that can be the head of a reply; error texts are lines, too.
const LONGEST_LINE: usize = 64 << 10;

/// More bytes than this are no answer that is waited for.
pub(crate) const MOST_BYTES: usize = 32 << 20;

/// More parts than this, neither.
const MOST_PARTS: usize = 1 << 20;

/// Lists in lists; what is asked for has four levels.
const DEEPEST: usize = 16;

/// What the other side said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reply<'b> {
    /// Nothing: a key that is not there.
    Nil,
    /// A whole number.
    Integer(i64),
    /// A string, or a status such as `OK`.
    Text(&'b [u8]),
    /// A refusal: `ERR unknown command …`.
    Error(&'b [u8]),
    /// Several.
    List(Vec<Reply<'b>>),
}

impl<'b> Reply<'b> {
    /// A string; what is no UTF-8 in it is replaced.
    pub(crate) fn text(&self) -> Option<Cow<'b, str>> {
        match self {
            Self::Text(bytes) => Some(String::from_utf8_lossy(bytes)),
            _ => None,
        }
    }

    /// A whole number, also as a string.
    pub(crate) fn integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            Self::Text(bytes) => std::str::from_utf8(bytes).ok()?.parse().ok(),
            _ => None,
        }
    }

    /// Several replies.
    pub(crate) fn list(&self) -> Option<&[Reply<'b>]> {
        match self {
            Self::List(replies) => Some(replies),
            _ => None,
        }
    }

    /// Names and values by turns.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (Cow<'b, str>, &Reply<'b>)> {
        let list = self.list().unwrap_or_default();
        list.chunks_exact(2).filter_map(|pair| match pair {
            [name, value] => Some((name.text()?, value)),
            _ => None,
        })
    }
}

/// Why something is no reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Malformed {
    /// It begins as no reply does.
    NotRedis,
    /// It is more than anybody asked for.
    TooMuch,
}

/// Finds the end of a reply while its bytes come in.
#[derive(Debug)]
pub(crate) struct Framer {
    position: usize,
    missing: usize,
    parts: usize,
}

impl Framer {
    /// A reply that starts at this place of the buffer.
    pub(crate) fn new(start: usize) -> Self {
        Self {
            position: start,
            missing: 1,
            parts: 0,
        }
    }

    /// Where the reply ends, if `bytes` has all of it. What was looked at once is not looked at again.
    ///
    /// # Errors
    /// When this is no reply.
    pub(crate) fn end(&mut self, bytes: &[u8]) -> Result<Option<usize>, Malformed> {
        while self.missing > 0 {
            if !self.step(bytes)? {
                return Ok(None);
            }
        }
        Ok(Some(self.position))
    }

    /// One part of the reply; false when it is not here yet.
    fn step(&mut self, bytes: &[u8]) -> Result<bool, Malformed> {
        let Some(Head { kind, line, next }) = head(bytes, self.position)? else {
            return Ok(false);
        };
        let mut after = next;
        let mut more = 0;
        match kind {
            b'$' => {
                if let Some(length) = length(line)? {
                    after = next + length + 2;
                    match bytes.get(after - 2..after) {
                        None => return Ok(false),
                        Some(b"\r\n") => {}
                        Some(_) => return Err(Malformed::NotRedis),
                    }
                }
            }
            b'*' => more = length(line)?.unwrap_or(0),
            _ => {}
        }
        self.position = after;
        self.parts += 1;
        self.missing = self.missing - 1 + more;
        if self.parts + self.missing > MOST_PARTS {
            return Err(Malformed::TooMuch);
        }
        Ok(true)
    }
}

/// The first line of a reply.
struct Head<'b> {
    /// Its first byte.
    kind: u8,
    /// The rest of it.
    line: &'b [u8],
    /// Where the next line begins.
    next: usize,
}

/// The first line of the reply at `start`; `None` when it is not here yet.
fn head(bytes: &[u8], start: usize) -> Result<Option<Head<'_>>, Malformed> {
    let rest = bytes.get(start..).unwrap_or_default();
    match rest.first() {
        None => return Ok(None),
        Some(b'+' | b'-' | b':' | b'$' | b'*') => {}
        Some(_) => return Err(Malformed::NotRedis),
    }
    let Some(end) = memchr(b'\n', rest) else {
        return if rest.len() > LONGEST_LINE {
            Err(Malformed::NotRedis)
        } else {
            Ok(None)
        };
    };
    let line = rest.get(..end).and_then(|line| line.strip_suffix(b"\r"));
    let Some((kind, line)) = line.and_then(<[u8]>::split_first) else {
        return Err(Malformed::NotRedis);
    };
    let (kind, next) = (*kind, start + end + 1);
    Ok(Some(Head { kind, line, next }))
}

/// A length; `None` for the one that means nothing at all.
fn length(line: &[u8]) -> Result<Option<usize>, Malformed> {
    if line == b"-1" {
        return Ok(None);
    }
    let length: usize = number(line).ok_or(Malformed::NotRedis)?;
    if length > MOST_BYTES {
        return Err(Malformed::TooMuch);
    }
    Ok(Some(length))
}

fn number<N: std::str::FromStr>(line: &[u8]) -> Option<N> {
    std::str::from_utf8(line).ok()?.parse().ok()
}

/// Reads a reply that is there as a whole. `None` when it is none.
pub(crate) fn parse(bytes: &[u8]) -> Option<Reply<'_>> {
    parse_at(bytes, &mut 0, DEEPEST)
}

fn parse_at<'b>(bytes: &'b [u8], position: &mut usize, depth: usize) -> Option<Reply<'b>> {
    let Head { kind, line, next } = head(bytes, *position).ok()??;
    *position = next;
    Some(match kind {
        b'+' => Reply::Text(line),
        b'-' => Reply::Error(line),
        b':' => Reply::Integer(number(line)?),
        b'$' => match length(line).ok()? {
            None => Reply::Nil,
            Some(length) => {
                *position = next + length + 2;
                Reply::Text(bytes.get(next..next + length)?)
            }
        },
        _ => match length(line).ok()? {
            None => Reply::Nil,
            Some(count) => {
                let depth = depth.checked_sub(1)?;
                // No more than what is there can be wanted.
                let mut replies = Vec::with_capacity(count.min(bytes.len() / 3));
                for _ in 0..count {
                    replies.push(parse_at(bytes, position, depth)?);
                }
                Reply::List(replies)
            }
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_of_every_kind_are_read() {
        for (bytes, reply) in [
            (&b"+OK\r\n"[..], Reply::Text(b"OK")),
            (b"-ERR no\r\n", Reply::Error(b"ERR no")),
            (b":-7\r\n", Reply::Integer(-7)),
            (b"$-1\r\n", Reply::Nil),
            (b"*-1\r\n", Reply::Nil),
            (b"$0\r\n\r\n", Reply::Text(b"")),
            (b"$4\r\na\r\nb\r\n", Reply::Text(b"a\r\nb")),
            (b"*0\r\n", Reply::List(vec![])),
            (
                b"*2\r\n:1\r\n*2\r\n$1\r\nx\r\n$-1\r\n",
                Reply::List(vec![
                    Reply::Integer(1),
                    Reply::List(vec![Reply::Text(b"x"), Reply::Nil]),
                ]),
            ),
        ] {
            assert_eq!(parse(bytes), Some(reply));
            assert_eq!(Framer::new(0).end(bytes), Ok(Some(bytes.len())));
        }
    }

    #[test]
    fn a_reply_that_comes_byte_by_byte_ends_where_it_ends() {
        let bytes = b"+OK\r\n*2\r\n$4\r\na\r\nb\r\n:1\r\n+next\r\n";
        let mut framer = Framer::new(5);
        for length in 5..23 {
            assert_eq!(framer.end(&bytes[..length]), Ok(None), "{length}");
        }
        assert_eq!(framer.end(&bytes[..23]), Ok(Some(23)));
        assert_eq!(framer.end(bytes), Ok(Some(23)));
    }

    #[test]
    fn what_is_no_reply_is_told_at_once() {
        let endless = vec![b'+'; LONGEST_LINE + 2];
        for (bytes, error) in [
            (&b"HTTP/1.1 400 Bad Request"[..], Malformed::NotRedis),
            (b"$x\r\n", Malformed::NotRedis),
            (b"$-2\r\n", Malformed::NotRedis),
            (b"*1\n", Malformed::NotRedis),
            (b"$1\r\nabc", Malformed::NotRedis),
            (b"$99999999999\r\n", Malformed::TooMuch),
            (b"*1048577\r\n", Malformed::TooMuch),
            (b"\0", Malformed::NotRedis),
            (&endless, Malformed::NotRedis),
        ] {
            assert_eq!(Framer::new(0).end(bytes), Err(error), "{:?}", bytes.get(..9));
        }
    }

    #[test]
    fn lists_cannot_be_nested_without_end() {
        let nested = [b"*1\r\n".repeat(DEEPEST), b":1\r\n".to_vec()].concat();
        assert!(parse(&nested).is_some());
        let deeper = [b"*1\r\n".repeat(DEEPEST + 1), b":1\r\n".to_vec()].concat();
        assert_eq!(parse(&deeper), None);
    }

    #[test]
    fn no_truncation_of_a_reply_is_one() {
        let bytes = b"*3\r\n$3\r\nabc\r\n:12\r\n*1\r\n-ERR x\r\n";
        for length in 0..bytes.len() {
            assert_eq!(parse(&bytes[..length]), None, "{length}");
        }
    }
}
