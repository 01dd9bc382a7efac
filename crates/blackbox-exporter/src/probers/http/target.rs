//! Addresses of the web, read and joined as upstream does: laxer than a browser, and nothing of them is rewritten.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

/// An address of `http`, `https` or another scheme with an authority.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Url {
    /// In lower case.
    pub(super) scheme: String,
    /// What stands before the `@`, decoded; the second part is the password.
    pub(super) user: Option<(String, String)>,
    /// A name in ASCII, or an address without brackets.
    pub(super) host: String,
    /// The port, where one is named.
    pub(super) port: Option<u16>,
    /// Encoded; empty, or with a slash in front.
    pub(super) path: String,
    /// Encoded, without the question mark.
    pub(super) query: Option<String>,
}

/// What is wrong with an address; without the address, which may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct Malformed(&'static str);

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown())
    }
}

impl Url {
    /// Reads an absolute address.
    ///
    /// # Errors
    /// When it has no scheme, or its authority makes no sense.
    pub(super) fn parse(text: &str) -> Result<Self, Malformed> {
        Reference::split(text)?.into_url()
    }

    /// The address that a `Location` names, seen from this one.
    ///
    /// # Errors
    /// When it makes no sense.
    pub(super) fn join(&self, location: &str) -> Result<Self, Malformed> {
        let mut reference = Reference::split(location)?;
        if reference.scheme.is_none() && reference.authority.is_some() {
            reference.scheme = Some(&self.scheme);
        }
        if reference.scheme.is_some() {
            return reference.into_url();
        }
        let mut url = self.clone();
        let query = reference.query.map(|query| encoded(query, QUERY));
        if reference.path.is_empty() {
            url.query = query.or(url.query);
            return Ok(url);
        }
        url.query = query;
        let folder = self.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let path = match reference.path.starts_with('/') {
            true => reference.path.to_owned(),
            false => format!("{folder}/{}", reference.path),
        };
        url.path = without_dots(&encoded(&path, PATH));
        Ok(url)
    }

    /// Whether TLS is spoken.
    pub(super) fn is_https(&self) -> bool {
        self.scheme == "https"
    }

    /// The port to connect to.
    pub(super) fn port_or_default(&self) -> u16 {
        self.port.unwrap_or(if self.is_https() { 443 } else { 80 })
    }

    /// Host and port as they stand in a Host header.
    pub(super) fn authority(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}", self.bracketed_host()),
            None => self.bracketed_host(),
        }
    }

    /// Host and port, the port also where it is the usual one.
    pub(super) fn address(&self) -> String {
        format!("{}:{}", self.bracketed_host(), self.port_or_default())
    }

    fn bracketed_host(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]", self.host),
            false => self.host.clone(),
        }
    }

    /// Path and query, as a request line has them.
    pub(super) fn path_and_query(&self) -> String {
        let path = if self.path.is_empty() { "/" } else { &self.path };
        match &self.query {
            Some(query) => format!("{path}?{query}"),
            None => path.to_owned(),
        }
    }

    /// The address without its user, for a Referer.
    pub(super) fn without_user(&self) -> String {
        let query = self.query.as_ref().map(|query| format!("?{query}")).unwrap_or_default();
        format!("{}://{}{}{query}", self.scheme, self.authority(), self.path)
    }

    /// The address for people: the password is hidden.
    pub(super) fn shown(&self) -> String {
        let plain = self.without_user();
        match (&self.user, plain.split_once("://")) {
            (Some((user, _)), Some((scheme, rest))) => format!("{scheme}://{user}:xxxxx@{rest}"),
            _ => plain,
        }
    }

    /// The value of an Authorization header with the address' user and password.
    pub(super) fn basic_authorization(&self) -> Option<String> {
        self.user.as_ref().map(|(user, password)| basic(user, password))
    }
}

/// Whether a `Location` stays at the host where it came from.
pub(super) fn is_relative(location: &str) -> bool {
    Reference::split(location).is_ok_and(|reference| reference.scheme.is_none() && reference.authority.is_none())
}

