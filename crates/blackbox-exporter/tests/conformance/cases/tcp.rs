//! tcp: connections, conversations, STARTTLS.

use crate::case::{Case, Need};

const TRUSTED: &str = "tls_config: {ca_file: <ca.pem>, server_name: localhost}";

fn tcp(name: &'static str, keys: &str, target: &'static str) -> Case {
    Case::of("tcp", name, keys, target)
}

fn talk(name: &'static str, turns: &str, target: &'static str) -> Case {
    tcp(name, &format!("query_response: [{turns}]"), target).timeout("2s")
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = connections();
    cases.extend(conversations());
    cases.extend(labels());
    cases.extend(bytes());
    cases.extend(tls());
    cases.extend(redis());
    cases
}

fn connections() -> Vec<Case> {
    vec![
        tcp("tcp_connects", "", "<http>").sees(&[
            "probe_failed_due_to_regex 0",
            "probe_failed_due_to_bytes 0",
            "probe_ip_protocol 4",
            "probe_dns_lookup_time_seconds < 5",
            "no probe_ssl_earliest_cert_expiry",
            "no probe_expect_info",
        ]),
        tcp("tcp_nobody_listens", "", "<nobody>").fails("connection_refused", "connect"),
        tcp("tcp_target_without_a_port", "", "127.0.0.1").fails("bad_target", "prepare"),
        tcp(
            "tcp_ip6",
            "preferred_ip_protocol: ip6, ip_protocol_fallback: false",
            "<http6>",
        )
        .needs(&[Need::Ip6])
        .sees(&["probe_ip_protocol 6"]),
        tcp(
            "tcp_ip6_alone_refuses_an_ip4_address",
            "preferred_ip_protocol: ip6, ip_protocol_fallback: false",
            "<http>",
        )
        .fails("no_address", "resolve"),
        tcp("tcp_from_an_address", "source_ip_address: 127.0.0.9", "<http>"),
        tcp("tcp_from_an_address_that_is_none", "source_ip_address: here", "<http>").fails("bad_module", "prepare"),
        tcp(
            "tcp_from_an_address_that_is_not_ours",
            "source_ip_address: 192.0.2.1",
            "<http>",
        )
        .fails("unreachable", "connect"),
    ]
}

fn conversations() -> Vec<Case> {
    vec![
        talk("tcp_sends_and_expects", "{expect: '^SSH-2.0-'}", "<ssh>").sees(&["probe_failed_due_to_regex 0"]),
        talk("tcp_line_without_its_cr", "{expect: 'Debian-2$'}", "<ssh>"),
        talk(
            "tcp_last_line_without_an_end",
            "{expect: 'without an end$'}",
            "<unfinished_line>",
        ),
        talk("tcp_expects_what_does_not_come", "{expect: '^HTTP'}", "<ssh>")
            .fails("content", "validate")
            .sees(&["probe_failed_due_to_regex 1"]),
        talk("tcp_expects_in_silence", "{expect: '^HTTP'}", "<silent>")
            .fails("timeout", "receive")
            .sees(&["probe_duration_seconds > 1.5", "probe_duration_seconds < 4"]),
        talk(
            "tcp_irc_sends_what_it_found",
            "{send: 'NICK prober'}, {send: 'USER prober prober prober :prober'}, \
             {expect: 'PING :([^ ]+)', send: 'PONG ${1}'}, {expect: '^:[^ ]+ 001'}",
            "<irc>",
        )
        .sees(&["probe_failed_due_to_regex 0"]),
        talk(
            "tcp_expands_as_go_does",
            "{expect: '^token=(?P<token>[a-z]+) user=([a-z]+)$', send: '${token}/$2/$${3}/$$'}, {expect: '^fine$'}",
            "<named_groups>",
        ),
        talk("tcp_send_alone", "{send: 'NICK prober'}", "<irc>"),
        talk(
            "tcp_skips_lines_until_it_finds",
            "{expect: '^:irc.test 001'}",
            "<closes>",
        )
        .fails("connection_closed", "receive")
        .sees(&["probe_failed_due_to_regex 1"]),
        tcp("tcp_empty_conversation", "query_response: [{}]", "<ssh>"),
    ]
}

fn labels() -> Vec<Case> {
    let found = "probe_expect_info{ssh_comments=\"Debian-2\",ssh_version=\"OpenSSH_9.2p1\"} 1";
    vec![
        talk(
            "tcp_labels_of_what_it_found",
            "{expect: '^SSH-2.0-([^ -]+)(?: (.*))?$', \
             labels: [{name: ssh_version, value: '${1}'}, {name: ssh_comments, value: '${2}'}]}",
            "<ssh>",
        )
        .sees(&[found]),
        talk(
            "tcp_labels_of_what_it_did_not_find",
            "{expect: '^HTTP', labels: [{name: x, value: y}]}",
            "<ssh>",
        )
        .fails("content", "validate")
        .sees(&["no probe_expect_info"]),
        talk(
            "tcp_labels_of_fixed_words",
            "{expect: '^SSH', labels: [{name: x, value: y}]}",
            "<ssh>",
        )
        .sees(&["probe_expect_info{x=\"y\"} 1"]),
    ]
}

