//! Virtual servers and the real servers behind them, from /proc/net/ip_vs.
//!
//! ```text
//! IP Virtual Server version 1.2.1 (size=4096)
//! Prot LocalAddress:Port Scheduler Flags
//!   -> RemoteAddress:Port Forward Weight ActiveConn InActConn
//! TCP  C0A80016:0CEA wlc
//!   -> C0A85216:0CEA      Tunnel  100    248        2
//! FWM  10001000 rr
//!   -> [2620:0000:0000:0000:0000:0000:0000:0002]:0050 Masq 1 0 0
//! ```

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::ParseError;
use crate::fields::{Fields, hexadecimal, lines};

/// A real server behind a virtual one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backend<'a> {
    /// The virtual server.
    pub service: Service<'a>,
    /// The real server's address.
    pub address: IpAddr,
    /// The real server's port.
    pub port: u16,
    /// Its share of new connections.
    pub weight: u64,
    /// Connections that are established. Source: column `ActiveConn`.
    pub active_connections: u64,
    /// Connections in any other state. Source: column `InActConn`.
    pub inactive_connections: u64,
}

/// A virtual server: an address and a port, or the mark that a firewall put on packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Service<'a> {
    /// `TCP`, `UDP` or `SCTP`; `FWM` where packets are told by their mark.
    pub protocol: &'a str,
    /// The address that clients know. `None` where packets are told by their mark.
    pub address: Option<IpAddr>,
    /// The port that clients know, 0 where packets are told by their mark.
    pub port: u16,
    /// The mark in hexadecimal, empty where packets are told by their address.
    pub mark: &'a str,
}

/// Parses /proc/net/ip_vs into all real servers, in the file's order. An empty file gives nothing.
///
/// # Errors
/// When a server's line lacks an address, a port or a number, or a real server comes before any virtual one.
pub fn parse(bytes: &[u8]) -> Result<Vec<Backend<'_>>, ParseError> {
    let mut backends = Vec::new();
    let mut service = None;
    for line in lines(bytes) {
        let mut fields = line.fields("an address, a port and what follows them in the header");
        match fields.text()? {
            "IP" | "Prot" => {}
            "->" if line.text.trim_ascii_start().starts_with(b"-> RemoteAddress:Port") => {}
            "->" => {
                let service = service.ok_or_else(|| line.error("a virtual server before its real ones"))?;
                backends.push(backend(service, fields)?);
            }
            protocol => service = Some(parse_service(protocol, fields)?),
        }
    }
    Ok(backends)
}

fn parse_service<'a>(protocol: &'a str, mut fields: Fields<'a>) -> Result<Service<'a>, ParseError> {
    if protocol == "FWM" {
        return Ok(Service {
            protocol,
            address: None,
            port: 0,
            mark: fields.text()?,
        });
    }
    let (address, port) = fields.parsed(socket_address)?;
    Ok(Service {
        protocol,
        address: Some(address),
        port,
        mark: "",
    })
}

fn backend<'a>(service: Service<'a>, mut fields: Fields<'a>) -> Result<Backend<'a>, ParseError> {
    let (address, port) = fields.parsed(socket_address)?;
    let _forward = fields.word()?;
    let [weight, active_connections, inactive_connections] = fields.numbers()?;
    Ok(Backend {
        service,
        address,
        port,
        weight,
        active_connections,
        inactive_connections,
    })
}

/// `C0A80016:0CEA` or `[2620:0000:0000:0000:0000:0000:0000:0001]:0050`.
fn socket_address(word: &[u8]) -> Option<(IpAddr, u16)> {
    let (address, port) = word.split_at(memchr::memrchr(b':', word)?);
    let port = hexadecimal(port.get(1..)?)?.try_into().ok()?;
    let address = match address.strip_prefix(b"[") {
        Some(address) => std::str::from_utf8(address.strip_suffix(b"]")?)
            .ok()?
            .parse::<Ipv6Addr>()
            .ok()?
            .into(),
        None => Ipv4Addr::from_bits(hexadecimal(address)?.try_into().ok()?).into(),
    };
    Some((address, port))
}

#[cfg(test)]
mod tests {
    use super::{Backend, Service, parse};

    fn backend<'a>(service: Service<'a>, address: &str, port: u16, numbers: [u64; 3]) -> Backend<'a> {
        let [weight, active_connections, inactive_connections] = numbers;
        Backend {
            service,
            address: address.parse().unwrap(),
            port,
            weight,
            active_connections,
            inactive_connections,
        }
    }

    #[test]
    fn real_servers_belong_to_the_virtual_one_before_them() {
        let tcp = Service {
            protocol: "TCP",
            address: Some("192.168.0.22".parse().unwrap()),
            port: 3306,
            mark: "",
        };
        let sctp = Service {
            protocol: "SCTP",
            address: Some("2620::1".parse().unwrap()),
            port: 80,
            mark: "",
        };
        let marked = Service {
            protocol: "FWM",
            address: None,
            port: 0,
            mark: "10001000",
        };
        let expected = vec![
            backend(tcp, "192.168.82.22", 3306, [100, 248, 2]),
            backend(tcp, "192.168.83.24", 3307, [50, 1, 3]),
            backend(sctp, "2620::2", 81, [7, 8, 9]),
            backend(marked, "192.168.50.22", 0, [20, 0, 8]),
        ];
        assert_eq!(parse(include_bytes!("../fixtures/ip_vs")), Ok(expected));
        assert_eq!(parse(b""), Ok(vec![]));
    }

    #[test]
    fn malformed_servers_are_errors() {
        for (text, found) in [
            ("TCP C0A80016 wlc\n", "C0A80016"),
            ("TCP C0A8001600:0CEA wlc\n", "C0A8001600:0CEA"),
            ("TCP C0A80016:10000 wlc\n", "C0A80016:10000"),
            ("TCP [2620::1:0050 wlc\n", "[2620::1:0050"),
            ("FWM 1 rr\n-> C0A80016:0CEA Masq 1 0 -1\n", "-1"),
            ("-> C0A80016:0CEA Masq 1 0 0\n", "-> C0A80016:0CEA Masq 1 0 0"),
        ] {
            let error = parse(text.as_bytes()).unwrap_err().to_string();
            assert!(error.ends_with(&format!("found {found:?}")), "{error}");
        }
    }
}
