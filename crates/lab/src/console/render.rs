//! Notifications as lines for a person, or as JSON for a program.

use std::{
    fmt::Write,
    time::{Duration, SystemTime},
};

use serde_json::json;

use super::{
    history::{Entry, json_line, rfc3339},
    notification::{Alert, Group, Message, Notification},
    watchdog::Change,
};

/// How it is printed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Style {
    Plain,
    /// With a terminal's colors.
    Colored,
    /// A line for each.
    Json,
}

const RED: &str = "\x1b[1;31m";
const YELLOW: &str = "\x1b[1;33m";
const GREEN: &str = "\x1b[1;32m";
const END: &str = "\x1b[0m";

/// What a text may take of the screen.
const LONGEST: usize = 1000;
/// Of the alerts of one notification.
const MOST: usize = 50;

impl Style {
    pub(crate) fn for_people(terminal: bool) -> Self {
        if terminal { Self::Colored } else { Self::Plain }
    }

    pub(super) fn notification(self, notification: &Notification, now: SystemTime) -> String {
        match (self, notification) {
            (Self::Json, _) => json_line(&Entry::new(notification.clone(), now)),
            (_, Notification::Alertmanager(group)) => self.group(group, now),
            (_, Notification::Slack(message)) => self.message(message, now),
        }
    }

    pub(super) fn watchdog(self, change: Change, now: SystemTime) -> String {
        let (state, color, words) = match change {
            Change::Comes => ("coming", GREEN, "Watchdog comes: alerts find their way here".to_owned()),
            Change::ComesAgain => ("coming", GREEN, "Watchdog comes again".to_owned()),
            Change::StaysAway { within, ever } => {
                let how = if ever { "has not come" } else { "has never come, not" };
                let within = humantime::format_duration(within);
                let words = format!(
                    "Watchdog {how} for {within}: Prometheus or Alertmanager is down, and nobody would be told of anything"
                );
                ("away", RED, words)
            }
        };
        match self {
            Self::Json => json_line(&json!({"received": rfc3339(now), "from": "console", "watchdog": state})),
            Self::Plain | Self::Colored => format!("{}  {}\n", clock(now), self.paint(color, &words)),
        }
    }

    fn group(self, group: &Group, now: SystemTime) -> String {
        let mut text = String::new();
        for alert in group.alerts.iter().take(MOST) {
            text += &self.alert(alert, &group.receiver, now);
        }
        if group.alerts.len() > MOST {
            text += &format!("{}  … and {} more alerts\n", clock(now), group.alerts.len() - MOST);
        }
        text
    }

    fn alert(self, alert: &Alert, receiver: &str, now: SystemTime) -> String {
        let severity = alert.label("severity");
        let (word, color) = match (alert.is_resolved(), severity) {
            (true, _) => ("RESOLVED", GREEN),
            (false, "critical") => ("FIRING", RED),
            (false, _) => ("FIRING", YELLOW),
        };
        let mut text = format!("{}  {}", clock(now), self.paint(color, word));
        for part in [severity, alert.label("alertname"), alert.label("instance")] {
            append(&mut text, "  ", part, "");
        }
        append(&mut text, " (", alert.label("job"), ")");
        append(&mut text, "  to ", receiver, "");
        text.push('\n');
        append(&mut text, "    ", alert.annotation("summary"), "\n");
        append(&mut text, "    ", alert.annotation("description"), "\n");
        append(&mut text, "    since ", &since(alert, now), "\n");
        append(&mut text, "    runbook ", alert.annotation("runbook_url"), "\n");
        text
    }

    fn message(self, message: &Message, now: SystemTime) -> String {
        let mut text = format!("{}  SLACK", clock(now));
        append(&mut text, "  ", &message.text, "");
        text.push('\n');
        for attachment in message.attachments.iter().take(MOST) {
            let color = match attachment.color.as_str() {
                "good" => GREEN,
                "danger" => RED,
                _ => YELLOW,
            };
            let title = [&attachment.title, &attachment.fallback]
                .into_iter()
                .find(|title| !title.is_empty());
            let title = clean(title.map_or("", String::as_str));
            text += &format!("    {}\n", self.paint(color, &title));
            for line in attachment.text.lines().take(MOST) {
                append(&mut text, "      ", line, "\n");
            }
        }
        text
    }

    fn paint(self, color: &str, text: &str) -> String {
        match self {
            Self::Colored => format!("{color}{text}{END}"),
            Self::Plain | Self::Json => text.to_owned(),
        }
    }
}

/// Nothing at all where `text` is empty.
fn append(to: &mut String, before: &str, text: &str, after: &str) {
    if !text.is_empty() {
        write!(to, "{before}{}{after}", clean(text)).expect("a string takes all");
    }
}

/// What came from outside must not steer the terminal, nor fill it.
fn clean(text: &str) -> String {
    let steers = |char: char| char.is_control() || matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let shown = text.chars().map(|char| if steers(char) { ' ' } else { char });
    let mut clean: String = shown.take(LONGEST).collect();
    if text.chars().nth(LONGEST).is_some() {
        clean.push('…');
    }
    clean
}

fn clock(now: SystemTime) -> String {
    humantime::format_rfc3339_seconds(now).to_string()
}

