//! What Prometheus and the console say, asked again and again, for all who wait for something.

use std::{
    collections::BTreeMap,
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant, SystemTime},
};

use serde_json::Value;

use super::{http, world::World};

const PAUSE: Duration = Duration::from_millis(200);

/// What was seen last.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) alerts: Vec<Active>,
    pub(super) notes: Vec<Note>,
    /// `awaited`, `coming` or `away`.
    pub(super) watchdog: String,
}

/// An alert that Prometheus has.
#[derive(Debug, PartialEq)]
pub(super) struct Active {
    pub(super) labels: BTreeMap<String, String>,
    pub(super) summary: String,
    /// Else it is pending.
    pub(super) firing: bool,
}

/// What somebody was told of a group of alerts.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Note {
    pub(super) at: SystemTime,
    pub(super) alert: String,
    /// Empty where it has none.
    pub(super) job: String,
    /// Else it is over.
    pub(super) firing: bool,
    /// Summaries of those in the group that are over.
    pub(super) over: Vec<String>,
}

/// Why a wait was for nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum InVain {
    Late,
    Stopped,
}

/// What was seen, and who waits.
pub(super) struct Board {
    world: Arc<World>,
    seen: Mutex<Seen>,
    changed: Condvar,
}

impl Board {
    pub(super) fn new(world: Arc<World>) -> Self {
        Self {
            world,
            seen: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    /// Asks until it is stopped.
    pub(super) fn watch(self: &Arc<Self>) -> std::io::Result<JoinHandle<()>> {
        let board = Arc::clone(self);
        let watch = move || {
            while !board.is_stopped() {
                board.look();
                // Nothing changes but by this thread, so this is the pause.
                board.wait(PAUSE, |_| false).ok();
            }
        };
        thread::Builder::new().name("board".to_owned()).spawn(watch)
    }

    /// Whoever does not answer has nothing new to say.
    fn look(&self) {
        let ask = |address: anyhow::Result<_>, path| address.and_then(|address| http::get(address, path)).ok();
        let alerts = ask(self.world.address("prometheus"), "/api/v1/alerts").map(|answer| alerts(&answer));
        let console = ask(self.world.console(), "/");
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(alerts) = alerts {
            seen.alerts = alerts;
        }
        if let Some(console) = console {
            seen.notes = notes(&console);
            seen.watchdog = text(&console, "/watchdog/state");
        }
        drop(seen);
        self.changed.notify_all();
    }

    /// Waits until `is_it`, which looks at all that is seen.
    ///
    /// # Errors
    /// It is not within this time, or nobody is to wait any more.
    pub(super) fn wait(&self, within: Duration, mut is_it: impl FnMut(&Seen) -> bool) -> Result<(), InVain> {
        let deadline = Instant::now() + within;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if self.is_stopped() {
                return Err(InVain::Stopped);
            }
            if is_it(&seen) {
                return Ok(());
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(InVain::Late);
            }
            let waited = self.changed.wait_timeout(seen, left);
            seen = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Ends all waits.
    pub(super) fn stop(&self) {
        self.world.stop();
        self.changed.notify_all();
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.world.is_stopped()
    }
}

/// Of /api/v1/alerts.
fn alerts(answer: &Value) -> Vec<Active> {
    let list = answer.pointer("/data/alerts").and_then(Value::as_array);
    let active = |alert: &Value| Active {
        labels: labels(alert),
        summary: text(alert, "/annotations/summary"),
        firing: text(alert, "/state") == "firing",
    };
    list.into_iter().flatten().map(active).collect()
}

fn labels(alert: &Value) -> BTreeMap<String, String> {
    let labels = alert.get("labels").and_then(Value::as_object).into_iter().flatten();
    labels
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect()
}

/// Of what the console says, from Alertmanager's own JSON and from Slack's.
fn notes(console: &Value) -> Vec<Note> {
    let list = console.get("notifications").and_then(Value::as_array);
    list.into_iter().flatten().flat_map(notes_of).collect()
}

fn notes_of(notification: &Value) -> Vec<Note> {
    let Ok(at) = humantime::parse_rfc3339(&text(notification, "/received")) else {
        return Vec::new();
    };
    let alerts = notification
        .get("alerts")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let alerts = alerts.map(|alert| Note {
        at,
        alert: text(alert, "/labels/alertname"),
        job: text(alert, "/labels/job"),
        firing: text(alert, "/status") == "firing",
        over: Vec::new(),
    });
    let attachments = notification
        .get("attachments")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let attachments =
        attachments.filter_map(|attachment| by_slack(&text(attachment, "/title"), &text(attachment, "/text"), at));
    alerts.chain(attachments).collect()
}

/// `[FIRING 1] critical: TargetDown (node)` and a line `*SUMMARY* (resolved)` for each that is over, as the templates have it.
fn by_slack(title: &str, body: &str, at: SystemTime) -> Option<Note> {
    let (status, rest) = title.strip_prefix('[')?.split_once("] ")?;
    let (_, rest) = rest.split_once(": ")?;
    let (alert, job) = rest.split_once(" (").unwrap_or((rest, ")"));
    let over = body
        .lines()
        .filter_map(|line| line.strip_prefix('*')?.strip_suffix("* (resolved)"));
    Some(Note {
        at,
        alert: alert.to_owned(),
        job: job.trim_end_matches(')').to_owned(),
        firing: status.starts_with("FIRING"),
        over: over.map(str::to_owned).collect(),
    })
}

fn text(value: &Value, pointer: &str) -> String {
    let text = value.pointer(pointer).and_then(Value::as_str);
    text.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_notifications_are_understood() {
        let console: Value = serde_json::from_str(
            r#"{"watchdog": {"state": "coming"}, "notifications": [
              {"received": "1970-01-01T00:00:01.500Z", "from": "slack", "text": "",
               "attachments": [{"title": "[FIRING 2] critical: TargetDown (node)", "text": "*a is down*\nx\n\n*b is down* (resolved)\ny"}, {"title": "[RESOLVED] warning: Lonely"}]},
              {"received": "1970-01-01T00:00:02.000Z", "from": "alertmanager",
               "alerts": [{"status": "resolved", "labels": {"alertname": "A", "job": "j"}}]},
              {"received": "never", "attachments": [{"title": "[FIRING 1] warning: B"}]},
              {"received": "1970-01-01T00:00:02.000Z", "attachments": [{"title": "hello"}]}]}"#,
        )
        .unwrap();
        let note = |millis, alert: &str, job: &str, firing| Note {
            at: SystemTime::UNIX_EPOCH + Duration::from_millis(millis),
            alert: alert.to_owned(),
            job: job.to_owned(),
            firing,
            over: Vec::new(),
        };
        let partly = Note {
            over: vec!["b is down".to_owned()],
            ..note(1500, "TargetDown", "node", true)
        };
        assert_eq!(
            notes(&console),
            [partly, note(1500, "Lonely", "", false), note(2000, "A", "j", false)]
        );
    }

    #[test]
    fn alerts_are_pending_or_firing() {
        let answer: Value = serde_json::from_str(
            r#"{"data": {"alerts": [{"labels": {"alertname": "A"}, "annotations": {"summary": "s"}, "state": "firing"}, {"labels": {"alertname": "B"}, "state": "pending"}]}}"#,
        )
        .unwrap();
        let active = |name: &str, summary: &str, firing| Active {
            labels: [("alertname".to_owned(), name.to_owned())].into(),
            summary: summary.to_owned(),
            firing,
        };
        assert_eq!(alerts(&answer), [active("A", "s", true), active("B", "", false)]);
        assert_eq!(alerts(&Value::Null), []);
    }
}
