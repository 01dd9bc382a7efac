//! The log: one line an event to standard error, as logfmt or JSON, with the keys that Go's exporters write.

use std::io::Write as _;
use std::os::fd::AsFd;
use std::time::SystemTime;

use log::kv::{Error, Key, Value, VisitSource};
use log::{Level, LevelFilter, Log, Metadata, Record};

use crate::flags::{Flag, Flags};

/// The flags that every exporter has for its log.
pub const FLAGS: &[Flag] = &[
    Flag::value(
        "log.level",
        "info",
        "Log what is at least this severe: debug, info, warn or error.",
    ),
    Flag::value("log.format", "logfmt", "Output format of log messages: logfmt or json."),
];

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// `time=… level=INFO source=… msg="…" key=value`
    Logfmt,
    /// `{"time":"…","level":"INFO","source":"…","msg":"…","key":"value"}`
    Json,
}

/// What `--log.level` and `--log.format` say.
///
/// # Errors
/// Texts that name the flag and what it allows.
pub fn settings(flags: &Flags) -> Result<(LevelFilter, LogFormat), Vec<String>> {
    let level = match flags.value("log.level") {
        "debug" => Ok(LevelFilter::Debug),
        "info" => Ok(LevelFilter::Info),
        "warn" => Ok(LevelFilter::Warn),
        "error" => Ok(LevelFilter::Error),
        other => Err(format!("--log.level: {other:?} is none of debug, info, warn, error")),
    };
    let format = match flags.value("log.format") {
        "logfmt" => Ok(LogFormat::Logfmt),
        "json" => Ok(LogFormat::Json),
        other => Err(format!("--log.format: {other:?} is none of logfmt, json")),
    };
    match (level, format) {
        (Ok(level), Ok(format)) => Ok((level, format)),
        (level, format) => Err(level.err().into_iter().chain(format.err()).collect()),
    }
}

/// Starts the log for the whole process, panics included. Later calls change nothing.
pub fn start(level: LevelFilter, format: LogFormat) {
    let log = StderrLog {
        format,
        to_journal: is_journal(std::io::stderr(), std::env::var("JOURNAL_STREAM").ok().as_deref()),
    };
    if log::set_boxed_logger(Box::new(log)).is_ok() {
        log::set_max_level(level);
        std::panic::set_hook(Box::new(|panic| log::error!(panic:% = panic; "panic")));
    }
}

struct StderrLog {
    format: LogFormat,
    to_journal: bool,
}

/// Whether a file is the stream to systemd's journal that `JOURNAL_STREAM` names, as `device:inode`.
fn is_journal(file: impl AsFd, stream: Option<&str>) -> bool {
    let (Some(stream), Ok(stat)) = (stream, rustix::fs::fstat(file)) else {
        return false;
    };
    stream == format!("{}:{}", stat.st_dev, stat.st_ino)
}

/// What the journal takes off a line again, and files it by: severities of syslog.
fn severity(level: Level) -> &'static str {
    match level {
        Level::Error => "<3>",
        Level::Warn => "<4>",
        Level::Info => "<6>",
        Level::Debug | Level::Trace => "<7>",
    }
}

impl Log for StderrLog {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= log::max_level()
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            let mut line = format_record(self.format, record, SystemTime::now());
            if self.to_journal {
                line.insert_str(0, severity(record.level()));
            }
            // Nothing can be said about a log that cannot be written.
            drop(std::io::stderr().lock().write_all(line.as_bytes()));
        }
    }

    fn flush(&self) {}
}

fn format_record(format: LogFormat, record: &Record<'_>, now: SystemTime) -> String {
    let mut line = Line {
        format,
        text: String::with_capacity(160),
    };
    line.pair("time", &humantime::format_rfc3339_millis(now).to_string());
    let level = if record.level() == Level::Trace {
        "DEBUG"
    } else {
        record.level().as_str()
    };
    line.pair("level", level);
    let file = record
        .file()
        .and_then(|path| path.rsplit('/').next())
        .unwrap_or("unknown");
    line.pair("source", &format!("{file}:{}", record.line().unwrap_or(0)));
    line.pair("msg", &record.args().to_string());
    // Only a value that fails to format itself could end this early.
    drop(record.key_values().visit(&mut line));
    line.finish()
}

/// A line under way.
struct Line {
    format: LogFormat,
    text: String,
}

impl Line {
    fn pair(&mut self, key: &str, value: &str) {
        match self.format {
            LogFormat::Logfmt => {
                let separator = if self.text.is_empty() { "" } else { " " };
                let quoted = value.is_empty()
                    || value
                        .chars()
                        .any(|c| c.is_whitespace() || c.is_control() || "\"=".contains(c));
                self.text.push_str(&if quoted {
                    format!("{separator}{key}={value:?}")
                } else {
                    format!("{separator}{key}={value}")
                });
            }
            LogFormat::Json => {
                let separator = if self.text.is_empty() { '{' } else { ',' };
                let (key, value) = (serde_json::Value::from(key), serde_json::Value::from(value));
                self.text.push_str(&format!("{separator}{key}:{value}"));
            }
        }
    }

    fn finish(mut self) -> String {
        self.text.push_str(match self.format {
            LogFormat::Logfmt => "\n",
            LogFormat::Json => "}\n",
        });
        self.text
    }
}

impl<'kvs> VisitSource<'kvs> for Line {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), Error> {
        self.pair(key.as_str(), &value.to_string());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, UNIX_EPOCH};

    fn line(format: LogFormat, message: &str, pairs: &[(&str, &str)]) -> String {
        let args = format_args!("{message}");
        let record = Record::builder()
            .args(args)
            .level(Level::Warn)
            .file(Some("src/deep/scrape.rs"))
            .line(Some(7))
            .key_values(&pairs)
            .build();
        format_record(format, &record, UNIX_EPOCH + Duration::from_millis(1_795_310_971_863))
    }

    #[test]
    fn logfmt_quotes_what_needs_quotes() {
        let text = line(
            LogFormat::Logfmt,
            "collector failed",
            &[("collector", "cpu"), ("err", "a \"b\"\n"), ("x", "")],
        );
        let expected = "time=2026-11-22T01:29:31.863Z level=WARN source=scrape.rs:7 msg=\"collector failed\" \
                        collector=cpu err=\"a \\\"b\\\"\\n\" x=\"\"\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn the_journal_is_known_by_device_and_inode() {
        let file = tempfile::tempfile().unwrap();
        let stat = rustix::fs::fstat(&file).unwrap();
        let stream = format!("{}:{}", stat.st_dev, stat.st_ino);
        for (named, expected) in [
            (Some(stream.as_str()), true),
            (Some("1:1"), false),
            (Some(""), false),
            (None, false),
        ] {
            assert_eq!(is_journal(&file, named), expected, "{named:?}");
        }
    }

    #[test]
    fn json_lines_are_json() {
        let text = line(LogFormat::Json, "a \"b\"", &[("err", "ü\n")]);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        let expected = serde_json::json!({
            "time": "2026-11-22T01:29:31.863Z", "level": "WARN", "source": "scrape.rs:7", "msg": "a \"b\"", "err": "ü\n",
        });
        assert_eq!(value, expected);
    }
}
