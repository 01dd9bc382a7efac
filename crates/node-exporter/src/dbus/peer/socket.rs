//! The socket of a peer, and how it behaves there.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::{Arc, Mutex};

use super::host::{Host, escape};
use super::messages::{Body, Incoming, signal};

/// How a peer behaves from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    /// As it should, except that answers come in another order than the questions, with signals between them.
    Answers,
    /// Accepts connections and says nothing.
    Silent,
    /// Says this instead of the word that ends the authentication, and then nothing.
    Greets(&'static str),
    /// Hangs up after the authentication.
    HangsUp,
    /// Sends half of its first answer and then nothing.
    StopsInAnswer,
    /// Sends half of its first answer and hangs up.
    HangsUpInAnswer,
    /// Answers what is no message.
    Garbles,
    /// Answers with a message that claims to be longer than the rest of the world.
    Boasts,
    /// Sends signals for ever, and no answer.
    Chatters,
    /// Answers everything but properties of units and sessions.
    KeepsPropertiesBack,
}

/// A bus. Dropping it closes all its connections.
pub(crate) struct Peer {
    folder: tempfile::TempDir,
    shared: Arc<Shared>,
}

struct Shared {
    host: Host,
    mood: Mutex<Mood>,
    connections: Mutex<Vec<UnixStream>>,
    calls: Mutex<Vec<String>>,
}

impl Peer {
    pub(crate) fn start(host: Host, mood: Mood) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("bus")).unwrap();
        let shared = Arc::new(Shared {
            host,
            mood: Mutex::new(mood),
            connections: Mutex::default(),
            calls: Mutex::default(),
        });
        let of_thread = Arc::clone(&shared);
        thread(move || {
            // Ends with the process: nobody else waits for it.
            for stream in listener.incoming().map_while(Result::ok) {
                of_thread.connections.lock().unwrap().push(stream.try_clone().unwrap());
                let shared = Arc::clone(&of_thread);
                thread(move || drop(shared.serve(stream)));
            }
        });
        Self { folder, shared }
    }

    /// For `DBUS_SYSTEM_BUS_ADDRESS`.
    pub(crate) fn address(&self) -> String {
        format!("unix:path={}/bus", self.folder.path().display())
    }

    pub(crate) fn set_mood(&self, mood: Mood) {
        *self.shared.mood.lock().unwrap() = mood;
    }

    /// Closes all connections; new ones are welcome.
    pub(crate) fn hang_up(&self) {
        for connection in self.shared.connections.lock().unwrap().iter() {
            connection.shutdown(Shutdown::Both).ok();
        }
    }

    /// How many connections there have been.
    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.lock().unwrap().len()
    }

    /// The calls since the last time: the method, or the object and the property.
    pub(crate) fn take_calls(&self) -> Vec<String> {
        std::mem::take(&mut self.shared.calls.lock().unwrap())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.hang_up();
    }
}

fn thread(run: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().spawn(run).unwrap();
}

impl Shared {
    fn mood(&self) -> Mood {
        *self.mood.lock().unwrap()
    }

    fn serve(&self, mut stream: UnixStream) -> std::io::Result<()> {
        let mut inbox = Vec::new();
        if self.mood() == Mood::Silent {
            return wait(&mut stream);
        }
        self.authenticate(&mut stream, &mut inbox)?;
        loop {
            let mut calls = Vec::new();
            while let Some(call) = Incoming::take(&mut inbox) {
                calls.push(call);
            }
            // Not the order of the questions.
            for call in calls.iter().rev() {
                self.answer(call, &mut stream)?;
            }
            receive(&mut stream, &mut inbox)?;
        }
    }

    fn authenticate(&self, stream: &mut UnixStream, inbox: &mut Vec<u8>) -> std::io::Result<()> {
        loop {
            let Some(end) = inbox.iter().position(|&byte| byte == b'\n') else {
                receive(stream, inbox)?;
                continue;
            };
            let line: Vec<u8> = inbox.drain(..=end).collect();
            let word = String::from_utf8(line).unwrap();
            match (word.trim(), self.mood()) {
                ("BEGIN", _) => return Ok(()),
                ("NEGOTIATE_UNIX_FD", _) => stream.write_all(b"ERROR\r\n")?,
                (_, Mood::Greets(greeting)) => {
                    stream.write_all(greeting.as_bytes())?;
                    return wait(stream);
                }
                ("\0AUTH EXTERNAL" | "AUTH EXTERNAL", _) => stream.write_all(b"DATA\r\n")?,
                ("DATA", _) => stream.write_all(b"OK 0123456789abcdef0123456789abcdef\r\n")?,
                _ => stream.write_all(b"REJECTED EXTERNAL\r\n")?,
            }
        }
    }

