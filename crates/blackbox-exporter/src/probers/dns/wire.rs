//! The bytes of a DNS message (RFC 1035 §4): numbers, strings, names. Nothing here panics on any bytes.

use thiserror::Error;

/// Octets that a name may have on the wire, its last zero included (RFC 1035 §3.1).
pub(crate) const LONGEST_NAME: usize = 255;
/// Pointers that a name may follow; more than it has room for labels are a loop.
const MOST_POINTERS: usize = 126;
/// Octets of a label.
const LONGEST_LABEL: usize = 63;

/// Why bytes are no DNS message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum WireError {
    /// Something is announced that does not follow.
    #[error("it ends too early")]
    Short,
    /// A name runs in circles, is too long, or has a label of no known kind.
    #[error("a name in it is malformed")]
    Name,
    /// A record's data are longer or shorter than its type has them.
    #[error("the data of a record do not fit its type")]
    Rdata,
    /// The texts of its records would take too much memory.
    #[error("its records are too large to be written out")]
    TooLarge,
    /// It is signed, and this program shares no key with the server.
    #[error("it is signed with a key (TSIG) that is not known here")]
    Signed,
}

/// A position in a message, and where to stop.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wire<'m> {
    /// The message as far as may be read; names point back into it.
    message: &'m [u8],
    at: usize,
}

impl<'m> Wire<'m> {
    /// From the beginning of a message.
    pub(crate) fn new(message: &'m [u8]) -> Self {
        Self { message, at: 0 }
    }

    /// Whether nothing is left.
    pub(crate) fn is_empty(&self) -> bool {
        self.at >= self.message.len()
    }

    /// The next so many bytes.
    pub(crate) fn bytes(&mut self, count: usize) -> Result<&'m [u8], WireError> {
        let end = self.at.checked_add(count).ok_or(WireError::Short)?;
        let bytes = self.message.get(self.at..end).ok_or(WireError::Short)?;
        self.at = end;
        Ok(bytes)
    }

    /// All that is left.
    pub(crate) fn rest(&mut self) -> &'m [u8] {
        let rest = self.message.get(self.at..).unwrap_or_default();
        self.at = self.message.len();
        rest
    }

    /// The next so many bytes, to be read on their own; names in them still point back into the message.
    pub(crate) fn part(&mut self, count: usize) -> Result<Self, WireError> {
        let at = self.at;
        self.bytes(count)?;
        let message = self.message.get(..self.at).ok_or(WireError::Short)?;
        Ok(Self { message, at })
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        self.bytes(N)?.try_into().map_err(|_| WireError::Short)
    }

    /// A byte.
    pub(crate) fn u8(&mut self) -> Result<u8, WireError> {
        Ok(u8::from_be_bytes(self.array()?))
    }

    /// Two bytes.
    pub(crate) fn u16(&mut self) -> Result<u16, WireError> {
        Ok(u16::from_be_bytes(self.array()?))
    }

    /// Four bytes.
    pub(crate) fn u32(&mut self) -> Result<u32, WireError> {
        Ok(u32::from_be_bytes(self.array()?))
    }

    /// Six bytes.
    pub(crate) fn u48(&mut self) -> Result<u64, WireError> {
        Ok(u64::from(self.u16()?) << 32 | u64::from(self.u32()?))
    }

    /// Eight bytes.
    pub(crate) fn u64(&mut self) -> Result<u64, WireError> {
        Ok(u64::from_be_bytes(self.array()?))
    }

    /// A string with its length before it.
    pub(crate) fn string(&mut self) -> Result<&'m [u8], WireError> {
        let length = self.u8()?;
        self.bytes(usize::from(length))
    }

    /// Appends a name as it is written, with a dot at its end.
    pub(crate) fn name(&mut self, out: &mut String) -> Result<(), WireError> {
        let (mut at, mut pointers, mut length) = (*self, 0, 1);
        let start = out.len();
        loop {
            let head = at.u8().map_err(|_| WireError::Name)?;
            match head >> 6 {
                0 if head == 0 => break,
                0 => {
                    let label = at.bytes(usize::from(head)).map_err(|_| WireError::Name)?;
                    length += label.len() + 1;
                    if length > LONGEST_NAME {
                        return Err(WireError::Name);
                    }
                    label.iter().for_each(|byte| push_label_byte(out, *byte));
                    out.push('.');
                }
                3 => {
                    let low = at.u8().map_err(|_| WireError::Name)?;
                    if pointers == 0 {
                        self.at = at.at;
                    }
                    pointers += 1;
                    if pointers > MOST_POINTERS {
                        return Err(WireError::Name);
                    }
                    at.at = usize::from(head & 0x3f) << 8 | usize::from(low);
                }
                _ => return Err(WireError::Name),
            }
        }
        if pointers == 0 {
            self.at = at.at;
        }
        if out.len() == start {
            out.push('.');
        }
        Ok(())
    }
}

fn push_label_byte(out: &mut String, byte: u8) {
    match byte {
        b'.' | b' ' | b'\'' | b'@' | b';' | b'(' | b')' | b'"' | b'\\' => {
            out.push('\\');
            out.push(char::from(byte));
        }
        _ => push_printable(out, byte),
    }
}

