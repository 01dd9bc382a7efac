//! What follows a redirect: where to, with which method, and what of the first request goes along.

use hyper::{Method, StatusCode};

use super::target::{Url, is_relative};

/// More redirects are not followed.
pub(super) const MOST_REDIRECTS: usize = 10;

/// One request of a probe: the first, or one after a redirect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hop {
    /// Where it goes. The first one's host is the address that was found, as upstream has it: so relative redirects go to
    /// the same address.
    pub(super) url: Url,
    /// What it asks for by name, if that is not the address' host.
    pub(super) host: Option<String>,
    /// The method.
    pub(super) method: Method,
    /// Whether the module's body goes along.
    pub(super) with_body: bool,
    /// Whether it goes to a stranger, who gets no credentials.
    pub(super) stranger: bool,
    /// The address that led here.
    pub(super) referer: Option<String>,
}

/// What an answer's status asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    /// The next method.
    pub(super) method: Method,
    /// Whether the body goes along again.
    pub(super) keeps_body: bool,
}

/// What comes next; `None` if the status is no redirect.
pub(super) fn change(status: StatusCode, method: &Method) -> Option<Change> {
    match status.as_u16() {
        301..=303 => Some(Change {
            method: match *method {
                Method::HEAD => Method::HEAD,
                _ => Method::GET,
            },
            keeps_body: false,
        }),
        307 | 308 => Some(Change {
            method: method.clone(),
            keeps_body: true,
        }),
        _ => None,
    }
}

impl Hop {
    /// The next request. `name` tells by which name a host is known, `first` is the one that the probe began with.
    pub(super) fn next(
        &self,
        change: Change,
        url: Url,
        location: &str,
        first: &str,
        name: impl Fn(&Url) -> String,
    ) -> Self {
        let next = name(&url).to_ascii_lowercase();
        let first = first.to_ascii_lowercase();
        let trusted = next == first
            || next
                .strip_suffix(&first)
                .is_some_and(|front| front.ends_with('.') && !first.is_empty());
        let down = self.url.is_https() && !url.is_https();
        Self {
            host: self.host.clone().filter(|_| is_relative(location)),
            method: change.method,
            with_body: self.with_body && change.keeps_body,
            // Once it was among strangers, it is not trusted again.
            stranger: self.stranger || !trusted,
            referer: (!down).then(|| self.url.without_user()),
            url,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_says_what_becomes_of_the_method() {
        let cases = [
            (200, Method::GET, None),
            (300, Method::GET, None),
            (304, Method::GET, None),
            (301, Method::GET, Some((Method::GET, false))),
            (302, Method::HEAD, Some((Method::HEAD, false))),
            (303, Method::POST, Some((Method::GET, false))),
            (307, Method::POST, Some((Method::POST, true))),
            (308, Method::PUT, Some((Method::PUT, true))),
        ];
        for (status, method, expected) in cases {
            let status = StatusCode::from_u16(status).expect("a status");
            let is = change(status, &method).map(|change| (change.method, change.keeps_body));
            assert_eq!(is, expected, "{status} {method}");
        }
    }

    fn next(from: &str, location: &str) -> Hop {
        let url = Url::parse(from).expect("an address");
        let hop = Hop {
            url,
            host: Some("e.com".to_owned()),
            method: Method::GET,
            with_body: false,
            stranger: false,
            referer: None,
        };
        let url = hop.url.join(location).expect("an address");
        let change = Change {
            method: Method::GET,
            keeps_body: false,
        };
        // The address 10.0.0.1 was found for e.com.
        let name = |url: &Url| {
            if url.host == "10.0.0.1" {
                "e.com".to_owned()
            } else {
                url.host.clone()
            }
        };
        hop.next(change, url, location, "e.com", name)
    }

    #[test]
    fn strangers_get_no_credentials() {
        let cases = [
            ("/x", false),
            ("http://10.0.0.1/x", false),
            ("http://E.com/x", false),
            ("https://www.e.com/x", false),
            ("http://xe.com/x", true),
            ("http://10.0.0.2/x", true),
        ];
        for (location, stranger) in cases {
            assert_eq!(next("http://10.0.0.1/", location).stranger, stranger, "{location}");
        }
        let back = next("http://10.0.0.1/", "http://o.com/");
        let url = Url::parse("http://e.com/").expect("an address");
        let change = Change {
            method: Method::GET,
            keeps_body: false,
        };
        assert!(
            back.next(change, url, "http://e.com/", "e.com", |url| url.host.clone())
                .stranger
        );
    }

    #[test]
    fn the_virtual_host_stays_on_relative_redirects_only() {
        let cases = [
            ("/x", true),
            ("x?u=http://o/", true),
            ("?q", true),
            ("http://10.0.0.1/x", false),
            ("//10.0.0.1/x", false),
        ];
        for (location, stays) in cases {
            assert_eq!(next("http://10.0.0.1/", location).host.is_some(), stays, "{location}");
        }
    }

    #[test]
    fn the_referer_is_not_told_where_tls_ends() {
        let cases = [
            ("http://10.0.0.1/a?b", "/x", Some("http://10.0.0.1/a?b")),
            ("http://u:p@10.0.0.1/a", "https://o/", Some("http://10.0.0.1/a")),
            ("https://10.0.0.1/a", "http://o/", None),
        ];
        for (from, location, referer) in cases {
            assert_eq!(next(from, location).referer.as_deref(), referer, "{from} to {location}");
        }
    }
}