fn bytes() -> Vec<Case> {
    vec![
        talk("tcp_expects_bytes", "{expect_bytes: \"\\x01\\x02ready\"}", "<bytes>")
            .sees(&["probe_failed_due_to_bytes 0"]),
        talk(
            "tcp_expects_other_bytes",
            "{expect_bytes: \"\\x01\\x03ready\"}",
            "<bytes>",
        )
        .fails("content", "validate")
        .sees(&["probe_failed_due_to_bytes 1", "probe_failed_due_to_regex 0"]),
        talk(
            "tcp_expects_more_bytes_than_come",
            "{expect_bytes: \"\\x01\\x02ready\\x03more\"}",
            "<bytes>",
        )
        .fails("connection_closed", "receive")
        .sees(&["probe_failed_due_to_bytes 0"]),
    ]
}

fn tls() -> Vec<Case> {
    let secure = |name, keys: &str, turns: &str, target| {
        tcp(name, &format!("{keys}{TRUSTED}, query_response: [{turns}]"), target)
            .timeout("5s")
            .sees(&[
                "probe_ssl_earliest_cert_expiry 2524608000",
                "probe_ssl_last_chain_expiry_timestamp_seconds 2208988800",
                "probe_ssl_last_chain_info{subject=\"CN=good,O=Pilot\\\\, \\\\\\\"Light\\\\\\\",C=CH\"} 1",
                "probe_tls_version_info{version=\"TLS 1.3\"} 1",
                "no probe_tls_cipher_info",
            ])
    };
    vec![
        secure(
            "smtp_starttls",
            "",
            "{expect: '^220 ([^ ]+) ESMTP (.+)$'}, {send: \"EHLO prober\\r\"}, {expect: '^250-STARTTLS'}, \
             {send: \"STARTTLS\\r\"}, {expect: '^220'}, {starttls: true}, {send: \"EHLO prober\\r\"}, \
             {expect: '^250-AUTH'}, {send: \"QUIT\\r\"}",
            "<smtp>",
        ),
        secure(
            "imap_starttls",
            "",
            "{expect: 'OK.*STARTTLS'}, {send: '. STARTTLS'}, {expect: OK}, {starttls: true}, {send: '. capability'}, \
             {expect: 'CAPABILITY IMAP4rev1'}",
            "<imap>",
        ),
        secure(
            "pop3_starttls",
            "",
            "{expect: '^\\+OK'}, {send: STLS}, {expect: '^\\+OK'}, {starttls: true}, {send: CAPA}, {expect: '^USER$'}",
            "<pop3>",
        ),
        secure(
            "tcp_tls",
            "tls: true, ",
            "{expect: '^hello over TLS$', send: bye}",
            "<tls_hello>",
        ),
        tcp(
            "tcp_tls_by_hostname",
            "tls: true, tls_config: {ca_file: <ca.pem>}",
            "<wrong_name>",
        )
        .query("&hostname=elsewhere.test"),
        tcp(
            "tcp_tls_takes_the_targets_name",
            "tls: true, tls_config: {ca_file: <ca.pem>}",
            "<https>",
        ),
        tcp("tcp_tls_untrusted", "tls: true", "<self_signed>")
            .fails("certificate_untrusted", "tls")
            .sees(&["probe_ssl_earliest_cert_expiry 2524608000"])
            .differs(
                "ours tells of a refused certificate what it is",
                &[
                    "probe_success 0",
                    "no probe_ssl_earliest_cert_expiry",
                    "no probe_ssl_last_chain_info",
                ],
            ),
        tcp(
            "tcp_tls_unverified",
            "tls: true, tls_config: {insecure_skip_verify: true}",
            "<self_signed>",
        )
        .sees(&["probe_ssl_last_chain_expiry_timestamp_seconds -62135596800"]),
        tcp("tcp_tls_of_a_server_in_the_clear", "tls: true", "<ssh>").fails("protocol", "tls"),
    ]
}

fn redis() -> Vec<Case> {
    vec![
        talk("redis_ping", "{send: PING}, {expect: '^\\+PONG$'}", "<redis>").needs(&[Need::Redis]),
        talk(
            "redis_ping_in_bytes",
            "{send: PING}, {expect_bytes: '+PONG'}",
            "<redis>",
        )
        .needs(&[Need::Redis]),
        talk(
            "redis_role",
            "{send: 'INFO replication'}, {expect: '^role:(.+)$', labels: [{name: role, value: '${1}'}]}",
            "<redis>",
        )
        .needs(&[Need::Redis])
        .sees(&["probe_expect_info{role=\"master\"} 1"]),
    ]
}
