//! TLS as a client, with everything that the other side shows.

mod chains;
mod client;
mod failure;
#[cfg(feature = "http3")]
mod quic;
mod roots;
mod stream;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod verifier;

use std::net::IpAddr;
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{CommonState, ProtocolVersion};
use tokio_rustls::TlsConnector;

use super::Connection;
use crate::config::TlsConfig;
use crate::failure::{Failure, Reason, Step};
use crate::found::TlsFacts;
use crate::probe::Probe;
pub(super) use client::Clients;
pub(crate) use failure::reason_of_tls;
#[cfg(feature = "http3")]
pub(crate) use quic::Quic;
use stream::Tls;
use verifier::Verifier;

impl Probe<'_> {
    /// Speaks TLS on a connection, as a client that expects `name` (or the module's `server_name`, if it has one) and
    /// offers these protocols. What it learns of the other side stands in [`Found::tls`](crate::found::Found), also when
    /// the handshake fails or the time is up.
    pub(crate) async fn handshake(
        &self,
        connection: Connection,
        config: &TlsConfig,
        name: &str,
        protocols: &[&str],
    ) -> Result<Connection, Failure> {
        self.step.set(Step::Tls);
        let name = if config.server_name.is_empty() {
            name
        } else {
            &config.server_name
        };
        let server_name = server_name(name)?;
        let client = self.network.clients.client(config);
        let client = client.map_err(|text| Failure::new(Step::Tls, Reason::BadModule, text))?;
        let (settings, verifier) = client.for_one(protocols);
        let mut watch = Watch {
            probe: self,
            verifier,
            facts: TlsFacts::default(),
        };
        match TlsConnector::from(Arc::new(settings))
            .connect(server_name, connection)
            .await
        {
            Ok(stream) => {
                watch.agreed(stream.get_ref().1);
                Ok(Box::new(Tls(Box::new(stream))))
            }
            Err(error) => Err(failure::explain(&error, &watch.verifier.seen(), name)),
        }
    }
}

/// Reports what was seen, however the handshake ends.
struct Watch<'p> {
    probe: &'p Probe<'p>,
    verifier: Arc<Verifier>,
    facts: TlsFacts,
}

impl Watch<'_> {
    fn agreed(&mut self, connection: &CommonState) {
        self.facts.version = match connection.protocol_version() {
            Some(ProtocolVersion::TLSv1_3) => "TLS 1.3",
            Some(ProtocolVersion::TLSv1_2) => "TLS 1.2",
            _ => "unknown",
        };
        let suite = connection.negotiated_cipher_suite();
        let suite = suite.and_then(|suite| suite.suite().as_str()).unwrap_or_default();
        // rustls tells TLS 1.3's suites apart by the prefix; IANA does not.
        self.facts.cipher = suite.replacen("TLS13_", "TLS_", 1);
        let protocol = connection.alpn_protocol().unwrap_or_default();
        self.facts.protocol = String::from_utf8_lossy(protocol).into_owned();
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        let mut facts = std::mem::take(&mut self.facts);
        let mut seen = self.verifier.seen();
        facts.chain = std::mem::take(&mut seen.chain);
        facts.last_chain_expiry = seen.last_chain_expiry.map(|seconds| seconds as f64);
        // A connection that did not come so far says nothing, but of the handshake before it nothing holds any more.
        self.probe.found.borrow_mut().tls = (!facts.chain.is_empty()).then_some(facts);
    }
}

/// The name as TLS has it: no brackets, no zone, no last dot.
fn server_name(name: &str) -> Result<ServerName<'static>, Failure> {
    let bare = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'))
        .unwrap_or(name);
    let unzoned = bare.split('%').next().unwrap_or_default();
    if let Ok(address) = unzoned.parse::<IpAddr>() {
        return Ok(ServerName::IpAddress(address.to_canonical().into()));
    }
    let bare = bare.strip_suffix('.').unwrap_or(bare);
    ServerName::try_from(bare.to_owned()).map_err(|_| {
        Failure::new(
            Step::Tls,
            Reason::BadTarget,
            format!("{name:?} can be no name in a certificate"),
        )
    })
}
