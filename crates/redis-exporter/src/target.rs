//! The address of a target: `redis://user:password@host:port/db` and its relatives, `unix:///path`, `host:port`.

use std::fmt;

use percent_encoding::percent_decode_str;

use crate::failure::Failure;

/// The port of an address that names none.
const PORT: u16 = 6379;

/// Where a target is, and how to come in.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// Where to connect to.
    pub(crate) place: Place,
    /// What the address itself says of who asks.
    pub(crate) credentials: Credentials,
    /// The database to select; 0 needs no selecting.
    pub(crate) database: u32,
    /// The address without user and password.
    shown: String,
}

/// Where to connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A host, and whether the connection is encrypted.
    Host {
        /// A name or an address without brackets.
        host: String,
        /// The port.
        port: u16,
        /// Whether to speak TLS.
        tls: bool,
    },
    /// The path of a socket.
    Unix(String),
}

/// Who asks. Not to be shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Credentials {
    /// The user; the default one where there is none.
    pub(crate) user: Option<String>,
    /// The password.
    pub(crate) password: Option<String>,
}

impl Target {
    /// Reads an address.
    ///
    /// # Errors
    /// What is wrong with it, without showing it: a password may stand anywhere in what is no address.
    pub(crate) fn parse(address: &str) -> Result<Self, Failure> {
        let (scheme, rest) = address.split_once("://").unwrap_or(("redis", address));
        let wrong = |what: &str| Failure::Address(what.to_owned());
        match scheme {
            "redis" | "valkey" => Self::of_host(scheme, rest, false),
            "rediss" | "valkeys" => Self::of_host(scheme, rest, true),
            "unix" if rest.is_empty() => Err(wrong("the address names no socket")),
            "unix" => Ok(Self {
                place: Place::Unix(rest.to_owned()),
                credentials: Credentials::default(),
                database: 0,
                shown: address.to_owned(),
            }),
            _ => Err(wrong(
                "the address begins with none of redis://, rediss://, valkey://, valkeys://, unix://",
            )),
        }
    }

    fn of_host(scheme: &str, rest: &str, tls: bool) -> Result<Self, Failure> {
        let wrong = |what: &str| Failure::Address(what.to_owned());
        let (authority, path) = rest.find(['/', '?']).map_or((rest, ""), |at| rest.split_at(at));
        let (user_info, place) = match authority.rsplit_once('@') {
            Some((user_info, place)) => (Some(user_info), place),
            None => (None, authority),
        };
        let (host, port) = host_and_port(place).ok_or_else(|| wrong("the address has no usable host and port"))?;
        Ok(Self {
            place: Place::Host { host, port, tls },
            credentials: credentials(user_info).ok_or_else(|| wrong("user or password are not properly encoded"))?,
            database: database(path).ok_or_else(|| wrong("the address names no database by a number"))?,
            shown: format!("{scheme}://{place}{path}"),
        })
    }

    /// The same target without a password, which is not to be sent in a request.
    pub(crate) fn without_password(mut self) -> Self {
        self.credentials.password = None;
        self
    }

    /// A node of the same cluster, as other nodes call it: `10.0.0.2:6379`, `::1:6379`, and `:6379` for one on the same host.
    ///
    /// # Errors
    /// When this is no address.
    pub(crate) fn node(&self, address: &str) -> Result<Self, Failure> {
        let wrong = || Failure::Address(format!("{address:?} is no address of a node"));
        let (host, port) = address.rsplit_once(':').ok_or_else(wrong)?;
        let port = port.parse().map_err(|_| wrong())?;
        let (host, tls) = match (host, &self.place) {
            ("", Place::Host { host, tls, .. }) => (host.as_str(), *tls),
            ("", Place::Unix(_)) => return Err(wrong()),
            (host, place) => (host, matches!(place, Place::Host { tls: true, .. })),
        };
        Ok(Self {
            place: Place::Host {
                host: host.to_owned(),
                port,
                tls,
            },
            credentials: self.credentials.clone(),
            database: 0,
            shown: address.to_owned(),
        })
    }

    /// How the target is called in a password file when `user` asks.
    pub(crate) fn name_for(&self, user: Option<&str>) -> String {
        match (self.shown.split_once("://"), user) {
            (Some((scheme, rest)), Some(user)) => format!("{scheme}://{user}@{rest}"),
            _ => self.shown.clone(),
        }
    }
}

/// Without user and password.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Target").field(&self.shown).finish()
    }
}

/// `host:port`, `[::1]:port`, or one of the two alone.
fn host_and_port(place: &str) -> Option<(String, u16)> {
    let (host, port) = match place.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, "")) => (host, None),
        Some((host, rest)) => (host, Some(rest.strip_prefix(':')?)),
        None => match place.rsplit_once(':') {
            Some((host, _)) if host.contains(':') => return None,
            Some((host, port)) => (host, Some(port)),
            None => (place, None),
        },
    };
    let port = match port {
        None | Some("") => PORT,
        Some(port) => port.parse().ok()?,
    };
    let host = if host.is_empty() { "localhost" } else { host };
    Some((host.to_owned(), port))
}

