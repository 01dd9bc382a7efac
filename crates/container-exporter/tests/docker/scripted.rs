//! A Docker that says what a test wants: enough of its API for an exporter, and any nonsense.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

/// A server on a socket. Its thread ends with the test's process.
pub(crate) struct Scripted {
    socket: PathBuf,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// What is said of each container when it is asked about, by id.
    containers: BTreeMap<String, Value>,
    /// Whoever asked for events.
    listeners: Vec<UnixStream>,
    /// The body of every answer, if it is nonsense.
    nonsense: Option<Nonsense>,
    asked: usize,
}

/// What a broken daemon says.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Nonsense {
    /// JSON that breaks off, in an answer that is whole.
    Malformed,
    /// JSON of another shape.
    OtherShape,
    /// A list that goes on for 100 MB.
    Huge,
    /// Bytes that are no HTTP.
    NoHttp,
    /// An end in the middle of the body.
    CutShort,
}

impl Scripted {
    pub(crate) fn start(folder: &Path) -> Self {
        let socket = folder.join("scripted.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let state = Arc::new(Mutex::new(State::default()));
        let of_thread = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&of_thread);
                std::thread::spawn(move || serve(&stream, &state));
            }
        });
        Self { socket, state }
    }

    pub(crate) fn socket(&self) -> &Path {
        &self.socket
    }

    pub(crate) fn talk_nonsense(&self, nonsense: Option<Nonsense>) {
        self.state.lock().unwrap().nonsense = nonsense;
    }

    /// How often it was asked for anything.
    pub(crate) fn asked(&self) -> usize {
        self.state.lock().unwrap().asked
    }

    /// There is a container of which this is said when it is asked about.
    pub(crate) fn know(&self, inspected: Value) {
        let id = inspected["Id"].as_str().unwrap().to_owned();
        self.state.lock().unwrap().containers.insert(id, inspected);
    }

    /// A container starts, and whoever listens is told.
    pub(crate) fn add(&self, id: &str, name: &str) {
        self.know(inspected(id, name));
        let mut state = self.state.lock().unwrap();
        for action in ["create", "start"] {
            tell(&mut state, id, name, action);
        }
    }

    /// A container ends and is removed.
    pub(crate) fn remove(&self, id: &str) {
        let mut state = self.state.lock().unwrap();
        if let Some(inspected) = state.containers.remove(id) {
            for action in ["die", "destroy"] {
                tell(&mut state, id, name(&inspected), action);
            }
        }
    }
}

fn tell(state: &mut State, id: &str, name: &str, action: &str) {
    let event = json!({
        "Type": "container", "Action": action, "status": action, "id": id, "from": "made:1", "scope": "local",
        "Actor": {"ID": id, "Attributes": {"name": name, "image": "made:1", "exitCode": "0"}},
        "time": 1_700_000_000, "timeNano": 1_700_000_000_000_000_000_u64,
    });
    let text = format!("{event}\n");
    let chunk = format!("{:x}\r\n{text}\r\n", text.len());
    state
        .listeners
        .retain_mut(|stream| stream.write_all(chunk.as_bytes()).is_ok());
}

/// Answers one connection until its client ends it.
fn serve(stream: &UnixStream, state: &Mutex<State>) {
    let mut lines = BufReader::new(stream.try_clone().unwrap());
    while let Some(path) = request(&mut lines) {
        let nonsense = {
            let mut state = state.lock().unwrap();
            state.asked += 1;
            state.nonsense
        };
        let sent = match nonsense {
            Some(nonsense) => talk(stream, nonsense).and(Err(std::io::ErrorKind::ConnectionAborted.into())),
            None => answer(stream, state, &path),
        };
        if sent.is_err() {
            return;
        }
    }
}

/// The path of the next request, without the API's version and the query; its headers are read.
fn request(lines: &mut impl BufRead) -> Option<String> {
    let mut first = String::new();
    lines.read_line(&mut first).ok().filter(|length| *length > 0)?;
    let mut line = String::new();
    while lines.read_line(&mut line).ok()? > 2 {
        line.clear();
    }
    let path = first.split(' ').nth(1)?.split('?').next()?;
    let unversioned = path
        .strip_prefix("/v1.")
        .and_then(|rest| rest.find('/').map(|at| rest.split_at(at).1));
    Some(unversioned.unwrap_or(path).to_owned())
}

