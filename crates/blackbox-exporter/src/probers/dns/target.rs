//! Which server a target means: `HOST`, `HOST:PORT`, `[ADDRESS]:PORT`, or an address of either kind on its own.

/// Host and port, the port as it is written; `default` where there is none.
pub(super) fn split<'t>(target: &'t str, default: &'t str) -> (&'t str, &'t str) {
    host_and_port(target).unwrap_or((without_brackets(target), default))
}

/// As Go splits them: `None` when there is no port, or more colons than a name may have.
fn host_and_port(target: &str) -> Option<(&str, &str)> {
    let (host, port) = target.rsplit_once(':')?;
    let bare = match host.strip_prefix('[') {
        Some(address) => address.strip_suffix(']')?,
        None if host.contains(':') => return None,
        None => host,
    };
    let bracket = |text: &str| text.contains(['[', ']']);
    (!bracket(bare) && !bracket(port)).then_some((bare, port))
}

fn without_brackets(target: &str) -> &str {
    let inner = target.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    inner.filter(|inner| inner.contains(':')).unwrap_or(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_host_and_port() {
        let cases = [
            ("192.0.2.1", ("192.0.2.1", "53")),
            ("192.0.2.1:5353", ("192.0.2.1", "5353")),
            ("2001:db8::1", ("2001:db8::1", "53")),
            ("[2001:db8::1]:5353", ("2001:db8::1", "5353")),
            ("[2001:db8::1]", ("2001:db8::1", "53")),
            ("ns.example", ("ns.example", "53")),
            ("ns.example:5353", ("ns.example", "5353")),
            ("ns.example:", ("ns.example", "")),
            (":5353", ("", "5353")),
            ("a:b:c", ("a:b:c", "53")),
            ("[::1", ("[::1", "53")),
            ("[192.0.2.1]", ("[192.0.2.1]", "53")),
            ("[a]b:1", ("[a]b:1", "53")),
        ];
        for (target, expected) in cases {
            assert_eq!(split(target, "53"), expected, "{target}");
        }
    }
}
