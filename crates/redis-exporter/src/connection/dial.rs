//! From an address to a stream of bytes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Instant;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream, lookup_host};
use tokio::time::timeout_at;

use super::tls::ClientTls;
use crate::failure::{Failure, plain};
use crate::target::{Place, Target};

/// What `localhost` is where nobody says so.
const LOOPBACK: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];

/// What a connection needs of what carries it.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Connects to the target, encrypted where its address says so.
pub(super) async fn dial(target: &Target, tls: &ClientTls, limit: Instant) -> Result<Box<dyn Stream>, Failure> {
    match &target.place {
        Place::Unix(path) => {
            let stream = UnixStream::connect(path).await;
            let stream = stream.map_err(|error| refused(path.clone(), &error))?;
            Ok(Box::new(stream))
        }
        Place::Host { host, port, tls: false } => Ok(Box::new(connect(host, *port, limit).await?)),
        Place::Host { host, port, tls: true } => {
            let stream = connect(host, *port, limit).await?;
            Ok(Box::new(tls.over(stream, host, *port).await?))
        }
    }
}

fn refused(address: String, error: &std::io::Error) -> Failure {
    let error = plain(error);
    Failure::Connect { address, error }
}

/// Tries a host's addresses one after another; each gets its share of the time, so that one which swallows everything
/// does not keep the others from answering.
async fn connect(host: &str, port: u16, limit: Instant) -> Result<TcpStream, Failure> {
    let addresses = lookup(host, port).await?;
    let mut failure = Failure::Lookup {
        host: host.to_owned(),
        error: "it has no address".to_owned(),
    };
    for (index, address) in addresses.iter().enumerate() {
        let began = Instant::now();
        let left = u32::try_from(addresses.len() - index).unwrap_or(u32::MAX);
        let share = began + limit.saturating_duration_since(began) / left;
        match timeout_at(share.into(), TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                stream
                    .set_nodelay(true)
                    .map_err(|error| refused(address.to_string(), &error))?;
                return Ok(stream);
            }
            Ok(Err(error)) => failure = refused(address.to_string(), &error),
            Err(_) => {
                let after = began.elapsed();
                failure = Failure::TimedOut {
                    after,
                    command: "connecting",
                };
            }
        }
    }
    Err(failure)
}

async fn lookup(host: &str, port: u16) -> Result<Vec<SocketAddr>, Failure> {
    match lookup_host((host, port)).await {
        Ok(found) => Ok(found.collect()),
        // A container of one file has no /etc/hosts, and this name means the same everywhere (RFC 6761).
        Err(_) if host.eq_ignore_ascii_case("localhost") => Ok(LOOPBACK.map(|ip| (ip, port).into()).to_vec()),
        Err(error) => Err(Failure::Lookup {
            host: host.to_owned(),
            error: plain(&error),
        }),
    }
}
