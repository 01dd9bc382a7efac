//! `--healthcheck`: asks the exporter that runs with the same flags for its `/-/healthy`, for container engines whose
//! images have no other program to ask with.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

use anyhow::{Context, bail};

use crate::flags::Flags;

/// For each of connecting, asking and waiting.
const PATIENCE: Duration = Duration::from_secs(3);

/// A TLS alert or handshake record: the server is there and speaks TLS, which is all that can be known without its
/// certificates and keys.
const TLS_RECORDS: [u8; 2] = [0x15, 0x16];

/// Asks the first listen address.
///
/// # Errors
/// When there is no healthy answer; the address is named.
pub(crate) fn run(flags: &Flags) -> anyhow::Result<()> {
    let listen = flags
        .many("web.listen-address")
        .first()
        .context("--web.listen-address is empty")?;
    let address = reachable(listen).with_context(|| format!("health check of {listen}"))?;
    ask(address).with_context(|| format!("health check of {address}"))
}

/// The address to reach a server that listens on `listen`: itself for a whole host, loopback for all of them.
fn reachable(listen: &str) -> anyhow::Result<SocketAddr> {
    let (host, port) = listen.rsplit_once(':').context("only HOST:PORT can be asked")?;
    let host = match host.trim_start_matches('[').trim_end_matches(']') {
        "" | "0.0.0.0" | "::" => "127.0.0.1",
        host => host,
    };
    let port: u16 = port.parse().context("the port is no number")?;
    (host, port)
        .to_socket_addrs()?
        .next()
        .context("the name has no address")
}

fn ask(address: SocketAddr) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = [0; 12];
    let length = read_full(&mut stream, &mut answer)?;
    judge(&answer[..length])
}

fn read_full(stream: &mut TcpStream, buffer: &mut [u8]) -> std::io::Result<usize> {
    let mut length = 0;
    while length < buffer.len() {
        match stream.read(&mut buffer[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(_) if length > 0 => break,
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}

/// 401 is healthy, too: the server guards its pages, and this mode has no password.
fn judge(answer: &[u8]) -> anyhow::Result<()> {
    match answer {
        [b'H', b'T', b'T', b'P', _, _, _, _, _, b'2', b'0', b'0'] => Ok(()),
        [b'H', b'T', b'T', b'P', _, _, _, _, _, b'4', b'0', b'1'] => Ok(()),
        [record, 0x03, ..] if TLS_RECORDS.contains(record) => Ok(()),
        [] => bail!("the connection was closed without an answer"),
        other => bail!("unhealthy answer {:?}", String::from_utf8_lossy(other)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_judged_by_their_status() {
        for (answer, healthy) in [
            (&b"HTTP/1.1 200"[..], true),
            (b"HTTP/1.1 401", true),
            (b"HTTP/1.1 500", false),
            (b"HTTP/1.1 404", false),
            (&[0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x46], true),
            (b"", false),
            (b"SSH-2.0-Open", false),
        ] {
            assert_eq!(judge(answer).is_ok(), healthy, "{answer:?}");
        }
    }

    #[test]
    fn a_server_on_all_addresses_is_asked_on_loopback() {
        for (listen, address) in [
            (":9100", "127.0.0.1:9100"),
            ("[::]:1", "127.0.0.1:1"),
            ("[::1]:2", "[::1]:2"),
        ] {
            assert_eq!(reachable(listen).unwrap().to_string(), address);
        }
        assert!(reachable("vsock://:9100").is_err());
    }
}
