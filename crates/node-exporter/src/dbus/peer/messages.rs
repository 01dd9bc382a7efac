//! Calls as they are received, and what is sent in return.

use super::host::Held;

/// A call that was received.
pub(super) struct Incoming {
    serial: u32,
    pub(super) path: String,
    pub(super) member: String,
    pub(super) arguments: Vec<String>,
}

impl Incoming {
    /// The first whole message of the inbox.
    pub(super) fn take(inbox: &mut Vec<u8>) -> Option<Self> {
        let number = |at: usize| Some(u32::from_ne_bytes(inbox.get(at..at + 4)?.try_into().unwrap()));
        let (body, serial, fields) = (number(4)? as usize, number(8)?, number(12)? as usize);
        let start = (16 + fields).next_multiple_of(8);
        if inbox.len() < start + body {
            return None;
        }
        let message: Vec<u8> = inbox.drain(..start + body).collect();
        assert_eq!(
            &message[..4],
            [message[0], 1, 0, 1],
            "a call of version 1 that wants an answer"
        );
        let mut call = Self {
            serial,
            path: String::new(),
            member: String::new(),
            arguments: texts(&message[start..]),
        };
        let mut at = 16;
        while at < 16 + fields {
            at = at.next_multiple_of(8);
            let value = &message[at + 4..16 + fields];
            let length = match message[at] {
                8 => value[0] as usize + 2,
                _ => u32::from_ne_bytes(value[..4].try_into().unwrap()) as usize + 5,
            };
            match message[at] {
                1 => call.path = texts(&value[..length]).remove(0),
                3 => call.member = texts(&value[..length]).remove(0),
                _ => {}
            }
            at += 4 + length;
        }
        Some(call)
    }

    pub(super) fn returns(&self, signature: &str, body: Body) -> Vec<u8> {
        outgoing(2, &[(5, Field::Serial(self.serial))], signature, &body.0)
    }

    pub(super) fn refuses(&self, name: &'static str) -> Vec<u8> {
        let fields = [(5, Field::Serial(self.serial)), (4, Field::Text('s', name))];
        outgoing(3, &fields, "s", &Body::default().text("There is none.").0)
    }
}

/// The strings that these bytes are.
fn texts(bytes: &[u8]) -> Vec<String> {
    let (mut at, mut texts) = (0, Vec::new());
    while at < bytes.len() {
        at = at.next_multiple_of(4);
        let length = u32::from_ne_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        texts.push(String::from_utf8(bytes[at + 4..at + 4 + length].to_vec()).unwrap());
        at += 4 + length + 1;
    }
    texts
}

/// What dbus-daemon says after the greeting.
pub(super) fn signal() -> Vec<u8> {
    let fields = [
        (1, Field::Text('o', "/org/freedesktop/DBus")),
        (2, Field::Text('s', "org.freedesktop.DBus")),
        (3, Field::Text('s', "NameAcquired")),
    ];
    outgoing(4, &fields, "s", &Body::default().text(":1.7").0)
}

#[derive(Clone, Copy)]
enum Field {
    Serial(u32),
    Text(char, &'static str),
}

fn outgoing(kind: u8, fields: &[(u8, Field)], signature: &str, body: &[u8]) -> Vec<u8> {
    let mut header = Body::default();
    for &(code, field) in fields {
        header = header.align(8);
        header = match field {
            Field::Serial(serial) => header.bytes(&[code, 1, b'u', 0]).u32(serial),
            Field::Text(kind, text) => header.bytes(&[code, 1, kind as u8, 0]).text(text),
        };
    }
    header = header.align(8).bytes(&[8, 1, b'g', 0, signature.len() as u8]);
    header = header.bytes(signature.as_bytes()).bytes(&[0]);
    let order = if cfg!(target_endian = "little") { b'l' } else { b'B' };
    let fixed = Body::default()
        .bytes(&[order, kind, 1, 1])
        .u32(body.len() as u32)
        .u32(9);
    let fixed = fixed.u32(header.0.len() as u32);
    fixed.bytes(&header.align(8).0).bytes(body).0
}

/// Values laid out one after the other.
#[derive(Default)]
pub(super) struct Body(Vec<u8>);

impl Body {
    fn align(mut self, size: usize) -> Self {
        self.0.resize(self.0.len().next_multiple_of(size), 0);
        self
    }

    fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    pub(super) fn u32(self, value: u32) -> Self {
        self.align(4).bytes(&value.to_ne_bytes())
    }

    pub(super) fn text(self, text: &str) -> Self {
        self.u32(text.len() as u32).bytes(text.as_bytes()).bytes(&[0])
    }

    pub(super) fn variant(self, held: Held) -> Self {
        let of = |kind: u8| Self::default().bytes(&[1, kind, 0]);
        match held {
            Held::Text(text) => of(b's').text(text),
            Held::U32(value) => of(b'u').u32(value),
            Held::U64(value) => of(b't').align(8).bytes(&value.to_ne_bytes()),
            Held::Flag(value) => of(b'b').u32(value.into()),
        }
    }

    /// An array of structures, as the first value.
    pub(super) fn array(rows: impl Iterator<Item = impl FnOnce(Self) -> Self>) -> Self {
        let body = rows.fold(Self(vec![0; 8]), |body, row| row(body.align(8)));
        let length = (body.0.len() - 8) as u32;
        Self([&length.to_ne_bytes()[..], &body.0[4..]].concat())
    }
}
