//! QUIC connections: TLS 1.3 from the first packet on.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::Arc;

use quinn::crypto::rustls::{HandshakeData, QuicClientConfig};
use quinn::{ClientConfig, Connecting, Connection, ConnectionError, Endpoint, EndpointConfig, TokioRuntime};

use super::{TlsFacts, Watch, failure};
use crate::config::TlsConfig;
use crate::failure::{Failure, Reason, Step};
use crate::probe::Probe;

/// A connection that is closed when this is dropped.
pub(crate) struct Quic {
    connection: Connection,
    /// The socket, and what moves its packets.
    _endpoint: Endpoint,
}

impl Quic {
    /// Why it ended, if it was not we who ended it.
    pub(crate) fn end(&self) -> Option<Reason> {
        match self.connection.close_reason()? {
            ConnectionError::LocallyClosed => None,
            error => Some(reason(&error)),
        }
    }

    /// The connection, for the protocol on top of it.
    pub(crate) fn connection(&self) -> Connection {
        self.connection.clone()
    }
}

impl Drop for Quic {
    fn drop(&mut self) {
        self.connection.close(0_u32.into(), b"");
    }
}

impl Probe<'_> {
    /// A QUIC connection to an address, if it may be probed, for `protocol`, as a client that expects `name` (or the
    /// module's `server_name`). What it learns of the other side stands in [`Found::tls`](crate::found::Found), also when
    /// the handshake fails.
    pub(crate) async fn quic(
        &self,
        address: SocketAddr,
        config: &TlsConfig,
        name: &str,
        protocol: &str,
    ) -> Result<Quic, Failure> {
        self.step.set(Step::Connect);
        self.network.admit(address.ip())?;
        let name = if config.server_name.is_empty() {
            name
        } else {
            &config.server_name
        };
        let client = self.network.clients.client(config);
        let client = client.map_err(|text| Failure::new(Step::Tls, Reason::BadModule, text))?;
        let (settings, verifier) = client.for_one(&[protocol]);
        let settings = QuicClientConfig::try_from(settings).map_err(|_| {
            let text = "tls_config: HTTP/3 needs TLS 1.3, which is not between min_version and max_version";
            Failure::new(Step::Tls, Reason::BadModule, text)
        })?;
        let watch = Watch {
            probe: self,
            verifier,
            facts: TlsFacts::default(),
        };
        let address = self.in_its_zone(address);
        let failed = |error: io::Error| Failure::io(Step::Connect, &error, &format!("connecting to {address}"));
        let endpoint = endpoint(address).map_err(failed)?;
        let settings = ClientConfig::new(Arc::new(settings));
        let connecting = endpoint.connect_with(settings, address, &super::server_name(name)?.to_str());
        let connecting = connecting.map_err(|error| failed(io::Error::other(error)))?;
        let connection = self.shake_hands(connecting, watch, name).await?;
        Ok(Quic {
            connection,
            _endpoint: endpoint,
        })
    }

    async fn shake_hands(
        &self,
        mut connecting: Connecting,
        mut watch: Watch<'_>,
        name: &str,
    ) -> Result<Connection, Failure> {
        // With the other side's first words it is clear that somebody is there.
        let first = connecting.handshake_data().await;
        self.step.set(Step::Tls);
        let connected = match first {
            Ok(_) => connecting.await,
            Err(error) => Err(error),
        };
        let connection = connected.map_err(|error| explain(&error, &watch, name))?;
        watch.facts.version = "TLS 1.3";
        let agreed = connection
            .handshake_data()
            .and_then(|data| data.downcast::<HandshakeData>().ok());
        let protocol = agreed.and_then(|data| data.protocol).unwrap_or_default();
        watch.facts.protocol = String::from_utf8_lossy(&protocol).into_owned();
        Ok(connection)
    }
}

/// A socket of its own: nothing is shared between probes, and nothing stays.
fn endpoint(address: SocketAddr) -> io::Result<Endpoint> {
    let any = match address {
        SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
        SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
    };
    let socket = UdpSocket::bind(any)?;
    Endpoint::new(EndpointConfig::default(), None, socket, Arc::new(TokioRuntime))
}

fn explain(error: &ConnectionError, watch: &Watch<'_>, name: &str) -> Failure {
    failure::of_reason(reason(error), &error.to_string(), &watch.verifier.seen(), name)
}

fn reason(error: &ConnectionError) -> Reason {
    match error {
        // What TLS complains of travels as an error of its own range (RFC 9001, 4.8).
        ConnectionError::TransportError(error) if is_tls(error.code) => Reason::TlsHandshake,
        ConnectionError::ConnectionClosed(close) if is_tls(close.error_code) => Reason::TlsHandshake,
        ConnectionError::ApplicationClosed(_) => Reason::ConnectionClosed,
        ConnectionError::ConnectionClosed(_) | ConnectionError::Reset => Reason::ConnectionReset,
        ConnectionError::TimedOut => Reason::Timeout,
        _ => Reason::Protocol,
    }
}

fn is_tls(code: quinn::TransportErrorCode) -> bool {
    (0x100..0x200).contains(&u64::from(code))
}
