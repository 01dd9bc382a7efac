//! Sessions of people and seats, counted, from systemd-logind over D-Bus.

use std::collections::BTreeMap;
use std::time::Instant;

use exporter_toolkit::collector::{CollectError, Collector, CollectorSpec};
use exposition::{Desc, Encoder};

use crate::context::Context;
use crate::dbus::{Answer, Body, Bus, Call, Malformed, PATIENCE, Value, told_address};

pub(super) const SPEC: CollectorSpec<Context> = CollectorSpec {
    name: "logind",
    enabled_by_default: false,
    flags: &[],
    build: |_| {
        Ok(Box::new(Logind {
            bus: Bus::system(told_address().as_deref())?,
        }))
    },
};

const SESSIONS: Desc<'_> = Desc::gauge(
    "node_logind_sessions",
    "Number of sessions registered in logind.",
    &["class", "remote", "seat", "type"],
);

const SERVICE: &str = "org.freedesktop.login1";
const MANAGER: &str = "org.freedesktop.login1.Manager";
const SESSION: &str = "org.freedesktop.login1.Session";

/// Every combination has a series, so that a count can fall to 0 and does not vanish.
const CLASSES: [&str; 5] = ["background", "greeter", "lock-screen", OTHER, "user"];
const REMOTE: [&str; 2] = ["false", "true"];
const TYPES: [&str; 7] = ["mir", OTHER, "tty", "unspecified", "wayland", "web", "x11"];

/// Stands for what later versions of logind invent.
const OTHER: &str = "other";

struct Logind {
    bus: Bus,
}

impl Collector for Logind {
    fn collect(&mut self, out: &mut Encoder) -> Result<(), CollectError> {
        let now = Instant::now();
        self.collect_before(out, now.checked_add(PATIENCE).unwrap_or(now))
    }

    fn collect_before(&mut self, out: &mut Encoder, deadline: Instant) -> Result<(), CollectError> {
        let now = Instant::now();
        let deadline = now.checked_add(PATIENCE).unwrap_or(now).min(deadline);
        let lists = ["ListSeats", "ListSessions"].map(list);
        let [seats, sessions] = lists_of(self.bus.ask(&lists, deadline)?)?;
        let seats = parse_seats(&seats).map_err(CollectError::failed)?;
        let sessions = parse_sessions(&sessions).map_err(CollectError::failed)?;
        let questions: Vec<_> = sessions.iter().flat_map(questions).collect();
        let answers = self.bus.ask(&questions, deadline)?;
        encode(&seats, &count(&sessions, &answers), out);
        Ok(())
    }
}

fn list(member: &'static str) -> Call<'static> {
    Call {
        destination: SERVICE,
        path: "/org/freedesktop/login1",
        interface: MANAGER,
        member,
        arguments: None,
    }
}

/// Both lists, or why one is missing, as when no logind runs.
fn lists_of(answers: Vec<Answer>) -> Result<[Body; 2], CollectError> {
    let what = "logind's seats and sessions";
    let bodies: Result<Vec<Body>, _> = answers.into_iter().collect();
    let bodies = bodies.map_err(|refusal| refusal.of(what))?;
    bodies
        .try_into()
        .map_err(|_| CollectError::failed(format!("asking for {what}: an answer is missing")))
}

/// Names of seats, sorted. The empty one is for sessions without a seat, such as remote ones.
fn parse_seats(body: &Body) -> Result<Vec<&str>, Malformed> {
    let mut list = body.values("a(so)")?.structs()?;
    let mut seats = vec![""];
    while !list.is_empty() {
        list.align(8);
        let (seat, _path) = (list.text()?, list.text()?);
        seats.push(seat);
    }
    seats.sort_unstable();
    seats.dedup();
    Ok(seats)
}

/// A row of `ListSessions`, as far as it counts.
#[derive(Debug, PartialEq, Eq)]
struct Session<'a> {
    seat: &'a str,
    path: &'a str,
}

fn parse_sessions(body: &Body) -> Result<Vec<Session<'_>>, Malformed> {
    let mut list = body.values("a(susso)")?.structs()?;
    let mut sessions = Vec::new();
    while !list.is_empty() {
        list.align(8);
        let (_id, _user_id, _user) = (list.text()?, list.u32()?, list.text()?);
        let (seat, path) = (list.text()?, list.text()?);
        sessions.push(Session { seat, path });
    }
    Ok(sessions)
}

