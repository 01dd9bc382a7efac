//! A WebSocket, and a conversation in messages. As upstream's source has it after 0.28.

mod frames;
mod target;
mod upgrade;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use exposition::{Desc, Encoder};
use ring::rand::{SecureRandom, SystemRandom};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::conversation::{expand, farewell, lossy};
use crate::config::QueryResponse;
use crate::failure::{Failure, Reason, Step};
use crate::found::TlsReport;
use crate::net::Connection;
use crate::probe::{Probe, Prober, ProberSpec, Work};
use frames::{Event, Flaw, Inbox};
use target::Target;

/// The table's line.
pub(super) const SPEC: ProberSpec = ProberSpec {
    name: "websocket",
    tls: Some(TlsReport::Full),
    make: || Box::new(Websocket::default()),
};

/// So much is read at once.
const READ: usize = 2048;

/// The longest head of an answer.
const LONGEST_HEAD: usize = 16 * 1024;

const UPGRADED: Desc<'_> = Desc::gauge(
    "probe_websocket_connection_upgraded",
    "Indicates if the websocket connection was successfully upgraded",
    &[],
);
const STATUS: Desc<'_> = Desc::gauge("probe_websocket_status_code", "Response HTTP status code", &[]);
const DUE_TO_REGEX: Desc<'_> = Desc::gauge(
    "probe_websocket_failed_due_to_regex",
    "Indicates if probe failed due to regex",
    &[],
);
const DURATION: Desc<'_> = Desc::gauge(
    "probe_websocket_duration_seconds",
    "Duration of websocket request by phase",
    &["phase"],
);

#[derive(Default)]
struct Websocket {
    upgraded: bool,
    status: u16,
    due_to_regex: bool,
    phases: Vec<(&'static str, Duration)>,
    /// The phase that goes on.
    phase: Option<(&'static str, Instant)>,
}

impl Prober for Websocket {
    fn probe<'p>(&'p mut self, probe: &'p Probe<'p>) -> Work<'p> {
        Box::pin(async move {
            let done = self.go(probe).await;
            self.enter(None);
            done
        })
    }

    fn encode(&self, out: &mut Encoder) {
        out.scalar(&UPGRADED, f64::from(u8::from(self.upgraded)));
        out.scalar(&STATUS, f64::from(self.status));
        out.scalar(&DUE_TO_REGEX, f64::from(u8::from(self.due_to_regex)));
        let mut family = out.family(&DURATION);
        let going_on = self.phase.map(|(name, since)| (name, since.elapsed()));
        for (name, took) in self.phases.iter().copied().chain(going_on) {
            family.sample(&[name], took.as_secs_f64());
        }
    }
}

impl Websocket {
    /// One phase ends and another begins.
    fn enter(&mut self, phase: Option<&'static str>) {
        let now = Instant::now();
        if let Some((name, since)) = self.phase.take() {
            self.phases.push((name, now - since));
        }
        self.phase = phase.map(|name| (name, now));
    }

    async fn go(&mut self, probe: &Probe<'_>) -> Result<(), Failure> {
        let module = &probe.module.websocket;
        let target = Target::parse(probe.target)?;
        let random = SystemRandom::new();
        let key = STANDARD.encode(bytes::<16>(&random)?);
        let request = upgrade::request(module, &target, &key)?;
        let address = probe.resolve(target.place.host, module.ip_choice()).await?;
        let lookup = probe.found.borrow().lookup.unwrap_or_default();
        self.phases.push(("resolve", lookup));
        let mut connection = self
            .connect(probe, &target, SocketAddr::new(address, target.place.port()?))
            .await?;
        let inbox = self.upgrade(probe, &mut connection, &request, &key).await?;
        self.upgraded = true;
        if !module.query_response.is_empty() {
            self.enter(Some("transfer"));
            let mut talk = Talk {
                probe,
                connection: &mut connection,
                inbox,
                random,
            };
            talk.hold(&module.query_response)
                .await
                // Whatever it was, as upstream does.
                .inspect_err(|_| self.due_to_regex = true)?;
        }
        farewell(&mut connection).await;
        Ok(())
    }

    async fn connect(&mut self, probe: &Probe<'_>, target: &Target<'_>, at: SocketAddr) -> Result<Connection, Failure> {
        self.enter(Some("connect"));
        let connection = probe.connect(at, "").await?;
        self.enter(Some("processing"));
        if !target.tls {
            return Ok(connection);
        }
        let config = &probe.module.websocket.http_config.tls_config;
        let name = match config.server_name.as_str() {
            "" => target.place.host,
            name => name,
        };
        probe.handshake(connection, config, name, &["http/1.1"]).await
    }

