//! Netlink's framing: an answer is a row of messages, a message has a header and then what its family puts there, most of
//! it as attributes. All numbers are in the host's byte order. Source: include/uapi/linux/netlink.h.

use std::net::IpAddr;

use crate::ParseError;

/// Numbers below this are the framing's own kinds of messages.
pub(crate) const NLMSG_MIN_TYPE: u16 = 16;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;

/// Length of `struct nlmsghdr`, with which each message begins.
const MESSAGE_HEADER: usize = 16;
/// Length of `struct nlattr`, with which each attribute begins.
const ATTRIBUTE_HEADER: usize = 4;
/// Things changed while the kernel told them. Since Linux 3.1.
const NLM_F_DUMP_INTR: u16 = 0x10;
/// Two high bits of an attribute's type are flags.
const TYPE_MASK: u16 = 0x3fff;

/// How a part of the answer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// More parts follow.
    More,
    /// This was the last part.
    Done,
    /// The kernel refused, with this number of an error.
    Refused(i32),
}

/// How one part of the answer ends, which is what one `recv` gave.
///
/// # Errors
/// When the bytes are not whole messages.
pub fn end(part: &[u8]) -> Result<End, ParseError> {
    for message in messages(part) {
        let message = message?;
        match message.kind {
            // Both hold an error's number, negative. Error 0 is none, and acknowledges a question that has no other end.
            NLMSG_DONE | NLMSG_ERROR => {
                let errno = message.u32().map_or(0, u32::cast_signed);
                return Ok(if errno < 0 {
                    End::Refused(errno.saturating_neg())
                } else {
                    End::Done
                });
            }
            _ => {}
        }
    }
    Ok(End::More)
}

/// Whether the kernel says that things changed while it told them: some may be missing from the answer, or be in it twice.
pub fn is_interrupted(answer: &[u8]) -> bool {
    messages(answer).flatten().any(|message| {
        let flags = message.header.get(6..).and_then(<[u8]>::first_chunk);
        flags.is_some_and(|flags| u16::from_ne_bytes(*flags) & NLM_F_DUMP_INTR != 0)
    })
}

/// A message or an attribute: what kind it is, and what follows its header. Reading a number from fewer bytes gives `None`.
pub(crate) struct Block<'a> {
    pub(crate) kind: u16,
    pub(crate) body: &'a [u8],
    header: &'a [u8],
}

impl<'a> Block<'a> {
    pub(crate) fn u8(&self) -> Option<u8> {
        self.body.first().copied()
    }

    pub(crate) fn u16(&self) -> Option<u16> {
        self.body.first_chunk().map(|bytes| u16::from_ne_bytes(*bytes))
    }

    pub(crate) fn u32(&self) -> Option<u32> {
        u32_at(self.body, 0)
    }

    /// The address of IPv4 or IPv6; `None` if this has another length.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        let of_v4 = <[u8; 4]>::try_from(self.body).map(IpAddr::from);
        of_v4
            .or_else(|_| <[u8; 16]>::try_from(self.body).map(IpAddr::from))
            .ok()
    }

    pub(crate) fn u64(&self) -> Option<u64> {
        self.body.first_chunk().map(|bytes| u64::from_ne_bytes(*bytes))
    }

    /// The command of a generic netlink message and what follows its header, `struct genlmsghdr`; `None` for messages
    /// of netlink itself, such as the end of an answer.
    pub(crate) fn command(&self) -> Result<Option<(u8, &'a [u8])>, ParseError> {
        if self.kind < NLMSG_MIN_TYPE {
            return Ok(None);
        }
        match self.body {
            [command, _version, _, _, attributes @ ..] => Ok(Some((*command, attributes))),
            _ => Err(error("a generic netlink header", self.body)),
        }
    }

    /// The text, which ends with a zero byte in most messages.
    pub(crate) fn text(&self) -> Result<&'a str, ParseError> {
        let text = self.body.strip_suffix(b"\0").unwrap_or(self.body);
        std::str::from_utf8(text).map_err(|_| error("text in UTF-8", text))
    }
}

/// The messages of an answer, of all kinds.
pub(crate) fn messages(bytes: &[u8]) -> impl Iterator<Item = Result<Block<'_>, ParseError>> {
    blocks(bytes, MESSAGE_HEADER, "a netlink message", |header| {
        let (length, rest) = header.split_first_chunk()?;
        Some((
            u32::from_ne_bytes(*length) as usize,
            u16::from_ne_bytes(*rest.first_chunk()?),
        ))
    })
}

