//! The nodes of a cluster. From CLUSTER NODES.

/// The address of every node, for Prometheus to scrape, in the order of the alphabet: nodes tell of each other in any.
///
/// ```text
/// eaf69c70… 10.0.0.1:7002@17002,node2.example master - 0 1742836359057 3 connected 10923-16383
/// ```
pub(crate) fn addresses(text: &str, scheme: &str, prefer_names: bool) -> Vec<String> {
    let found = text.lines().filter_map(|line| address(line, prefer_names));
    let mut all: Vec<_> = found.map(|address| format!("{scheme}://{address}")).collect();
    all.sort_unstable();
    all
}

/// `None` for a node whose address nobody knows.
fn address(line: &str, prefer_names: bool) -> Option<String> {
    let (place, rest) = line.split_whitespace().nth(1)?.split_once('@')?;
    let (host, port) = place.rsplit_once(':')?;
    port.parse::<u16>().ok()?;
    // Behind the bus port and the name, newer servers say more.
    let name = rest.split(',').nth(1).filter(|name| prefer_names && is_host(name));
    match name.unwrap_or(host) {
        host if !is_host(host) => None,
        host if host.contains(':') => Some(format!("[{host}]:{port}")),
        host => Some(format!("{host}:{port}")),
    }
}

/// What Redis lets a node announce, and what it tells of addresses.
fn is_host(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte);
    !text.is_empty() && text.bytes().all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "84 10.0.0.2:7002@17002,node2.example,shard-id=9a master - 0 1795347309733 2 connected 5461-10922\n\
                        2b 10.0.0.3:7003@17003 myself,master - 0 1795347308732 3 connected 10923-16383\n\
                        dc ::1:7001@17001, slave 84 0 1795347308000 1 connected\n\
                        ee :0@0 master,noaddr - 0 0 4 disconnected\nff 10.0.0.4:7004 master\n\nshort\n";

    #[test]
    fn every_node_with_an_address_is_found() {
        for (names, scheme, expected) in [
            (
                false,
                "redis",
                ["redis://10.0.0.2:7002", "redis://10.0.0.3:7003", "redis://[::1]:7001"],
            ),
            (
                true,
                "rediss",
                [
                    "rediss://10.0.0.3:7003",
                    "rediss://[::1]:7001",
                    "rediss://node2.example:7002",
                ],
            ),
        ] {
            assert_eq!(addresses(TEXT, scheme, names), expected);
        }
        assert_eq!(addresses("", "redis", false), [""; 0]);
    }

    #[test]
    fn what_is_no_host_is_not_asked() {
        let odd = "84 10.0.0.2:7002@17002,node/\u{0} master - 0 0 2 connected\n85 a/b:7002@17002 master\n";
        for names in [false, true] {
            assert_eq!(addresses(odd, "redis", names), ["redis://10.0.0.2:7002"]);
        }
    }
}
