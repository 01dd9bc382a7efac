//! A bus to ask at every scrape. The connection is kept from scrape to scrape and made anew when it broke.

use std::io;
use std::time::Instant;

use exporter_toolkit::collector::CollectError;

use super::address::{self, Place};
use super::answer::Answer;
use super::line::Line;
use super::message::Call;

const SYSTEM_BUS: &str = "unix:path=/var/run/dbus/system_bus_socket";
const SYSTEMD: &str = "unix:path=/run/systemd/private";

/// The address of the system's bus where this process is told one.
pub(crate) fn told_address() -> Option<String> {
    let address = std::env::var("DBUS_SYSTEM_BUS_ADDRESS").ok();
    address.filter(|address| !address.is_empty())
}

/// Why a bus did not answer.
#[derive(Debug, thiserror::Error)]
#[error("D-Bus at {place}: {error}")]
pub(crate) struct BusError {
    place: String,
    error: io::Error,
}

impl From<BusError> for CollectError {
    /// A socket that is not there, or not for us, is a service that this host lacks.
    fn from(error: BusError) -> Self {
        use io::ErrorKind::{NotFound, PermissionDenied};
        match error.error.kind() {
            NotFound | PermissionDenied => Self::NoData(error.to_string().into()),
            _ => Self::failed(error),
        }
    }
}

/// A bus that is asked when somebody scrapes. Between scrapes it costs one open socket.
#[derive(Debug)]
pub(crate) struct Bus {
    stops: Vec<Stop>,
    /// The connection, and which of the stops it goes to.
    line: Option<(Line, usize)>,
}

/// A socket to try.
#[derive(Debug)]
struct Stop {
    place: Place,
    /// A bus wants a greeting and gives us a name; systemd's own socket wants none.
    is_bus: bool,
}

impl Bus {
    /// The system's bus: at `address`, or where it usually is.
    ///
    /// # Errors
    /// When the address is none that can be used.
    pub(crate) fn system(address: Option<&str>) -> Result<Self, String> {
        Ok(Self {
            stops: stops(address.unwrap_or(SYSTEM_BUS), true)?,
            line: None,
        })
    }

    /// systemd's own socket, for root alone.
    ///
    /// # Errors
    /// As [`system`](Self::system), had it not an address of its own.
    pub(crate) fn systemd() -> Result<Self, String> {
        Ok(Self {
            stops: stops(SYSTEMD, false)?,
            line: None,
        })
    }

    /// This bus, or `other` when it cannot be reached.
    pub(crate) fn or(mut self, other: Self) -> Self {
        self.stops.extend(other.stops);
        self
    }

