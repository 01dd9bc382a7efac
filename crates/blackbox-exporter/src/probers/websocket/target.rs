//! Where a WebSocket is: `ws://HOST[:PORT][/PATH]`, or `wss://` for one over TLS.

use crate::failure::{Failure, Reason, Step};
use crate::probers::address::HostPort;

/// The parts of a target.
#[derive(Debug)]
pub(super) struct Target<'t> {
    /// Whether to speak TLS.
    pub(super) tls: bool,
    /// Host and port as they stand in the URL.
    pub(super) authority: &'t str,
    /// The same, with the scheme's port if there is none.
    pub(super) place: HostPort<'t>,
    /// Path and query.
    pub(super) path: String,
}

impl<'t> Target<'t> {
    /// The parts of a URL.
    ///
    /// # Errors
    /// When it has another scheme, a user, or what cannot stand in a request.
    pub(super) fn parse(url: &'t str) -> Result<Self, Failure> {
        let wrong = || {
            Failure::new(
                Step::Prepare,
                Reason::BadTarget,
                format!("{url:?} is no URL of a WebSocket"),
            )
        };
        let (scheme, rest) = url.split_once("://").ok_or_else(wrong)?;
        let (tls, default) = match scheme.to_ascii_lowercase().as_str() {
            "ws" => (false, "80"),
            "wss" => (true, "443"),
            _ => return Err(wrong()),
        };
        let rest = rest.split('#').next().unwrap_or(rest);
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end).ok_or_else(wrong)?;
        let plain = rest.bytes().all(|byte| byte.is_ascii_graphic());
        if !plain || authority.is_empty() || authority.contains('@') {
            return Err(wrong());
        }
        let path = match path.starts_with('/') {
            true => path.to_owned(),
            false => format!("/{path}"),
        };
        let place = HostPort::parse_or(authority, default)?;
        Ok(Self {
            tls,
            authority,
            place,
            path,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart_or_refused() {
        for (url, expected) in [
            ("ws://a.example", Some((false, "a.example", "a.example:80", "/"))),
            ("WSS://a:1/x?y#z", Some((true, "a:1", "a:1", "/x?y"))),
            ("wss://[::1]?q", Some((true, "[::1]", "[::1]:443", "/?q"))),
            ("http://a", None),
            ("a:80", None),
            ("ws://", None),
            ("ws:///x", None),
            ("ws://u:p@a", None),
            ("ws://a/x y", None),
            ("ws://a/\r\nx", None),
        ] {
            let parsed = Target::parse(url).ok();
            let found = parsed.map(|t| (t.tls, t.authority.to_owned(), t.place.authority(), t.path));
            let expected = expected.map(|(tls, a, b, c)| (tls, a.to_owned(), b.to_owned(), c.to_owned()));
            assert_eq!(found, expected, "{url}");
        }
    }
}
