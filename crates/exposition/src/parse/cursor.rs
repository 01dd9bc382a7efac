//! A place in the text, and the words that start there. Only the text's end between two lines is not an error.

use std::borrow::Cow;

use super::error::{ParseError, quoted};

/// What is left of the text, and the line that it starts in.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
    line: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { rest: text, line: 0 }
    }

    /// Counts a line and says whether anything but blanks is left.
    pub(super) fn begin_line(&mut self) -> bool {
        self.line += 1;
        self.skip_blanks().is_ok()
    }

    pub(super) fn error(&self, message: impl Into<String>) -> ParseError {
        ParseError {
            line: self.line,
            message: message.into(),
        }
    }

    /// The byte here.
    pub(super) fn byte(&self) -> Result<u8, ParseError> {
        self.rest.first().copied().ok_or_else(|| self.end())
    }

    /// Goes past the byte here.
    pub(super) fn advance(&mut self) {
        self.rest = self.rest.get(1..).unwrap_or_default();
    }

    /// Goes past the byte here if it is `byte`.
    pub(super) fn take(&mut self, byte: u8) -> bool {
        let here = self.rest.first() == Some(&byte);
        if here {
            self.advance();
        }
        here
    }

    /// Goes past spaces and tabs, to the byte that is returned.
    pub(super) fn skip_blanks(&mut self) -> Result<u8, ParseError> {
        while let [b' ' | b'\t', rest @ ..] = self.rest {
            self.rest = rest;
        }
        self.byte()
    }

    /// All before the next byte that `stops`; that byte is here then.
    pub(super) fn until(&mut self, stops: impl Fn(u8) -> bool) -> Result<&'a [u8], ParseError> {
        let end = self
            .rest
            .iter()
            .position(|&byte| stops(byte))
            .ok_or_else(|| self.end())?;
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        Ok(word)
    }

    /// All before the next blank or the line's end.
    pub(super) fn word(&mut self) -> Result<&'a [u8], ParseError> {
        self.until(|byte| is_blank(byte) || byte == b'\n')
    }

    /// The rest of the line; the next one starts here then.
    pub(super) fn rest_of_line(&mut self) -> Result<&'a [u8], ParseError> {
        let rest = self.until(|byte| byte == b'\n')?;
        self.advance();
        Ok(rest)
    }

    /// A metric's name with or without quotes, empty if none stands here.
    pub(super) fn metric_name(&mut self) -> Result<&'a str, ParseError> {
        let name = self.name("metric name", true)?;
        self.checked_metric_name(name)
    }

    /// `name` if it is one that a metric can have, or empty.
    pub(super) fn checked_metric_name(&self, name: Cow<'a, [u8]>) -> Result<&'a str, ParseError> {
        legacy(&name, true).ok_or_else(|| self.error(format!("invalid metric name {}", quoted(&name))))
    }

    /// A label's name with or without quotes, empty if none stands here; quotes may hold more than a label can have.
    pub(super) fn label_name(&mut self) -> Result<Cow<'a, [u8]>, ParseError> {
        self.name("label name", false)
    }

    /// `name` if it is one that a label can have.
    pub(super) fn checked_label_name(&self, name: Cow<'a, [u8]>) -> Result<&'a str, ParseError> {
        legacy(&name, false).ok_or_else(|| self.error(format!("invalid label name {}", quoted(&name))))
    }

    fn name(&mut self, what: &str, colon: bool) -> Result<Cow<'a, [u8]>, ParseError> {
        match self.byte()? {
            b'"' => self.quoted(what),
            byte if starts_name(byte, colon) => self.until(|byte| !continues_name(byte, colon)).map(Cow::Borrowed),
            _ => Ok(Cow::Borrowed(b"")),
        }
    }

    /// What stands between the quote here and the next, escapes resolved.
    pub(super) fn quoted(&mut self, what: &str) -> Result<Cow<'a, [u8]>, ParseError> {
        self.advance();
        let text = self.unescaped(b'"', what)?;
        self.advance();
        Ok(text)
    }

    /// All before the next `end` that is not escaped, escapes resolved; `end` is here then.
    pub(super) fn unescaped(&mut self, end: u8, what: &str) -> Result<Cow<'a, [u8]>, ParseError> {
        let mut text = Cow::Borrowed(b"".as_slice());
        loop {
            let plain = self.until(|byte| byte == end || byte == b'\\' || byte == b'\n')?;
            match &mut text {
                Cow::Borrowed(b"") => text = Cow::Borrowed(plain),
                _ => text.to_mut().extend_from_slice(plain),
            }
            match self.byte()? {
                byte if byte == end => return Ok(text),
                b'\\' => text.to_mut().push(self.escaped()?),
                _ => {
                    let text = quoted(&text);
                    return Err(self.error(format!("{what} {text} contains unescaped new-line")));
                }
            }
        }
    }

    fn escaped(&mut self) -> Result<u8, ParseError> {
        self.advance();
        let byte = match self.byte()? {
            b'n' => b'\n',
            byte @ (b'\\' | b'"') => byte,
            byte => return Err(self.error(format!("invalid escape sequence '\\{}'", char::from(byte)))),
        };
        self.advance();
        Ok(byte)
    }

    fn end(&self) -> ParseError {
        self.error("unexpected end of input stream")
    }
}

pub(super) fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

fn starts_name(byte: u8, colon: bool) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || (colon && byte == b':')
}

fn continues_name(byte: u8, colon: bool) -> bool {
    starts_name(byte, colon) || byte.is_ascii_digit()
}

/// The name as text if it is empty, or one that needs no quotes. Those have no escapes, and so are never owned.
fn legacy<'a>(name: &Cow<'a, [u8]>, colon: bool) -> Option<&'a str> {
    let Cow::Borrowed(name) = name else { return None };
    let fits = name.first().is_none_or(|&byte| starts_name(byte, colon))
        && name.iter().all(|&byte| continues_name(byte, colon));
    std::str::from_utf8(name).ok().filter(|_| fits)
}
