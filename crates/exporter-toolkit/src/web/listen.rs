//! Where the server listens: TCP addresses, vsock ports, or the sockets that systemd passes.

use std::io;
use std::net::{SocketAddr, TcpListener as StdListener, TcpStream as StdStream, ToSocketAddrs};

use anyhow::{Context, bail};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_vsock::{VMADDR_CID_ANY, VsockAddr, VsockListener, VsockStream};

/// A socket that takes connections.
#[derive(Debug)]
pub enum Listener {
    /// TCP, over IPv4, IPv6 or both.
    Tcp(TcpListener),
    /// From the host or other guests of a virtual machine.
    Vsock(VsockListener),
}

/// A connection of either kind.
pub(super) trait Connection: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Connection for T {}

/// A connection that may go to another thread's reactor.
pub(super) enum Taken {
    /// It belongs to no reactor yet.
    Tcp(StdStream),
    /// It stays with the listener's, wherever it is used.
    Vsock(VsockStream),
}

impl Taken {
    /// Gives it to this thread's reactor.
    pub(super) fn open(self) -> io::Result<Box<dyn Connection>> {
        match self {
            Self::Tcp(stream) => Ok(Box::new(TcpStream::from_std(stream)?)),
            Self::Vsock(stream) => Ok(Box::new(stream)),
        }
    }
}

/// Listens on every address: `:9100`, `host:9100`, `[::1]:9100` or `vsock://:9100`.
///
/// # Errors
/// Names the address that could not be had.
pub fn bind(addresses: &[String]) -> anyhow::Result<Vec<Listener>> {
    addresses
        .iter()
        .map(|address| bind_one(address).with_context(|| format!("listening on {address}")))
        .collect()
}

/// The sockets that systemd passed to this process.
///
/// # Errors
/// When there is none.
pub fn from_systemd() -> anyhow::Result<Vec<Listener>> {
    let mut passed = listenfd::ListenFd::from_env();
    let mut listeners = Vec::new();
    for index in 0..passed.len() {
        if let Some(socket) = passed
            .take_tcp_listener(index)
            .context("taking a socket from systemd")?
        {
            listeners.push(Listener::Tcp(into_tokio(socket)?));
        }
    }
    if listeners.is_empty() {
        bail!("--web.systemd-socket: systemd passed no listening TCP socket");
    }
    Ok(listeners)
}

fn bind_one(address: &str) -> anyhow::Result<Listener> {
    if let Some(rest) = address.strip_prefix("vsock://") {
        let port = rest.rsplit(':').next().unwrap_or_default();
        let port = port.parse().with_context(|| format!("{port:?} is no vsock port"))?;
        return Ok(Listener::Vsock(VsockListener::bind(VsockAddr::new(
            VMADDR_CID_ANY,
            port,
        ))?));
    }
    let Some((host, port)) = address.rsplit_once(':') else {
        bail!("expected HOST:PORT or :PORT");
    };
    let port: u16 = port.parse().with_context(|| format!("{port:?} is no port"))?;
    let socket = if host.is_empty() {
        bind_any(port)?
    } else {
        StdListener::bind(resolve(host, port)?)?
    };
    Ok(Listener::Tcp(into_tokio(socket)?))
}

/// All addresses of both families; of IPv4 alone where the kernel has no IPv6.
fn bind_any(port: u16) -> io::Result<StdListener> {
    StdListener::bind(("::", port)).or_else(|error| match error.kind() {
        io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied => Err(error),
        _ => StdListener::bind(("0.0.0.0", port)),
    })
}

/// The first IPv4 address of a name, else its first address, as Go's `net.Listen` chooses.
fn resolve(host: &str, port: u16) -> anyhow::Result<SocketAddr> {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let found: Vec<SocketAddr> = (host, port)
        .to_socket_addrs()
        .with_context(|| format!("looking up {host:?}"))?
        .collect();
    let address = found.iter().find(|address| address.is_ipv4()).or(found.first());
    address.copied().with_context(|| format!("{host:?} has no address"))
}

fn into_tokio(socket: StdListener) -> io::Result<TcpListener> {
    socket.set_nonblocking(true)?;
    TcpListener::from_std(socket)
}

impl Listener {
    /// Waits for the next connection.
    pub(super) async fn accept(&mut self) -> io::Result<Taken> {
        match self {
            Self::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                // An answer is one write; waiting for more to send with it would only delay it.
                stream.set_nodelay(true)?;
                Ok(Taken::Tcp(stream.into_std()?))
            }
            Self::Vsock(listener) => Ok(Taken::Vsock(listener.accept().await?.0)),
        }
    }

    /// Where it listens, for the log and for tests that asked for port 0.
    pub fn address(&self) -> String {
        match self {
            Self::Tcp(listener) => listener
                .local_addr()
                .map(|address| address.to_string())
                .unwrap_or_default(),
            Self::Vsock(listener) => listener
                .local_addr()
                .map(|address| format!("{address:?}"))
                .unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn addresses_are_understood_as_go_does() {
        for address in [":0", "127.0.0.1:0", "[::1]:0", "localhost:0"] {
            assert!(bind(&[address.to_owned()]).is_ok(), "{address}");
        }
    }

    #[tokio::test]
    async fn what_cannot_be_had_is_named() {
        let holder = bind(&["127.0.0.1:0".to_owned()]).unwrap();
        let taken = holder[0].address();
        for (address, cause) in [
            (taken.as_str(), "in use"),
            ("9100", "expected HOST:PORT"),
            (":x", "is no port"),
            (":99999", "is no port"),
            ("vsock://:x", "is no vsock port"),
        ] {
            let error = format!("{:#}", bind(&[address.to_owned()]).unwrap_err());
            assert!(error.contains(address) && error.contains(cause), "{error}");
        }
    }
}
