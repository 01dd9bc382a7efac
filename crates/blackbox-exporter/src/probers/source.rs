//! The address that a prober's own sockets send from: `source_ip_address`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::failure::{Failure, Reason, Step};

/// The module's, or any of the target's kind.
pub(super) fn source(module: &str, target: IpAddr) -> Result<IpAddr, Failure> {
    if module.is_empty() {
        return Ok(match target {
            IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        });
    }
    let wrong = |text: String| Failure::new(Step::Prepare, Reason::BadModule, text);
    let source: IpAddr = module
        .parse()
        .map_err(|_| wrong(format!("source_ip_address {module:?} is no address")))?;
    match source.is_ipv4() == target.is_ipv4() {
        true => Ok(source),
        false => {
            let text = format!("source_ip_address {source} and the target {target} are of different kinds");
            Err(wrong(text))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_source_is_of_the_targets_kind() {
        let (v4, v6): (IpAddr, IpAddr) = ([192, 0, 2, 1].into(), Ipv6Addr::LOCALHOST.into());
        assert_eq!(source("", v4), Ok(Ipv4Addr::UNSPECIFIED.into()));
        assert_eq!(source("", v6), Ok(Ipv6Addr::UNSPECIFIED.into()));
        assert_eq!(source("127.0.0.5", v4), Ok([127, 0, 0, 5].into()));
        for (module, target) in [("::1", v4), ("127.0.0.5", v6), ("nonsense", v4)] {
            let reason = source(module, target).map_err(|failure| failure.reason);
            assert_eq!(reason, Err(Reason::BadModule), "{module} {target}");
        }
    }
}