/// The attributes of a message's body behind its fixed header, or of an attribute that holds attributes.
pub(crate) fn attributes(bytes: &[u8]) -> impl Iterator<Item = Result<Block<'_>, ParseError>> {
    blocks(bytes, ATTRIBUTE_HEADER, "a netlink attribute", |header| {
        let (length, rest) = header.split_first_chunk()?;
        let kind = u16::from_ne_bytes(*rest.first_chunk()?) & TYPE_MASK;
        Some((u16::from_ne_bytes(*length).into(), kind))
    })
}

/// Blocks that begin with a header which tells their length, header and all, and their kind; they start at multiples of
/// four bytes. After an error there is nothing more.
fn blocks<'a>(
    bytes: &'a [u8],
    header_length: usize,
    expected: &'static str,
    header: impl Fn(&[u8]) -> Option<(usize, u16)>,
) -> impl Iterator<Item = Result<Block<'a>, ParseError>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let block = header(rest).and_then(|(length, kind)| {
            let body = rest.get(header_length..length)?;
            let next = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
            let header = rest.get(..header_length)?;
            Some((Block { kind, body, header }, next))
        });
        match block {
            Some((block, next)) => {
                rest = next;
                Some(Ok(block))
            }
            None => {
                let error = error(expected, rest);
                rest = &[];
                Some(Err(error))
            }
        }
    })
}

/// The number at `offset` of a fixed header.
pub(crate) fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    let number = bytes.get(offset..)?.first_chunk()?;
    Some(u32::from_ne_bytes(*number))
}

/// The error of bytes that are something else.
pub(crate) fn error(expected: &'static str, found: &[u8]) -> ParseError {
    ParseError::new(0, expected, found)
}

/// How answers are written, for tests.
#[cfg(test)]
pub(crate) mod testing {
    pub(crate) fn attribute(kind: u16, body: &[u8]) -> Vec<u8> {
        let length = 4 + body.len() as u16;
        padded([&length.to_ne_bytes(), &kind.to_ne_bytes(), body].concat())
    }

    pub(crate) fn message(kind: u16, body: &[u8]) -> Vec<u8> {
        let length = 16 + body.len() as u32;
        padded([&length.to_ne_bytes()[..], &kind.to_ne_bytes(), &[0; 10], body].concat())
    }

    fn padded(mut bytes: Vec<u8>) -> Vec<u8> {
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{attribute, message};
    use super::{End, attributes, end, is_interrupted, messages};

    #[test]
    fn the_end_is_seen() {
        let refused = (-95_i32).to_ne_bytes();
        let accepted = [0; 20];
        for (part, expected) in [
            (message(16, b"anything"), End::More),
            ([message(16, b"anything"), message(3, &[0; 4])].concat(), End::Done),
            (message(2, &[&refused[..], &[0; 16]].concat()), End::Refused(95)),
            (message(3, &refused), End::Refused(95)),
            (message(2, &accepted), End::Done),
        ] {
            assert_eq!(end(&part), Ok(expected));
        }
    }

    #[test]
    fn an_interruption_in_any_message_is_seen() {
        let mut answer = [message(16, b"one"), message(16, b"two"), message(3, &[0; 4])].concat();
        assert!(!is_interrupted(&answer));
        // The flags stand behind the length and the kind; 2 says that there are more messages.
        answer[20 + 6..20 + 8].copy_from_slice(&(0x10_u16 | 2).to_ne_bytes());
        assert!(is_interrupted(&answer));
    }

    #[test]
    fn addresses_are_told_apart_by_their_length() {
        let body = [
            attribute(1, &[192, 0, 2, 1]),
            attribute(1, &[0; 16]),
            attribute(1, &[1, 2]),
        ]
        .concat();
        let found: Vec<_> = attributes(&body).map(|block| block.unwrap().address()).collect();
        let expected = ["192.0.2.1", "::"].map(|address| Some(address.parse().unwrap()));
        assert_eq!(found, [&expected[..], &[None]].concat());
    }

    #[test]
    fn messages_and_attributes_start_at_multiples_of_four_bytes() {
        let body = [attribute(3, b"lo\0"), attribute(0x4000 | 13, &7_u32.to_ne_bytes())].concat();
        let bytes = [message(16, &body), message(17, b"x"), message(18, b"")].concat();
        let kinds: Vec<u16> = messages(&bytes).map(|message| message.unwrap().kind).collect();
        assert_eq!(kinds, [16, 17, 18]);
        let message = messages(&bytes).next().unwrap().unwrap();
        let found: Vec<_> = attributes(message.body).map(Result::unwrap).collect();
        assert_eq!((found[0].kind, found[0].text()), (3, Ok("lo")));
        assert_eq!((found[1].kind, found[1].u32()), (13, Some(7)));
        assert_eq!(found[0].u32(), None);
    }
}
