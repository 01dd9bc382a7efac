//! Messages: a call as it is sent, and whatever comes back.

use std::ops::RangeInclusive;

use super::wire::{Malformed, Value, Wire};

/// The fixed part of every message, up to the header's fields.
pub(super) const FIXED: usize = 16;

/// No answer that is asked for comes near: a list of ten thousand units has two megabytes.
const MOST: usize = 32 << 20;

const METHOD_CALL: u8 = 1;
const METHOD_RETURN: u8 = 2;
const ERROR: u8 = 3;
const KINDS: RangeInclusive<u8> = 1..=4;

const PATH: u8 = 1;
const INTERFACE: u8 = 2;
const MEMBER: u8 = 3;
const ERROR_NAME: u8 = 4;
const REPLY_SERIAL: u8 = 5;
const DESTINATION: u8 = 6;
const SIGNATURE: u8 = 8;

const PROTOCOL: u8 = 1;
const BYTE_ORDER: u8 = if cfg!(target_endian = "little") { b'l' } else { b'B' };

/// A call of a method whose arguments are strings.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    /// Who is called: a name on the bus.
    pub(crate) destination: &'a str,
    /// The object.
    pub(crate) path: &'a str,
    /// The interface that has the method.
    pub(crate) interface: &'a str,
    /// The method.
    pub(crate) member: &'a str,
    /// Its arguments, if any.
    pub(crate) arguments: Option<[&'a str; 2]>,
}

impl<'a> Call<'a> {
    /// The call that reads a property; its answer is a variant.
    pub(crate) fn property(destination: &'a str, path: &'a str, interface: &'a str, name: &'a str) -> Self {
        Self {
            destination,
            path,
            interface: "org.freedesktop.DBus.Properties",
            member: "Get",
            arguments: Some([interface, name]),
        }
    }

    /// Appends the message to `out`.
    pub(super) fn write(&self, serial: u32, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&[BYTE_ORDER, METHOD_CALL, 0, PROTOCOL]);
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&serial.to_ne_bytes());
        out.extend_from_slice(&[0; 4]);
        for (field, kind, text) in [
            (PATH, b'o', self.path),
            (INTERFACE, b's', self.interface),
            (MEMBER, b's', self.member),
            (DESTINATION, b's', self.destination),
        ] {
            pad(start, 8, out);
            out.extend_from_slice(&[field, 1, kind, 0]);
            put_text(text, out);
        }
        if self.arguments.is_some() {
            pad(start, 8, out);
            out.extend_from_slice(&[SIGNATURE, 1, b'g', 0, 2, b's', b's', 0]);
        }
        put_length(start + 12, out.len() - start - FIXED, out);
        pad(start, 8, out);
        let body = out.len();
        for argument in self.arguments.iter().flatten() {
            pad(start, 4, out);
            put_text(argument, out);
        }
        put_length(start + 4, out.len() - body, out);
    }
}

/// Pads the message that begins at `start` to a multiple of `size`.
fn pad(start: usize, size: usize, out: &mut Vec<u8>) {
    out.resize(start + (out.len() - start).next_multiple_of(size), 0);
}

fn put_text(text: &str, out: &mut Vec<u8>) {
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    put_length(at, text.len(), out);
    out.extend_from_slice(text.as_bytes());
    out.push(0);
}

fn put_length(at: usize, length: usize, out: &mut [u8]) {
    let length = u32::try_from(length).expect("names and paths came in messages with lengths of 32 bits");
    out[at..at + 4].copy_from_slice(&length.to_ne_bytes());
}

/// What a message is for us.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    /// The answer to the call of that serial number.
    Return(u32),
    /// The refusal of that call, by name.
    Error(u32, &'a str),
    /// A signal, or someone calls us.
    Other,
}

/// A message that was received.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Message<'a> {
    pub(super) kind: Kind<'a>,
    pub(super) signature: &'a str,
    pub(super) body: &'a [u8],
}

