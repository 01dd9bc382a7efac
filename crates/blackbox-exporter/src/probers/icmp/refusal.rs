//! What ICMP says when a packet did not arrive.

use std::fmt;

use crate::failure::Reason;

/// An error that came back instead of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// Whether it is ICMPv6.
    pub(super) v6: bool,
    /// The message's type.
    pub(super) kind: u8,
    /// Its code, which says more.
    pub(super) code: u8,
}

impl Refusal {
    /// What it means for the probe.
    pub(super) fn reason(self) -> Reason {
        match (self.v6, self.kind, self.code) {
            (false, 3, 4) | (true, 2, _) => Reason::TooLarge,
            _ => Reason::Unreachable,
        }
    }

    fn words(self) -> &'static str {
        match (self.v6, self.kind, self.code) {
            (false, 3, 0) | (true, 1, 0) => "no route to the network",
            (false, 3, 1) | (true, 1, 3) => "the host is not there",
            (false, 3, 2) => "the host does not speak ICMP",
            (false, 3, 4) | (true, 2, _) => "the packet is too large for a link on its way",
            (false, 3, 9 | 10 | 13) | (true, 1, 1 | 5 | 6) => "it is forbidden",
            (false, 3, _) | (true, 1, _) => "the host cannot be reached",
            (false, 11, 0) | (true, 3, 0) => "the packet took more hops than the ttl allows",
            (false, 11, _) | (true, 3, _) => "a fragment of the packet was lost",
            _ => "the packet was refused",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (ICMP type {} code {})", self.words(), self.kind, self.code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_have_words_and_reasons() {
        let cases = [
            (
                false,
                3,
                1,
                Reason::Unreachable,
                "the host is not there (ICMP type 3 code 1)",
            ),
            (
                false,
                3,
                4,
                Reason::TooLarge,
                "the packet is too large for a link on its way (ICMP type 3 code 4)",
            ),
            (
                true,
                2,
                0,
                Reason::TooLarge,
                "the packet is too large for a link on its way (ICMP type 2 code 0)",
            ),
            (
                false,
                11,
                0,
                Reason::Unreachable,
                "the packet took more hops than the ttl allows (ICMP type 11 code 0)",
            ),
            (
                true,
                3,
                0,
                Reason::Unreachable,
                "the packet took more hops than the ttl allows (ICMP type 3 code 0)",
            ),
            (
                true,
                4,
                0,
                Reason::Unreachable,
                "the packet was refused (ICMP type 4 code 0)",
            ),
        ];
        for (v6, kind, code, reason, text) in cases {
            let refusal = Refusal { v6, kind, code };
            assert_eq!((refusal.reason(), refusal.to_string()), (reason, text.to_owned()));
        }
    }
}
