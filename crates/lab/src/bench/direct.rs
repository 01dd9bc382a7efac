//! How long a target itself takes, without an exporter between.

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, TcpStream, UdpSocket},
    time::{Duration, Instant},
};

use super::probe_kinds::{Kind, Ports};

/// A target of this lab that takes longer than this is not there.
const WITHIN: Duration = Duration::from_secs(5);

const DNS_QUESTION: &[u8] = b"\0\x01\x01\0\0\x01\0\0\0\0\0\0\x05bench\x04test\0\0\x01\0\x01";

/// From the socket's making to the whole answer. `None` for HTTPS: most of its time is the client's own.
///
/// # Errors
/// The target does not answer.
pub(super) fn answer_time(kind: Kind, ports: Ports) -> io::Result<Option<Duration>> {
    let started = Instant::now();
    match kind {
        Kind::Http => {
            let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, ports.http))?;
            stream.set_read_timeout(Some(WITHIN))?;
            stream.write_all(b"GET / HTTP/1.1\r\nHost: bench.test\r\n\r\n")?;
            let mut answer = Vec::new();
            while !answer.ends_with(b"ok\n") {
                let mut buffer = [0; 512];
                match stream.read(&mut buffer)? {
                    0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                    length => answer.extend_from_slice(buffer.get(..length).unwrap_or_default()),
                }
            }
        }
        Kind::Https => return Ok(None),
        Kind::Tcp => drop(TcpStream::connect((Ipv4Addr::LOCALHOST, ports.tcp))?),
        Kind::Dns => {
            let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
            socket.set_read_timeout(Some(WITHIN))?;
            socket.connect((Ipv4Addr::LOCALHOST, ports.dns))?;
            socket.send(DNS_QUESTION)?;
            socket.recv(&mut [0; 512])?;
        }
    }
    Ok(Some(started.elapsed()))
}