fn credentials(user_info: Option<&str>) -> Option<Credentials> {
    let Some(user_info) = user_info else {
        return Some(Credentials::default());
    };
    let (user, password) = match user_info.split_once(':') {
        Some((user, password)) => (user, Some(password)),
        None => (user_info, None),
    };
    let decoded = |text: &str| Some(percent_decode_str(text).decode_utf8().ok()?.into_owned());
    let given = |text: String| Some(text).filter(|text| !text.is_empty());
    Some(Credentials {
        user: given(decoded(user)?),
        password: given(decoded(password.unwrap_or_default())?),
    })
}

/// `/3` or `?db=3`; 0 where there is neither.
fn database(path: &str) -> Option<u32> {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let named = pairs
        .find(|(name, _)| name == "db")
        .map(|(_, value)| value.into_owned());
    match (path.trim_start_matches('/'), named.as_deref()) {
        ("", None | Some("")) => Some(0),
        ("", Some(database)) | (database, _) => database.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(host: &str, port: u16, tls: bool) -> Place {
        Place::Host {
            host: host.to_owned(),
            port,
            tls,
        }
    }

    #[test]
    fn addresses_of_every_form_are_read() {
        for (address, place, user, password, database, shown) in [
            (
                "redis://localhost:6379",
                host("localhost", 6379, false),
                None,
                None,
                0,
                "redis://localhost:6379",
            ),
            (
                "10.0.0.1:7",
                host("10.0.0.1", 7, false),
                None,
                None,
                0,
                "redis://10.0.0.1:7",
            ),
            ("cache", host("cache", 6379, false), None, None, 0, "redis://cache"),
            ("redis://", host("localhost", 6379, false), None, None, 0, "redis://"),
            ("valkeys://a:1/3", host("a", 1, true), None, None, 3, "valkeys://a:1/3"),
            (
                "redis://a:1?db=4",
                host("a", 1, false),
                None,
                None,
                4,
                "redis://a:1?db=4",
            ),
            (
                "rediss://[::1]:7/",
                host("::1", 7, true),
                None,
                None,
                0,
                "rediss://[::1]:7/",
            ),
            (
                "redis://[::1]",
                host("::1", 6379, false),
                None,
                None,
                0,
                "redis://[::1]",
            ),
            (
                "redis://u%40x:p%2F%3A@a:1",
                host("a", 1, false),
                Some("u@x"),
                Some("p/:"),
                0,
                "redis://a:1",
            ),
            (
                "redis://:pw@a",
                host("a", 6379, false),
                None,
                Some("pw"),
                0,
                "redis://a",
            ),
            ("redis://u:@a", host("a", 6379, false), Some("u"), None, 0, "redis://a"),
            ("valkey://u@a", host("a", 6379, false), Some("u"), None, 0, "valkey://a"),
            (
                "unix:///run/r.sock",
                Place::Unix("/run/r.sock".to_owned()),
                None,
                None,
                0,
                "unix:///run/r.sock",
            ),
        ] {
            let target = Target::parse(address).unwrap();
            assert_eq!(target.place, place, "{address}");
            let Credentials { user: u, password: p } = &target.credentials;
            assert_eq!((u.as_deref(), p.as_deref()), (user, password), "{address}");
            assert_eq!(
                (target.database, target.to_string()),
                (database, shown.to_owned()),
                "{address}"
            );
        }
    }

    #[test]
    fn what_is_no_address_is_not_shown() {
        for address in [
            "http://hunter2@a",
            "redis://u:hunter2@a:b",
            "redis://u:hunter2@::1",
            "redis://u:%ff@a/hunter2",
            "redis://a/hunter2",
            "unix://",
            "redis://a:99999/hunter2",
        ] {
            let failure = Target::parse(address).unwrap_err().to_string();
            assert!(!failure.contains("hunter2"), "{failure}");
        }
        let shown = format!("{:?}", Target::parse("redis://u:hunter2@a").unwrap());
        assert_eq!(shown, "Target(\"redis://a\")");
    }

    #[test]
    fn nodes_of_a_cluster_are_reached_as_their_target() {
        for (target, address, place) in [
            (
                "redis://u:p@a:1/3",
                "10.0.0.2:6379",
                Some(host("10.0.0.2", 6379, false)),
            ),
            ("rediss://a:1", "::1:6379", Some(host("::1", 6379, true))),
            ("rediss://a:1", ":7", Some(host("a", 7, true))),
            ("unix:///run/r.sock", "b:7", Some(host("b", 7, false))),
            ("unix:///run/r.sock", ":7", None),
            ("redis://a:1", "b", None),
            ("redis://a:1", "b:x", None),
        ] {
            let node = Target::parse(target).unwrap().node(address).ok();
            assert_eq!(
                node.map(|node| (node.place, node.database)),
                place.map(|place| (place, 0)),
                "{address}"
            );
        }
    }

    #[test]
    fn a_password_file_names_targets_with_their_user() {
        for (address, user, name) in [
            ("redis://a:1", None, "redis://a:1"),
            ("a:1", Some("u"), "redis://u@a:1"),
            ("rediss://x:y@a:1/3", Some("x"), "rediss://x@a:1/3"),
        ] {
            assert_eq!(Target::parse(address).unwrap().name_for(user), name);
        }
    }
}
