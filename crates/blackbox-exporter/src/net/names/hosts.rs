//! Names of /etc/hosts.

use std::collections::HashMap;
use std::net::IpAddr;

/// Addresses by name in small letters, in the order of the file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Hosts(HashMap<String, Vec<IpAddr>>);

impl Hosts {
    /// Reads a file like this; what makes no sense is passed over.
    ///
    /// ```text
    /// 127.0.0.1  localhost
    /// ::1        localhost ip6-localhost   # names behind the address
    /// ```
    pub(super) fn parse(text: &str) -> Self {
        let mut hosts = HashMap::<String, Vec<IpAddr>>::new();
        for line in text.lines() {
            let line = line.split('#').next().unwrap_or_default();
            let mut words = line.split_ascii_whitespace();
            let address = words.next().and_then(|word| word.split('%').next());
            let Some(address) = address.and_then(|word| word.parse().ok()) else {
                continue;
            };
            for name in words {
                hosts.entry(key(name)).or_default().push(address);
            }
        }
        Self(hosts)
    }

    /// The addresses of a name.
    pub(super) fn get(&self, name: &str) -> &[IpAddr] {
        self.0.get(&key(name)).map_or(&[], Vec::as_slice)
    }
}

fn key(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_behind_addresses() {
        let hosts = Hosts::parse(
            "# a comment\n127.0.0.1 localhost\n\n::1\tlocalhost Six.Example # ::2 seven\nfe80::1%lo zoned\nnonsense a\n10.0.0.1\n",
        );
        let v4: IpAddr = [127, 0, 0, 1].into();
        let v6: IpAddr = "::1".parse().unwrap();
        for (name, expected) in [
            ("localhost", &[v4, v6][..]),
            ("LOCALHOST.", &[v4, v6]),
            ("six.example", &[v6]),
            ("zoned", &["fe80::1".parse().unwrap()]),
            ("seven", &[]),
            ("a", &[]),
        ] {
            assert_eq!(hosts.get(name), expected, "{name}");
        }
    }
}
