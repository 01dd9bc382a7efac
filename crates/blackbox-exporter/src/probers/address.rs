//! Where a target is: `HOST:PORT`, the host a name or an address, one of IPv6 in brackets.

use crate::failure::{Failure, Reason, Step};

/// Ports that Go knows by name without any file, and so upstream does too.
const SERVICES: &[(&str, u16)] = &[
    ("domain", 53),
    ("ftp", 21),
    ("ftps", 990),
    ("gopher", 70),
    ("http", 80),
    ("https", 443),
    ("imap2", 143),
    ("imap3", 220),
    ("imaps", 993),
    ("pop3", 110),
    ("pop3s", 995),
    ("smtp", 25),
    ("ssh", 22),
    ("submissions", 465),
    ("telnet", 23),
];

/// A target in its two parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct HostPort<'t> {
    /// The name or address, without brackets.
    pub(super) host: &'t str,
    port: &'t str,
}

impl<'t> HostPort<'t> {
    /// The parts of `HOST:PORT`.
    ///
    /// # Errors
    /// When there is no port, or a host with colons has no brackets.
    pub(super) fn parse(target: &'t str) -> Result<Self, Failure> {
        split(target)
            .map(|(host, port)| Self { host, port })
            .ok_or_else(|| bad(format!("the target {target:?} is no HOST:PORT")))
    }

    /// The parts of `HOST:PORT` or `HOST`, which has the port `default`.
    ///
    /// # Errors
    /// When a bracket is not closed.
    pub(super) fn parse_or(target: &'t str, default: &'t str) -> Result<Self, Failure> {
        if let Some((host, port)) = split(target) {
            let port = if port.is_empty() { default } else { port };
            return Ok(Self { host, port });
        }
        let bare = match target.strip_prefix('[') {
            Some(rest) => rest.strip_suffix(']'),
            None => Some(target),
        };
        match bare.filter(|host| !host.contains(['[', ']'])) {
            Some(host) => Ok(Self { host, port: default }),
            None => Err(bad(format!("the target {target:?} is no HOST:PORT"))),
        }
    }

    /// The port as a number. Asked for after the host is resolved, so that the address is told, as upstream does.
    ///
    /// # Errors
    /// When it is none.
    pub(super) fn port(&self) -> Result<u16, Failure> {
        let named = || SERVICES.iter().find(|(name, _)| name.eq_ignore_ascii_case(self.port));
        let number = self.port.parse().ok().or_else(|| named().map(|(_, port)| *port));
        number
            .filter(|port| *port != 0)
            .ok_or_else(|| bad(format!("{:?} is no port", self.port)))
    }

    /// As it stands in a request.
    pub(super) fn authority(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }
}

fn split(target: &str) -> Option<(&str, &str)> {
    let (host, port) = target.rsplit_once(':')?;
    let host = match host.strip_prefix('[') {
        Some(rest) => rest.strip_suffix(']')?,
        None if host.contains(':') => return None,
        None => host,
    };
    (!host.contains(['[', ']']) && !port.contains(['[', ']'])).then_some((host, port))
}

fn bad(text: String) -> Failure {
    Failure::new(Step::Prepare, Reason::BadTarget, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_host_and_a_port() {
        for (target, expected) in [
            ("a.example:80", Some(("a.example", Some(80)))),
            ("127.0.0.1:http", Some(("127.0.0.1", Some(80)))),
            ("[::1]:6379", Some(("::1", Some(6379)))),
            (":25", Some(("", Some(25)))),
            ("a:", Some(("a", None))),
            ("a:0", Some(("a", None))),
            ("a:65536", Some(("a", None))),
            ("a:-1", Some(("a", None))),
            ("a:nothing", Some(("a", None))),
            ("a", None),
            ("", None),
            ("::1:80", None),
            ("[::1]", None),
            ("[::1:80", None),
            ("::1]:80", None),
            ("[::1]x:80", None),
        ] {
            let parsed = HostPort::parse(target).ok();
            let found = parsed.as_ref().map(|parts| (parts.host, parts.port().ok()));
            assert_eq!(found, expected, "{target}");
        }
    }

    #[test]
    fn a_port_may_be_left_out_where_there_is_a_default() {
        for (target, expected) in [
            ("a.example", Some("a.example:443")),
            ("a.example:", Some("a.example:443")),
            ("a.example:1", Some("a.example:1")),
            ("[::1]", Some("[::1]:443")),
            ("::1", Some("[::1]:443")),
            ("[::1]:1", Some("[::1]:1")),
            ("[::1", None),
        ] {
            let parsed = HostPort::parse_or(target, "443").ok();
            assert_eq!(parsed.map(|parts| parts.authority()).as_deref(), expected, "{target}");
        }
    }
}
