//! DNS messages, as far as finding addresses needs them: one question out, addresses in. RFC 1035, RFC 6891.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The length of a header.
const HEADER: usize = 12;
/// The class of the internet.
const IN: u16 = 1;
/// How large an answer over UDP may be, as DNS servers agreed on in 2020: no fragments.
pub(super) const LARGEST_UDP: u16 = 1232;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// IPv4 addresses.
    A = 1,
    /// IPv6 addresses.
    Aaaa = 28,
}

/// A question as it is sent.
#[derive(Debug)]
pub(super) struct Question {
    /// The whole message.
    pub(super) bytes: Vec<u8>,
    /// Where its question ends, and its additional records begin.
    end: usize,
}

/// What of an answer matters.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    /// 0 success, 2 SERVFAIL, 3 NXDOMAIN, 5 REFUSED …
    pub(super) code: u8,
    /// It did not fit: ask again over TCP.
    pub(super) truncated: bool,
    /// The server neither knows nor asks others.
    pub(super) lame: bool,
    /// The addresses in it, of either kind.
    pub(super) addresses: Vec<IpAddr>,
}

/// It is an answer, but cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Garbled;

impl Question {
    /// Asks for `name`, which may end in a dot. `None` if it cannot be a name.
    pub(super) fn new(id: u16, name: &str, kind: Kind) -> Option<Self> {
        let mut bytes = Vec::with_capacity(HEADER + name.len() + 17);
        bytes.extend(id.to_be_bytes());
        // A standard query, recursion desired; one question, one additional record.
        bytes.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 1]);
        for label in name.trim_end_matches('.').split('.') {
            let length = u8::try_from(label.len())
                .ok()
                .filter(|length| (1..64).contains(length))?;
            bytes.push(length);
            bytes.extend(label.as_bytes());
        }
        bytes.push(0);
        bytes.extend((kind as u16).to_be_bytes());
        bytes.extend(IN.to_be_bytes());
        let end = bytes.len();
        // EDNS: the root's name, type OPT, how much we take, nothing more.
        bytes.extend([0, 0, 41]);
        bytes.extend(LARGEST_UDP.to_be_bytes());
        bytes.extend([0; 6]);
        (end <= HEADER + 255 + 4).then_some(Self { bytes, end })
    }

    /// Reads a message that came back. `None` if it does not belong to this question: forged, late, or not even DNS.
    pub(super) fn answer(&self, message: &[u8]) -> Option<Result<Answer, Garbled>> {
        let answers = message.get(2).is_some_and(|flags| flags & 0x80 != 0);
        let same_id = message.get(..2) == self.bytes.get(..2);
        let one_question = message.get(4..6) == Some(&[0, 1]);
        let asked = self.bytes.get(HEADER..self.end)?;
        // Only letters' case may differ; lengths and types are no letters.
        let same = message.get(HEADER..self.end)?.eq_ignore_ascii_case(asked);
        (answers && same_id && one_question && same).then(|| read(message, self.end).ok_or(Garbled))
    }
}

fn read(message: &[u8], question_end: usize) -> Option<Answer> {
    let flags = u16_at(message, 2)?;
    let (records, additional) = (u16_at(message, 6)?, u16_at(message, 10)?);
    let mut answer = Answer {
        code: (flags & 0xf) as u8,
        truncated: flags & 0x0200 != 0,
        lame: flags & 0x0480 == 0 && flags & 0xf == 0 && records == 0 && additional == 0,
        addresses: Vec::new(),
    };
    if answer.truncated {
        return Some(answer);
    }
    let mut at = question_end;
    for _ in 0..records {
        let fixed = name_end(message, at)?;
        let (kind, class) = (u16_at(message, fixed)?, u16_at(message, fixed + 2)?);
        let length = usize::from(u16_at(message, fixed + 8)?);
        at = fixed + 10 + length;
        let data = message.get(fixed + 10..at)?;
        if class == IN {
            answer.addresses.extend(address(kind, data)?);
        }
    }
    Some(answer)
}

/// A record's address. `None` if it should be one and is not; no item for other records.
fn address(kind: u16, data: &[u8]) -> Option<Option<IpAddr>> {
    Some(match kind {
        1 => Some(Ipv4Addr::from(<[u8; 4]>::try_from(data).ok()?).into()),
        28 => Some(Ipv6Addr::from(<[u8; 16]>::try_from(data).ok()?).into()),
        _ => None,
    })
}

fn u16_at(message: &[u8], at: usize) -> Option<u16> {
    let bytes = message.get(at..at + 2)?;
    Some(u16::from_be_bytes(bytes.try_into().ok()?))
}

/// Where a name ends, not following its pointer.
fn name_end(message: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match *message.get(at)? {
            0 => return Some(at + 1),
            length @ 1..=63 => at += 1 + usize::from(length),
            0xc0.. => return Some(at + 2),
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question() -> Question {
        Question::new(0x1234, "a.Test.", Kind::A).unwrap()
    }

    /// An answer to [`question`] with these flags and one CNAME and one A record.
    fn answer() -> Vec<u8> {
        let mut bytes = vec![0x12, 0x34, 0x81, 0x80, 0, 1, 0, 2, 0, 0, 0, 0];
        bytes.extend(b"\x01A\x04tEST\x00\x00\x01\x00\x01");
        bytes.extend(b"\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x04\x01b\xc0\x0e");
        bytes.extend(b"\x01b\xc0\x0e\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\xc0\x00\x02\x07");
        bytes
    }

    #[test]
    fn question_is_what_servers_expect() {
        let expected = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x01\x01a\x04Test\x00\x00\x01\x00\x01\
            \x00\x00\x29\x04\xd0\x00\x00\x00\x00\x00\x00";
        assert_eq!(question().bytes, expected);
    }

    #[test]
    fn what_cannot_be_a_name_cannot_be_asked_for() {
        let long = "x".repeat(64);
        let longer = "abcdefg.".repeat(32);
        for name in ["", ".", "a..b", &long, &longer] {
            assert!(Question::new(1, name, Kind::A).is_none(), "{name}");
        }
    }

    #[test]
    fn addresses_behind_an_alias_are_found() {
        let expected = Answer {
            addresses: vec![[192, 0, 2, 7].into()],
            ..Answer::default()
        };
        assert_eq!(question().answer(&answer()), Some(Ok(expected)));
    }

    #[test]
    fn answers_to_others_are_not_ours() {
        let change = |at: usize, value: u8| {
            let mut message = answer();
            message[at] = value;
            message
        };
        for (message, why) in [
            (change(0, 0), "another id"),
            (change(2, 1), "a question"),
            (change(5, 2), "two questions"),
            (change(13, b'x'), "another name"),
            (change(21, 28), "another type"),
            (vec![], "nothing"),
        ] {
            assert_eq!(question().answer(&message), None, "{why}");
        }
    }

    #[test]
    fn no_truncation_and_no_corruption_panics() {
        let whole = answer();
        let records = question().end;
        for end in records..whole.len() {
            assert_eq!(question().answer(&whole[..end]), Some(Err(Garbled)), "{end}");
        }
        for at in 0..whole.len() {
            for value in 0..=255 {
                let mut message = whole.clone();
                message[at] = value;
                let _read = question().answer(&message);
            }
        }
    }
}
