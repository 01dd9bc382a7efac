//! One connection to a bus: a stream socket on which calls go out and answers come in, with a deadline for each wait.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};

use super::answer::Answer;
use super::message::{Call, Message, length};

/// How many calls are under way together. dbus-daemon lets a client have 128 of them; and so few bytes of questions
/// fit into the socket even while the other side does not read, so nobody waits for the other in a circle.
const WINDOW: usize = 32;

/// How much is read at a time.
const ROOM: usize = 16 * 1024;

/// Lines of the authentication are short.
const LONGEST_WORD: usize = 4096;

/// A connection on which calls can be made.
#[derive(Debug)]
pub(super) struct Line {
    stream: UnixStream,
    /// Bytes that came and belong to no message yet.
    inbox: Vec<u8>,
    outbox: Vec<u8>,
    /// The serial number of the next call; 0 is none.
    serial: u32,
}

impl Line {
    /// Connects and says who we are; the kernel vouches for it.
    ///
    /// # Errors
    /// What the kernel said, a refusal, or `TimedOut` at the deadline.
    pub(super) fn open(socket: &SocketAddrUnix, deadline: Instant) -> io::Result<Self> {
        let mut line = Self {
            stream: connect_before(socket, deadline)?,
            inbox: Vec::new(),
            outbox: Vec::new(),
            serial: 1,
        };
        line.authenticate(deadline)?;
        Ok(line)
    }

    /// Claims to be nobody in particular, so that whom the kernel names is right even across user namespaces.
    /// <https://dbus.freedesktop.org/doc/dbus-specification.html#auth-protocol>
    fn authenticate(&mut self, deadline: Instant) -> io::Result<()> {
        let mut word = self.converse(b"\0AUTH EXTERNAL\r\n", deadline)?;
        if word.starts_with(b"DATA") {
            word = self.converse(b"DATA\r\n", deadline)?;
        }
        if !word.starts_with(b"OK ") {
            let refusal = format!(
                "authentication was answered with \"{}\"",
                word.trim_ascii_end().escape_ascii()
            );
            return Err(io::Error::new(io::ErrorKind::ConnectionRefused, refusal));
        }
        // Goes out in one piece with the first call.
        self.outbox.extend_from_slice(b"BEGIN\r\n");
        Ok(())
    }

    /// Says `line` and hears another.
    fn converse(&mut self, line: &[u8], deadline: Instant) -> io::Result<Vec<u8>> {
        self.outbox.extend_from_slice(line);
        self.send(deadline)?;
        self.word(deadline)
    }

    /// A line of text.
    fn word(&mut self, deadline: Instant) -> io::Result<Vec<u8>> {
        loop {
            if let Some(end) = self.inbox.iter().position(|&byte| byte == b'\n') {
                return Ok(self.inbox.drain(..=end).collect());
            }
            if self.inbox.len() > LONGEST_WORD {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "it does not speak D-Bus"));
            }
            self.receive(deadline)?;
        }
    }

    /// Makes all calls and gathers their answers, in the order of the calls.
    ///
    /// # Errors
    /// As [`open`](Self::open), or `InvalidData` when the other side does not speak D-Bus. The line is of no use then.
    pub(super) fn ask(&mut self, calls: &[Call<'_>], deadline: Instant) -> io::Result<Vec<Answer>> {
        let mut answers = Vec::with_capacity(calls.len());
        for window in calls.chunks(WINDOW) {
            let first = self.serial;
            for call in window {
                call.write(self.serial, &mut self.outbox);
                self.serial += 1;
            }
            self.send(deadline)?;
            self.gather(first, window.len(), deadline, &mut answers)?;
        }
        Ok(answers)
    }

    /// Whether serial numbers are left for years to come; a new connection counts from 1 again.
    pub(super) fn is_young(&self) -> bool {
        self.serial < 1 << 31
    }

    /// Waits for the answers to `count` calls, of which `first` was the first, whatever the order in which they come.
    fn gather(&mut self, first: u32, count: usize, deadline: Instant, answers: &mut Vec<Answer>) -> io::Result<()> {
        let mut window: Vec<Option<Answer>> = (0..count).map(|_| None).collect();
        let mut missing = count;
        while missing > 0 {
            let Some((serial, answer)) = self.next_answer(deadline)? else {
                continue;
            };
            let index = serial.checked_sub(first).map(|index| index as usize);
            if let Some(slot @ None) = index.and_then(|index| window.get_mut(index)) {
                *slot = Some(answer);
                missing -= 1;
            }
        }
        answers.extend(window.into_iter().flatten());
        Ok(())
    }

    /// The next message, if it is an answer.
    fn next_answer(&mut self, deadline: Instant) -> io::Result<Option<(u32, Answer)>> {
        let malformed = |error| io::Error::new(io::ErrorKind::InvalidData, error);
        loop {
            if let Some(length) = length(&self.inbox).map_err(malformed)?
                && let Some(bytes) = self.inbox.get(..length)
            {
                let answer = Message::parse(bytes).map_err(malformed)?.into_answer();
                self.inbox.drain(..length);
                return Ok(answer);
            }
            self.receive(deadline)?;
        }
    }

    /// Sends all of the outbox.
    fn send(&mut self, deadline: Instant) -> io::Result<()> {
        let mut rest = self.outbox.as_slice();
        while !rest.is_empty() {
            self.stream.set_write_timeout(Some(left_until(deadline)?))?;
            match self.stream.write(rest) {
                Ok(sent) => rest = rest.get(sent..).unwrap_or_default(),
                Err(error) => retry(error)?,
            }
        }
        self.outbox.clear();
        Ok(())
    }

    /// Puts what comes next into the inbox, at least one byte.
    fn receive(&mut self, deadline: Instant) -> io::Result<()> {
        self.stream.set_read_timeout(Some(left_until(deadline)?))?;
        let mut room = [0; ROOM];
        match self.stream.read(&mut room) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                self.inbox.extend_from_slice(room.get(..count).unwrap_or_default());
                Ok(())
            }
            Err(error) => retry(error),
        }
    }
}

/// A connected socket. `connect` waits for room in the listener's queue, as long as a socket may send.
fn connect_before(address: &SocketAddrUnix, deadline: Instant) -> io::Result<UnixStream> {
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    set_socket_timeout(&socket, Timeout::Send, Some(left_until(deadline)?))?;
    match connect(&socket, address) {
        Ok(()) => Ok(UnixStream::from(socket)),
        Err(rustix::io::Errno::AGAIN) => Err(timed_out()),
        Err(error) => Err(error.into()),
    }
}

/// What is left until the deadline, and not nothing, which would mean forever.
fn left_until(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(timed_out()) } else { Ok(left) }
}

/// Signals interrupt; a wait that ends with nothing has met the deadline.
fn retry(error: io::Error) -> io::Result<()> {
    match error.kind() {
        io::ErrorKind::Interrupted => Ok(()),
        io::ErrorKind::WouldBlock => Err(timed_out()),
        _ => Err(error),
    }
}

fn timed_out() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "no answer in time")
}
