//! dns: what is asked, what is told of the answer, and what makes it a failure.

use crate::case::Case;

/// Asks the server of the zone by UDP.
fn dns(name: &'static str, keys: &str) -> Case {
    Case::of("dns", name, keys, "<dns>").timeout("2s")
}

fn asks(name: &'static str, query: &str, kind: &str, more: &str) -> Case {
    dns(name, &format!("query_name: {query}, query_type: {kind}{more}"))
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = queries();
    cases.extend(transports());
    cases.extend(codes());
    cases.extend(validations());
    cases
}

fn queries() -> Vec<Case> {
    vec![
        asks("dns_tells_all_of_an_answer", "www.zone.test", "A", "").sees(&[
            "probe_dns_answer_rrs 2",
            "probe_dns_authority_rrs 0",
            "probe_dns_additional_rrs 0",
            "probe_dns_query_succeeded 1",
            "probe_dns_duration_seconds{phase=\"resolve\"} < 2",
            "probe_dns_duration_seconds{phase=\"connect\"} > 0",
            "probe_dns_duration_seconds{phase=\"request\"} > 0",
            "probe_dns_lookup_time_seconds < 2",
            "probe_ip_protocol 4",
            "no probe_dns_serial",
        ]),
        asks("dns_counts_all_sections", "zone.test", "MX", "").sees(&[
            "probe_dns_answer_rrs 1",
            "probe_dns_authority_rrs 1",
            "probe_dns_additional_rrs 2",
        ]),
        asks("dns_serial_of_a_zone", "zone.test", "SOA", "").sees(&["probe_dns_serial 2026112201"]),
        asks("dns_serial_without_an_answer", "www.zone.test", "SOA", "").sees(&["probe_dns_answer_rrs 0"]),
        dns("dns_any_unless_told", "query_name: www.zone.test").sees(&["probe_dns_answer_rrs 3"]),
        asks("dns_name_with_its_dot", "www.zone.test.", "A", "").sees(&["probe_dns_answer_rrs 2"]),
        asks("dns_no_records_are_an_answer", "empty.zone.test", "A", "").sees(&["probe_dns_answer_rrs 0"]),
        asks("dns_many_records", "many.zone.test", "A", "").sees(&["probe_dns_answer_rrs 20"]),
        asks(
            "dns_wants_recursion",
            "asked.test",
            "TXT",
            ", validate_answer_rrs: {fail_if_not_matches_regexp: ['rd=true class=IN']}",
        ),
        asks(
            "dns_wants_no_recursion",
            "asked.test",
            "TXT",
            ", recursion_desired: false, validate_answer_rrs: {fail_if_not_matches_regexp: ['rd=false']}",
        ),
        asks(
            "dns_class",
            "asked.test",
            "TXT",
            ", query_class: CH, validate_answer_rrs: {fail_if_not_matches_regexp: ['class=CH']}",
        ),
        Case::of(
            "dns",
            "dns_nobody_listens",
            "query_name: zone.test, transport_protocol: tcp",
            "<nobody>",
        )
        .fails("connection_refused", "connect")
        .sees(&["probe_dns_query_succeeded 0"]),
        Case::of("dns", "dns_udp_nobody_listens", "query_name: zone.test", "<nobody>")
            .fails("connection_refused", "receive")
            .sees(&["probe_dns_query_succeeded 0"]),
        asks(
            "dns_from_an_address",
            "www.zone.test",
            "A",
            ", source_ip_address: 127.0.0.9",
        ),
        asks(
            "dns_ip6_alone_refuses_an_ip4_server",
            "www.zone.test",
            "A",
            ", preferred_ip_protocol: ip6, ip_protocol_fallback: false",
        )
        .fails("no_address", "resolve"),
    ]
}

fn transports() -> Vec<Case> {
    let trusted = "transport_protocol: tcp, dns_over_tls: true, tls_config: {ca_file: <ca.pem>}";
    let dot = |name, keys: &str| {
        Case::of(
            "dns",
            name,
            &format!("query_name: www.zone.test, query_type: A, {keys}"),
            "<dot>",
        )
    };
    vec![
        asks("dns_tcp", "www.zone.test", "A", ", transport_protocol: tcp").sees(&["probe_dns_answer_rrs 2"]),
        dot("dns_over_tls", trusted).sees(&["probe_dns_answer_rrs 2"]),
        dot("dns_over_tls_untrusted", "transport_protocol: tcp, dns_over_tls: true")
            .fails("certificate_untrusted", "tls")
            .sees(&["probe_dns_query_succeeded 0"]),
        dot("dns_over_tls_and_udp", "transport_protocol: udp, dns_over_tls: true").fails("bad_module", "prepare"),
        asks(
            "dns_transport_that_is_none",
            "www.zone.test",
            "A",
            ", transport_protocol: pigeon",
        )
        .fails("bad_module", "prepare"),
    ]
}

