//! One question to one DNS server.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use ring::rand::{SecureRandom, SystemRandom};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

use super::Trouble;
use super::message::{Answer, Garbled, Kind, LARGEST_UDP, Question};

/// Asks over UDP, and over TCP if the answer did not fit, or if only that is wanted. Answers that belong to no question
/// of ours are passed over.
pub(super) async fn ask(
    server: SocketAddr,
    name: &str,
    kind: Kind,
    tcp: bool,
    wait: Duration,
) -> Result<Answer, Trouble> {
    let id = random().map_err(|error| trouble(server, &error.to_string()))?;
    let question = Question::new(id, name, kind).ok_or(Trouble::NotFound)?;
    if !tcp {
        let answer = within(wait, server, over_udp(server, &question)).await?;
        if !answer.truncated {
            return Ok(answer);
        }
    }
    let answer = within(wait, server, over_tcp(server, &question)).await?;
    if answer.truncated {
        return Err(trouble(server, "cut its answer short over TCP"));
    }
    Ok(answer)
}

/// A number that nobody can guess, so that nobody else can answer.
fn random() -> io::Result<u16> {
    let mut id = [0; 2];
    let filled = SystemRandom::new().fill(&mut id);
    filled.map_err(|_| io::Error::other("the system has no random numbers"))?;
    Ok(u16::from_ne_bytes(id))
}

async fn within(
    wait: Duration,
    server: SocketAddr,
    answer: impl Future<Output = io::Result<Result<Answer, Garbled>>>,
) -> Result<Answer, Trouble> {
    match timeout(wait, answer).await {
        Err(_) => Err(trouble(server, &format!("did not answer within {wait:?}"))),
        Ok(Err(error)) => Err(trouble(server, &format!("cannot be asked: {error}"))),
        Ok(Ok(Err(Garbled))) => Err(trouble(server, "sent an answer that is no DNS")),
        Ok(Ok(Ok(answer))) => Ok(answer),
    }
}

fn trouble(server: SocketAddr, what: &str) -> Trouble {
    Trouble::Server(format!("the DNS server {server} {what}"))
}

async fn over_udp(server: SocketAddr, question: &Question) -> io::Result<Result<Answer, Garbled>> {
    let any: SocketAddr = match server {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(server).await?;
    socket.send(&question.bytes).await?;
    let mut message = [0; LARGEST_UDP as usize];
    loop {
        let length = socket.recv(&mut message).await?;
        if let Some(answer) = question.answer(message.get(..length).unwrap_or_default()) {
            return Ok(answer);
        }
    }
}

/// A message over TCP has its length in front, so that it is never longer than 64 KiB.
async fn over_tcp(server: SocketAddr, question: &Question) -> io::Result<Result<Answer, Garbled>> {
    let mut stream = TcpStream::connect(server).await?;
    let length = question.bytes.len() as u16;
    let framed = [&length.to_be_bytes(), &*question.bytes].concat();
    stream.write_all(&framed).await?;
    let mut message = Vec::new();
    loop {
        let length = stream.read_u16().await?;
        message.resize(usize::from(length), 0);
        stream.read_exact(&mut message).await?;
        if let Some(answer) = question.answer(&message) {
            return Ok(answer);
        }
    }
}
