//! The cookies of one probe: what answers set is sent with the requests that follow.

use std::time::SystemTime;

/// More cookies than these are not kept: answers of one probe have no use for them, and must not fill the memory.
const MOST_COOKIES: usize = 100;

/// Longer ones are not kept, as in browsers.
const LONGEST_COOKIE: usize = 4096;

/// Cookies by what they are valid for.
#[derive(Debug, Default)]
pub(super) struct Jar {
    cookies: Vec<Cookie>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Cookie {
    name: String,
    value: String,
    domain: String,
    /// Whether `domain` is the only host, and not one of those below it.
    only_host: bool,
    path: String,
    secure: bool,
}

/// Whom a request goes to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'p> {
    /// The host's name.
    pub(super) host: &'p str,
    /// The path.
    pub(super) path: &'p str,
    /// Whether TLS is spoken.
    pub(super) secure: bool,
}

impl Jar {
    /// Keeps, replaces or deletes a cookie as a `Set-Cookie` of this place says.
    pub(super) fn set(&mut self, text: &str, place: Place<'_>) {
        if text.len() > LONGEST_COOKIE {
            return;
        }
        let Some((cookie, expired)) = Cookie::parse(text, place) else {
            return;
        };
        self.cookies.retain(|kept| !kept.is_replaced_by(&cookie));
        if !expired && self.cookies.len() < MOST_COOKIES {
            self.cookies.push(cookie);
        }
    }

    /// Whether an answer set a cookie of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.cookies.iter().any(|cookie| cookie.name == name)
    }

    /// The value of a `Cookie` header for this place; those of longer paths first. Empty for none.
    pub(super) fn header(&self, place: Place<'_>) -> String {
        let mut sent: Vec<&Cookie> = self.cookies.iter().filter(|cookie| cookie.goes_to(place)).collect();
        sent.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let pairs: Vec<String> = sent
            .iter()
            .map(|cookie| format!("{}={}", cookie.name, cookie.value))
            .collect();
        pairs.join("; ")
    }
}

impl Cookie {
    /// The cookie, and whether it is over already.
    fn parse(text: &str, place: Place<'_>) -> Option<(Self, bool)> {
        let mut parts = text.split(';');
        let (name, value) = parts.next()?.split_once('=')?;
        let mut cookie = Self {
            name: name.trim().to_owned(),
            value: value.trim().to_owned(),
            domain: place.host.to_ascii_lowercase(),
            only_host: true,
            path: folder_of(place.path).to_owned(),
            secure: false,
        };
        let (mut max_age, mut expires) = (None, None);
        for part in parts {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            let value = value.trim();
            match key.trim().to_ascii_lowercase().as_str() {
                "path" if value.starts_with('/') => value.clone_into(&mut cookie.path),
                "domain" => cookie.widen(value)?,
                "secure" => cookie.secure = true,
                "max-age" => max_age = value.parse::<i64>().ok(),
                "expires" => expires = httpdate::parse_http_date(&value.replace('-', " ")).ok(),
                _ => {}
            }
        }
        let expired = match max_age {
            Some(seconds) => seconds <= 0,
            None => expires.is_some_and(|at| at <= SystemTime::now()),
        };
        (!cookie.name.is_empty()).then_some((cookie, expired))
    }

    /// Takes a `Domain`; `None` if the host has no right to it.
    fn widen(&mut self, domain: &str) -> Option<()> {
        let domain = domain.strip_prefix('.').unwrap_or(domain).to_ascii_lowercase();
        if domain.is_empty() || domain == self.domain {
            self.only_host = domain.is_empty() || is_address(&domain);
            return Some(());
        }
        // A name without a dot is a top level, whose cookies would go to everybody.
        if is_address(&self.domain) || !domain.contains('.') || !is_below(&self.domain, &domain) {
            return None;
        }
        self.domain = domain;
        self.only_host = false;
        Some(())
    }

    fn is_replaced_by(&self, other: &Self) -> bool {
        (&self.name, &self.domain, &self.path) == (&other.name, &other.domain, &other.path)
    }