    /// Makes all calls, many at a time, and returns their answers in the same order, before `deadline`. A kept
    /// connection that turns out dead, as after a restart of the bus, is made anew once; all calls are questions, so
    /// they can be put twice.
    ///
    /// # Errors
    /// When no bus can be reached, or it is late or garbled. The next call connects anew.
    pub(crate) fn ask(&mut self, calls: &[Call<'_>], deadline: Instant) -> Result<Vec<Answer>, BusError> {
        let was_kept = self.line.is_some();
        match self.ask_once(calls, deadline) {
            Err(error) if was_kept && is_hangup(&error.error) => self.ask_once(calls, deadline),
            result => result,
        }
    }

    /// An error ends the line, because it is not put back.
    fn ask_once(&mut self, calls: &[Call<'_>], deadline: Instant) -> Result<Vec<Answer>, BusError> {
        let (mut line, stop) = match self.line.take() {
            Some(kept) => kept,
            None => self.connect(deadline)?,
        };
        let answers = line.ask(calls, deadline).map_err(|error| self.error(stop, error))?;
        self.line = Some((line, stop)).filter(|(line, _)| line.is_young());
        Ok(answers)
    }

    /// A line to the first stop that takes us. The error is the first stop's.
    fn connect(&self, deadline: Instant) -> Result<(Line, usize), BusError> {
        let mut first_error = None;
        for (index, stop) in self.stops.iter().enumerate() {
            match stop.connect(deadline) {
                Ok(line) => return Ok((line, index)),
                Err(error) => {
                    first_error.get_or_insert_with(|| self.error(index, error));
                }
            }
        }
        Err(first_error.unwrap_or_else(|| self.error(0, io::ErrorKind::NotFound.into())))
    }

    fn error(&self, stop: usize, error: io::Error) -> BusError {
        let place = self.stops.get(stop).map(|stop| stop.place.name.clone());
        BusError {
            place: place.unwrap_or_default(),
            error,
        }
    }
}

impl Stop {
    fn connect(&self, deadline: Instant) -> io::Result<Line> {
        let mut line = Line::open(&self.place.socket, deadline)?;
        if self.is_bus {
            let hello = Call {
                destination: "org.freedesktop.DBus",
                path: "/org/freedesktop/DBus",
                interface: "org.freedesktop.DBus",
                member: "Hello",
                arguments: None,
            };
            for answer in line.ask(&[hello], deadline)? {
                answer.map_err(|refusal| io::Error::new(io::ErrorKind::ConnectionRefused, refusal))?;
            }
        }
        Ok(line)
    }
}

fn stops(address: &str, is_bus: bool) -> Result<Vec<Stop>, String> {
    let places = address::parse(address)?;
    Ok(places.into_iter().map(|place| Stop { place, is_bus }).collect())
}

/// Whether the other side closed the connection.
fn is_hangup(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected, UnexpectedEof};
    matches!(
        error.kind(),
        BrokenPipe | ConnectionAborted | ConnectionReset | NotConnected | UnexpectedEof
    )
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;
    use std::time::Duration;

    use super::*;
    use crate::dbus::Value;
    use crate::dbus::peer::{Held, Host, Mood, Peer};

    /// More than go out at a time.
    const MANY: usize = 100;

    fn names() -> Vec<String> {
        (0..MANY).map(|number| format!("n{number}")).collect()
    }

    /// A peer that knows what number each object has.
    fn peer(mood: Mood) -> Peer {
        let host = names().iter().zip(0..).fold(Host::default(), |host, (name, number)| {
            host.with(name, &[("Number", Held::U32(number))])
        });
        Peer::start(host, mood)
    }

    fn bus(peer: &Peer) -> Bus {
        Bus::system(Some(&peer.address())).unwrap()
    }

    fn ask(bus: &mut Bus, patience: Duration) -> Result<Vec<u64>, BusError> {
        let paths: Vec<String> = names().iter().map(|name| format!("/x/{name}")).collect();
        let calls: Vec<_> = paths
            .iter()
            .map(|path| Call::property("a.b", path, "a.b", "Number"))
            .collect();
        let answers = bus.ask(&calls, Instant::now() + patience)?;
        Ok(answers.iter().map(number).collect())
    }

    fn number(answer: &Answer) -> u64 {
        match answer.as_ref().unwrap().property() {
            Ok(Value::Number(number)) => number,
            other => panic!("{other:?}"),
        }
    }

    const LONG: Duration = Duration::from_secs(60);
    const SHORT: Duration = Duration::from_millis(150);
    /// For what comes by itself, however busy the machine is.
    const ENOUGH: Duration = Duration::from_secs(20);

    #[test]
    fn answers_come_in_the_order_of_the_calls_over_one_connection() {
        let peer = peer(Mood::Answers);
        let mut bus = bus(&peer);
        for _ in 0..3 {
            assert_eq!(ask(&mut bus, LONG).unwrap(), (0..MANY as u64).collect::<Vec<_>>());
        }
        assert_eq!(peer.connections(), 1);
    }

    #[test]
    fn a_bus_that_fails_in_any_way_is_an_error_in_time_and_is_asked_again_later() {
        use io::ErrorKind::{ConnectionRefused, InvalidData, TimedOut, UnexpectedEof};
        for (mood, kind) in [
            (Mood::Silent, TimedOut),
            (Mood::Greets(""), TimedOut),
            (Mood::Greets("OK 0123"), TimedOut),
            (Mood::Greets("OK 0123\r\n"), TimedOut),
            (Mood::Greets("REJECTED KERBEROS_V4\r\n"), ConnectionRefused),
            (Mood::HangsUp, UnexpectedEof),
            (Mood::StopsInAnswer, TimedOut),
            (Mood::HangsUpInAnswer, UnexpectedEof),
            (Mood::Garbles, InvalidData),
            (Mood::Boasts, InvalidData),
            (Mood::Chatters, TimedOut),
        ] {
            let peer = peer(mood);
            let mut bus = bus(&peer);
            let started = Instant::now();
            let patience = if kind == TimedOut { SHORT } else { ENOUGH };
            let error = ask(&mut bus, patience).unwrap_err();
            assert!(started.elapsed() < LONG / 2, "{mood:?}");
            assert_eq!(error.error.kind(), kind, "{mood:?}: {error}");
            assert!(
                error.to_string().starts_with(&format!("D-Bus at {}: ", peer.address())),
                "{error}"
            );
            assert!(matches!(CollectError::from(error), CollectError::Failed(_)));
            assert_eq!(peer.connections(), 1, "{mood:?}");
            peer.set_mood(Mood::Answers);
            assert_eq!(ask(&mut bus, LONG).unwrap().len(), MANY, "{mood:?}");
        }
    }

    #[test]
    fn a_kept_connection_that_died_is_made_anew_at_once() {
        let peer = peer(Mood::Answers);
        let mut bus = bus(&peer);
        ask(&mut bus, LONG).unwrap();
        peer.hang_up();
        assert_eq!(ask(&mut bus, LONG).unwrap().len(), MANY);
        assert_eq!(peer.connections(), 2);
    }

    #[test]
    fn a_bus_that_always_hangs_up_is_tried_once_more_and_no_oftener() {
        let peer = peer(Mood::Answers);
        let mut bus = bus(&peer);
        ask(&mut bus, LONG).unwrap();
        peer.set_mood(Mood::HangsUp);
        ask(&mut bus, LONG).unwrap_err();
        assert_eq!(peer.connections(), 2);
    }

    #[test]
    fn a_bus_that_falls_silent_is_left_for_a_new_connection() {
        let peer = peer(Mood::Answers);
        let mut bus = bus(&peer);
        ask(&mut bus, LONG).unwrap();
        peer.set_mood(Mood::KeepsPropertiesBack);
        let error = ask(&mut bus, SHORT).unwrap_err();
        assert_eq!(error.error.kind(), io::ErrorKind::TimedOut, "{error}");
        peer.set_mood(Mood::Answers);
        assert_eq!(ask(&mut bus, LONG).unwrap().len(), MANY);
        assert_eq!(peer.connections(), 2);
    }

    #[test]
    fn no_bus_is_no_data_and_a_socket_without_listener_is_a_failure() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bus");
        let mut bus = Bus::system(Some(&format!("unix:path={}", path.display()))).unwrap();
        let error = CollectError::from(ask(&mut bus, LONG).unwrap_err());
        assert!(
            matches!(&error, CollectError::NoData(why) if why.to_string().contains("/bus: ")),
            "{error}"
        );
        drop(UnixListener::bind(&path).unwrap());
        let error = CollectError::from(ask(&mut bus, LONG).unwrap_err());
        assert!(matches!(&error, CollectError::Failed(_)), "{error}");
    }

    #[test]
    fn a_listener_that_accepts_nobody_is_late() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bus");
        let listener = UnixListener::bind(&path).unwrap();
        rustix::net::listen(&listener, 0).unwrap();
        let mut bus = Bus::system(Some(&format!("unix:path={}", path.display()))).unwrap();
        // The first one waits for its greeting, in the listener's queue; then that is full.
        let queued = std::os::unix::net::UnixStream::connect(&path).unwrap();
        let error = ask(&mut bus, SHORT).unwrap_err();
        assert_eq!(error.error.kind(), io::ErrorKind::TimedOut, "{error}");
        drop(queued);
    }

    #[test]
    fn another_bus_answers_where_the_first_is_absent() {
        let peer = peer(Mood::Answers);
        let absent = Bus::system(Some("unix:path=/does/not/exist")).unwrap();
        assert_eq!(ask(&mut absent.or(bus(&peer)), LONG).unwrap().len(), MANY);
        let error = Bus::system(Some("tcp:host=x")).unwrap_err();
        assert!(error.contains("tcp:host=x"), "{error}");
    }
}
