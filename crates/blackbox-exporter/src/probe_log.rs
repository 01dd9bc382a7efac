//! What a probe has to tell while it goes: kept for `debug=true` and the history, and sent to the program's own log at
//! the level that `--log.prober` allows. Every probe tells something, and hardly anybody looks: so lines are kept packed,
//! and written when they are asked for.

mod record;
mod words;

use std::cell::RefCell;
use std::fmt::Display;
use std::time::Instant;

use log::Level;

pub(crate) use record::Record;
use record::{Value, push_quoted};

/// More lines than this are not kept: a target that goes on and on must not fill the memory.
const MOST_LINES: usize = 200;

/// The lines of one probe.
#[derive(Debug)]
pub(crate) struct ProbeLog {
    module: String,
    target: String,
    least: Level,
    lines: RefCell<Lines>,
}

#[derive(Debug)]
struct Lines {
    record: Record,
    count: usize,
}

impl ProbeLog {
    /// A log of a probe with this module and target.
    pub(crate) fn new(module: &str, target: &str, least: Level) -> Self {
        Self {
            module: module.to_owned(),
            target: target.to_owned(),
            least,
            lines: RefCell::new(Lines {
                record: Record::begin(),
                count: 0,
            }),
        }
    }

    /// One line: a message and pairs of names and values. Nothing of it may be secret.
    pub(crate) fn line(&self, level: Level, message: &'static str, pairs: &[(&'static str, &dyn Display)]) {
        self.tell(
            level,
            message,
            pairs.iter().map(|(name, value)| (*name, Value::Text(*value))),
        );
    }

    /// For what goes as it should, which nobody needs to read while it does.
    pub(crate) fn debug(&self, message: &'static str, pairs: &[(&'static str, &dyn Display)]) {
        self.line(Level::Debug, message, pairs);
    }

    /// For what does not.
    pub(crate) fn error(&self, message: &'static str, pairs: &[(&'static str, &dyn Display)]) {
        self.line(Level::Error, message, pairs);
    }

    /// When things happened, or did not, on the way with this number.
    pub(crate) fn moments<const N: usize>(
        &self,
        message: &'static str,
        number: (&'static str, usize),
        moments: [(&'static str, Option<Instant>); N],
    ) {
        let number = (number.0, Value::Text(&number.1));
        let moments = moments.map(|(name, at)| (name, Value::Moment(at)));
        let pairs: Vec<_> = std::iter::once(number).chain(moments).collect();
        self.tell(Level::Debug, message, pairs.into_iter());
    }

    fn tell<'v>(
        &self,
        level: Level,
        message: &'static str,
        pairs: impl ExactSizeIterator<Item = (&'static str, Value<'v>)>,
    ) {
        let mut lines = self.lines.borrow_mut();
        lines.count += 1;
        if lines.count > MOST_LINES {
            return;
        }
        let place = lines.record.push(level, message, pairs);
        if level <= self.least {
            let about = lines.record.about(place, &context(&self.module, &self.target));
            log::log!(level, "{message} {about}");
        }
    }

    /// All lines, for later.
    pub(crate) fn into_record(self) -> Record {
        let mut record = self.lines.into_inner().record;
        record.shrink();
        record
    }

    /// All lines so far.
    #[cfg(test)]
    pub(crate) fn text(&self) -> String {
        self.lines.borrow().record.text(&context(&self.module, &self.target))
    }
}

/// The lines of a probe with this module and target.
pub(crate) fn text(record: &Record, module: &str, target: &str) -> String {
    record.text(&context(module, target))
}

fn context(module: &str, target: &str) -> String {
    let mut context = "module=".to_owned();
    push_quoted(&mut context, module);
    context.push_str(" target=");
    push_quoted(&mut context, target);
    context
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn what_is_not_plain_is_quoted() {
        let log = ProbeLog::new("a module", "x", Level::Error);
        log.line(
            Level::Debug,
            "Went",
            &[("n", &7), ("empty", &""), ("odd", &"a=\"b\"\n"), ("ü", &"ü")],
        );
        log.line(Level::Error, "Two words", &[]);
        let text = log.text();
        let lines: Vec<_> = text
            .lines()
            .filter_map(|line| line.split_once(" level="))
            .map(|(_, rest)| rest)
            .collect();
        let expected = [
            r#"DEBUG msg=Went module="a module" target=x n=7 empty="" odd="a=\"b\"\n" ü="ü""#,
            r#"ERROR msg="Two words" module="a module" target=x"#,
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn a_probe_without_an_end_stops_telling() {
        let log = ProbeLog::new("m", "x", Level::Error);
        for _ in 0..MOST_LINES + 5 {
            log.line(Level::Debug, "Again", &[]);
        }
        assert_eq!(log.text().lines().count(), MOST_LINES);
    }

    #[test]
    fn values_of_any_length_come_back_whole() {
        for length in [0, 62, 63, 64, 65, 127, 128, 9000, 40_000] {
            let value = "ä".repeat(length / 2) + &"x".repeat(length % 2);
            let log = ProbeLog::new("m", "x", Level::Error);
            log.debug("Went", &[("value", &value), ("after", &1)]);
            let expected = match length {
                0 => r#" value="" after=1"#.to_owned(),
                _ => format!(" value={value} after=1").replace(&value, &quoted(&value)),
            };
            assert!(log.text().trim_end().ends_with(&expected), "{length}");
        }
    }

    fn quoted(value: &str) -> String {
        let mut text = String::new();
        push_quoted(&mut text, value);
        text
    }

    #[test]
    fn moments_are_times_of_day() {
        let log = ProbeLog::new("m", "x", Level::Error);
        let now = Instant::now();
        let moments = [
            ("never", None),
            ("once", Some(now)),
            ("later", now.checked_add(Duration::from_secs(60))),
        ];
        log.moments("Timings", ("trip", 3), moments);
        let text = log.text();
        let times: Vec<_> = text
            .split([' ', '=', '\n'])
            .filter(|word| word.ends_with('Z'))
            .collect();
        let [line, never, once, later] = times.as_slice() else {
            panic!("{text}")
        };
        assert_eq!(
            (text.contains(" trip=3 never="), *never),
            (true, "0001-01-01T00:00:00.000Z")
        );
        let [line, once, later] = [line, once, later].map(|time| humantime::parse_rfc3339(time).unwrap());
        let millis = |from, to: SystemTime| to.duration_since(from).unwrap().as_millis();
        assert!(
            line.duration_since(once)
                .is_ok_and(|since| since < Duration::from_secs(10))
        );
        assert!((60_000..=60_001).contains(&millis(once, later)), "{text}");
    }
}
