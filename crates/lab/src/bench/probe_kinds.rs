//! What is probed, and how: a module of blackbox.yml for each kind of probe, and the targets that it is for.

use std::{fmt::Write as _, net::Ipv4Addr, path::Path};

/// A kind of probe.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Http,
    Https,
    Tcp,
    Dns,
}

/// Where each kind's server listens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ports {
    pub(super) http: u16,
    pub(super) https: u16,
    pub(super) tcp: u16,
    pub(super) dns: u16,
}

/// The name that the servers' certificate is for, and that is asked for over DNS.
pub(super) const NAME: &str = "bench.test";

impl Kind {
    pub(super) const ALL: [Self; 4] = [Self::Http, Self::Https, Self::Tcp, Self::Dns];

    /// Also the name of its module.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Tcp => "tcp",
            Self::Dns => "dns",
        }
    }

    /// A target of its own for each number below 16 million: all of 127.0.0.0/8 is this host.
    pub(super) fn target(self, ports: Ports, number: u32) -> String {
        let address = Ipv4Addr::from_bits(u32::from(Ipv4Addr::new(127, 0, 0, 1)) + number % 0x00ff_0000);
        match self {
            Self::Http => format!("http://{address}:{}/", ports.http),
            Self::Https => format!("https://{address}:{}/", ports.https),
            Self::Tcp => format!("{address}:{}", ports.tcp),
            // A datagram's answer must come from where it was sent to, so there is one address.
            Self::Dns => format!("127.0.0.1:{}", ports.dns),
        }
    }
}

/// blackbox.yml with a module for each kind; `authority` is whom to trust.
pub(super) fn config(authority: &Path) -> String {
    let authority = authority.display();
    let mut text = "modules:\n".to_owned();
    for kind in Kind::ALL {
        let (prober, more) = match kind {
            Kind::Http => ("http", String::new()),
            Kind::Https => (
                "http",
                format!(", tls_config: {{ca_file: '{authority}', server_name: {NAME}}}"),
            ),
            Kind::Tcp => ("tcp", String::new()),
            Kind::Dns => ("dns", format!(", query_name: {NAME}, query_type: A")),
        };
        let name = kind.name();
        // Writing to a String cannot fail.
        writeln!(
            text,
            "  {name}: {{prober: {prober}, timeout: 5s, {prober}: {{preferred_ip_protocol: ip4{more}}}}}"
        )
        .ok();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_is_another_target() {
        let ports = Ports {
            http: 1,
            https: 2,
            tcp: 3,
            dns: 4,
        };
        for (kind, number, expected) in [
            (Kind::Http, 0, "http://127.0.0.1:1/"),
            (Kind::Https, 255, "https://127.0.1.0:2/"),
            (Kind::Tcp, 19_999, "127.0.78.32:3"),
            (Kind::Dns, 7, "127.0.0.1:4"),
        ] {
            assert_eq!(kind.target(ports, number), expected);
        }
    }

    #[test]
    fn the_configuration_has_a_module_for_each_kind() {
        let expected = "modules:
  http: {prober: http, timeout: 5s, http: {preferred_ip_protocol: ip4}}
  https: {prober: http, timeout: 5s, http: {preferred_ip_protocol: ip4, tls_config: {ca_file: '/ca.pem', server_name: bench.test}}}
  tcp: {prober: tcp, timeout: 5s, tcp: {preferred_ip_protocol: ip4}}
  dns: {prober: dns, timeout: 5s, dns: {preferred_ip_protocol: ip4, query_name: bench.test, query_type: A}}
";
        assert_eq!(config(Path::new("/ca.pem")), expected);
    }
}
