//! What systemd is told where it runs the program as `Type=notify`: that it answers, that it lives, that it ends. Each is
//! a line to the datagram socket that `NOTIFY_SOCKET` names; see sd_notify(3).

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use log::{debug, warn};

/// Whoever started the program, if that wants to hear from it.
#[derive(Debug, Default)]
pub(crate) struct Supervisor {
    socket: Option<UnixDatagram>,
    /// How often it must hear that the program lives, or else it ends it.
    patience: Option<Duration>,
}

impl Supervisor {
    /// As this process' environment says.
    pub(crate) fn from_env() -> Self {
        Self::from_variables(|name| std::env::var_os(name), std::process::id())
    }

    fn from_variables(variable: impl Fn(&str) -> Option<OsString>, process: u32) -> Self {
        let Some(address) = variable("NOTIFY_SOCKET") else {
            return Self::default();
        };
        let number = |name| variable(name)?.to_str()?.parse::<u64>().ok();
        // A watchdog may be meant for the process that started this one.
        let meant = number("WATCHDOG_PID").is_none_or(|pid| pid == u64::from(process));
        let patience = number("WATCHDOG_USEC").filter(|micros| meant && *micros > 0);
        match connect(&address) {
            Ok(socket) => Self {
                socket: Some(socket),
                patience: patience.map(Duration::from_micros),
            },
            Err(error) => {
                warn!(err:% = error; "NOTIFY_SOCKET cannot be reached");
                Self::default()
            }
        }
    }

    /// The program answers from now on.
    pub(crate) fn ready(&self) {
        self.tell("READY=1\n");
    }

    /// It ends, on purpose.
    pub(crate) fn stopping(&self) {
        self.tell("STOPPING=1\n");
    }

    /// Says for ever that it lives. This has to run where a hang would be felt: on the reactor of all connections.
    pub(crate) async fn keep_alive(&self) {
        let Some(patience) = self.patience else {
            return std::future::pending().await;
        };
        let mut beat = tokio::time::interval(patience / 2);
        loop {
            beat.tick().await;
            self.tell("WATCHDOG=1\n");
        }
    }

    fn tell(&self, state: &str) {
        let Some(socket) = &self.socket else { return };
        if let Err(error) = socket.send(state.as_bytes()) {
            debug!(err:% = error; "the supervisor cannot be told");
        }
    }
}

/// A path, or `@name` in the abstract namespace.
fn connect(address: &OsStr) -> io::Result<UnixDatagram> {
    let address = match address.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(address)?,
    };
    let socket = UnixDatagram::unbound()?;
    // The reactor must not wait for a supervisor that does not read.
    socket.set_nonblocking(true)?;
    socket.connect_addr(&address)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn supervisor(variables: &[(&str, &str)]) -> Supervisor {
        let variable = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name)?;
            Some(OsString::from(found.1))
        };
        Supervisor::from_variables(variable, 7)
    }

    fn heard(socket: &UnixDatagram) -> String {
        let mut text = [0; 64];
        let length = socket.recv(&mut text).unwrap();
        String::from_utf8_lossy(&text[..length]).into_owned()
    }

    #[test]
    fn the_supervisor_hears_of_start_and_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let abstract_name = format!("toolkit-notify-{}", std::process::id());
        let hidden = SocketAddr::from_abstract_name(&abstract_name).unwrap();
        for (address, socket) in [
            (path.display().to_string(), UnixDatagram::bind(&path).unwrap()),
            (format!("@{abstract_name}"), UnixDatagram::bind_addr(&hidden).unwrap()),
        ] {
            let supervisor = supervisor(&[("NOTIFY_SOCKET", &address)]);
            supervisor.ready();
            supervisor.stopping();
            assert_eq!(
                [heard(&socket), heard(&socket)],
                ["READY=1\n", "STOPPING=1\n"],
                "{address}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn it_hears_twice_within_its_patience_that_the_program_lives() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        let path = path.display().to_string();
        let supervisor = supervisor(&[
            ("NOTIFY_SOCKET", &path),
            ("WATCHDOG_USEC", "10000000"),
            ("WATCHDOG_PID", "7"),
        ]);
        let lives = tokio::time::timeout(Duration::from_secs(11), supervisor.keep_alive());
        assert!(lives.await.is_err());
        socket.set_nonblocking(true).unwrap();
        let beats: Vec<_> = std::iter::from_fn(|| socket.recv(&mut [0; 64]).ok()).collect();
        assert_eq!(beats.len(), 3, "at 0, 5 and 10 s");
    }

    #[test]
    fn a_watchdog_is_minded_by_the_process_it_is_meant_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let _socket = UnixDatagram::bind(&path).unwrap();
        let path = path.display().to_string();
        for (more, patience) in [
            (&[("WATCHDOG_USEC", "3000000")][..], Some(Duration::from_secs(3))),
            (&[("WATCHDOG_USEC", "3000000"), ("WATCHDOG_PID", "8")], None),
            (&[("WATCHDOG_USEC", "0")], None),
            (&[("WATCHDOG_USEC", "soon")], None),
            (&[], None),
        ] {
            let variables = [&[("NOTIFY_SOCKET", path.as_str())], more].concat();
            assert_eq!(supervisor(&variables).patience, patience, "{more:?}");
        }
    }

    #[test]
    fn nobody_to_tell_is_no_matter() {
        for variables in [&[][..], &[("NOTIFY_SOCKET", "/does/not/exist")]] {
            let supervisor = supervisor(variables);
            supervisor.ready();
            assert!(supervisor.socket.is_none());
        }
    }
}
