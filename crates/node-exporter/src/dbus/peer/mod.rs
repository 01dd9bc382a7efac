//! The other side of a bus, for tests: a socket on which someone answers as dbus-daemon, systemd and logind do, or fails
//! to in one of many ways. It shares no code with the client, and upstream's program understands it too.

mod host;
mod messages;
mod socket;

pub(crate) use self::host::{Held, Host, busy};
pub(crate) use self::socket::{Mood, Peer};