/// `Basic` and the encoded pair.
pub(super) fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", BASE64.encode(format!("{user}:{password}")))
}

/// An address in parts, any of which may be missing.
struct Reference<'t> {
    scheme: Option<&'t str>,
    authority: Option<&'t str>,
    path: &'t str,
    query: Option<&'t str>,
}

impl<'t> Reference<'t> {
    fn split(text: &'t str) -> Result<Self, Malformed> {
        if text.bytes().any(|byte| byte.is_ascii_control()) {
            return Err(Malformed("invalid control character in URL"));
        }
        let text = text.split_once('#').map_or(text, |(before, _)| before);
        let (text, query) = match text.split_once('?') {
            Some((before, query)) => (before, Some(query)),
            None => (text, None),
        };
        let (scheme, rest) = match text.split_once(':') {
            Some((scheme, rest)) if is_scheme(scheme) => (Some(scheme), rest),
            _ => (None, text),
        };
        let (authority, path) = match rest.strip_prefix("//") {
            Some(rest) => {
                let (authority, path) = rest
                    .split_at_checked(rest.find('/').unwrap_or(rest.len()))
                    .unwrap_or((rest, ""));
                (Some(authority), path)
            }
            None => (None, rest),
        };
        check_escapes(path)?;
        Ok(Self {
            scheme,
            authority,
            path,
            query,
        })
    }

    fn into_url(self) -> Result<Url, Malformed> {
        let scheme = self.scheme.ok_or(Malformed("missing protocol scheme"))?;
        let authority = self.authority.unwrap_or_default();
        let (user, place) = match authority.rsplit_once('@') {
            Some((user, place)) => (Some(user), place),
            None => (None, authority),
        };
        let (host, port) = host_and_port(place)?;
        Ok(Url {
            scheme: scheme.to_ascii_lowercase(),
            user: user.map(|user| {
                let (user, password) = user.split_once(':').unwrap_or((user, ""));
                (decoded(user), decoded(password))
            }),
            host,
            port,
            path: without_dots(&encoded(self.path, PATH)),
            query: self.query.map(|query| encoded(query, QUERY)),
        })
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

fn check_escapes(path: &str) -> Result<(), Malformed> {
    for rest in path.split('%').skip(1) {
        let digits = rest.bytes().take(2).filter(u8::is_ascii_hexdigit).count();
        if digits != 2 {
            return Err(Malformed("invalid URL escape"));
        }
    }
    Ok(())
}

fn host_and_port(place: &str) -> Result<(String, Option<u16>), Malformed> {
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => rest.split_once(']').ok_or(Malformed("missing ']' in host"))?,
        None => place
            .split_at_checked(place.find(':').unwrap_or(place.len()))
            .unwrap_or((place, "")),
    };
    let port = match port.strip_prefix(':') {
        Some("") => None,
        Some(port) => Some(port.parse().map_err(|_| Malformed("invalid port after host"))?),
        None if port.is_empty() => None,
        None => return Err(Malformed("invalid port after host")),
    };
    Ok((ascii(&decoded(host))?, port))
}

/// The name as DNS has it.
fn ascii(host: &str) -> Result<String, Malformed> {
    if host
        .bytes()
        .any(|byte| byte.is_ascii_control() || b" \"<>\\^`{|}".contains(&byte))
    {
        return Err(Malformed("invalid character in host name"));
    }
    match host.is_ascii() {
        true => Ok(host.to_owned()),
        false => idna::domain_to_ascii(host).map_err(|_| Malformed("invalid international host name")),
    }
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text)
        .decode_utf8_lossy()
        .into_owned()
}

/// Characters that a path cannot hold as they are; escapes stay.
const PATH: &percent_encoding::AsciiSet = &percent_encoding::CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// The same for a query, of which upstream keeps more.
const QUERY: &percent_encoding::AsciiSet = &percent_encoding::CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>');

fn encoded(text: &str, set: &'static percent_encoding::AsciiSet) -> String {
    percent_encoding::utf8_percent_encode(text, set).to_string()
}

