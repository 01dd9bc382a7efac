//! The two messages of `grpc.health.v1.Health/Check` in protobuf, and gRPC's frames around them.
//!
//! ```text
//! message HealthCheckRequest  { string service = 1; }
//! message HealthCheckResponse { enum ServingStatus { … }; ServingStatus status = 1; }
//! ```

use std::borrow::Cow;

/// A frame's head: whether the message is compressed, and its length.
const HEAD: usize = 5;

/// What a service says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Serving(i32);

impl Serving {
    /// It serves.
    pub(super) const SERVING: Self = Self(1);
    /// Every status that there is, by name.
    pub(super) const ALL: [Self; 4] = [Self(2), Self(3), Self::SERVING, Self(0)];

    /// The label's value: its name in the protocol, a number if it has none.
    pub(super) fn name(self) -> Cow<'static, str> {
        Cow::Borrowed(match self.0 {
            0 => "UNKNOWN",
            1 => "SERVING",
            2 => "NOT_SERVING",
            3 => "SERVICE_UNKNOWN",
            other => return Cow::Owned(other.to_string()),
        })
    }
}

/// The request's frame; an empty `service` asks for the whole server.
pub(super) fn request(service: &str) -> Vec<u8> {
    let mut message = Vec::with_capacity(service.len() + 8);
    if !service.is_empty() {
        message.push(0x0a);
        push_varint(&mut message, service.len());
        message.extend_from_slice(service.as_bytes());
    }
    let mut frame = vec![0];
    // A name in a configuration is shorter than 4 GiB.
    frame.extend_from_slice(&u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes());
    frame.append(&mut message);
    frame
}

/// What the response's body says.
///
/// # Errors
/// What is wrong with it, in words.
pub(super) fn response(body: &[u8]) -> Result<Serving, &'static str> {
    let message = unframe(body)?;
    parse(message).ok_or("the message is no health check response")
}

/// The one message of a body.
fn unframe(body: &[u8]) -> Result<&[u8], &'static str> {
    let (head, rest) = match body.split_first_chunk::<HEAD>() {
        Some(parts) => parts,
        None if body.is_empty() => return Err("no message came"),
        None => return Err("the message is cut off"),
    };
    let [compressed, length @ ..] = *head;
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    match (compressed, rest.len()) {
        (0, came) if came == length => Ok(rest),
        (0, came) if came < length => Err("the message is cut off"),
        (0, _) => Err("more than one message came"),
        _ => Err("the message is compressed, which was not offered"),
    }
}

fn parse(mut message: &[u8]) -> Option<Serving> {
    let mut serving = Serving(0);
    while !message.is_empty() {
        let tag = take_varint(&mut message)?;
        match (tag >> 3, tag & 7) {
            (0, _) => return None,
            // Enums are 32 bits of what may be more, as every reader of protobuf takes them.
            (1, 0) => serving = Serving(take_varint(&mut message)? as i32),
            (_, 0) => drop(take_varint(&mut message)?),
            (_, 1) => message = message.get(8..)?,
            (_, 5) => message = message.get(4..)?,
            (_, 2) => {
                let length = usize::try_from(take_varint(&mut message)?).ok()?;
                message = message.get(length..)?;
            }
            _ => return None,
        }
    }
    Some(serving)
}

fn push_varint(out: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_names_the_service() {
        assert_eq!(request(""), [0, 0, 0, 0, 0]);
        assert_eq!(request("svc"), *b"\0\0\0\0\x05\x0a\x03svc");
        let long = request(&"x".repeat(300));
        assert_eq!(long.get(..8), Some(&[0, 0, 0, 1, 47, 0x0a, 0xac, 0x02][..]));
        assert_eq!(long.len(), 308);
    }

    #[test]
    fn a_response_is_a_status_or_is_refused() {
        for (body, expected) in [
            (&b"\0\0\0\0\0"[..], Ok("UNKNOWN")),
            (b"\0\0\0\0\x02\x08\x01", Ok("SERVING")),
            (b"\0\0\0\0\x02\x08\x02", Ok("NOT_SERVING")),
            (b"\0\0\0\0\x02\x08\x03", Ok("SERVICE_UNKNOWN")),
            (b"\0\0\0\0\x02\x08\x2a", Ok("42")),
            (b"\0\0\0\0\x0b\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", Ok("-1")),
            (b"\0\0\0\0\x04\x08\x01\x08\x02", Ok("NOT_SERVING")),
            // Fields of a later version: a text, a number, 32 and 64 bits; and a field 1 that is a text.
            (b"\0\0\0\0\x07\x12\x03abc\x08\x01", Ok("SERVING")),
            (b"\0\0\0\0\x05\x18\x96\x01\x08\x01", Ok("SERVING")),
            (b"\0\0\0\0\x07\x25abcd\x08\x01", Ok("SERVING")),
            (b"\0\0\0\0\x0b\x29abcdefgh\x08\x01", Ok("SERVING")),
            (b"\0\0\0\0\x05\x0a\x01x\x08\x01", Ok("SERVING")),
            (b"", Err("no message came")),
            (b"\0\0\0", Err("the message is cut off")),
            (b"\0\0\0\0\x02\x08", Err("the message is cut off")),
            (b"\0\0\0\0\x02\x08\x01\0\0\0\0\0", Err("more than one message came")),
            (
                b"\x01\0\0\0\x02\x08\x01",
                Err("the message is compressed, which was not offered"),
            ),
            (b"\0\0\0\0\x01\x08", Err("the message is no health check response")),
            (b"\0\0\0\0\x02\x00\x01", Err("the message is no health check response")),
            (b"\0\0\0\0\x02\x0b\x01", Err("the message is no health check response")),
            (b"\0\0\0\0\x02\x12\x7f", Err("the message is no health check response")),
            (
                b"\0\0\0\0\x0b\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
                Err("the message is no health check response"),
            ),
        ] {
            let found = response(body).map(Serving::name);
            assert_eq!(found, expected.map(Cow::Borrowed), "{body:?}");
        }
    }

    #[test]
    fn no_bytes_make_it_panic() {
        let body = b"\0\0\0\0\x0b\x29abcdefgh\x08\x01";
        for place in 0..body.len() {
            for byte in 0..=u8::MAX {
                let mut changed = *body;
                changed[place] = byte;
                for end in 0..=changed.len() {
                    // Any answer will do.
                    std::hint::black_box(response(&changed[..end])).ok();
                }
            }
        }
    }
}