fn answer(mut stream: &UnixStream, state: &Mutex<State>, path: &str) -> std::io::Result<()> {
    if path == "/events" {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")?;
        state.lock().unwrap().listeners.push(stream.try_clone()?);
        return Ok(());
    }
    let (status, body) = body(&state.lock().unwrap(), path);
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nApi-Version: 1.41\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())
}

fn body(state: &State, path: &str) -> (&'static str, String) {
    let listed = |(id, inspected): (&String, &Value)| {
        json!({"Id": id, "Names": [inspected["Name"]], "Image": inspected["Config"]["Image"],
               "State": inspected["State"]["Status"], "Created": 1_700_000_000,
               "Labels": inspected["Config"]["Labels"], "HostConfig": inspected["HostConfig"]})
    };
    match path {
        "/_ping" => ("200 OK", "OK".to_owned()),
        "/version" => (
            "200 OK",
            json!({"Version": "20.10.24", "ApiVersion": "1.41", "MinAPIVersion": "1.12"}).to_string(),
        ),
        "/info" => (
            "200 OK",
            json!({"ServerVersion": "20.10.24", "DockerRootDir": "/nowhere"}).to_string(),
        ),
        "/containers/json" => (
            "200 OK",
            state.containers.iter().map(listed).collect::<Value>().to_string(),
        ),
        _ => {
            let id = path
                .strip_prefix("/containers/")
                .and_then(|rest| rest.strip_suffix("/json"));
            match id.and_then(|id| state.containers.get(id)) {
                Some(inspected) => ("200 OK", inspected.to_string()),
                None => ("404 Not Found", json!({"message": "no such container"}).to_string()),
            }
        }
    }
}

fn name(inspected: &Value) -> &str {
    inspected["Name"].as_str().unwrap_or_default().trim_start_matches('/')
}

fn inspected(id: &str, name: &str) -> Value {
    json!({
        "Id": id, "Name": format!("/{name}"), "Created": "2023-11-14T22:13:20Z", "RestartCount": 0, "Image": "sha256:0",
        "Config": {"Image": "made:1", "Labels": {}, "Env": []},
        "State": {"Status": "running", "Running": true, "OOMKilled": false, "Pid": 0, "ExitCode": 0,
                  "StartedAt": "2023-11-14T22:13:21Z", "FinishedAt": "0001-01-01T00:00:00Z"},
        "HostConfig": {"NetworkMode": "none"},
        "GraphDriver": {"Name": "overlay2", "Data": {}},
    })
}

/// Ends the connection afterwards.
fn talk(mut stream: &UnixStream, nonsense: Nonsense) -> std::io::Result<()> {
    const MEGABYTE: usize = 1_000_000;
    stream.set_write_timeout(Some(Duration::from_secs(20)))?;
    let whole = |body: &str| {
        format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    match nonsense {
        Nonsense::Malformed => stream.write_all(whole("[{\"Id\": \"abc\", \"Names\": [").as_bytes()),
        Nonsense::OtherShape => stream.write_all(whole("{\"Id\": [1, {}], \"State\": \"?\"}").as_bytes()),
        Nonsense::NoHttp => stream.write_all(b"\x16\x03\x01\0\xff\xff\n\n\n"),
        Nonsense::CutShort => stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n[{\"Id\":"),
        Nonsense::Huge => {
            stream.write_all(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000000\r\n\r\n[",
            )?;
            let (spaces, mut sent) = (vec![b' '; MEGABYTE], 1);
            while sent + MEGABYTE < 100 * MEGABYTE {
                stream.write_all(&spaces)?;
                sent += MEGABYTE;
            }
            stream.write_all(&vec![b' '; 100 * MEGABYTE - sent - 1])?;
            stream.write_all(b"]")
        }
    }
}