fn codes() -> Vec<Case> {
    vec![
        asks("dns_nxdomain", "nowhere.zone.test", "A", "")
            .fails("status", "validate")
            .sees(&["probe_dns_query_succeeded 1", "probe_dns_authority_rrs 1"]),
        asks("dns_servfail", "servfail.test", "A", "")
            .fails("status", "validate")
            .sees(&["probe_dns_query_succeeded 1"]),
        asks("dns_refused", "refused.test", "A", "").fails("status", "validate"),
        asks(
            "dns_nxdomain_that_is_wanted",
            "nowhere.zone.test",
            "A",
            ", valid_rcodes: [NXDOMAIN, SERVFAIL]",
        ),
        asks(
            "dns_noerror_that_is_not_wanted",
            "www.zone.test",
            "A",
            ", valid_rcodes: [NXDOMAIN]",
        )
        .fails("status", "validate"),
        asks(
            "dns_code_that_is_none",
            "www.zone.test",
            "A",
            ", valid_rcodes: [WHATEVER]",
        )
        .fails("bad_module", "validate"),
    ]
}

/// Of www.zone.test, which has two addresses.
fn validations() -> Vec<Case> {
    let rule = |name, section: &str, rule: &str| {
        asks(
            name,
            "zone.test",
            "MX",
            &format!(", validate_{section}_rrs: {{{rule}}}"),
        )
    };
    let answer = |name, check: &str| {
        asks(
            name,
            "www.zone.test",
            "A",
            &format!(", validate_answer_rrs: {{{check}}}"),
        )
    };
    let told = "probe_dns_query_succeeded 1";
    vec![
        answer(
            "dns_record_in_its_own_words",
            "fail_if_not_matches_regexp: ['^www.zone.test.\\t300\\tIN\\tA\\t192\\.0\\.2\\.[12]$']",
        ),
        answer("dns_no_record_may_match", "fail_if_matches_regexp: ['192\\.0\\.2\\.2']")
            .fails("record", "validate")
            .sees(&[told]),
        answer("dns_no_record_matches", "fail_if_matches_regexp: ['192\\.0\\.2\\.3']"),
        // Upstream's program does the opposite of what the name says, and files are written for it.
        answer(
            "dns_fail_if_all_match_and_all_do",
            "fail_if_all_match_regexp: ['192\\.0\\.2\\.']",
        ),
        answer(
            "dns_fail_if_all_match_and_not_all_do",
            "fail_if_all_match_regexp: ['192\\.0\\.2\\.2']",
        )
        .fails("record", "validate"),
        answer("dns_all_must_match", "fail_if_not_matches_regexp: ['192\\.0\\.2\\.2']").fails("record", "validate"),
        answer("dns_all_match", "fail_if_not_matches_regexp: ['192\\.0\\.2\\.']"),
        answer("dns_one_must_match", "fail_if_none_matches_regexp: ['192\\.0\\.2\\.3']").fails("record", "validate"),
        answer("dns_one_matches", "fail_if_none_matches_regexp: ['192\\.0\\.2\\.2']"),
        asks(
            "dns_no_records_match_nothing",
            "empty.zone.test",
            "A",
            ", validate_answer_rrs: {fail_if_matches_regexp: ['.*']}",
        ),
        asks(
            "dns_no_records_and_all_must_match",
            "empty.zone.test",
            "A",
            ", validate_answer_rrs: {fail_if_not_matches_regexp: ['.*']}",
        )
        .fails("record", "validate"),
        asks(
            "dns_no_records_and_one_must_match",
            "empty.zone.test",
            "A",
            ", validate_answer_rrs: {fail_if_none_matches_regexp: ['.*']}",
        )
        .fails("record", "validate"),
        asks(
            "dns_no_records_and_not_all_may_match",
            "empty.zone.test",
            "A",
            ", validate_answer_rrs: {fail_if_all_match_regexp: ['.*']}",
        ),
        rule(
            "dns_authority_matches",
            "authority",
            "fail_if_not_matches_regexp: ['NS\\tns.zone.test.$']",
        ),
        rule(
            "dns_authority_may_not_match",
            "authority",
            "fail_if_matches_regexp: ['NS']",
        )
        .fails("record", "validate"),
        rule(
            "dns_additional_matches",
            "additional",
            "fail_if_none_matches_regexp: ['AAAA\\t2001:db8::25$']",
        ),
        rule(
            "dns_additional_may_not_match",
            "additional",
            "fail_if_matches_regexp: ['192\\.0\\.2\\.25']",
        )
        .fails("record", "validate"),
        rule(
            "dns_mx_in_its_own_words",
            "answer",
            "fail_if_not_matches_regexp: ['^zone.test.\\t300\\tIN\\tMX\\t10 mail.zone.test.$']",
        ),
    ]
}