/// Appends a byte of a text that stands in quotes.
pub(crate) fn push_text_byte(out: &mut String, byte: u8) {
    if matches!(byte, b'"' | b'\\') {
        out.push('\\');
    }
    push_printable(out, byte);
}

/// Appends a byte; one that cannot be printed as `\DDD`.
pub(crate) fn push_printable(out: &mut String, byte: u8) {
    if matches!(byte, b' '..=b'~') {
        out.push(char::from(byte));
    } else {
        out.push_str(&format!("\\{byte:03}"));
    }
}

/// A name as it is written, with or without a dot at its end, for the wire.
///
/// # Errors
/// [`WireError::Name`] when a label is empty or too long, or the name is.
pub(crate) fn pack_name(name: &str) -> Result<Vec<u8>, WireError> {
    let (mut wire, mut label) = (Vec::new(), Vec::new());
    let mut bytes = name.as_bytes();
    while let Some((byte, rest)) = next_byte(bytes) {
        bytes = rest;
        match byte {
            Byte::Plain(b'.') if wire.is_empty() && label.is_empty() && bytes.is_empty() => break,
            Byte::Plain(b'.') => end_label(&mut wire, &mut label)?,
            Byte::Plain(byte) | Byte::Escaped(byte) => label.push(byte),
        }
    }
    if !bytes.is_empty() {
        return Err(WireError::Name);
    }
    if !label.is_empty() {
        end_label(&mut wire, &mut label)?;
    }
    wire.push(0);
    match wire.len() <= LONGEST_NAME {
        true => Ok(wire),
        false => Err(WireError::Name),
    }
}

fn end_label(wire: &mut Vec<u8>, label: &mut Vec<u8>) -> Result<(), WireError> {
    if label.is_empty() || label.len() > LONGEST_LABEL {
        return Err(WireError::Name);
    }
    let length = u8::try_from(label.len()).map_err(|_| WireError::Name)?;
    wire.push(length);
    wire.append(label);
    Ok(())
}

/// A byte of a written text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Byte {
    /// As it stands.
    Plain(u8),
    /// Behind a backslash, or as `\DDD`.
    Escaped(u8),
}

/// The first byte of a written text, and what follows. A backslash at the end is none.
pub(crate) fn next_byte(text: &[u8]) -> Option<(Byte, &[u8])> {
    match text {
        [b'\\', a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', rest @ ..] => {
            let digit = |byte: &u8| byte - b'0';
            // Beyond 255 it wraps around, as it does for upstream.
            let value = digit(a)
                .wrapping_mul(100)
                .wrapping_add(digit(b) * 10)
                .wrapping_add(digit(c));
            Some((Byte::Escaped(value), rest))
        }
        [b'\\', byte, rest @ ..] => Some((Byte::Escaped(*byte), rest)),
        [b'\\'] | [] => None,
        [byte, rest @ ..] => Some((Byte::Plain(*byte), rest)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_packed_by_labels() {
        let cases: [(&str, Result<&[u8], WireError>); 12] = [
            ("a.bc", Ok(b"\x01a\x02bc\0")),
            ("a.bc.", Ok(b"\x01a\x02bc\0")),
            (".", Ok(b"\0")),
            ("", Ok(b"\0")),
            ("a\\.b\\032c.d", Ok(b"\x05a.b c\x01d\0")),
            ("a b", Ok(b"\x03a b\0")),
            ("\u{fc}", Ok(b"\x02\xc3\xbc\0")),
            ("a\\.", Ok(b"\x02a.\0")),
            ("a..b", Err(WireError::Name)),
            (".a", Err(WireError::Name)),
            ("..", Err(WireError::Name)),
            ("a\\", Err(WireError::Name)),
        ];
        for (name, wire) in cases {
            assert_eq!(pack_name(name), wire.map(<[u8]>::to_vec), "{name:?}");
        }
    }

    #[test]
    fn names_and_labels_have_their_longest() {
        assert!(pack_name(&"x".repeat(63)).is_ok());
        assert_eq!(pack_name(&"x".repeat(64)), Err(WireError::Name));
        let labels = |last: usize| format!("{0}.{0}.{0}.{1}", "x".repeat(63), "y".repeat(last));
        assert_eq!(pack_name(&labels(61)).map(|wire| wire.len()), Ok(255));
        assert_eq!(pack_name(&labels(62)), Err(WireError::Name));
    }

    #[test]
    fn a_name_that_points_at_itself_is_refused() {
        let mut text = String::new();
        assert_eq!(Wire::new(b"\xc0\x00").name(&mut text), Err(WireError::Name));
        assert_eq!(Wire::new(b"\x01a\xc0\x00").name(&mut text), Err(WireError::Name));
    }

    #[test]
    fn a_part_ends_where_it_says_but_names_reach_back() {
        let mut wire = Wire::new(b"\x01a\0\xc0\x00\xff");
        wire.bytes(3).expect("a name");
        let mut part = wire.part(2).expect("a pointer");
        let mut text = String::new();
        assert_eq!(
            (part.name(&mut text), text.as_str(), part.is_empty()),
            (Ok(()), "a.", true)
        );
        assert_eq!((part.u8(), wire.u8()), (Err(WireError::Short), Ok(0xff)));
    }
}
