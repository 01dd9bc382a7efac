//! Which addresses of a name are taken; the same keys in every prober's block.

use serde::{Deserialize, Deserializer};

use super::shown::{Node, Shown};

/// Which addresses of a name are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct IpChoice {
    /// Only or first of this kind.
    pub(crate) preferred: IpProtocol,
    /// Whether the other kind will do.
    pub(crate) fallback: bool,
}

/// `ip4` or `ip6`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum IpProtocol {
    /// IPv4.
    Ip4,
    /// IPv6, upstream's default.
    #[default]
    Ip6,
}

impl<'de> Deserialize<'de> for IpProtocol {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.as_str() {
            "" | "ip6" => Ok(Self::Ip6),
            "ip4" => Ok(Self::Ip4),
            // Upstream takes whatever is not ip6 for ip4, and files rely on it, `ipv4` say.
            other => {
                log::warn!("preferred_ip_protocol {other:?} is neither ip4 nor ip6, and taken for ip4");
                Ok(Self::Ip4)
            }
        }
    }
}

impl Shown for IpProtocol {
    fn is_unset(&self) -> bool {
        *self == Self::Ip6
    }

    fn shown(&self) -> Node {
        let word = match self {
            Self::Ip4 => "ip4",
            Self::Ip6 => "ip6",
        };
        Node::Word(word.to_owned())
    }
}