/// The path with `.` and `..` carried out.
fn without_dots(path: &str) -> String {
    if !path.contains("/.") {
        return path.to_owned();
    }
    let mut kept: Vec<&str> = Vec::new();
    let segments = path.strip_prefix('/').unwrap_or(path).split('/');
    for segment in segments {
        match segment {
            "." => {}
            ".." => drop(kept.pop()),
            other => kept.push(other),
        }
    }
    // A path that ends in dots names a folder.
    if path.ends_with("/.") || path.ends_with("/..") {
        kept.push("");
    }
    format!("/{}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_it_stands() {
        let cases = [
            ("http://h", "h", "h", 80, "/"),
            ("http://h:8080?x=1", "h:8080", "h", 8080, "/?x=1"),
            ("https://h/", "h", "h", 443, "/"),
            ("http://h:80/", "h:80", "h", 80, "/"),
            ("http://[::1]:9/a", "[::1]:9", "::1", 9, "/a"),
            ("http://[::1]/a", "[::1]", "::1", 80, "/a"),
            ("http://h:/a", "h", "h", 80, "/a"),
            ("http://H/A%2fb?q=%zz&r=ü#f", "H", "H", 80, "/A%2fb?q=%zz&r=%C3%BC"),
            ("http://h/a b|c", "h", "h", 80, "/a%20b%7Cc"),
            (
                "http://münchen.de/ß",
                "xn--mnchen-3ya.de",
                "xn--mnchen-3ya.de",
                80,
                "/%C3%9F",
            ),
            ("http://h//x", "h", "h", 80, "//x"),
        ];
        for (text, authority, host, port, path) in cases {
            let url = Url::parse(text).expect(text);
            let is = (
                url.authority(),
                url.host.clone(),
                url.port_or_default(),
                url.path_and_query(),
            );
            assert_eq!(
                is,
                (authority.to_owned(), host.to_owned(), port, path.to_owned()),
                "{text}"
            );
        }
    }

    #[test]
    fn nonsense_is_refused() {
        let cases = [
            ("h/x", "missing protocol scheme"),
            ("http://[::1/", "missing ']' in host"),
            ("http://[::1]x/", "invalid port after host"),
            ("http://h:port/", "invalid port after host"),
            ("http://h:99999/", "invalid port after host"),
            ("http://h/%zz", "invalid URL escape"),
            ("http://a b/", "invalid character in host name"),
            ("http://h/\n", "invalid control character in URL"),
        ];
        for (text, error) in cases {
            assert_eq!(Url::parse(text), Err(Malformed(error)), "{text}");
        }
    }

    #[test]
    fn a_user_is_decoded_and_the_password_never_shown() {
        let url = Url::parse("http://us%40er:p%3Ass@h/x").expect("it is one");
        assert_eq!(url.user, Some(("us@er".to_owned(), "p:ss".to_owned())));
        assert_eq!(url.shown(), "http://us@er:xxxxx@h/x");
        assert_eq!(format!("{url:?}"), "http://us@er:xxxxx@h/x");
        assert_eq!(url.without_user(), "http://h/x");
        assert_eq!(url.basic_authorization().as_deref(), Some("Basic dXNAZXI6cDpzcw=="));
    }

    #[test]
    fn a_location_is_joined() {
        let base = Url::parse("http://u:p@h:8/a/b/c?q=1").expect("it is one");
        let cases = [
            ("/x", "http://h:8/x", true),
            ("x", "http://h:8/a/b/x", true),
            ("../x?y", "http://h:8/a/x?y", true),
            ("./", "http://h:8/a/b/", true),
            ("../../../..", "http://h:8/", true),
            ("?z", "http://h:8/a/b/c?z", true),
            ("", "http://h:8/a/b/c?q=1", true),
            ("//o/x", "http://o/x", false),
            ("https://o", "https://o", false),
            ("HTTP://h:8/./x/../y", "http://h:8/y", false),
            ("ftp://o/x", "ftp://o/x", false),
        ];
        for (location, joined, same_user) in cases {
            let url = base.join(location).expect(location);
            assert_eq!(
                (url.without_user().as_str(), url.user.is_some()),
                (joined, same_user),
                "{location}"
            );
        }
    }
}