/// What [`count`] wants to know of a session.
fn questions<'a>(session: &Session<'a>) -> [Call<'a>; 3] {
    ["Remote", "Type", "Class"].map(|name| Call::property(SERVICE, session.path, SESSION, name))
}

/// Class, remote, seat and type.
type Labels<'a> = [&'a str; 4];

/// Sessions by their labels. One that ended between the questions is left out.
fn count<'a>(sessions: &[Session<'a>], answers: &'a [Answer]) -> BTreeMap<Labels<'a>, u32> {
    let mut counts = BTreeMap::new();
    for (session, answers) in sessions.iter().zip(answers.chunks_exact(3)) {
        if let [Ok(remote), Ok(kind), Ok(class)] = answers
            && let (Ok(Value::Flag(remote)), Ok(Value::Text(kind)), Ok(Value::Text(class))) =
                (remote.property(), kind.property(), class.property())
        {
            let remote = REMOTE[usize::from(remote)];
            let labels = [known(class, &CLASSES), remote, session.seat, known(kind, &TYPES)];
            *counts.entry(labels).or_default() += 1;
        }
    }
    counts
}

fn known<'a>(value: &'a str, all: &[&str]) -> &'a str {
    if all.contains(&value) { value } else { OTHER }
}

fn encode(seats: &[&str], counts: &BTreeMap<Labels<'_>, u32>, out: &mut Encoder) {
    let mut family = out.family(&SESSIONS);
    for class in CLASSES {
        for remote in REMOTE {
            for &seat in seats {
                for kind in TYPES {
                    let labels = [class, remote, seat, kind];
                    let count = counts.get(&labels).copied().unwrap_or_default();
                    family.sample(&labels, count.into());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use exposition::{Format, assemble};

    use super::*;
    use crate::dbus::peer::{Host, Mood, Peer, busy};

    fn collect(host: Host) -> (Result<(), CollectError>, String) {
        let peer = Peer::start(host, Mood::Answers);
        let mut collector = Logind {
            bus: Bus::system(Some(&peer.address())).unwrap(),
        };
        let (mut out, mut text) = (Encoder::new(Format::Text004), Vec::new());
        let result = collector.collect_before(&mut out, Instant::now() + Duration::from_secs(60));
        assert!(assemble([&out], &mut text).is_empty());
        (result, String::from_utf8(text).unwrap())
    }

    #[test]
    fn sessions_are_counted_and_every_combination_has_a_series() {
        let (result, text) = collect(busy());
        result.unwrap();
        let series = || text.lines().filter(|line| !line.starts_with('#'));
        assert_eq!(series().count(), CLASSES.len() * REMOTE.len() * TYPES.len() * 3);
        assert!(series().is_sorted());
        let counted: Vec<_> = series().filter(|line| !line.ends_with(" 0")).collect();
        let expected = [
            r#"node_logind_sessions{class="other",remote="false",seat="seat1",type="other"} 1"#,
            r#"node_logind_sessions{class="user",remote="false",seat="seat0",type="tty"} 1"#,
            r#"node_logind_sessions{class="user",remote="true",seat="",type="tty"} 2"#,
        ];
        assert_eq!(counted, expected);
    }

    #[test]
    fn a_host_without_seats_has_remote_sessions_alone() {
        let (result, text) = collect(Host::default());
        result.unwrap();
        assert_eq!(
            text.matches("seat=\"\"").count(),
            CLASSES.len() * REMOTE.len() * TYPES.len()
        );
        assert!(!text.contains("seat=\"s") && !text.contains("} 1"), "{text}");
    }

    #[test]
    fn a_bus_without_logind_is_no_data() {
        let refusal = Some("org.freedesktop.DBus.Error.ServiceUnknown");
        let (result, text) = collect(Host {
            refusal,
            ..Host::default()
        });
        assert!(
            matches!(&result, Err(CollectError::NoData(why)) if why.to_string().contains("logind's seats")),
            "{result:?}"
        );
        assert_eq!(text, "");
    }
}
