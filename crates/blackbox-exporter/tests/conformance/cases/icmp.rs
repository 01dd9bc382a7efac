//! icmp: pings of this host.

use crate::case::{Case, Need};

fn icmp(name: &'static str, keys: &str, target: &'static str) -> Case {
    Case::of("icmp", name, keys, target).timeout("3s").needs(&[Need::Ping])
}

pub(super) fn cases() -> Vec<Case> {
    let answered: &[&str] = &[
        "probe_icmp_duration_seconds{phase=\"resolve\"} < 3",
        "probe_icmp_duration_seconds{phase=\"setup\"} > 0",
        "probe_icmp_duration_seconds{phase=\"rtt\"} > 0",
        "probe_icmp_reply_hop_limit > 0",
    ];
    vec![
        icmp("icmp_ip4", "", "127.0.0.1")
            .sees(answered)
            .sees(&["probe_ip_protocol 4"]),
        icmp("icmp_ip6", "", "::1")
            .needs(&[Need::Ping, Need::Ip6])
            .sees(answered)
            .sees(&["probe_ip_protocol 6"]),
        icmp("icmp_payload", "payload_size: 1000", "127.0.0.1").sees(answered),
        icmp(
            "icmp_dont_fragment",
            "preferred_ip_protocol: ip4, dont_fragment: true",
            "127.0.0.1",
        )
        .sees(answered),
        icmp("icmp_dont_fragment_of_ip6", "dont_fragment: true", "::1").needs(&[Need::Ping, Need::Ip6]),
        icmp("icmp_ttl", "ttl: 5", "127.0.0.1").sees(answered),
        icmp("icmp_from_an_address", "source_ip_address: 127.0.0.9", "127.0.0.1").sees(answered),
        icmp(
            "icmp_from_an_address_that_is_not_ours",
            "source_ip_address: 192.0.2.1",
            "127.0.0.1",
        )
        .fails("unreachable", "connect"),
        icmp("icmp_of_a_name_that_can_be_none", "", "a..b").fails("name_not_found", "resolve"),
        icmp("icmp_several_packets", "count: 3", "127.0.0.1")
            .sees(&["probe_icmp_packets_sent 3", "probe_icmp_packets_received 3"])
            .ours("upstream sends one packet"),
    ]
}
