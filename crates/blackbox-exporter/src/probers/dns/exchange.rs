//! Asks, and waits for the answer: over UDP, TCP, and TLS over TCP.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UdpSocket;

use super::message::Answer;
use super::wire::WireError;
use crate::failure::{Failure, Reason, Step};
use crate::net::Connection;
use crate::probe::Probe;
use crate::probers::phase::Phase;
use crate::probers::source::source;

/// The largest answer over UDP to a question without EDNS (RFC 1035 §4.2.1).
const LARGEST_DATAGRAM: usize = 512;

/// How the server is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transport<'t> {
    /// Datagrams.
    Udp,
    /// A connection.
    Tcp,
    /// A connection with TLS, to a server of this name.
    Tls(&'t str),
}

/// How long it took.
#[derive(Debug, Default)]
pub(super) struct Phases {
    /// To reach the server.
    pub(super) connect: Phase,
    /// From the question to its answer.
    pub(super) request: Phase,
}

/// A question on its way.
pub(super) struct Exchange<'e> {
    /// Who asks.
    pub(super) probe: &'e Probe<'e>,
    /// The server.
    pub(super) server: SocketAddr,
    /// The question.
    pub(super) question: &'e [u8],
    /// Its number, which is the answer's too.
    pub(super) id: u16,
}

impl Exchange<'_> {
    /// Asks.
    pub(super) async fn run(&self, transport: Transport<'_>, phases: &mut Phases) -> Result<Answer, Failure> {
        phases.connect.begin();
        match transport {
            Transport::Udp => {
                let socket = self.socket().await;
                phases.connect.end();
                let socket = socket?;
                phases.request.begin();
                let answer = self.over_udp(&socket).await;
                phases.request.end();
                answer
            }
            Transport::Tcp | Transport::Tls(_) => {
                let connection = self.connection(transport).await;
                phases.connect.end();
                let mut connection = connection?;
                phases.request.begin();
                let answer = self.over_tcp(&mut connection).await;
                phases.request.end();
                answer
            }
        }
    }

    /// A socket that hears only the server.
    async fn socket(&self) -> Result<UdpSocket, Failure> {
        self.probe.step.set(Step::Connect);
        let source = source(&self.probe.module.dns.source_ip_address, self.server.ip())?;
        let failed = |error, what: &str| Failure::io(Step::Connect, &error, what);
        let socket = UdpSocket::bind((source, 0))
            .await
            .map_err(|error| failed(error, &format!("sending from {source}")))?;
        let connected = socket.connect(self.server).await;
        connected.map_err(|error| failed(error, &format!("connecting to {}", self.server)))?;
        Ok(socket)
    }

    async fn connection(&self, transport: Transport<'_>) -> Result<Connection, Failure> {
        let module = &self.probe.module.dns;
        let connection = self.probe.connect(self.server, &module.source_ip_address).await?;
        match transport {
            Transport::Tls(name) => self.probe.handshake(connection, &module.tls_config, name, &[]).await,
            Transport::Udp | Transport::Tcp => Ok(connection),
        }
    }

    async fn over_udp(&self, socket: &UdpSocket) -> Result<Answer, Failure> {
        self.probe.step.set(Step::Send);
        let sent = socket.send(self.question).await;
        sent.map_err(|error| Failure::io(Step::Send, &error, "sending the question"))?;
        self.probe.step.set(Step::Receive);
        // One byte more than it may have, to tell what is too large.
        let mut buffer = [0; LARGEST_DATAGRAM + 1];
        loop {
            let received = socket.recv(&mut buffer).await.map_err(receiving)?;
            let message = buffer.get(..received.min(LARGEST_DATAGRAM)).unwrap_or_default();
            match Answer::parse(message) {
                Ok(answer) if answer.id == self.id => return Ok(answer),
                // It may be the late answer to another question.
                Ok(answer) => self
                    .probe
                    .log
                    .debug("Ignoring an answer with another id", &[("id", &answer.id)]),
                Err(_) if received > LARGEST_DATAGRAM => return Err(oversize()),
                Err(error) => return Err(malformed(error)),
            }
        }
    }

    async fn over_tcp(&self, connection: &mut Connection) -> Result<Answer, Failure> {
        self.probe.step.set(Step::Send);
        let length = u16::try_from(self.question.len()).unwrap_or(u16::MAX);
        let framed = [&length.to_be_bytes(), self.question].concat();
        let sent = match connection.write_all(&framed).await {
            Ok(()) => connection.flush().await,
            Err(error) => Err(error),
        };
        sent.map_err(|error| Failure::io(Step::Send, &error, "sending the question"))?;
        self.probe.step.set(Step::Receive);
        let length = connection.read_u16().await.map_err(receiving)?;
        // Two bytes cannot announce more than 64 KiB.
        let mut message = vec![0; usize::from(length)];
        connection.read_exact(&mut message).await.map_err(receiving)?;
        let answer = Answer::parse(&message).map_err(malformed)?;
        match answer.id == self.id {
            true => Ok(answer),
            false => Err(Failure::new(
                Step::Receive,
                Reason::Protocol,
                "the answer has the id of another question",
            )),
        }
    }
}

fn receiving(error: std::io::Error) -> Failure {
    Failure::io(Step::Receive, &error, "waiting for the answer")
}

fn oversize() -> Failure {
    let text = format!("the answer has more than the {LARGEST_DATAGRAM} bytes that it may have over UDP");
    Failure::new(Step::Receive, Reason::TooLarge, text)
}

fn malformed(error: WireError) -> Failure {
    let reason = match error {
        WireError::TooLarge => Reason::TooLarge,
        _ => Reason::Protocol,
    };
    Failure::new(Step::Receive, reason, format!("the answer is malformed: {error}"))
}
