//! The lines of a probe as they are kept: a few bytes for each word and for each time, and text only for values. They
//! become lines for people when somebody looks.

use std::fmt::{Display, Write};
use std::time::{Duration, Instant, SystemTime};

use log::Level;

use super::words;

/// What a value was, in the lowest bit of its first number: a text, whose length follows …
const TEXT: u64 = 0;
/// … or a moment, whose distance from the beginning follows, plus one; 0 if it was not reached.
const MOMENT: u64 = 1;

/// A value to be told.
#[derive(Clone, Copy)]
pub(crate) enum Value<'v> {
    /// As it is displayed.
    Text(&'v dyn Display),
    /// When something happened; `None` if it did not.
    Moment(Option<Instant>),
}

/// The lines of one probe.
#[derive(Debug)]
pub(crate) struct Record {
    began: Instant,
    /// The same moment for people.
    time: SystemTime,
    bytes: Vec<u8>,
}

impl Record {
    /// Of a probe that begins now.
    pub(super) fn begin() -> Self {
        Self {
            began: Instant::now(),
            time: SystemTime::now(),
            bytes: Vec::with_capacity(512),
        }
    }

    /// How much memory it takes beside itself.
    pub(crate) fn size(&self) -> usize {
        self.bytes.capacity()
    }

    /// Gives back what it does not need; there will be no more lines.
    pub(super) fn shrink(&mut self) {
        self.bytes.shrink_to_fit();
    }

    /// Adds a line; where it lies is for [`Self::about`].
    pub(super) fn push<'v>(
        &mut self,
        level: Level,
        message: &'static str,
        pairs: impl ExactSizeIterator<Item = (&'static str, Value<'v>)>,
    ) -> usize {
        self.push_number(level as u64);
        self.push_moment(Instant::now());
        self.push_number(words::number(message) as u64);
        self.push_number(pairs.len() as u64);
        let about = self.bytes.len();
        for (name, value) in pairs {
            self.push_number(words::number(name) as u64);
            match value {
                Value::Text(value) => self.push_text(value),
                Value::Moment(None) => self.push_number(MOMENT),
                Value::Moment(Some(at)) => self.push_moment(at),
            }
        }
        about
    }

    fn push_moment(&mut self, at: Instant) {
        let millis = at.saturating_duration_since(self.began).as_millis() as u64;
        self.push_number((millis + 1) << 1 | MOMENT);
    }

    fn push_text(&mut self, value: &dyn Display) {
        let start = self.bytes.len();
        // One byte for the length does for most.
        self.bytes.push(0);
        write!(Utf8(&mut self.bytes), "{value}").ok();
        let length = self.bytes.len() - start - 1;
        if length < 0x40 {
            self.bytes[start] = (length as u8) << 1;
            return;
        }
        let text = self.bytes.split_off(start + 1);
        self.bytes.pop();
        self.push_number((length as u64) << 1 | TEXT);
        self.bytes.extend_from_slice(&text);
    }

    /// Seven bits to a byte, the lowest first; the highest bit says that more follow.
    fn push_number(&mut self, number: u64) {
        let mut rest = number;
        while rest >= 0x80 {
            self.bytes.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        self.bytes.push(rest as u8);
    }

    /// All lines, each with this context.
    pub(super) fn text(&self, context: &str) -> String {
        let (mut text, mut reader) = (String::new(), Reader(&self.bytes));
        while !reader.0.is_empty() && self.push_line(&mut text, &mut reader, context).is_some() {}
        text
    }

    /// `None` never comes: what is read here was written above.
    fn push_line(&self, text: &mut String, reader: &mut Reader<'_>, context: &str) -> Option<()> {
        let level = reader.number()?;
        let level = Level::iter().find(|other| *other as u64 == level)?;
        let time = self.moment(reader.number()?);
        // Writing to a String cannot fail.
        write!(text, "time={time} level={level} msg=").ok();
        push_quoted(text, words::word(reader.number()? as usize)?);
        text.push(' ');
        text.push_str(context);
        let pairs = reader.number()?;
        for _ in 0..pairs {
            self.push_pair(text, reader)?;
        }
        text.push('\n');
        Some(())
    }

    /// The context, and the pairs of the last line, which lie at `place`.
    pub(super) fn about(&self, place: usize, context: &str) -> String {
        let mut text = context.to_owned();
        let mut reader = Reader(self.bytes.get(place..).unwrap_or_default());
        while !reader.0.is_empty() && self.push_pair(&mut text, &mut reader).is_some() {}
        text
    }

    fn push_pair(&self, text: &mut String, reader: &mut Reader<'_>) -> Option<()> {
        write!(text, " {}=", words::word(reader.number()? as usize)?).ok();
        match reader.number()? {
            moment if moment & MOMENT != 0 => text.push_str(&self.moment(moment)),
            length => push_quoted(text, &String::from_utf8_lossy(reader.take((length >> 1) as usize)?)),
        }
        Some(())
    }

    /// For people; upstream's zero time if it was not reached.
    fn moment(&self, number: u64) -> String {
        let time = (number >> 1)
            .checked_sub(1)
            .and_then(|millis| self.time.checked_add(Duration::from_millis(millis)));
        match time {
            Some(time) => humantime::format_rfc3339_millis(time).to_string(),
            None => "0001-01-01T00:00:00.000Z".to_owned(),
        }
    }
}

/// Text goes into bytes.
struct Utf8<'b>(&'b mut Vec<u8>);

impl Write for Utf8<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn number(&mut self) -> Option<u64> {
        let (mut number, mut shift) = (0, 0);
        loop {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f).checked_shl(shift)?;
            shift += 7;
            if *byte < 0x80 {
                return Some(number);
            }
        }
    }

    fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }
}

/// As logfmt quotes.
pub(super) fn push_quoted(text: &mut String, value: &str) {
    let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'=' | b'\\');
    if value.is_empty() || !value.bytes().all(plain) {
        write!(text, "{value:?}").ok();
    } else {
        text.push_str(value);
    }
}
