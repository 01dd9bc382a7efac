//! What is posted to the console: Alertmanager's webhook JSON (version 4), or what its Slack receiver sends.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A post, whichever it was.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "from", rename_all = "lowercase")]
pub(crate) enum Notification {
    Alertmanager(Group),
    Slack(Message),
}

/// Alerts that come together.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Group {
    pub(crate) receiver: String,
    /// `firing` while one of them does, else `resolved`.
    pub(crate) status: String,
    pub(crate) alerts: Vec<Alert>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Alert {
    pub(crate) status: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) annotations: BTreeMap<String, String>,
    /// RFC 3339, as it came.
    pub(crate) starts_at: String,
    /// The year 1 while it fires.
    pub(crate) ends_at: String,
}

/// A message as Slack's incoming webhooks take it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Message {
    pub(crate) text: String,
    pub(crate) attachments: Vec<Attachment>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct Attachment {
    /// `good`, `warning`, `danger`, or any other color.
    pub(crate) color: String,
    pub(crate) title: String,
    pub(crate) text: String,
    pub(crate) fallback: String,
}

/// What tells one kind from the other.
#[derive(Deserialize)]
struct Either {
    alerts: Option<serde::de::IgnoredAny>,
    attachments: Option<serde::de::IgnoredAny>,
    text: Option<serde::de::IgnoredAny>,
}

/// # Errors
/// It is no JSON, or neither of the two kinds; in words for who sent it.
pub(crate) fn parse(body: &[u8]) -> Result<Notification, String> {
    let said = |error: serde_json::Error| format!("parsing the notification: {error}");
    let either: Either = serde_json::from_slice(body).map_err(said)?;
    if either.alerts.is_some() {
        return serde_json::from_slice(body)
            .map(Notification::Alertmanager)
            .map_err(said);
    }
    if either.attachments.is_some() || either.text.is_some() {
        return serde_json::from_slice(body).map(Notification::Slack).map_err(said);
    }
    Err("expected Alertmanager's webhook (alerts) or Slack's (text, attachments)".to_owned())
}

impl Notification {
    /// Whether one of its alerts `is_it`, and what is left without those.
    pub(crate) fn split(self, is_it: impl Fn(&Alert) -> bool) -> (bool, Option<Self>) {
        let Self::Alertmanager(mut group) = self else {
            return (false, Some(self));
        };
        let before = group.alerts.len();
        group.alerts.retain(|alert| !is_it(alert));
        let found = group.alerts.len() < before;
        let left = !found || !group.alerts.is_empty();
        (found, left.then_some(Self::Alertmanager(group)))
    }
}

impl Alert {
    /// A label's value; nothing where there is none.
    pub(crate) fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }

    /// An annotation; nothing where there is none.
    pub(crate) fn annotation(&self, name: &str) -> &str {
        self.annotations.get(name).map_or("", String::as_str)
    }

    pub(crate) fn is_resolved(&self) -> bool {
        self.status == "resolved"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Alert {
        Alert {
            labels: [("alertname".to_owned(), name.to_owned())].into(),
            ..Alert::default()
        }
    }

    #[test]
    fn both_kinds_are_told_apart() {
        let webhook = br#"{"version":"4","receiver":"pages","status":"firing","truncatedAlerts":0,"alerts":[{"status":"firing",
            "labels":{"alertname":"A"},"annotations":{},"startsAt":"2026-01-02T03:04:05Z","endsAt":"0001-01-01T00:00:00Z"}]}"#;
        let mut alert = named("A");
        alert.status = "firing".to_owned();
        alert.starts_at = "2026-01-02T03:04:05Z".to_owned();
        alert.ends_at = "0001-01-01T00:00:00Z".to_owned();
        let group = Group {
            receiver: "pages".to_owned(),
            status: "firing".to_owned(),
            alerts: vec![alert],
        };
        assert_eq!(parse(webhook), Ok(Notification::Alertmanager(group)));

        let slack = br#"{"channel":"c","username":"Alertmanager","attachments":[{"title":"T","color":"danger","mrkdwn_in":["text"]}]}"#;
        let attachment = Attachment {
            color: "danger".to_owned(),
            title: "T".to_owned(),
            ..Attachment::default()
        };
        let message = Message {
            attachments: vec![attachment],
            ..Message::default()
        };
        assert_eq!(parse(slack), Ok(Notification::Slack(message)));
    }

    #[test]
    fn whatever_else_is_posted_is_said_to_be_wrong() {
        for (body, error) in [
            (
                "",
                "parsing the notification: EOF while parsing a value at line 1 column 0",
            ),
            (
                "{}",
                "expected Alertmanager's webhook (alerts) or Slack's (text, attachments)",
            ),
            (
                r#"{"alerts": 1}"#,
                "parsing the notification: invalid type: integer `1`, expected a sequence at line 1 column 12",
            ),
        ] {
            assert_eq!(parse(body.as_bytes()), Err(error.to_owned()), "{body}");
        }
        let deep = "[".repeat(100_000);
        for body in [
            &b"\xff\xfe"[..],
            b"{\"alerts\":[{\"labels\":{\"a\":1}}]}",
            deep.as_bytes(),
        ] {
            assert!(parse(body).is_err());
        }
    }

    #[test]
    fn what_is_split_off_is_found_and_the_rest_stays() {
        let group = |names: &[&str]| {
            Notification::Alertmanager(Group {
                alerts: names.iter().map(|name| named(name)).collect(),
                ..Group::default()
            })
        };
        let is_it = |alert: &Alert| alert.label("alertname") == "W";
        for (of, found, left) in [
            (group(&["W"]), true, None),
            (group(&["W", "A"]), true, Some(group(&["A"]))),
            (group(&["A"]), false, Some(group(&["A"]))),
            (group(&[]), false, Some(group(&[]))),
        ] {
            assert_eq!(of.split(is_it), (found, left));
        }
    }
}