/// How long the message is whose first bytes these are, or `None` when there are too few to tell.
///
/// # Errors
/// When this is no message of this machine's byte order, or a monstrous one.
pub(super) fn length(bytes: &[u8]) -> Result<Option<usize>, Malformed> {
    let Some(fixed) = bytes.first_chunk::<FIXED>() else {
        return Ok(None);
    };
    if fixed[0] != BYTE_ORDER || fixed[3] != PROTOCOL || !KINDS.contains(&fixed[1]) {
        return Err(Malformed("it does not begin like one"));
    }
    let (body, fields) = lengths(fixed)?;
    let length = body.saturating_add(fields.next_multiple_of(8)).saturating_add(FIXED);
    if length > MOST {
        return Err(Malformed("it is too long"));
    }
    Ok(Some(length))
}

/// Lengths of the body and of the header's fields.
fn lengths(fixed: &[u8; FIXED]) -> Result<(usize, usize), Malformed> {
    let mut wire = Wire::new(fixed);
    let (_start, body, _serial, fields) = (wire.u32()?, wire.u32()?, wire.u32()?, wire.u32()?);
    Ok((body as usize, fields as usize))
}

impl<'a> Message<'a> {
    /// The message that is exactly these bytes, as many as [`length`] said.
    ///
    /// # Errors
    /// When a field of the header cannot be read or an answer does not tell its question.
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let (fixed, rest) = bytes.split_first_chunk().ok_or(Malformed("it is too short"))?;
        let (_, fields) = lengths(fixed)?;
        let body = rest.get(fields.next_multiple_of(8)..);
        let (Some(fields), Some(body)) = (rest.get(..fields), body) else {
            return Err(Malformed("it is too short"));
        };
        let (mut reply_to, mut error_name, mut signature) = (None, "", "");
        let mut fields = Wire::new(fields);
        while !fields.is_empty() {
            fields.align(8);
            match (fields.byte()?, fields.variant()?) {
                (REPLY_SERIAL, Value::Number(serial)) => reply_to = u32::try_from(serial).ok(),
                (ERROR_NAME, Value::Text(name)) => error_name = name,
                (SIGNATURE, Value::Text(text)) => signature = text,
                _ => {}
            }
        }
        let reply_to = reply_to.ok_or(Malformed("an answer to nothing"));
        let kind = match fixed[1] {
            METHOD_RETURN => Kind::Return(reply_to?),
            ERROR => Kind::Error(reply_to?, error_name),
            _ => Kind::Other,
        };
        Ok(Self { kind, signature, body })
    }
}

#[cfg(test)]
#[cfg(target_endian = "little")]
mod tests {
    use super::*;
    use crate::dbus::answer::Answer;

    /// What dbus-send 1.14 sent for this call, and what dbus-daemon answered.
    const QUESTION: &[u8] = b"l\x01\x00\x01(\x00\x00\x00\x02\x00\x00\x00\x80\x00\x00\x00\
        \x01\x01o\x00\x15\x00\x00\x00/org/freedesktop/DBus\x00\x00\x00\
        \x02\x01s\x00\x1f\x00\x00\x00org.freedesktop.DBus.Properties\x00\
        \x03\x01s\x00\x03\x00\x00\x00Get\x00\x00\x00\x00\x00\
        \x06\x01s\x00\x14\x00\x00\x00org.freedesktop.DBus\x00\x00\x00\x00\
        \x08\x01g\x00\x02ss\x00\
        \x14\x00\x00\x00org.freedesktop.DBus\x00\x00\x00\x00\x07\x00\x00\x00Version\x00";
    const REFUSAL: &[u8] = b"l\x03\x01\x016\x00\x00\x00\x03\x00\x00\x00u\x00\x00\x00\
        \x06\x01s\x00\x04\x00\x00\x00:1.0\x00\x00\x00\x00\
        \x04\x01s\x00*\x00\x00\x00org.freedesktop.DBus.Error.UnknownProperty\x00\x00\x00\x00\x00\x00\
        \x05\x01u\x00\x02\x00\x00\x00\x08\x01g\x00\x01s\x00\x00\
        \x07\x01s\x00\x14\x00\x00\x00org.freedesktop.DBus\x00\x00\x00\x00\
        1\x00\x00\x00Property \"org.freedesktop.DBus.Version\" not found\x00";
    const HELLO: &[u8] = b"l\x02\x01\x01\t\x00\x00\x00\x01\x00\x00\x00=\x00\x00\x00\
        \x06\x01s\x00\x04\x00\x00\x00:1.0\x00\x00\x00\x00\x05\x01u\x00\x01\x00\x00\x00\
        \x08\x01g\x00\x01s\x00\x00\x07\x01s\x00\x14\x00\x00\x00org.freedesktop.DBus\x00\x00\x00\x00\
        \x04\x00\x00\x00:1.0\x00";
    const SIGNAL: &[u8] = b"l\x04\x01\x01\t\x00\x00\x00\x02\x00\x00\x00\x8d\x00\x00\x00\
        \x01\x01o\x00\x15\x00\x00\x00/org/freedesktop/DBus\x00\x00\x00\
        \x02\x01s\x00\x14\x00\x00\x00org.freedesktop.DBus\x00\x00\x00\x00\
        \x03\x01s\x00\x0c\x00\x00\x00NameAcquired\x00\x00\x00\x00\
        \x06\x01s\x00\x04\x00\x00\x00:1.0\x00\x00\x00\x00\x08\x01g\x00\x01s\x00\x00\
        \x07\x01s\x00\x14\x00\x00\x00org.freedesktop.DBus\x00\x00\x00\x00\
        \x04\x00\x00\x00:1.0\x00";

