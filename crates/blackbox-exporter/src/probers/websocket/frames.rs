//! Frames of RFC 6455: what a client sends, and messages of what a server sends.

/// The longest message that is heard, its pieces together.
pub(super) const LONGEST: usize = 64 * 1024;

const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
pub(super) const PONG: u8 = 0xa;

/// What came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A whole message, text or not.
    Message(Vec<u8>),
    /// A question whether we are there; to be answered with the same bytes.
    Ping(Vec<u8>),
    /// The end, with the server's code if it gave one.
    Close(Option<u16>),
}

/// Why nothing more can be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// This is no frame that a server may send here.
    Malformed,
    /// The message is longer than [`LONGEST`].
    TooLong,
}

/// What came and was not taken yet: less than a frame, and the pieces of a message.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    bytes: Vec<u8>,
    message: Option<Vec<u8>>,
}

/// A frame's head, and where its payload is.
struct Head {
    last: bool,
    kind: u8,
    start: usize,
    end: usize,
}

impl Inbox {
    /// Takes in what came.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// What came, if it is here as a whole.
    pub(super) fn next(&mut self) -> Result<Option<Event>, Flaw> {
        while let Some(head) = self.head()? {
            let Some(payload) = self.bytes.get(head.start..head.end).map(<[u8]>::to_vec) else {
                return Ok(None);
            };
            self.bytes.drain(..head.end);
            if let Some(event) = self.take(&head, payload)? {
                return Ok(Some(event));
            }
        }
        Ok(None)
    }

    fn head(&self) -> Result<Option<Head>, Flaw> {
        let [first, second, rest @ ..] = self.bytes.as_slice() else {
            return Ok(None);
        };
        // No extension was agreed on, and servers do not mask.
        if first & 0x70 != 0 || second & 0x80 != 0 {
            return Err(Flaw::Malformed);
        }
        let (start, length) = match (second & 0x7f, rest) {
            (126, [high, low, ..]) => (4, u64::from(u16::from_be_bytes([*high, *low]))),
            (127, rest) => match rest.first_chunk() {
                Some(length) => (10, u64::from_be_bytes(*length)),
                None => return Ok(None),
            },
            (126, _) => return Ok(None),
            (length, _) => (2, u64::from(length)),
        };
        let (last, kind) = (first & 0x80 != 0, first & 0x0f);
        if kind >= CLOSE && (!last || length > 125) {
            return Err(Flaw::Malformed);
        }
        let length = usize::try_from(length).ok().filter(|length| *length <= LONGEST);
        let end = start + length.ok_or(Flaw::TooLong)?;
        Ok(Some(Head { last, kind, start, end }))
    }

    fn take(&mut self, head: &Head, payload: Vec<u8>) -> Result<Option<Event>, Flaw> {
        let code = |payload: &[u8]| payload.first_chunk().map(|code| u16::from_be_bytes(*code));
        let mut message = match (head.kind, self.message.take()) {
            (CLOSE, _) => return Ok(Some(Event::Close(code(&payload)))),
            (PING, message) => {
                self.message = message;
                return Ok(Some(Event::Ping(payload)));
            }
            (PONG, message) => {
                self.message = message;
                return Ok(None);
            }
            (TEXT | BINARY, None) => Vec::new(),
            (0, Some(message)) => message,
            _ => return Err(Flaw::Malformed),
        };
        if message.len() + payload.len() > LONGEST {
            return Err(Flaw::TooLong);
        }
        message.extend_from_slice(&payload);
        if head.last {
            return Ok(Some(Event::Message(message)));
        }
        self.message = Some(message);
        Ok(None)
    }
}

/// A text message in one frame.
pub(super) fn text(payload: &[u8], mask: [u8; 4]) -> Vec<u8> {
    frame(TEXT, payload, mask)
}

/// The answer to a ping.
pub(super) fn pong(payload: &[u8], mask: [u8; 4]) -> Vec<u8> {
    frame(PONG, payload, mask)
}

fn frame(kind: u8, payload: &[u8], mask: [u8; 4]) -> Vec<u8> {
    let mut frame = vec![0x80 | kind];
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(length @ ..126), _) => frame.push(0x80 | length),
        (_, Ok(length)) => {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&length.to_be_bytes());
        }
        _ => {
            frame.push(0x80 | 127);
            frame.extend_from_slice(&(payload.len() as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(&mask);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All events of these bytes, in pieces of this size.
    fn events(bytes: &[u8], size: usize) -> Result<Vec<Event>, Flaw> {
        let (mut inbox, mut events) = (Inbox::default(), Vec::new());
        for piece in bytes.chunks(size) {
            inbox.push(piece);
            while let Some(event) = inbox.next()? {
                events.push(event);
            }
        }
        Ok(events)
    }

    #[test]
    fn messages_come_whole_with_control_frames_in_between() {
        let bytes = b"\x01\x03Hel\x89\x01!\x80\x02lo\x8a\x00\x82\x7e\x00\x02\xff\xfe\x88\x02\x03\xe8";
        let expected = vec![
            Event::Ping(b"!".into()),
            Event::Message(b"Hello".into()),
            Event::Message(b"\xff\xfe".into()),
            Event::Close(Some(1000)),
        ];
        for size in [1, 2, 5, 100] {
            assert_eq!(events(bytes, size).as_ref(), Ok(&expected), "{size}");
        }
    }

    #[test]
    fn what_a_server_may_not_send_is_refused() {
        let cases: [(&[u8], Flaw); 9] = [
            (b"\xc1\x00", Flaw::Malformed),
            (b"\x81\x80abcd", Flaw::Malformed),
            (b"\x80\x00", Flaw::Malformed),
            (b"\x01\x00\x01\x00", Flaw::Malformed),
            (b"\x83\x00", Flaw::Malformed),
            (b"\x09\x00", Flaw::Malformed),
            (b"\x89\x7e\x00\x7e", Flaw::Malformed),
            (b"\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff", Flaw::TooLong),
            (b"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x01", Flaw::TooLong),
        ];
        for (bytes, flaw) in cases {
            assert_eq!(events(bytes, 1), Err(flaw), "{bytes:?}");
        }
        let piece = [&b"\x01\x7e\xff\xff"[..], &[b'x'; 65_535]].concat();
        assert_eq!(
            events(&[piece, b"\x80\x02xx".into()].concat(), 4096),
            Err(Flaw::TooLong)
        );
    }

    #[test]
    fn what_is_said_is_masked() {
        // The example of RFC 6455, 5.7.
        let hello = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
        assert_eq!(text(b"Hello", [0x37, 0xfa, 0x21, 0x3d]), hello);
        assert_eq!(pong(b"", [1, 2, 3, 4]), b"\x8a\x80\x01\x02\x03\x04");
        for (length, head) in [
            (125, &b"\x81\xfd"[..]),
            (126, b"\x81\xfe\0\x7e"),
            (65_536, b"\x81\xff\0\0\0\0\0\x01\0\0"),
        ] {
            let frame = text(&vec![b'x'; length], [0; 4]);
            assert_eq!(frame.get(..head.len()), Some(head));
            assert_eq!(frame.len(), head.len() + 4 + length);
        }
    }
}
