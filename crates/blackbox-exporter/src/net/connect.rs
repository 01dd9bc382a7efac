//! TCP connections.

use std::io;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};

use tokio::net::{TcpSocket, TcpStream};

use super::Connection;
use crate::failure::{Failure, Reason, Step};
use crate::probe::Probe;

impl Probe<'_> {
    /// A TCP connection to an address, if it may be probed; from the address `source`, unless that is empty. An address
    /// that was resolved with a zone is reached through it.
    pub(crate) async fn connect(&self, address: SocketAddr, source: &str) -> Result<Connection, Failure> {
        self.step.set(Step::Connect);
        self.network.admit(address.ip())?;
        let source = source_address(source, address.ip())?;
        let address = self.in_its_zone(address);
        match open(address, source).await {
            Ok(stream) => Ok(Box::new(stream)),
            Err(error) => Err(Failure::io(Step::Connect, &error, &format!("connecting to {address}"))),
        }
    }

    /// The address with the zone that it was resolved with, for sockets; unless it names one already.
    pub(crate) fn in_its_zone(&self, address: SocketAddr) -> SocketAddr {
        match (address, self.found.borrow().zone) {
            (SocketAddr::V6(v6), Some((ip, zone))) if v6.scope_id() == 0 && *v6.ip() == ip => {
                SocketAddr::V6(SocketAddrV6::new(ip, v6.port(), 0, zone))
            }
            _ => address,
        }
    }
}

/// The module's `source_ip_address`, as it can be used for this target.
pub(crate) fn source_address(source: &str, target: IpAddr) -> Result<Option<IpAddr>, Failure> {
    if source.is_empty() {
        return Ok(None);
    }
    let wrong = |text| Failure::new(Step::Prepare, Reason::BadModule, text);
    let address: IpAddr = source
        .parse()
        .map_err(|_| wrong(format!("source_ip_address: {source:?} is no IP address")))?;
    if address.is_ipv4() != target.is_ipv4() {
        let text = format!("source_ip_address: {source} cannot reach {target}, which is of the other kind");
        return Err(wrong(text));
    }
    Ok(Some(address))
}

async fn open(address: SocketAddr, source: Option<IpAddr>) -> io::Result<TcpStream> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()
    } else {
        TcpSocket::new_v6()
    }?;
    if let Some(source) = source {
        socket.bind(SocketAddr::new(source, 0))?;
    }
    let stream = socket.connect(address).await?;
    // Probes send little and wait for what comes back; to hold back small packets would only make them slower.
    stream.set_nodelay(true)?;
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;
    use crate::net::testing::Setup;
    use crate::net::{Admission, Network};

    #[tokio::test]
    async fn connection_comes_from_the_source_address() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let setup = Setup::new();
        let _connection = setup.probe().connect(address, "127.0.0.9").await.unwrap();
        let (_stream, from) = listener.accept().await.unwrap();
        assert_eq!(from.ip(), IpAddr::from([127, 0, 0, 9]));
    }

    #[tokio::test]
    async fn each_failure_has_its_reason() {
        let free = TcpListener::bind(("127.0.0.1", 0)).await.unwrap().local_addr().unwrap();
        let mut setup = Setup::new();
        let admission = Admission {
            allow: vec![],
            deny: vec!["127.66.0.0/16".parse().unwrap()],
        };
        setup.network = Network::new(admission);
        for (address, source, expected) in [
            (free, "", Reason::ConnectionRefused),
            (free, "nonsense", Reason::BadModule),
            (free, "::1", Reason::BadModule),
            (free, "192.0.2.1", Reason::Unreachable),
            (([127, 66, 0, 1], 1).into(), "", Reason::Denied),
            ("[::ffff:127.66.0.1]:1".parse().unwrap(), "", Reason::Denied),
        ] {
            let failure = setup.probe().connect(address, source).await.err().unwrap();
            let step = match expected {
                Reason::BadModule => Step::Prepare,
                _ => Step::Connect,
            };
            assert_eq!((failure.step, failure.reason), (step, expected), "{address} {source}");
        }
    }

    #[test]
    fn zone_goes_with_its_address_only() {
        let setup = Setup::new();
        let probe = setup.probe();
        probe.found.borrow_mut().zone = Some(("fe80::1".parse().unwrap(), 7));
        for (address, expected) in [
            ("[fe80::1]:80", "[fe80::1%7]:80"),
            ("[fe80::1%3]:80", "[fe80::1%3]:80"),
            ("[fe80::2]:80", "[fe80::2]:80"),
            ("127.0.0.1:80", "127.0.0.1:80"),
        ] {
            assert_eq!(probe.in_its_zone(address.parse().unwrap()).to_string(), expected);
        }
    }
}
