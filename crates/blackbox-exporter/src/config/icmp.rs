//! The block of the icmp prober.

use super::block::block;
use super::ip::{IpChoice, IpProtocol};

block! {
    /// A ping.
    pub(crate) struct IcmpModule finished by checked {
        /// Which addresses of the target are taken.
        preferred_ip_protocol: IpProtocol,
        /// Whether the other kind will do.
        ip_protocol_fallback: bool = true,
        /// The address to come from.
        source_ip_address: String,
        /// Bytes behind the header; 0: a text of ours.
        payload_size: usize,
        /// Whether routers must not cut the packet.
        dont_fragment: bool,
        /// Hops that the packet may take.
        ttl: i64 = 64,
        /// How many packets to send, an option of ours; 0 and 1: one, as upstream.
        count: u32 = 1; unless_default,
    }
}

impl IcmpModule {
    /// Which addresses of the target are taken.
    pub(crate) fn ip_choice(&self) -> IpChoice {
        IpChoice {
            preferred: self.preferred_ip_protocol,
            fallback: self.ip_protocol_fallback,
        }
    }
}

fn checked(icmp: IcmpModule) -> Result<IcmpModule, &'static str> {
    match icmp.ttl {
        ..0 => Err("\"ttl\" cannot be negative"),
        256.. => Err("\"ttl\" cannot exceed 255"),
        _ => Ok(icmp),
    }
}
