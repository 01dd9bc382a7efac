//! What a peer knows of its host, and one host that has a unit of every sort.

use std::collections::HashMap;

/// A value as a property has it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Held {
    Text(&'static str),
    U32(u32),
    U64(u64),
    Flag(bool),
}

/// What a peer knows of its host.
#[derive(Clone, Debug, Default)]
pub(crate) struct Host {
    /// Name, load state and active state.
    pub(crate) units: Vec<[&'static str; 3]>,
    pub(crate) seats: Vec<&'static str>,
    /// Id and seat.
    pub(crate) sessions: Vec<[&'static str; 2]>,
    /// The error that stands for all answers, if any.
    pub(crate) refusal: Option<&'static str>,
    /// By the last part of the object's path, and the name.
    pub(crate) properties: HashMap<(String, &'static str), Held>,
}

impl Host {
    pub(crate) fn with(mut self, object: &str, properties: &[(&'static str, Held)]) -> Self {
        for &(name, held) in properties {
            self.properties.insert((escape(object), name), held);
        }
        self
    }
}

/// A running host: units of all types and states, two seats and five sessions, of which one ends while it is asked for.
pub(crate) fn busy() -> Host {
    let service = |kind, restarts, tasks, most| {
        [
            ("Type", Held::Text(kind)),
            ("NRestarts", Held::U32(restarts)),
            ("TasksCurrent", Held::U64(tasks)),
            ("TasksMax", Held::U64(most)),
            ("ActiveEnterTimestamp", Held::U64(1_700_000_000_123_456)),
        ]
    };
    let session = |remote, kind, class| {
        [
            ("Remote", Held::Flag(remote)),
            ("Type", Held::Text(kind)),
            ("Class", Held::Text(class)),
        ]
    };
    let active = [("ActiveEnterTimestamp", Held::U64(1_700_000_001_000_000))];
    let socket = [("NAccepted", Held::U32(7)), ("NConnections", Held::U32(2))];
    Host {
        units: vec![
            ["web.socket", "loaded", "active"],
            ["app.service", "loaded", "active"],
            ["broken@1.service", "loaded", "failed"],
            ["gone.service", "loaded", "active"],
            ["masked.service", "masked", "inactive"],
            ["missing.service", "not-found", "inactive"],
            ["reload.service", "loaded", "reloading"],
            ["9p-old.socket", "loaded", "inactive"],
            ["daily.timer", "loaded", "active"],
            ["never.timer", "loaded", "inactive"],
            ["data.mount", "loaded", "active"],
            ["basic.target", "loaded", "active"],
            ["system.slice", "loaded", "active"],
            ["dev-sda.device", "loaded", "activating"],
        ],
        seats: vec!["seat1", "seat0"],
        sessions: vec![["1", "seat0"], ["c2", ""], ["3", ""], ["4", "seat1"], ["5", "seat0"]],
        ..Host::default()
    }
    .with(
        "systemd1",
        &[
            ("Version", Held::Text("257.7-1~deb13u1")),
            ("Virtualization", Held::Text("kvm")),
            ("SystemState", Held::Text("running")),
        ],
    )
    .with("app.service", &service("notify", 3, 12, 4096))
    .with("broken@1.service", &service("oneshot", 5, u64::MAX, u64::MAX))
    .with("reload.service", &service("simple", 0, 1, u64::MAX))
    .with("web.socket", &socket)
    .with("web.socket", &[("NRefused", Held::U32(1))])
    .with("web.socket", &active)
    .with("9p-old.socket", &socket)
    .with("daily.timer", &[("LastTriggerUSec", Held::U64(1_700_000_002_500_000))])
    .with("daily.timer", &active)
    .with("never.timer", &[("LastTriggerUSec", Held::U64(0))])
    .with("data.mount", &[("Type", Held::Text("ext4"))])
    .with("data.mount", &active)
    .with("basic.target", &active)
    .with("1", &session(false, "tty", "user"))
    .with("c2", &session(true, "tty", "user"))
    .with("3", &session(true, "tty", "user"))
    .with("4", &session(false, "hologram", "manager"))
}

/// Letters and digits of a name as a path has them; the rest, and a digit in front, as `_2e`.
pub(crate) fn escape(name: &str) -> String {
    let bytes = name.bytes().enumerate();
    let part = |(at, byte): (usize, u8)| match byte {
        b'0'..=b'9' if at == 0 => format!("_{byte:02x}"),
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("_{byte:02x}"),
    };
    bytes.map(part).collect()
}