    /// Asks for a WebSocket. What came behind the answer is the first of it.
    async fn upgrade(
        &mut self,
        probe: &Probe<'_>,
        connection: &mut Connection,
        request: &[u8],
        key: &str,
    ) -> Result<Inbox, Failure> {
        send(probe, connection, request).await?;
        probe.step.set(Step::Receive);
        let mut bytes = Vec::new();
        let end = loop {
            let searched = bytes.len().saturating_sub(3);
            read(connection, &mut bytes).await?;
            let new = bytes.get(searched..).unwrap_or_default();
            if let Some(place) = new.windows(4).position(|four| four == b"\r\n\r\n") {
                break searched + place + 4;
            }
            if bytes.len() > LONGEST_HEAD {
                let text = "the head of the answer does not end";
                return Err(Failure::new(Step::Receive, Reason::TooLarge, text));
            }
        };
        let behind = bytes.split_off(end);
        let (status, upgraded) = upgrade::answer(&bytes, key)?;
        self.status = status;
        if !upgraded {
            let reason = if status == 101 {
                Reason::Protocol
            } else {
                Reason::Status
            };
            let text = format!("the answer, with status {status}, is no WebSocket");
            return Err(Failure::new(Step::Receive, reason, text));
        }
        let mut inbox = Inbox::default();
        inbox.push(&behind);
        Ok(inbox)
    }
}

/// A conversation on a WebSocket.
struct Talk<'t> {
    probe: &'t Probe<'t>,
    connection: &'t mut Connection,
    inbox: Inbox,
    random: SystemRandom,
}

impl Talk<'_> {
    async fn hold(&mut self, entries: &[QueryResponse]) -> Result<(), Failure> {
        for (number, entry) in entries.iter().enumerate() {
            let mut text = entry.send.clone();
            if let Some(pattern) = &entry.expect {
                let message = self.message().await?;
                let message = lossy(&message);
                let missed = || format!("query_response[{number}]: the message did not match");
                let captures = pattern.regex.captures(&message);
                let captures = captures.ok_or_else(|| Failure::new(Step::Validate, Reason::Content, missed()))?;
                text = expand(&entry.send, &captures);
            }
            if !text.is_empty() {
                let mask = bytes(&self.random)?;
                send(self.probe, self.connection, &frames::text(text.as_bytes(), mask)).await?;
            }
        }
        Ok(())
    }

    /// The next message; pings before it are answered.
    async fn message(&mut self) -> Result<Vec<u8>, Failure> {
        let broken = |reason, text: String| Failure::new(Step::Receive, reason, text);
        loop {
            let event = self.inbox.next().map_err(|flaw| match flaw {
                Flaw::Malformed => broken(Reason::Protocol, "what came is no frame of a WebSocket".to_owned()),
                Flaw::TooLong => broken(Reason::TooLarge, "a message is longer than 64 KiB".to_owned()),
            })?;
            match event {
                Some(Event::Message(message)) => return Ok(message),
                Some(Event::Ping(payload)) => {
                    let mask = bytes(&self.random)?;
                    send(self.probe, self.connection, &frames::pong(&payload, mask)).await?;
                }
                Some(Event::Close(code)) => {
                    let code = code.map_or("no code".to_owned(), |code| code.to_string());
                    return Err(broken(
                        Reason::ConnectionClosed,
                        format!("the server closed it: {code}"),
                    ));
                }
                None => {
                    self.probe.step.set(Step::Receive);
                    let mut bytes = Vec::new();
                    read(self.connection, &mut bytes).await?;
                    self.inbox.push(&bytes);
                }
            }
        }
    }
}

fn bytes<const N: usize>(random: &SystemRandom) -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    let failure = |_| Failure::new(Step::Prepare, Reason::Other, "the system has no random numbers");
    random.fill(&mut bytes).map_err(failure)?;
    Ok(bytes)
}

async fn send(probe: &Probe<'_>, connection: &mut Connection, bytes: &[u8]) -> Result<(), Failure> {
    probe.step.set(Step::Send);
    let sent = async {
        connection.write_all(bytes).await?;
        connection.flush().await
    };
    sent.await.map_err(|error| Failure::io(Step::Send, &error, "sending"))
}

