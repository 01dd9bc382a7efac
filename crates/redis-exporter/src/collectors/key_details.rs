//! What there is to know of keys: one round trip a step, for many keys at once. First TYPE and MEMORY USAGE, then how large
//! each is, then the values of short strings, then the counts of those that are HyperLogLogs.

use super::session::Session;
use crate::connection::{Reply, Request};
use crate::failure::Failure;

/// A longer value is no label.
const LONGEST_VALUE: i64 = 64 << 10;

/// Values that are fetched at once, in bytes.
const MOST_VALUES: i64 = 4 << 20;

/// How HyperLogLogs begin, and how long they can be: a header, and at most the 16,000 bytes of the sparse form.
const HYPERLOGLOG: (&[u8], std::ops::RangeInclusive<i64>) = (b"HYLL", 16..=16_100);

/// What a key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It is not there.
    None,
    /// A string, or what pretends to be one.
    String,
    /// Something with a size: the command that tells it.
    Sized(&'static str),
    /// A module's type, or one that is not known.
    Other,
}

impl Kind {
    fn of(name: &[u8]) -> Self {
        match name {
            b"none" => Self::None,
            b"string" => Self::String,
            b"list" => Self::Sized("LLEN"),
            b"set" => Self::Sized("SCARD"),
            b"zset" => Self::Sized("ZCARD"),
            b"hash" => Self::Sized("HLEN"),
            b"stream" => Self::Sized("XLEN"),
            _ => Self::Other,
        }
    }

    fn size_command(self) -> Option<&'static str> {
        match self {
            Self::String => Some("STRLEN"),
            Self::Sized(command) => Some(command),
            Self::None | Self::Other => None,
        }
    }
}

/// What is known of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Details<'k> {
    pub(super) key: &'k [u8],
    pub(super) kind: Kind,
    /// In bytes.
    pub(super) memory: Option<i64>,
    /// Bytes of strings, members of everything else.
    pub(super) size: Option<i64>,
    /// Of strings that are neither long nor HyperLogLogs.
    pub(super) value: Option<Vec<u8>>,
}

impl Details<'_> {
    /// Whether PFCOUNT is worth a try: it is an error of the target's statistics with other strings.
    fn may_be_hyperloglog(&self) -> bool {
        let (start, lengths) = HYPERLOGLOG;
        self.kind == Kind::String
            && self.size.is_some_and(|size| lengths.contains(&size))
            && self.value.as_ref().is_none_or(|value| value.starts_with(start))
    }
}

/// Asks for everything of these keys, which are in the selected database.
///
/// # Errors
/// As [`Session::ask`].
pub(super) async fn ask<'k>(session: &mut Session<'_, '_>, keys: &'k [Vec<u8>]) -> Result<Vec<Details<'k>>, Failure> {
    let mut details = kinds(session, keys).await?;
    sizes(session, &mut details).await?;
    if !session.options.keys.without_values {
        values(session, &mut details).await?;
    }
    counts(session, &mut details).await?;
    Ok(details)
}

async fn kinds<'k>(session: &mut Session<'_, '_>, keys: &'k [Vec<u8>]) -> Result<Vec<Details<'k>>, Failure> {
    let mut request = Request::default();
    for key in keys {
        request.push("TYPE", &[&b"TYPE"[..], key]);
        request.push("MEMORY USAGE", &[&b"MEMORY"[..], b"USAGE", key]);
    }
    let answers = session.ask(&request).await?;
    let details = keys.iter().enumerate().filter_map(|(index, key)| {
        let Some(Reply::Text(kind)) = answers.reply(2 * index) else {
            return None;
        };
        Some(Details {
            key,
            kind: Kind::of(kind),
            memory: answers.reply(2 * index + 1).and_then(|reply| reply.integer()),
            size: None,
            value: None,
        })
    });
    Ok(details.collect())
}

