//! The way to the world: names, connections, TLS. The only place that knows sockets.

mod admission;
mod connect;
mod names;
mod resolve;
#[cfg(test)]
mod testing;
mod tls;
mod unix;

use std::net::IpAddr;

use tokio::io::{AsyncRead, AsyncWrite};

pub(crate) use admission::{Admission, Range};
pub(crate) use connect::source_address;
#[cfg(feature = "http3")]
pub(crate) use tls::Quic;
pub(crate) use tls::reason_of_tls;

use crate::failure::Failure;
use names::Names;
use tls::Clients;

/// Bytes both ways: TCP, TLS, a Unix socket.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin {}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream for S {}

/// A connection, whatever it goes over.
pub(crate) type Connection = Box<dyn Stream>;

/// What all probes share.
#[derive(Debug, Default)]
pub(crate) struct Network {
    admission: Admission,
    names: Names,
    clients: Clients,
}

impl Network {
    /// The world, as far as it may be probed.
    pub(crate) fn new(admission: Admission) -> Self {
        Self {
            admission,
            ..Self::default()
        }
    }

    /// Whether this address may be probed. [`Probe::connect`](crate::probe::Probe::connect) asks by itself; probers with
    /// sockets of their own must ask before they send.
    ///
    /// # Errors
    /// [`Reason::Denied`](crate::failure::Reason::Denied).
    pub(crate) fn admit(&self, address: IpAddr) -> Result<(), Failure> {
        self.admission.admit(address)
    }
}
