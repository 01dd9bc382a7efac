//! The address that a prober's own sockets send from: `source_ip_address`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::failure::Failure;
use crate::net::source_address;

/// The module's, or any of the target's kind.
pub(super) fn source(module: &str, target: IpAddr) -> Result<IpAddr, Failure> {
    let any: IpAddr = match target {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    Ok(source_address(module, target)?.unwrap_or(any))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Reason;

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
