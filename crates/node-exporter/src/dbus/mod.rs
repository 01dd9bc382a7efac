//! Questions to systemd and logind over D-Bus, each batch of them with one deadline for connecting, authentication and
//! every answer. It calls methods that take strings, and reads answers; signals and calls to us are passed over.
//! <https://dbus.freedesktop.org/doc/dbus-specification.html>

mod address;
mod answer;
mod bus;
mod line;
mod message;
#[cfg(test)]
pub(crate) mod peer;
mod wire;

pub(crate) use self::answer::{Answer, Body};
pub(crate) use self::bus::{Bus, told_address};
pub(crate) use self::message::Call;
pub(crate) use self::wire::{Malformed, Value};

/// The longest that a scrape waits for a bus, whatever its own deadline.
pub(crate) const PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);
