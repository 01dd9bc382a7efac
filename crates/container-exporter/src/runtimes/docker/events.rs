//! Docker's events, one JSON object a line. Podman's have the same names for most.

use serde::Deserialize;

use super::super::is_id;
use super::wire::Text;
use crate::container::Runtime;

/// What changes something that is reported. Health checks are executions of programs, whose events come by the
/// thousand and are left out.
const CHANGES: &[&str] = &[
    "create",
    "die",
    "died",
    "health_status",
    "oom",
    "pause",
    "rename",
    "restart",
    "start",
    "unpause",
    "update",
];
/// What ends a container.
const REMOVALS: &[&str] = &["destroy", "remove"];
/// Docker 1.12 compares filters with whole actions.
const WHOLE_ACTIONS: &[&str] = &["health_status: healthy", "health_status: unhealthy"];

/// What an event is about.
#[derive(Debug, PartialEq)]
pub(super) enum Event {
    /// This container is new or is not what it was.
    Changed(String),
    /// This container is no more.
    Removed(String),
    /// Something that is not reported.
    Other,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Line<'a> {
    #[serde(rename = "Type", borrow)]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    action: Option<Text<'a>>,
    #[serde(borrow)]
    actor: Option<Actor<'a>>,
    // What the fields above were before they had a type.
    #[serde(rename = "status", borrow)]
    status: Option<Text<'a>>,
    #[serde(rename = "id", borrow)]
    id: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Actor<'a> {
    #[serde(rename = "ID", borrow)]
    id: Option<Text<'a>>,
}

/// Which events a daemon is to send.
pub(super) fn filters(runtime: Runtime) -> String {
    if runtime != Runtime::Docker {
        // Podman has names of its own for some; which it understands here depends on its version.
        return r#"{"type":["container"]}"#.to_owned();
    }
    let events = [CHANGES, REMOVALS, WHOLE_ACTIONS].concat().join(r#"",""#);
    format!(r#"{{"type":["container"],"event":["{events}"]}}"#)
}

/// Reads one line.
///
/// # Errors
/// It is no event.
pub(super) fn parse(line: &[u8]) -> Result<Event, serde_json::Error> {
    let line: Line<'_> = serde_json::from_slice(line)?;
    let is_of_container = line.kind.is_none_or(|kind| kind.0 == "container");
    let action = line.action.or(line.status).unwrap_or_default().0;
    let action = action.split_once(':').map_or(&*action, |(action, _)| action);
    let id = line.actor.and_then(|actor| actor.id).or(line.id).unwrap_or_default().0;
    Ok(match id {
        id if !is_of_container || !is_id(&id) => Event::Other,
        id if CHANGES.contains(&action) => Event::Changed(id.into_owned()),
        id if REMOVALS.contains(&action) => Event::Removed(id.into_owned()),
        _ => Event::Other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENTS: &str = include_str!("../../../fixtures/docker/events.jsonl");

    #[test]
    fn events_that_change_a_container_name_it() {
        let mut found = Vec::new();
        for line in EVENTS.lines() {
            let action = line
                .split_once(r#""status":""#)
                .unwrap()
                .1
                .split(['"', ':'])
                .next()
                .unwrap();
            found.push(match parse(line.as_bytes()).unwrap() {
                Event::Changed(id) => format!("{action} {}", id.split_at(4).0),
                Event::Removed(id) => format!("{action} {} is gone", id.split_at(4).0),
                Event::Other => format!("{action} -"),
            });
        }
        let expected = [
            "create 39d2",
            "start 39d2",
            "exec_create -",
            "exec_start -",
            "exec_die -",
            "health_status 39d2",
            "pause 39d2",
            "unpause 39d2",
            "rename 39d2",
            "update 39d2",
            "attach -",
            "oom bb8d",
            "die bb8d",
            "kill -",
            "destroy bb8d is gone",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn other_dialects_are_understood() {
        let changed = || Event::Changed("aa11".to_owned());
        for (line, event) in [
            (r#"{"status":"start","id":"aa11","from":"i"}"#, changed()),
            (
                r#"{"Type":"container","Action":"start","Actor":{"ID":"aa11"}}"#,
                changed(),
            ),
            (
                r#"{"Type":"container","Action":"died","Actor":{"ID":"aa11"}}"#,
                changed(),
            ),
            (
                r#"{"Type":"container","Action":"remove","id":"aa11"}"#,
                Event::Removed("aa11".to_owned()),
            ),
            (
                r#"{"Type":"network","Action":"create","Actor":{"ID":"aa11"}}"#,
                Event::Other,
            ),
            (
                r#"{"Type":"container","Action":"start","Actor":{"ID":"../x"}}"#,
                Event::Other,
            ),
            (r#"{"Type":"container","Action":null,"Actor":null}"#, Event::Other),
            ("{}\r\n", Event::Other),
        ] {
            assert_eq!(parse(line.as_bytes()).unwrap(), event, "{line}");
        }
    }

    #[test]
    fn what_is_no_event_is_an_error() {
        for line in ["", "x", "[]", r#"{"Type":1}"#, r#"{"Type":"container""#] {
            assert!(parse(line.as_bytes()).is_err(), "{line}");
        }
    }

    #[test]
    fn docker_sends_only_what_matters() {
        let filters = filters(Runtime::Docker);
        let filters: serde_json::Value = serde_json::from_str(&filters).unwrap();
        let events = filters.pointer("/event").unwrap().as_array().unwrap();
        assert!(events.contains(&"health_status".into()) && events.contains(&"destroy".into()));
        assert!(!events.iter().any(|event| event.as_str().unwrap().starts_with("exec")));
    }
}