/// Some more bytes.
async fn read(connection: &mut Connection, out: &mut Vec<u8>) -> Result<(), Failure> {
    out.reserve(READ);
    let mut some = connection.take(READ as u64);
    match some.read_buf(out).await {
        Ok(0) => Err(Failure::new(
            Step::Receive,
            Reason::ConnectionClosed,
            "the connection ended",
        )),
        Ok(_) => Ok(()),
        Err(error) => Err(Failure::io(Step::Receive, &error, "reading")),
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpStream;

    use super::*;
    use crate::probers::rig::{PLENTY, SHORT, probe, run_local, serve};

    const TALK: &str = "{prober: websocket, websocket: {query_response: [{expect: 'in_(.+)', send: 'out_${1}'}, {expect: '^passed'}]}}";

    /// Upgrades, says `first`, hears one frame, and answers it with `second`.
    async fn play(mut stream: TcpStream, first: &[u8], second: &[u8]) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.expect("a head"));
        }
        let head = String::from_utf8(head).expect("text");
        let key = head
            .lines()
            .find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "))
            .expect("a key");
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n\r\n",
            upgrade::accept(key)
        );
        drop(stream.write_all(&[answer.as_bytes(), first].concat()).await);
        drop(stream.read(&mut [0; 100]).await);
        drop(stream.write_all(second).await);
        drop(stream.shutdown().await);
        drop(stream.read_to_end(&mut Vec::new()).await);
    }

    async fn playing(first: &'static [u8], second: &'static [u8]) -> String {
        format!("ws://{}", serve(move |stream| play(stream, first, second)).await)
    }

    /// The samples of a conversation, with the phases in which it was.
    fn samples(status: u16, upgraded: u8, due_to_regex: u8, phases: &[&str]) -> Vec<String> {
        let mut samples = vec![format!("probe_websocket_connection_upgraded {upgraded}")];
        samples.extend(
            phases
                .iter()
                .map(|phase| format!(r#"probe_websocket_duration_seconds{{phase="{phase}"}}"#)),
        );
        samples.push(format!("probe_websocket_failed_due_to_regex {due_to_regex}"));
        samples.push(format!("probe_websocket_status_code {status}"));
        samples
    }

    #[test]
    fn a_conversation_is_held_in_messages() {
        let phases = &["connect", "processing", "resolve", "transfer"];
        let cases: [(&[u8], &[u8], _); 5] = [
            (b"\x81\x04in_x", b"\x81\x06passed", None),
            (b"\x89\x01?\x01\x02in\x80\x02_x", b"\x82\x06passed", None),
            (
                b"\x81\x04in_x",
                b"\x81\x04nope",
                Some((Step::Validate, Reason::Content)),
            ),
            (
                b"\x81\x04in_x",
                b"\x88\x00",
                Some((Step::Receive, Reason::ConnectionClosed)),
            ),
            (b"\xff\xff\xff", b"", Some((Step::Receive, Reason::Protocol))),
        ];
        run_local(async {
            for (first, second, why) in cases {
                let told = probe(TALK, &playing(first, second).await, PLENTY).await;
                assert_eq!(told.why(), why);
                assert_eq!(told.samples, samples(101, 1, u8::from(why.is_some()), phases));
            }
        });
    }

    #[test]
    fn without_a_conversation_the_upgrade_is_enough() {
        run_local(async {
            let told = probe("{prober: websocket}", &playing(b"", b"").await, PLENTY).await;
            assert_eq!(told.failure, None);
            assert_eq!(told.samples, samples(101, 1, 0, &["connect", "processing", "resolve"]));
        });
    }

    #[test]
    fn what_is_no_websocket_is_told_apart() {
        run_local(async {
            for (answer, status, why) in [
                (
                    "HTTP/1.1 403 Forbidden\r\n\r\n".to_owned(),
                    403,
                    (Step::Receive, Reason::Status),
                ),
                (
                    "HTTP/1.1 101 X\r\n\r\n".to_owned(),
                    101,
                    (Step::Receive, Reason::Protocol),
                ),
                ("SSH-2.0\r\n\r\n".to_owned(), 0, (Step::Receive, Reason::Protocol)),
                (
                    "HTTP/1.1 200 OK\r\n".to_owned(),
                    0,
                    (Step::Receive, Reason::ConnectionClosed),
                ),
                ("x".repeat(100_000), 0, (Step::Receive, Reason::TooLarge)),
            ] {
                let shown = answer.get(..20).unwrap_or(&answer).to_owned();
                let target = serve(move |mut stream| {
                    let answer = answer.clone();
                    async move {
                        drop(stream.read(&mut [0; 1024]).await);
                        drop(stream.write_all(answer.as_bytes()).await);
                        drop(stream.shutdown().await);
                        drop(stream.read_to_end(&mut Vec::new()).await);
                    }
                });
                let told = probe(TALK, &format!("ws://{}", target.await), PLENTY).await;
                assert_eq!(told.why(), Some(why), "{shown}");
                assert_eq!(
                    told.samples,
                    samples(status, 0, 0, &["connect", "processing", "resolve"])
                );
            }
        });
    }

    #[test]
    fn the_deadline_ends_it() {
        run_local(async {
            let silent = serve(|mut stream| async move { drop(stream.read_to_end(&mut Vec::new()).await) });
            let told = probe(TALK, &format!("ws://{}", silent.await), SHORT).await;
            assert_eq!(told.why(), Some((Step::Receive, Reason::Timeout)));
            assert_eq!(told.samples, samples(0, 0, 0, &["connect", "processing", "resolve"]));
        });
    }
}
