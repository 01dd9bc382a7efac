//! Whom to reach without the proxy: the rules of `no_proxy` and of the environment's NO_PROXY.

use std::net::IpAddr;

/// The rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct NoProxy {
    everybody: bool,
    rules: Vec<Rule>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Rule {
    Network {
        address: IpAddr,
        bits: u8,
    },
    Address {
        address: IpAddr,
        port: Option<u16>,
    },
    /// The name begins with a dot; `itself`: it also is for the name without the dot.
    Name {
        name: String,
        itself: bool,
        port: Option<u16>,
    },
}

impl NoProxy {
    /// Reads rules that commas separate. What makes no sense is left out, as Go does.
    pub(super) fn parse(text: &str) -> Self {
        let rules = text.split(',').map(|rule| rule.trim().to_ascii_lowercase());
        let rules: Vec<String> = rules.filter(|rule| !rule.is_empty()).collect();
        Self {
            everybody: rules.iter().any(|rule| rule == "*"),
            rules: rules.iter().filter_map(|rule| Rule::parse(rule)).collect(),
        }
    }

    /// Whether the host is reached directly. This host always is.
    pub(super) fn holds(&self, host: &str, port: u16) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let address: Option<IpAddr> = host.parse().ok();
        let local = host == "localhost" || address.is_some_and(|address| address.is_loopback());
        local || self.everybody || self.rules.iter().any(|rule| rule.holds(&host, address, port))
    }
}

impl Rule {
    fn parse(rule: &str) -> Option<Self> {
        if let Some((address, bits)) = rule.split_once('/') {
            let (address, bits) = (address.parse::<IpAddr>().ok()?, bits.parse().ok()?);
            let most = if address.is_ipv4() { 32 } else { 128 };
            return (bits <= most).then_some(Self::Network { address, bits });
        }
        let (host, port) = split_port(rule);
        if let Ok(address) = host.parse() {
            return Some(Self::Address { address, port });
        }
        let host = host
            .strip_prefix('*')
            .filter(|rest| rest.starts_with('.'))
            .unwrap_or(host);
        let itself = !host.starts_with('.');
        let name = if itself { format!(".{host}") } else { host.to_owned() };
        (name.len() > 1).then_some(Self::Name { name, itself, port })
    }

    fn holds(&self, host: &str, address: Option<IpAddr>, port: u16) -> bool {
        let fits = |wanted: &Option<u16>| wanted.is_none_or(|wanted| wanted == port);
        match self {
            Self::Network { address: network, bits } => address.is_some_and(|address| within(address, *network, *bits)),
            Self::Address { address: wanted, port } => address == Some(*wanted) && fits(port),
            Self::Name { name, itself, port } => {
                let same = *itself && name.strip_prefix('.') == Some(host);
                (same || host.ends_with(name.as_str())) && fits(port)
            }
        }
    }
}

fn split_port(rule: &str) -> (&str, Option<u16>) {
    let (host, port) = match rule.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, port)) => (host, port.strip_prefix(':')),
        None => match rule.split_once(':') {
            // Two colons are an address without brackets.
            Some((host, port)) if !port.contains(':') => (host, Some(port)),
            _ => (rule, None),
        },
    };
    (host, port.and_then(|port| port.parse().ok()))
}

fn within(address: IpAddr, network: IpAddr, bits: u8) -> bool {
    let bits = u32::from(bits);
    match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            (address.to_bits() ^ network.to_bits())
                .checked_shr(32 - bits)
                .unwrap_or(0)
                == 0
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => {
            (address.to_bits() ^ network.to_bits())
                .checked_shr(128 - bits)
                .unwrap_or(0)
                == 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_hold_for_whom_they_name() {
        let cases = [
            ("", "h", 80, false),
            ("", "localhost", 80, true),
            ("", "127.1.2.3", 80, true),
            ("", "::1", 80, true),
            ("*", "h", 80, true),
            ("x, *", "h", 80, true),
            ("e.com", "e.com", 80, true),
            ("e.com", "E.com.", 80, true),
            ("e.com", "www.e.com", 80, true),
            ("e.com", "xe.com", 80, false),
            (".e.com", "e.com", 80, false),
            (".e.com", "www.e.com", 80, true),
            ("*.e.com", "www.e.com", 80, true),
            ("*.e.com", "e.com", 80, false),
            ("e.com:81", "e.com", 80, false),
            ("e.com:81", "e.com", 81, true),
            ("10.0.0.0/8", "10.9.8.7", 80, true),
            ("10.0.0.0/8", "11.0.0.1", 80, false),
            ("0.0.0.0/0", "11.0.0.1", 80, true),
            ("10.0.0.0/33", "10.0.0.1", 80, false),
            ("fd00::/8", "fd12::1", 80, true),
            ("fd00::/8", "10.0.0.1", 80, false),
            ("10.0.0.1", "10.0.0.1", 80, true),
            ("10.0.0.1:81", "10.0.0.1", 80, false),
            ("fd00::1", "fd00::1", 80, true),
            ("[fd00::1]:80", "fd00::1", 80, true),
            ("[fd00::1]:80", "fd00::1", 81, false),
        ];
        for (rules, host, port, holds) in cases {
            assert_eq!(
                NoProxy::parse(rules).holds(host, port),
                holds,
                "{rules:?} for {host}:{port}"
            );
        }
    }
}
