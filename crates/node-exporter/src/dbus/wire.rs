//! Reading of values as D-Bus lays them out: aligned to their size from the start of the message, in this machine's
//! byte order.

/// What is wrong with a message.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed D-Bus message: {0}")]
pub(crate) struct Malformed(pub(crate) &'static str);

/// What a variant holds, as far as anyone here asks.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// A string, an object path or a signature.
    Text(&'a str),
    /// An unsigned number.
    Number(u64),
    /// A boolean.
    Flag(bool),
    /// A signed number or one with a fraction, or an open file.
    Other,
}

/// A place in bytes whose first one is aligned to eight.
#[derive(Debug)]
pub(crate) struct Wire<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Wire<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Whether all has been read.
    pub(crate) fn is_empty(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// Skips padding to a multiple of `size`, as before each structure (8).
    pub(crate) fn align(&mut self, size: usize) {
        self.at = self.at.next_multiple_of(size);
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Malformed> {
        self.array().map(|[byte]| byte)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Malformed> {
        self.align(4);
        self.array().map(u32::from_ne_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Malformed> {
        self.align(8);
        self.array().map(u64::from_ne_bytes)
    }

    /// A string or an object path.
    pub(crate) fn text(&mut self) -> Result<&'a str, Malformed> {
        let length = self.u32()?;
        self.text_of(length as usize)
    }

    pub(crate) fn signature(&mut self) -> Result<&'a str, Malformed> {
        let length = self.byte()?;
        self.text_of(usize::from(length))
    }

    /// The elements of an array of structures, to be read one after the other until nothing is left.
    pub(crate) fn structs(&mut self) -> Result<Self, Malformed> {
        let length = self.u32()?;
        self.align(8);
        self.take(length as usize).map(Self::new)
    }

    /// A variant of one of the basic types.
    pub(crate) fn variant(&mut self) -> Result<Value<'a>, Malformed> {
        let signature = self.signature()?;
        self.value(signature)
    }

    fn value(&mut self, signature: &str) -> Result<Value<'a>, Malformed> {
        Ok(match signature {
            "s" | "o" => Value::Text(self.text()?),
            "g" => Value::Text(self.signature()?),
            "b" => Value::Flag(self.u32()? != 0),
            "y" => Value::Number(self.byte()?.into()),
            "u" => Value::Number(self.u32()?.into()),
            "t" => Value::Number(self.u64()?),
            "q" => {
                self.align(2);
                Value::Number(u16::from_ne_bytes(self.array()?).into())
            }
            "n" => {
                self.align(2);
                self.take(2).map(|_| Value::Other)?
            }
            "i" | "h" => self.u32().map(|_| Value::Other)?,
            "x" | "d" => self.u64().map(|_| Value::Other)?,
            _ => return Err(Malformed("a variant of a type that was not asked for")),
        })
    }

    fn text_of(&mut self, length: usize) -> Result<&'a str, Malformed> {
        let text = self.take(length)?;
        match self.byte()? {
            0 => std::str::from_utf8(text).map_err(|_| Malformed("a string is not UTF-8")),
            _ => Err(Malformed("a string without its end")),
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let bytes = self.take(N)?;
        bytes.try_into().map_err(|_| Malformed("it is too short"))
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let (taken, _) = rest.split_at_checked(length).ok_or(Malformed("it is too short"))?;
        self.at += length;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A variant of this signature before these bytes, aligned to eight.
    fn variant(signature: &str, bytes: &[u8]) -> Vec<u8> {
        let mut wire = vec![u8::try_from(signature.len()).unwrap()];
        wire.extend_from_slice(signature.as_bytes());
        wire.push(0);
        wire.resize(8, 0);
        wire.extend_from_slice(bytes);
        wire
    }

    #[test]
    fn values_of_every_basic_type_are_read_where_they_lie() {
        let text = [&2_u32.to_ne_bytes()[..], b"ab\0"].concat();
        for (signature, at, bytes, expected) in [
            ("s", 4, &text[..], Value::Text("ab")),
            ("o", 4, &text, Value::Text("ab")),
            ("g", 3, b"\x02us\0", Value::Text("us")),
            ("b", 4, &1_u32.to_ne_bytes(), Value::Flag(true)),
            ("y", 3, &[7], Value::Number(7)),
            ("q", 4, &300_u16.to_ne_bytes(), Value::Number(300)),
            ("u", 4, &u32::MAX.to_ne_bytes(), Value::Number(u32::MAX.into())),
            ("t", 8, &u64::MAX.to_ne_bytes(), Value::Number(u64::MAX)),
            ("n", 4, &[1, 0], Value::Other),
            ("i", 4, &[1, 0, 0, 0], Value::Other),
            ("d", 8, &1_f64.to_ne_bytes(), Value::Other),
        ] {
            let mut whole = variant(signature, &[]);
            whole.truncate(3);
            whole.resize(at, 0);
            whole.extend_from_slice(bytes);
            let mut wire = Wire::new(&whole);
            assert_eq!(wire.variant(), Ok(expected), "{signature}");
            assert!(wire.is_empty(), "{signature}");
            whole.pop();
            assert!(Wire::new(&whole).variant().is_err(), "{signature} cut short");
        }
    }

    #[test]
    fn what_cannot_be_read_is_malformed() {
        let unended = [&1_u32.to_ne_bytes()[..], b"ab"].concat();
        let not_utf8 = [&1_u32.to_ne_bytes()[..], b"\xff\0"].concat();
        let endless = [&u32::MAX.to_ne_bytes()[..], b"a\0"].concat();
        for bytes in [unended, not_utf8, endless] {
            assert!(Wire::new(&bytes).text().is_err(), "{bytes:?}");
            assert!(Wire::new(&bytes).structs().is_err() || bytes.len() == 6, "{bytes:?}");
        }
        assert!(Wire::new(&variant("as", &[0; 8])).variant().is_err());
        assert!(Wire::new(&variant("", &[0; 8])).variant().is_err());
    }

    #[test]
    fn structures_end_where_their_array_does() {
        let mut bytes = 4_u32.to_ne_bytes().to_vec();
        bytes.extend_from_slice(&[0; 4]);
        bytes.extend_from_slice(&5_u32.to_ne_bytes());
        bytes.extend_from_slice(&[9; 4]);
        let mut structs = Wire::new(&bytes).structs().unwrap();
        assert_eq!(structs.u32(), Ok(5));
        assert!(structs.is_empty());
        assert!(structs.u32().is_err());
    }
}