async fn sizes(session: &mut Session<'_, '_>, details: &mut [Details<'_>]) -> Result<(), Failure> {
    let mut sized: Vec<_> = details
        .iter_mut()
        .filter_map(|details| Some((details.kind.size_command()?, details)))
        .collect();
    let mut request = Request::default();
    for (command, details) in &sized {
        request.push(command, &[command.as_bytes(), details.key]);
    }
    let answers = session.ask(&request).await?;
    for (index, (_, details)) in sized.iter_mut().enumerate() {
        details.size = answers.reply(index).and_then(|reply| reply.integer());
    }
    Ok(())
}

async fn values(session: &mut Session<'_, '_>, details: &mut [Details<'_>]) -> Result<(), Failure> {
    let mut short: Vec<_> = details.iter_mut().filter(|details| has_short_value(details)).collect();
    let mut rest = short.as_mut_slice();
    while !rest.is_empty() {
        let (now, later) = rest.split_at_mut(that_fit(rest));
        let mut request = Request::default();
        for details in &*now {
            request.push("GET", &[&b"GET"[..], details.key]);
        }
        let answers = session.ask(&request).await?;
        for (index, details) in now.iter_mut().enumerate() {
            if let Some(Reply::Text(value)) = answers.reply(index) {
                details.value = Some(value.to_vec());
            }
        }
        rest = later;
    }
    Ok(())
}

fn has_short_value(details: &Details<'_>) -> bool {
    details.kind == Kind::String && details.size.is_some_and(|size| (1..=LONGEST_VALUE).contains(&size))
}

/// How many of these are fetched at once; at least one.
fn that_fit(details: &[&mut Details<'_>]) -> usize {
    let mut sum = 0;
    let fits = |details: &&&mut Details<'_>| {
        sum += details.size.unwrap_or_default();
        sum <= MOST_VALUES
    };
    details.iter().take_while(fits).count().max(1)
}

async fn counts(session: &mut Session<'_, '_>, details: &mut [Details<'_>]) -> Result<(), Failure> {
    let candidates = details.iter_mut().filter(|details| details.may_be_hyperloglog());
    let mut candidates: Vec<_> = candidates.collect();
    let mut request = Request::default();
    for details in &candidates {
        request.push("PFCOUNT", &[&b"PFCOUNT"[..], details.key]);
    }
    let answers = session.ask(&request).await?;
    for (index, details) in candidates.iter_mut().enumerate() {
        if let Some(Reply::Integer(count)) = answers.reply(index) {
            details.size = Some(count);
            details.value = None;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn string(size: i64, value: Option<&[u8]>) -> Details<'static> {
        Details {
            key: b"k",
            kind: Kind::String,
            memory: None,
            size: Some(size),
            value: value.map(<[u8]>::to_vec),
        }
    }

    #[test]
    fn what_can_be_no_hyperloglog_is_not_counted() {
        for (details, may_be) in [
            (string(20, Some(b"HYLL\x01")), true),
            (string(12_304, None), true),
            (string(4, Some(b"HYLL")), false),
            (string(20, Some(b"other")), false),
            (string(16_200, None), false),
        ] {
            assert_eq!(details.may_be_hyperloglog(), may_be, "{details:?}");
        }
    }

    #[test]
    fn values_come_in_helpings_and_long_ones_not_at_all() {
        for (size, is_short) in [(0, false), (1, true), (LONGEST_VALUE, true), (LONGEST_VALUE + 1, false)] {
            assert_eq!(has_short_value(&string(size, None)), is_short, "{size}");
        }
        for (sizes, fit) in [
            (&[MOST_VALUES + 1][..], 1),
            (&[1, MOST_VALUES - 1, 1], 2),
            (&[1, 2, 3], 3),
        ] {
            let mut details: Vec<_> = sizes.iter().map(|size| string(*size, None)).collect();
            let details: Vec<_> = details.iter_mut().collect();
            assert_eq!(that_fit(&details), fit, "{sizes:?}");
        }
    }

    #[test]
    fn every_kind_has_its_command() {
        for (name, command) in [
            ("none", None),
            ("string", Some("STRLEN")),
            ("list", Some("LLEN")),
            ("set", Some("SCARD")),
            ("zset", Some("ZCARD")),
            ("hash", Some("HLEN")),
            ("stream", Some("XLEN")),
            ("ReJSON-RL", None),
        ] {
            assert_eq!(Kind::of(name.as_bytes()).size_command(), command, "{name}");
        }
    }
}
