//! The last probes, and failures that are older: packed, and bounded in number and in bytes.

use std::collections::VecDeque;
use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use super::report::report;
use super::scratch::gzipped;
use crate::config::Module;
use crate::failure::Failure;
use crate::probe_log::{self, Record};

/// All entries together; then the oldest go, whatever `--history.limit` says. A usual one takes about a kilobyte.
const MOST_BYTES: usize = 16 << 20;

/// A report is never longer than this: lines of the log and metrics are bounded, this is for the reader of a packed one.
const MOST_REPORT_BYTES: u64 = 16 << 20;

/// A probe that was made.
pub(super) struct Past {
    /// Its number, from 0.
    pub(super) id: u64,
    /// The module's name.
    pub(super) module_name: Box<str>,
    /// The target as it was asked for.
    pub(super) target: Box<str>,
    /// When it was over.
    pub(super) time: SystemTime,
    /// How long it took.
    pub(super) took: Duration,
    /// Reason and step, if it failed.
    pub(super) failure: Option<(&'static str, &'static str)>,
    module: Arc<Module>,
    log: Record,
    /// A gzip member.
    metrics: Box<[u8]>,
}

/// What there is to remember of a probe.
pub(super) struct Told<'t> {
    pub(super) module_name: &'t str,
    pub(super) target: &'t str,
    pub(super) took: Duration,
    pub(super) failure: Option<&'t Failure>,
    pub(super) module: &'t Arc<Module>,
    pub(super) log: Record,
    pub(super) metrics: &'t [u8],
    /// The metrics as a gzip member, if there is one already.
    pub(super) packed_metrics: Option<&'t [u8]>,
}

/// The probes of the past.
pub(super) struct History {
    limit: usize,
    entries: Mutex<Entries>,
}

#[derive(Default)]
struct Entries {
    next_id: u64,
    recent: VecDeque<Past>,
    older_failures: VecDeque<Past>,
    bytes: usize,
}

impl History {
    /// A history of so many probes, and as many failures from before.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            entries: Mutex::default(),
        }
    }

    /// Whether it keeps anything.
    pub(super) fn is_kept(&self) -> bool {
        self.limit > 0
    }

    /// Remembers a probe.
    pub(super) fn add(&self, told: Told<'_>) {
        if !self.is_kept() {
            return;
        }
        // Packed before the lock is taken: it takes longest.
        let metrics = match told.packed_metrics {
            Some(packed) => packed.into(),
            None => gzipped(told.metrics).into(),
        };
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let past = Past {
            id: entries.next_id,
            module_name: told.module_name.into(),
            target: told.target.into(),
            time: SystemTime::now(),
            took: told.took,
            failure: told.failure.map(|failure| (failure.reason.name(), failure.step.name())),
            module: Arc::clone(told.module),
            log: told.log,
            metrics,
        };
        entries.add(past, self.limit);
    }

    /// Shows each probe, the newest first.
    pub(super) fn for_each(&self, show: impl FnMut(&Past)) {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let older = entries.older_failures.iter().rev();
        entries.recent.iter().rev().chain(older).for_each(show);
    }

    /// The report of the oldest probe that is wanted.
    pub(super) fn report(&self, wanted: impl Fn(&Past) -> bool) -> Option<String> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = entries.older_failures.iter().chain(&entries.recent);
        all.find(|past| wanted(past)).map(Past::report)
    }
}

impl Entries {
    fn add(&mut self, past: Past, limit: usize) {
        self.next_id += 1;
        self.bytes += past.bytes();
        self.recent.push_back(past);
        if self.recent.len() > limit
            && let Some(oldest) = self.recent.pop_front()
        {
            if oldest.failure.is_some() {
                self.older_failures.push_back(oldest);
            } else {
                self.bytes -= oldest.bytes();
            }
        }
        while self.older_failures.len() > limit || self.bytes > MOST_BYTES {
            let oldest = self.older_failures.pop_front().or_else(|| self.recent.pop_front());
            let Some(oldest) = oldest else { return };
            self.bytes -= oldest.bytes();
        }
    }
}

impl Past {
    fn bytes(&self) -> usize {
        let packed = self.log.size() + self.metrics.len();
        size_of::<Self>() + packed + self.target.len() + self.module_name.len()
    }

    fn report(&self) -> String {
        let log = probe_log::text(&self.log, &self.module_name, &self.target);
        match unpacked(&self.metrics) {
            Ok(metrics) => report(&log, &metrics, &self.module),
            // It was text when it was packed, so this is never read.
            Err(_) => "the report cannot be read\n".to_owned(),
        }
    }
}

fn unpacked(packed: &[u8]) -> std::io::Result<String> {
    let mut text = String::new();
    let mut reader = flate2::read::GzDecoder::new(packed).take(MOST_REPORT_BYTES);
    reader.read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::{Reason, Step};
    use crate::probe_log::ProbeLog;

    fn add(history: &History, target: &str, failed: bool, said: &'static str) {
        let log = ProbeLog::new("m", target, log::Level::Error);
        log.debug(said, &[]);
        let failure = Failure::new(Step::Connect, Reason::ConnectionRefused, "refused");
        history.add(Told {
            module_name: "m",
            target,
            took: Duration::from_millis(3),
            failure: failed.then_some(&failure),
            module: &Arc::default(),
            log: log.into_record(),
            metrics: b"probe_success 0\n",
            packed_metrics: None,
        });
    }

    fn targets(history: &History) -> Vec<String> {
        let mut targets = Vec::new();
        history.for_each(|past| targets.push(format!("{}{}", past.target, past.id)));
        targets
    }

    #[test]
    fn as_many_failures_are_kept_from_before_as_probes() {
        let history = History::new(2);
        for (target, failed) in [
            ("a", true),
            ("b", false),
            ("c", true),
            ("d", true),
            ("e", false),
            ("f", false),
        ] {
            add(&history, target, failed, "");
        }
        assert_eq!(targets(&history), ["f5", "e4", "d3", "c2"]);
    }

    #[test]
    fn a_report_has_what_was_logged_and_measured() {
        let history = History::new(1);
        add(&history, "a", true, "Hello");
        let report = history.report(|past| past.id == 0).unwrap();
        let (start, report) = report.split_once("time=").unwrap();
        assert_eq!(start, "Logs for the probe:\n");
        let (_, report) = report.split_once(' ').unwrap();
        let start = "level=DEBUG msg=Hello module=m target=a\n\n\n\nMetrics that would have been returned:\nprobe_success 0\n\n\n\n\
                     Module configuration:\n";
        assert!(report.starts_with(start), "{report}");
        assert_eq!(history.report(|past| past.id == 1), None);
    }

    #[test]
    fn no_limit_of_entries_lets_the_memory_grow_past_its_bound() {
        let history = History::new(usize::MAX);
        let target = "x".repeat(MOST_BYTES / 4);
        for _ in 0..9 {
            add(&history, &target, true, "");
        }
        let entries = history.entries.lock().unwrap();
        assert_eq!((entries.recent.len(), entries.next_id), (3, 9));
        assert_eq!(entries.bytes, entries.recent.iter().map(Past::bytes).sum::<usize>());
    }

    #[test]
    fn a_limit_of_zero_keeps_nothing() {
        let history = History::new(0);
        add(&history, "a", true, "");
        assert!(targets(&history).is_empty());
    }
}