    fn goes_to(&self, place: Place<'_>) -> bool {
        let host = place.host.to_ascii_lowercase();
        let here = host == self.domain || (!self.only_host && is_below(&host, &self.domain));
        let path = if place.path.is_empty() { "/" } else { place.path };
        let below = path
            .strip_prefix(self.path.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || self.path.ends_with('/'));
        here && below && (place.secure || !self.secure)
    }
}

fn is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|front| front.ends_with('.'))
}

fn is_address(host: &str) -> bool {
    host.parse::<std::net::IpAddr>().is_ok()
}

/// The path that a cookie is for unless it names one.
fn folder_of(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some((folder, _)) if folder.starts_with('/') => folder,
        _ => "/",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place<'p>(host: &'p str, path: &'p str, secure: bool) -> Place<'p> {
        Place { host, path, secure }
    }

    #[test]
    fn a_cookie_goes_where_it_is_valid() {
        let cases = [
            ("a=b", "h", "/", false, "a=b"),
            ("a=b", "h", "/x/deeper", false, "a=b"),
            ("a=b", "H", "", false, "a=b"),
            ("a=b", "o", "/", false, ""),
            ("a=b; Path=/x", "h", "/x", false, "a=b"),
            ("a=b; Path=/x", "h", "/x/y", false, "a=b"),
            ("a=b; Path=/x", "h", "/xy", false, ""),
            ("a=b; Secure", "h", "/", false, ""),
            ("a=b; secure", "h", "/", true, "a=b"),
            ("a=b; Max-Age=0", "h", "/", false, ""),
            (
                "a=b; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
                "h",
                "/",
                false,
                "a=b",
            ),
            ("a=b; Expires=Thu, 01-Jan-1970 00:00:00 GMT", "h", "/", false, ""),
            ("a=b; HttpOnly; SameSite=Lax", "h", "/", false, "a=b"),
            ("nonsense", "h", "/", false, ""),
            ("=b", "h", "/", false, ""),
        ];
        for (set, host, path, secure, sent) in cases {
            let mut jar = Jar::default();
            jar.set(set, place("h", "/", false));
            assert_eq!(jar.header(place(host, path, secure)), sent, "{set} at {host}{path}");
        }
    }

    #[test]
    fn a_domain_is_taken_only_from_its_own_hosts() {
        let cases = [
            ("a=b; Domain=e.com", "www.e.com", "api.e.com", "a=b"),
            ("a=b; Domain=.e.com", "e.com", "api.e.com", "a=b"),
            ("a=b; Domain=e.com", "e.com", "xe.com", ""),
            ("a=b", "e.com", "api.e.com", ""),
            ("a=b; Domain=com", "e.com", "e.com", ""),
            ("a=b; Domain=other.com", "e.com", "other.com", ""),
            ("a=b; Domain=0.0.1", "127.0.0.1", "127.0.0.1", ""),
            ("a=b; Domain=127.0.0.1", "127.0.0.1", "127.0.0.1", "a=b"),
        ];
        for (set, from, to, sent) in cases {
            let mut jar = Jar::default();
            jar.set(set, place(from, "/", false));
            assert_eq!(jar.header(place(to, "/", false)), sent, "{set} from {from} to {to}");
        }
    }

    #[test]
    fn a_later_cookie_replaces_deletes_and_stands_behind_longer_paths() {
        let mut jar = Jar::default();
        let at = place("h", "/x/y", false);
        for set in [
            "a=1; Path=/",
            "a=2; Path=/",
            "b=3; Path=/",
            "b=; Path=/; Max-Age=-1",
            "c=4; Path=/x",
        ] {
            jar.set(set, at);
        }
        assert_eq!(jar.header(at), "c=4; a=2");
        assert!(jar.has("a") && !jar.has("b"));
    }

    #[test]
    fn cookies_do_not_fill_the_memory() {
        let mut jar = Jar::default();
        for number in 0..1000 {
            jar.set(&format!("c{number}=x"), place("h", "/", false));
        }
        jar.set(&format!("long={}", "x".repeat(5000)), place("h", "/", false));
        assert_eq!(jar.cookies.len(), MOST_COOKIES);
        assert!(!jar.has("long"));
    }
}