    fn answer(bytes: &[u8]) -> Option<(u32, Answer)> {
        assert_eq!(length(bytes), Ok(Some(bytes.len())));
        Message::parse(bytes).unwrap().into_answer()
    }

    #[test]
    fn a_call_is_what_dbus_send_sends() {
        let bus = "org.freedesktop.DBus";
        for before in [&b""[..], b"BEGIN\r\n"] {
            let mut out = before.to_vec();
            Call::property(bus, "/org/freedesktop/DBus", bus, "Version").write(2, &mut out);
            let message = out.strip_prefix(before).unwrap();
            assert_eq!(message.escape_ascii().to_string(), QUESTION.escape_ascii().to_string());
        }
    }

    #[test]
    fn answers_of_dbus_daemon_are_understood() {
        let (serial, hello) = answer(HELLO).unwrap();
        assert_eq!((serial, hello.unwrap().values("s").unwrap().text()), (1, Ok(":1.0")));
        let (serial, refusal) = answer(REFUSAL).unwrap();
        assert_eq!(serial, 2);
        assert_eq!(
            refusal.unwrap_err().to_string(),
            "org.freedesktop.DBus.Error.UnknownProperty: Property \"org.freedesktop.DBus.Version\" not found"
        );
        assert_eq!(answer(SIGNAL), None);
    }

    #[test]
    fn a_message_that_is_cut_or_spoiled_anywhere_is_no_panic() {
        for whole in [QUESTION, REFUSAL, HELLO, SIGNAL] {
            for cut in 0..whole.len() {
                let bytes = &whole[..cut];
                assert_eq!(length(bytes), Ok((cut >= FIXED).then_some(whole.len())));
                drop(Message::parse(bytes).map(Message::into_answer));
                for byte in [0, 1, b'l', b's', 0x7f, 0xff] {
                    let mut spoiled = whole.to_vec();
                    spoiled[cut] = byte;
                    drop(length(&spoiled));
                    drop(Message::parse(&spoiled).map(Message::into_answer));
                }
            }
        }
    }

    #[test]
    fn what_is_no_message_of_ours_is_malformed() {
        let mut foreign = HELLO.to_vec();
        foreign[0] = b'B';
        let mut monstrous = HELLO.to_vec();
        monstrous[7] = 0x7f;
        let mut newer = HELLO.to_vec();
        newer[3] = 2;
        for bytes in [&b"HTTP/1.1 400 Bad Request"[..], &foreign, &monstrous, &newer] {
            assert!(length(bytes).is_err(), "{}", bytes.escape_ascii());
        }
        let without_question = HELLO.iter().position(|&byte| byte == 5).unwrap();
        let mut lost = HELLO.to_vec();
        lost[without_question] = 77;
        assert_eq!(Message::parse(&lost), Err(Malformed("an answer to nothing")));
    }
}
