//! Which addresses may be probed: `--probe.allow` and `--probe.deny`. Whoever can reach `/probe` can make this program
//! reach others, also those that only it can reach.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use crate::failure::{Failure, Reason, Step};

/// The two lists; empty ones allow everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Admission {
    /// If there are any, only these.
    pub(crate) allow: Vec<Range>,
    /// Never these, even if allowed.
    pub(crate) deny: Vec<Range>,
}

/// Addresses with a common beginning: `10.0.0.0/8`, or a single one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    address: IpAddr,
    prefix: u32,
}

impl Admission {
    /// Whether this address may be probed. An IPv4 address in IPv6's clothes is the IPv4 address.
    ///
    /// # Errors
    /// [`Reason::Denied`].
    pub(crate) fn admit(&self, address: IpAddr) -> Result<(), Failure> {
        let address = address.to_canonical();
        if let Some(range) = self.deny.iter().find(|range| range.contains(address)) {
            return Err(denied(format!("{address} is in {range} of --probe.deny")));
        }
        if !self.allow.is_empty() && !self.allow.iter().any(|range| range.contains(address)) {
            return Err(denied(format!("{address} is in no range of --probe.allow")));
        }
        Ok(())
    }
}

fn denied(text: String) -> Failure {
    Failure::new(Step::Connect, Reason::Denied, text)
}

impl Range {
    fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(range), IpAddr::V4(address)) => {
                let differing = range.to_bits() ^ address.to_bits();
                differing.leading_zeros() >= self.prefix
            }
            (IpAddr::V6(range), IpAddr::V6(address)) => {
                let differing = range.to_bits() ^ address.to_bits();
                differing.leading_zeros() >= self.prefix
            }
            _ => false,
        }
    }
}

impl FromStr for Range {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is neither an address nor a range like 10.0.0.0/8");
        let (address, prefix) = text.split_once('/').map_or((text, None), |(a, p)| (a, Some(p)));
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix: Option<u32> = prefix.map_or(Some(most), |prefix| prefix.parse().ok());
        let prefix = prefix.filter(|prefix| *prefix <= most).ok_or_else(wrong)?;
        match address.to_canonical() {
            mapped @ IpAddr::V4(_) if address.is_ipv6() => {
                // ::ffff:10.0.0.0/104 is 10.0.0.0/8; a shorter prefix would be more than IPv4.
                let prefix = prefix.checked_sub(96).ok_or_else(wrong)?;
                Ok(Self {
                    address: mapped,
                    prefix,
                })
            }
            address => Ok(Self { address, prefix }),
        }
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(texts: &[&str]) -> Vec<Range> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn lists_decide_by_address() {
        for (allow, deny, address, admitted) in [
            (&[][..], &[][..], "169.254.169.254", true),
            (&[], &["169.254.0.0/16"], "169.254.169.254", false),
            (&[], &["169.254.0.0/16"], "169.253.255.255", true),
            (&[], &["169.254.0.0/16"], "::ffff:169.254.169.254", false),
            (&[], &["::ffff:169.254.0.0/112"], "169.254.169.254", false),
            (&["10.0.0.0/8", "fd00::/8"], &[], "10.255.0.1", true),
            (&["10.0.0.0/8", "fd00::/8"], &[], "fd12::1", true),
            (&["10.0.0.0/8", "fd00::/8"], &[], "11.0.0.1", false),
            (&["10.0.0.0/8", "fd00::/8"], &[], "fe80::1", false),
            (&["10.0.0.0/8"], &["10.1.2.3"], "10.1.2.3", false),
            (&["10.0.0.0/8"], &["10.1.2.3"], "10.1.2.4", true),
            (&["0.0.0.0/0"], &[], "::1", false),
            (&["::/0"], &["::1"], "::1", false),
            (&["::/0"], &["::1"], "::2", true),
        ] {
            let admission = Admission {
                allow: ranges(allow),
                deny: ranges(deny),
            };
            let admit = admission.admit(address.parse().unwrap());
            let reason = admit.err().map(|failure| failure.reason);
            let expected = (!admitted).then_some(Reason::Denied);
            assert_eq!(reason, expected, "{address}: allow {allow:?}, deny {deny:?}");
        }
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for text in [
            "",
            "10.0.0.0/33",
            "::/129",
            "10.0.0.0/",
            "10.0.0.0/-1",
            "ten",
            "10.0.0/8",
            "::ffff:1.2.3.4/64",
        ] {
            assert!(text.parse::<Range>().is_err(), "{text}");
        }
    }
}
