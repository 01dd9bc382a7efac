//! The way to a server: address, proxy, TLS.

use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use super::phases::Roundtrip;
use super::proxy::{Proxies, socks};
use super::target::Url;
use crate::config::{IpChoice, TlsConfig};
use crate::failure::{Failure, Reason, Step};
use crate::net::Connection;
use crate::probe::Probe;

/// What is offered to a server where HTTP/2 is wanted.
const WITH_HTTP2: &[&str] = &["h2", "http/1.1"];

/// Where to go and how.
#[derive(Debug)]
pub(super) struct Route<'r> {
    /// The address.
    pub(super) url: &'r Url,
    /// The name by which its host is also known.
    pub(super) name: &'r str,
    /// The proxies that there are.
    pub(super) proxies: &'r Proxies<'r>,
    /// How to speak TLS.
    pub(super) tls: &'r TlsConfig,
    /// The name that the certificate must have.
    pub(super) tls_name: &'r str,
    /// Whether HTTP/2 is offered.
    pub(super) http2: bool,
    /// Which addresses of a name are taken.
    pub(super) choice: IpChoice,
}

/// A connection on which a request can be sent.
pub(super) struct Way<'r> {
    /// The connection.
    pub(super) connection: Connection,
    /// Whether HTTP/2 was agreed on.
    pub(super) http2: bool,
    /// The proxy at its end, which wants the whole address in the request.
    pub(super) proxy: Option<&'r Url>,
}

impl<'r> Route<'r> {
    /// Goes there. The moments are noted in `trip`.
    ///
    /// # Errors
    /// At whichever step it ends.
    pub(super) async fn go(&self, probe: &Probe<'_>, trip: &mut Roundtrip) -> Result<Way<'r>, Failure> {
        trip.tls = self.url.is_https();
        // What the handshakes of earlier roundtrips told is not about this one.
        probe.found.borrow_mut().tls = None;
        let proxy = self.proxies.of(self.url, self.name);
        let mut connection = match proxy {
            Some(proxy) => self.reach_proxy(probe, proxy, trip).await?,
            None => dial(probe, self.url, self.choice, trip).await?,
        };
        let mut http2 = false;
        if self.url.is_https() {
            trip.tls_start = Some(Instant::now());
            let protocols = if self.http2 { WITH_HTTP2 } else { &[] };
            let shaken = probe.handshake(connection, self.tls, self.tls_name, protocols).await;
            trip.tls_done = Some(Instant::now());
            connection = shaken?;
            http2 = probe
                .found
                .borrow()
                .tls
                .as_ref()
                .is_some_and(|tls| tls.protocol == "h2");
        }
        trip.ready = Some(Instant::now());
        let tunnelled = |proxy: &&Url| !self.url.is_https() && !proxy.scheme.starts_with("socks");
        Ok(Way {
            connection,
            http2,
            proxy: proxy.filter(tunnelled),
        })
    }

    async fn reach_proxy(&self, probe: &Probe<'_>, proxy: &Url, trip: &mut Roundtrip) -> Result<Connection, Failure> {
        // What is found out about the proxy is not about the target.
        let aside = probe.aside(Step::Proxy);
        let at_proxy = |failure: Failure| Failure {
            step: Step::Proxy,
            ..failure
        };
        let mut connection = dial(&aside, proxy, self.choice, trip).await.map_err(at_proxy)?;
        if proxy.is_https() {
            // Upstream speaks to proxies with the target's settings, under the proxy's own name.
            let tls = without_name(self.tls);
            connection = aside
                .handshake(connection, &tls, &proxy.host, &[])
                .await
                .map_err(at_proxy)?;
        }
        if proxy.scheme.starts_with("socks") {
            socks(&mut connection, proxy, &self.url.host, self.url.port_or_default()).await?;
        } else if self.url.is_https() {
            self.proxies.tunnel(&mut connection, proxy, &self.url.address()).await?;
        }
        Ok(connection)
    }
}

/// The settings without `server_name`, for a host for which it is not meant.
pub(super) fn without_name(tls: &TlsConfig) -> TlsConfig {
    TlsConfig {
        server_name: String::new(),
        ..tls.clone()
    }
}

async fn dial(probe: &Probe<'_>, url: &Url, choice: IpChoice, trip: &mut Roundtrip) -> Result<Connection, Failure> {
    trip.start = Some(Instant::now());
    let address = match url.host.parse::<IpAddr>() {
        Ok(address) => address,
        Err(_) => look_up(probe, &url.host, choice).await?,
    };
    trip.resolved = Some(Instant::now());
    let connection = probe
        .connect(SocketAddr::new(address, url.port_or_default()), "")
        .await?;
    trip.connected = Some(Instant::now());
    Ok(connection)
}

/// The address of a host that is not the target: of a proxy, or behind a redirect. Upstream takes any of its addresses.
async fn look_up(probe: &Probe<'_>, host: &str, choice: IpChoice) -> Result<IpAddr, Failure> {
    if host.is_empty() {
        return Err(Failure::new(Step::Resolve, Reason::BadTarget, "no host in request URL"));
    }
    let aside = probe.aside(Step::Resolve);
    aside
        .resolve(
            host,
            IpChoice {
                fallback: true,
                ..choice
            },
        )
        .await
}
