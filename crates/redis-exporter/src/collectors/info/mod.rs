//! INFO: its sections and lines, and those that are metrics as they are.

mod fields;

use exposition::Kind;

pub(crate) use self::fields::encode;
use super::Seen;
use crate::output::Output;
use crate::settings::Options;

/// Sections whose lines are no simple fields, and the one that CLUSTER INFO tells, too.
const NO_FIELDS: [&str; 4] = ["Commandstats", "Latencystats", "Errorstats", "Cluster Info"];

/// What INFO said:
///
/// ```text
/// # Server
/// redis_version:7.0.15
///
/// # Keyspace
/// db0:keys=2,expires=0,avg_ttl=0
/// ```
#[derive(Debug)]
pub(crate) struct Info<'a> {
    text: &'a str,
}

impl<'a> Info<'a> {
    /// Of the whole text.
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text }
    }

    /// All lines: section, field, value.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (&'a str, &'a str, &'a str)> + use<'a> {
        let mut section = "";
        self.text.lines().filter_map(move |line| {
            let line = line.trim();
            if let Some(name) = line.strip_prefix("# ") {
                section = name;
                return None;
            }
            let (field, value) = line.split_once(':')?;
            Some((section, field, value))
        })
    }

    /// The lines of a section: field and value.
    pub(crate) fn section(&self, name: &'static str) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let lines = self.lines().filter(move |(section, ..)| *section == name);
        lines.map(|(_, field, value)| (field, value))
    }

    /// A field's value, whichever section it stands in.
    pub(crate) fn value(&self, name: &str) -> Option<&'a str> {
        let mut lines = self.lines();
        lines.find(|(_, field, _)| *field == name).map(|(.., value)| value)
    }
}

/// The value of `name` in `a=1,b=2`.
pub(crate) fn part<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    let mut parts = value.split(',').filter_map(|part| part.split_once('='));
    parts.find(|(known, _)| *known == name).map(|(_, value)| value)
}

/// The same as a number.
pub(crate) fn number(value: &str, name: &str) -> Option<f64> {
    part(value, name)?.parse().ok()
}

/// Writes the fields that are metrics as they are.
pub(crate) fn tell(seen: &Seen<'_>, options: &Options, out: &mut Output<'_>) {
    for (section, field, value) in seen.info.lines() {
        if !NO_FIELDS.contains(&section) {
            encode(field, value, out);
        }
    }
    if options.system_metrics {
        let memory = seen
            .info
            .value("total_system_memory")
            .and_then(|value| value.parse().ok());
        if let Some(memory) = memory {
            out.plain("total_system_memory_bytes", Kind::Gauge, memory);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "redis_x:0\r\n# Server\r\nredis_version:7.0.15\r\nempty:\r\nno field\r\n\r\n# Keyspace\r\ndb0:keys=2,expires=0\r\n";

    #[test]
    fn lines_know_their_section() {
        let lines: Vec<_> = Info::new(TEXT).lines().collect();
        let expected = [
            ("", "redis_x", "0"),
            ("Server", "redis_version", "7.0.15"),
            ("Server", "empty", ""),
            ("Keyspace", "db0", "keys=2,expires=0"),
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn parts_are_found_by_name() {
        let value = "keys=2,expires=x,avg_ttl=1.5";
        for (name, text, count) in [
            ("keys", Some("2"), Some(2.0)),
            ("expires", Some("x"), None),
            ("avg_ttl", Some("1.5"), Some(1.5)),
            ("subexpiry", None, None),
        ] {
            assert_eq!((part(value, name), number(value, name)), (text, count), "{name}");
        }
    }
}
