//! How the system wants names to be resolved: /etc/resolv.conf, read as Go's resolver does.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

/// DNS servers beyond these are not asked.
const MOST_SERVERS: usize = 3;
/// The port of DNS.
pub(super) const PORT: u16 = 53;
/// The longest name in dots and letters, with its last dot.
const LONGEST_NAME: usize = 254;

/// Whom to ask, for what, and how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Settings {
    /// The DNS servers, in order.
    pub(super) servers: Vec<SocketAddr>,
    /// Endings to try, without dots at either end.
    pub(super) search: Vec<String>,
    /// A name with so many dots is tried as it is first.
    pub(super) dots: usize,
    /// How long to wait for each answer.
    pub(super) timeout: Duration,
    /// How often to ask all servers.
    pub(super) attempts: usize,
    /// Whether not always the first server is asked first.
    pub(super) rotate: bool,
    /// Whether to ask for one kind of address at a time.
    pub(super) single_request: bool,
    /// Whether to ask over TCP only.
    pub(super) tcp: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            servers: vec![(Ipv4Addr::LOCALHOST, PORT).into(), (Ipv6Addr::LOCALHOST, PORT).into()],
            search: Vec::new(),
            dots: 1,
            timeout: Duration::from_secs(5),
            attempts: 2,
            rotate: false,
            single_request: false,
            tcp: false,
        }
    }
}

impl Settings {
    /// Reads a file like this:
    ///
    /// ```text
    /// nameserver 192.0.2.53
    /// search example.org
    /// options ndots:2 timeout:1
    /// ```
    ///
    /// Where it names no `search`, the host's own domain is one.
    pub(super) fn parse(text: &str, host_name: &str) -> Self {
        let mut settings = Self {
            servers: Vec::new(),
            search: host_name
                .split_once('.')
                .map(|(_, domain)| vec![domain.to_owned()])
                .unwrap_or_default(),
            ..Self::default()
        };
        for line in text.lines().filter(|line| !line.starts_with([';', '#'])) {
            settings.take(line);
        }
        settings.search.retain(|ending| !ending.is_empty());
        if settings.servers.is_empty() {
            settings.servers = Self::default().servers;
        }
        settings
    }

    /// Asks one server, for names as they are.
    pub(super) fn of_server(server: SocketAddr) -> Self {
        Self {
            servers: vec![server],
            ..Self::default()
        }
    }

    fn take(&mut self, line: &str) {
        let mut words = line.split_ascii_whitespace();
        let domain = |word: &str| word.trim_matches('.').to_owned();
        match words.next() {
            Some("nameserver") if self.servers.len() < MOST_SERVERS => {
                self.servers.extend(words.next().and_then(server));
            }
            Some("domain") => self.search = words.next().map(domain).into_iter().collect(),
            Some("search") => self.search = words.map(domain).collect(),
            Some("options") => words.for_each(|option| self.option(option)),
            _ => {}
        }
    }

    fn option(&mut self, option: &str) {
        let number =
            |least: usize, most: usize, text: &str| text.parse::<usize>().map_or(least, |n| n.clamp(least, most));
        match option.split_once(':') {
            Some(("ndots", text)) => self.dots = number(0, 15, text),
            Some(("timeout", text)) => self.timeout = Duration::from_secs(number(1, 3600, text) as u64),
            Some(("attempts", text)) => self.attempts = number(1, 100, text),
            Some(_) => {}
            None => match option {
                "rotate" => self.rotate = true,
                "single-request" | "single-request-reopen" => self.single_request = true,
                "use-vc" | "usevc" | "tcp" => self.tcp = true,
                _ => {}
            },
        }
    }

    /// The names to ask for, in order, when this one is wanted; each with a dot behind it.
    pub(super) fn candidates(&self, name: &str) -> Vec<String> {
        if name.ends_with('.') {
            return vec![name.to_owned()];
        }
        let searched = self.search.iter().map(|ending| format!("{name}.{ending}."));
        let searched = searched.filter(|name| name.len() <= LONGEST_NAME);
        let itself = std::iter::once(format!("{name}."));
        if name.matches('.').count() >= self.dots {
            itself.chain(searched).collect()
        } else {
            searched.chain(itself).collect()
        }
    }
}

fn server(word: &str) -> Option<SocketAddr> {
    // A zone would need the interface's number; link-local DNS servers are reached without it on hosts with one link.
    let address: IpAddr = word.split('%').next()?.parse().ok()?;
    Some(SocketAddr::new(address, PORT))
}

/// Whether DNS could know such a name: letters, digits, `-` and `_` in labels of at most 63, and not only digits.
pub(super) fn is_name(name: &str) -> bool {
    let labels = name.strip_suffix('.').unwrap_or(name);
    let label = |label: &str| {
        (1..64).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    let telling = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_' || byte == b'-';
    labels.len() < LONGEST_NAME && labels.split('.').all(label) && labels.bytes().any(telling)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_says_whom_to_ask() {
        let text = "; a comment\n# another\nnameserver 192.0.2.1\nnameserver fe80::1%eth0\nnameserver nonsense\n\
            nameserver 192.0.2.3\nnameserver 192.0.2.4\nsearch a.example. b.example\n\
            options ndots:2 timeout:0 attempts:3 rotate single-request use-vc edns0\n";
        let expected = Settings {
            servers: ["192.0.2.1:53", "[fe80::1]:53", "192.0.2.3:53"]
                .map(|s| s.parse().unwrap())
                .to_vec(),
            search: vec!["a.example".to_owned(), "b.example".to_owned()],
            dots: 2,
            timeout: Duration::from_secs(1),
            attempts: 3,
            rotate: true,
            single_request: true,
            tcp: true,
        };
        assert_eq!(Settings::parse(text, "host.domain.example"), expected);
    }

    #[test]
    fn empty_file_asks_this_host() {
        assert_eq!(Settings::parse("", "host"), Settings::default());
        let domain = Settings::parse("domain d.example\n", "host.other.example");
        assert_eq!(domain.search, ["d.example"]);
        assert_eq!(Settings::parse("", "host.d.example").search, ["d.example"]);
    }

    #[test]
    fn endings_are_tried_by_the_number_of_dots() {
        let settings = Settings {
            search: vec!["x.org".to_owned(), "y.org".to_owned()],
            ..Settings::default()
        };
        for (name, expected) in [
            ("a", &["a.x.org.", "a.y.org.", "a."][..]),
            ("a.b", &["a.b.", "a.b.x.org.", "a.b.y.org."]),
            ("a.", &["a."]),
        ] {
            assert_eq!(settings.candidates(name), expected, "{name}");
        }
    }

    #[test]
    fn names_are_told_from_nonsense() {
        for name in ["a", "a.b.", "a_b.c-d", "1.2.x", "xn--bcher-kva.example", "a-", "-a"] {
            assert_eq!(is_name(name), !name.starts_with('-') && !name.ends_with('-'), "{name}");
        }
        for name in [
            "",
            ".",
            "a..b",
            ".a",
            "127.1",
            "1",
            "bücher.example",
            "a b",
            "a/b",
            &"x".repeat(64),
        ] {
            assert!(!is_name(name), "{name}");
        }
    }
}
