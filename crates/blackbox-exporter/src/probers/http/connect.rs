//! The way to a server: address, proxy, TLS.

use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use hyper::Version;

use super::phases::Roundtrip;
use super::proxy::{Proxies, socks};
use super::target::Url;
use crate::config::{HttpModule, IpChoice, TlsConfig};
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
    /// What is offered.
    pub(super) offer: Offer,
    /// Which addresses of a name are taken.
    pub(super) choice: IpChoice,
}

/// The versions of HTTP that a server may choose from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offer {
    /// 1.1 alone.
    Http1,
    /// 1.1, or 2 on a connection with TLS.
    Http2,
    /// 3, which has its own kind of connection, and nothing else.
    Http3,
}

impl Offer {
    /// What the module wants.
    pub(super) fn of(module: &HttpModule) -> Self {
        match (module.enable_http3, module.enable_http2) {
            (true, _) => Self::Http3,
            (false, true) => Self::Http2,
            (false, false) => Self::Http1,
        }
    }
}

/// What a request travels on.
pub(super) enum Carrier {
    /// TCP, or TLS on it.
    Stream(Connection),
    /// HTTP/3's.
    #[cfg(feature = "http3")]
    Quic(crate::net::Quic),
}

/// A connection on which a request can be sent.
pub(super) struct Way<'r> {
    /// The connection.
    pub(super) carrier: Carrier,
    /// The version that was agreed on: 1.1, 2 or 3.
    pub(super) version: Version,
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
        if self.offer == Offer::Http3 {
            return self.go_by_quic(probe, trip).await;
        }
        let proxy = self.proxies.of(self.url, self.name);
        let mut connection = match proxy {
            Some(proxy) => self.reach_proxy(probe, proxy, trip).await?,
            None => dial(probe, self.url, self.choice, trip).await?,
        };
        let mut version = Version::HTTP_11;
        if self.url.is_https() {
            trip.tls_start = Some(Instant::now());
            let protocols = if self.offer == Offer::Http2 { WITH_HTTP2 } else { &[] };
            let shaken = probe.handshake(connection, self.tls, self.tls_name, protocols).await;
            trip.tls_done = Some(Instant::now());
            connection = shaken?;
            let found = probe.found.borrow();
            if found.tls.as_ref().is_some_and(|tls| tls.protocol == "h2") {
                version = Version::HTTP_2;
            }
        }
        trip.ready = Some(Instant::now());
        let tunnelled = |proxy: &&Url| !self.url.is_https() && !proxy.scheme.starts_with("socks");
        Ok(Way {
            carrier: Carrier::Stream(connection),
            version,
            proxy: proxy.filter(tunnelled),
        })
    }

    /// Proxies do not know this way, and are not asked: upstream's are not, either.
    #[cfg(feature = "http3")]
    async fn go_by_quic(&self, probe: &Probe<'_>, trip: &mut Roundtrip) -> Result<Way<'r>, Failure> {
        if !self.url.is_https() {
            // The target itself is taken for one that is.
            let text = format!(
                "HTTP/3 is always encrypted, and {} is no https address",
                self.url.shown()
            );
            return Err(Failure::new(Step::Receive, Reason::Redirects, text));
        }
        let address = address(probe, self.url, self.choice, trip).await?;
        trip.tls_start = trip.resolved;
        let quic = probe.quic(address, self.tls, self.tls_name, "h3").await?;
        // Connection and encryption are one handshake here, which counts as both, as upstream's does.
        let now = Some(Instant::now());
        (trip.connected, trip.tls_done, trip.ready) = (now, now, now);
        Ok(Way {
            carrier: Carrier::Quic(quic),
            version: Version::HTTP_3,
            proxy: None,
        })
    }

    #[cfg(not(feature = "http3"))]
    #[expect(clippy::unused_async, reason = "the same call with and without HTTP/3")]
    async fn go_by_quic(&self, _: &Probe<'_>, _: &mut Roundtrip) -> Result<Way<'r>, Failure> {
        let text = "this program was built without HTTP/3: enable_http3 must be false";
        Err(Failure::new(Step::Prepare, Reason::BadModule, text))
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
    let address = address(probe, url, choice, trip).await?;
    let connection = probe.connect(address, "").await?;
    trip.connected = Some(Instant::now());
    Ok(connection)
}

async fn address(probe: &Probe<'_>, url: &Url, choice: IpChoice, trip: &mut Roundtrip) -> Result<SocketAddr, Failure> {
    trip.start = Some(Instant::now());
    let address = match url.host.parse::<IpAddr>() {
        Ok(address) => address,
        Err(_) => look_up(probe, &url.host, choice).await?,
    };
    trip.resolved = Some(Instant::now());
    Ok(SocketAddr::new(address, url.port_or_default()))
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