/// When it began, and how long ago or for how long that was.
fn since(alert: &Alert, now: SystemTime) -> String {
    let Ok(start) = humantime::parse_rfc3339_weak(&alert.starts_at) else {
        return alert.starts_at.clone();
    };
    let ended = humantime::parse_rfc3339_weak(&alert.ends_at).ok();
    let until = ended.filter(|_| alert.is_resolved()).unwrap_or(now);
    let lasted = until.duration_since(start).unwrap_or_default().as_secs();
    let lasted = humantime::format_duration(Duration::from_secs(lasted));
    let words = if alert.is_resolved() { "; it lasted" } else { "," };
    format!("{}{words} {lasted}", clock(start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::notification::parse;

    fn at(text: &str) -> SystemTime {
        humantime::parse_rfc3339(text).unwrap()
    }

    const WEBHOOK: &str = r#"{"receiver":"pages","status":"firing","alerts":[
        {"status":"firing","labels":{"alertname":"TargetDown","severity":"critical","instance":"a:9100","job":"node"},
         "annotations":{"summary":"node on a:9100 cannot be scraped","description":"No metrics.","runbook_url":"docs/runbooks/TargetDown.md"},
         "startsAt":"2026-01-02T03:04:05.678Z","endsAt":"0001-01-01T00:00:00Z"},
        {"status":"resolved","labels":{"alertname":"Lonely"},"annotations":{"summary":"\u001b[31mred\nline"},
         "startsAt":"2026-01-02T03:04:05Z","endsAt":"2026-01-02T03:05:05Z"}]}"#;

    #[test]
    fn an_alert_says_all_that_a_person_needs_and_steers_no_terminal() {
        let notification = parse(WEBHOOK.as_bytes()).unwrap();
        assert_eq!(
            Style::Plain.notification(&notification, at("2026-01-02T03:06:08Z")),
            "2026-01-02T03:06:08Z  FIRING  critical  TargetDown  a:9100 (node)  to pages
    node on a:9100 cannot be scraped
    No metrics.
    since 2026-01-02T03:04:05Z, 2m 2s
    runbook docs/runbooks/TargetDown.md
2026-01-02T03:06:08Z  RESOLVED  Lonely  to pages
     [31mred line
    since 2026-01-02T03:04:05Z; it lasted 1m
"
        );
    }

    #[test]
    fn color_is_for_terminals_alone() {
        let notification = parse(WEBHOOK.as_bytes()).unwrap();
        let now = at("2026-01-02T03:06:08Z");
        let colored = Style::Colored.notification(&notification, now);
        assert!(colored.contains("\x1b[1;31mFIRING\x1b[0m") && colored.contains("\x1b[1;32mRESOLVED\x1b[0m"));
        let plain = Style::Plain.notification(&notification, now);
        assert!(!plain.contains('\x1b'));
        assert_eq!(colored.replace(RED, "").replace(GREEN, "").replace(END, ""), plain);
        assert_eq!(Style::for_people(true), Style::Colored);
        assert_eq!(Style::for_people(false), Style::Plain);
    }

    #[test]
    fn json_is_a_line_for_each() {
        let notification = parse(br#"{"alerts":[],"status":"firing","receiver":"r"}"#).unwrap();
        assert_eq!(
            Style::Json.notification(&notification, at("2026-01-02T03:06:08Z")),
            "{\"received\":\"2026-01-02T03:06:08.000Z\",\"from\":\"alertmanager\",\"receiver\":\"r\",\"status\":\"firing\",\"alerts\":[]}\n"
        );
    }

    #[test]
    fn slacks_attachments_are_shown_line_by_line() {
        let notification = parse(br#"{"text":"hey","attachments":[{"color":"danger","fallback":"F","text":"a\nb"}]}"#);
        assert_eq!(
            Style::Plain.notification(&notification.unwrap(), at("2026-01-02T03:06:08Z")),
            "2026-01-02T03:06:08Z  SLACK  hey\n    F\n      a\n      b\n"
        );
    }

    #[test]
    fn long_texts_and_many_alerts_are_cut() {
        let alerts = vec![r#"{"labels":{"alertname":"A"}}"#; MOST + 2].join(",");
        let notification = parse(format!(r#"{{"alerts":[{alerts}]}}"#).as_bytes()).unwrap();
        let text = Style::Plain.notification(&notification, at("2026-01-02T03:06:08Z"));
        assert!(text.ends_with("  … and 2 more alerts\n"), "{text}");
        assert_eq!(text.matches("FIRING").count(), MOST);
        assert_eq!(clean(&"ä".repeat(LONGEST + 1)), "ä".repeat(LONGEST) + "…");
        assert_eq!(clean(&"ä".repeat(LONGEST)), "ä".repeat(LONGEST));
    }

    #[test]
    fn the_watchdogs_silence_is_said_in_words() {
        let within = Duration::from_secs(300);
        let now = at("2026-01-02T03:06:08Z");
        let away = |ever| Style::Plain.watchdog(Change::StaysAway { within, ever }, now);
        let rest = "for 5m: Prometheus or Alertmanager is down, and nobody would be told of anything\n";
        assert_eq!(
            away(true),
            format!("2026-01-02T03:06:08Z  Watchdog has not come {rest}")
        );
        assert_eq!(
            away(false),
            format!("2026-01-02T03:06:08Z  Watchdog has never come, not {rest}")
        );
        assert_eq!(
            Style::Json.watchdog(Change::Comes, now),
            "{\"from\":\"console\",\"received\":\"2026-01-02T03:06:08.000Z\",\"watchdog\":\"coming\"}\n"
        );
    }
}