    fn answer(&self, call: &Incoming, stream: &mut UnixStream) -> std::io::Result<()> {
        let object = call.path.rsplit('/').next().unwrap_or_default();
        let name = match &call.arguments[..] {
            [_, property] if call.member == "Get" => format!("{object}.{property}"),
            _ => call.member.clone(),
        };
        self.calls.lock().unwrap().push(name);
        let answer = self.message(call, object);
        let (half, _) = answer.split_at(answer.len() / 2);
        match self.mood() {
            Mood::HangsUp => stream.shutdown(Shutdown::Both),
            Mood::StopsInAnswer => stream.write_all(half).and_then(|()| wait(stream)),
            Mood::HangsUpInAnswer => stream.write_all(half).and_then(|()| stream.shutdown(Shutdown::Both)),
            Mood::Garbles => stream.write_all(&[0x2a; 64]),
            Mood::Boasts => stream.write_all(&[b"l\x02\0\x01\xff\xff\xff\x7f"[..].to_vec(), vec![0; 64]].concat()),
            Mood::Chatters => loop {
                stream.write_all(&signal())?;
            },
            Mood::KeepsPropertiesBack if call.member == "Get" && !call.path.ends_with("systemd1") => Ok(()),
            _ => stream.write_all(&[signal(), answer].concat()),
        }
    }

    fn message(&self, call: &Incoming, object: &str) -> Vec<u8> {
        if let Some(refusal) = self.host.refusal.filter(|_| call.member != "Hello") {
            return call.refuses(refusal);
        }
        match call.member.as_str() {
            "Hello" => call.returns("s", Body::default().text(":1.7")),
            "ListUnits" => call.returns("a(ssssssouso)", self.list_units()),
            "ListSeats" => call.returns("a(so)", self.list_seats()),
            "ListSessions" => call.returns("a(susso)", self.list_sessions()),
            "Get" => {
                let name = call.arguments[1].as_str();
                let held = self
                    .host
                    .properties
                    .iter()
                    .find(|((of, property), _)| of == object && *property == name)
                    .map(|(_, held)| *held);
                match held {
                    Some(held) => call.returns("v", Body::default().variant(held)),
                    None => call.refuses("org.freedesktop.DBus.Error.UnknownProperty"),
                }
            }
            _ => call.refuses("org.freedesktop.DBus.Error.UnknownMethod"),
        }
    }

    fn list_units(&self) -> Body {
        let units = self.host.units.iter().map(|[name, load_state, active_state]| {
            let path = format!("/org/freedesktop/systemd1/unit/{}", escape(name));
            move |row: Body| {
                let row = row.text(name).text("What it is").text(load_state).text(active_state);
                row.text("sub").text("").text(&path).u32(0).text("").text("/")
            }
        });
        Body::array(units)
    }

    fn list_seats(&self) -> Body {
        Body::array(
            self.host
                .seats
                .iter()
                .map(|seat| move |row: Body| row.text(seat).text(&format!("/org/freedesktop/login1/seat/{seat}"))),
        )
    }

    fn list_sessions(&self) -> Body {
        Body::array(self.host.sessions.iter().map(|[id, seat]| {
            let path = format!("/org/freedesktop/login1/session/{}", escape(id));
            move |row: Body| row.text(id).u32(1000).text("ann").text(seat).text(&path)
        }))
    }
}

/// Reads until the other side hangs up, which is an error like every end.
fn wait(stream: &mut UnixStream) -> std::io::Result<()> {
    let mut unheard = Vec::new();
    loop {
        receive(stream, &mut unheard)?;
    }
}

fn receive(stream: &mut UnixStream, inbox: &mut Vec<u8>) -> std::io::Result<()> {
    let mut room = [0; 4096];
    match stream.read(&mut room)? {
        0 => Err(std::io::ErrorKind::UnexpectedEof.into()),
        count => {
            inbox.extend_from_slice(&room[..count]);
            Ok(())
        }
    }
}
