//! TLS: which certificates are accepted, and what is told of them.

use crate::case::Case;

const TRUSTED: &str = "tls_config: {ca_file: <ca.pem>}";

const FILES: &str = "the module's files are read at other moments, and then phases are missing or there";

/// 2050-01-01, and the ends of the authorities.
const GOOD_UNTIL: &str = "probe_ssl_earliest_cert_expiry 2524608000";
const LEAF: &str = r#"probe_ssl_last_chain_info{issuer="CN=authority,O=Pilot\\, \\\"Light\\\",C=CH",serialnumber="0a01",subject="CN=good,O=Pilot\\, \\\"Light\\\",C=CH",subjectalternative="localhost"} 1"#;

fn https(name: &'static str, keys: &str, target: &'static str) -> Case {
    Case::of("http", name, keys, target)
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = accepted();
    cases.extend(refused());
    cases.extend(settings());
    cases.extend(versions());
    cases
}

fn accepted() -> Vec<Case> {
    vec![
        https(
            "https_tells_all_of_a_certificate",
            TRUSTED,
            "https://<https>/text/hello",
        )
        .sees(&[
            "probe_http_ssl 1",
            GOOD_UNTIL,
            "probe_ssl_last_chain_expiry_timestamp_seconds 2208988800",
            LEAF,
            "probe_tls_version_info{version=\"TLS 1.3\"} 1",
            "probe_tls_cipher_info > 0",
            "probe_http_duration_seconds{phase=\"tls\"} > 0",
            "probe_http_version 1.1",
        ]),
        https("https_with_an_intermediate", TRUSTED, "https://<chain>/")
            .fails("status", "validate")
            .sees(&[
                "probe_http_status_code 404",
                "probe_ssl_earliest_cert_expiry 2208988800",
                "probe_ssl_last_chain_expiry_timestamp_seconds 2208988800",
            ]),
        https(
            "https_with_an_intermediate_that_ends_first",
            TRUSTED,
            "https://<chain_that_ends>/status/200",
        )
        .sees(&[
            "probe_ssl_earliest_cert_expiry 2051222400",
            "probe_ssl_last_chain_expiry_timestamp_seconds 2051222400",
        ]),
        https(
            "https_with_its_root_too",
            TRUSTED,
            "https://<chain_with_root>/status/200",
        )
        .sees(&["probe_ssl_earliest_cert_expiry 2208988800"]),
        https(
            "https_without_verification",
            "tls_config: {insecure_skip_verify: true}",
            "https://<self_signed>/status/200",
        )
        .sees(&[
            GOOD_UNTIL,
            "probe_ssl_last_chain_expiry_timestamp_seconds -62135596800",
            "probe_ssl_last_chain_info 1",
        ]),
        https(
            "https_expired_without_verification",
            "tls_config: {insecure_skip_verify: true}",
            "https://<expired>/status/200",
        )
        .sees(&["probe_ssl_earliest_cert_expiry 1609459200"]),
        https(
            "https_of_another_name_by_server_name",
            "tls_config: {ca_file: <ca.pem>, server_name: elsewhere.test}",
            "https://<wrong_name>/status/200",
        ),
        https(
            "https_of_another_name_by_hostname",
            TRUSTED,
            "https://<wrong_name>/status/200",
        )
        .query("&hostname=elsewhere.test"),
        https("https_in_http_2", TRUSTED, "https://<h2>/status/200").sees(&["probe_http_version 2"]),
        https(
            "https_not_in_http_2",
            &format!("enable_http2: false, {TRUSTED}"),
            "https://<h2>/status/200",
        )
        .sees(&["probe_http_version 1.1"]),
        https(
            "https_in_http_2_as_wanted",
            &format!("valid_http_versions: [HTTP/2.0], {TRUSTED}"),
            "https://<h2>/status/200",
        ),
        https(
            "http_2_sends_body_and_headers",
            &format!(
                "method: POST, body: hello, headers: {{X-One: a}}, fail_if_body_not_matches_regexp: ['POST /echo HTTP/2', 'x-one: a', 'hello$'], {TRUSTED}"
            ),
            "https://<h2>/echo",
        ),
    ]
}

fn refused() -> Vec<Case> {
    let refused = |name, target, reason| {
        https(name, TRUSTED, target)
            .fails(reason, "tls")
            .sees(&["probe_http_status_code 0"])
    };
    let facts = "ours tells of a refused certificate what it is";
    let silent: &[&str] = &[
        "probe_success 0",
        "no probe_ssl_earliest_cert_expiry",
        "no probe_ssl_last_chain_info",
    ];
    vec![
        refused(
            "certificate_expired",
            "https://<expired>/status/200",
            "certificate_expired",
        )
        .sees(&["probe_ssl_earliest_cert_expiry 1609459200"])
        .differs(facts, silent),
        refused(
            "certificate_not_yet_valid",
            "https://<early>/status/200",
            "certificate_not_yet_valid",
        )
        .sees(&[GOOD_UNTIL])
        .differs(facts, silent),
        refused(
            "certificate_self_signed",
            "https://<self_signed>/status/200",
            "certificate_untrusted",
        )
        .sees(&[GOOD_UNTIL])
        .differs(facts, silent),
        refused(
            "certificate_for_another_name",
            "https://<wrong_name>/status/200",
            "certificate_name",
        )
        .sees(&[GOOD_UNTIL])
        .differs(facts, silent),
        refused(
            "certificate_without_its_chain",
            "https://<incomplete_chain>/status/200",
            "certificate_untrusted",
        )
        .sees(&[GOOD_UNTIL])
        .differs(facts, silent),
        refused(
            "certificate_of_an_unknown_authority",
            "https://<https>/status/200",
            "certificate_untrusted",
        )
        .sees(&["probe_ssl_last_chain_info 1"])
        .differs(facts, silent)
        .module("prober: http"),
        refused(
            "certificates_without_end",
            "https://<huge_chain>/status/200",
            "tls_handshake",
        )
        .sees(&["no probe_ssl_last_chain_info"]),
    ]
}

fn settings() -> Vec<Case> {
    vec![
        https(
            "fail_if_ssl",
            &format!("fail_if_ssl: true, {TRUSTED}"),
            "https://<https>/status/200",
        )
        .fails("tls_used", "validate")
        .sees(&["probe_http_ssl 1", "probe_http_status_code 200"]),
        https(
            "fail_if_ssl_without_it",
            "fail_if_ssl: true",
            "http://<http>/status/200",
        ),
        https("fail_if_not_ssl", "fail_if_not_ssl: true", "http://<http>/status/200")
            .fails("tls_missing", "validate")
            .sees(&["probe_http_ssl 0"]),
        https(
            "fail_if_not_ssl_with_it",
            &format!("fail_if_not_ssl: true, {TRUSTED}"),
            "https://<https>/status/200",
        ),
        https("client_certificate_is_wanted", TRUSTED, "https://<clients>/status/200")
            .fails("tls_handshake", "tls")
            .sees(&[GOOD_UNTIL])
            .differs(
                "ours tells of the server's certificate also when the server refuses",
                &[
                    "probe_success 0",
                    "no probe_ssl_earliest_cert_expiry",
                    "no probe_ssl_last_chain_expiry_timestamp_seconds",
                    "no probe_ssl_last_chain_info",
                ],
            ),
        https(
            "client_certificate_is_shown",
            "tls_config: {ca_file: <ca.pem>, cert_file: <client.pem>, key_file: <client.key>}",
            "https://<clients>/status/200",
        ),
        https(
            "client_certificate_is_shown_in_tls_1_3",
            "tls_config: {ca_file: <ca.pem>, cert_file: <client.pem>, key_file: <client.key>}",
            "https://<clients13>/status/200",
        ),
        https(
            "authority_file_that_is_missing",
            "tls_config: {ca_file: /does/not/exist}",
            "https://<https>/status/200",
        )
        .fails("bad_module", "tls")
        .differs(
            FILES,
            &["probe_success 0", "probe_http_duration_seconds{phase=\"resolve\"} < 5"],
        ),
        https(
            "authority_file_that_is_none",
            "tls_config: {ca_file: <body.txt>}",
            "https://<https>/status/200",
        )
        .fails("bad_module", "tls")
        .differs(
            FILES,
            &["probe_success 0", "probe_http_duration_seconds{phase=\"resolve\"} < 5"],
        ),
        https("https_of_a_server_in_the_clear", TRUSTED, "https://<http>/").fails("protocol", "tls"),
        https("http_of_a_server_with_tls", "", "http://<https>/").fails("protocol", "receive"),
    ]
}

fn versions() -> Vec<Case> {
    let version = |name, keys: &str, target| https(name, &format!("tls_config: {{ca_file: <ca.pem>{keys}}}"), target);
    vec![
        version("tls_1_2", "", "https://<tls12>/status/200").sees(&["probe_tls_version_info{version=\"TLS 1.2\"} 1"]),
        version("tls_1_3", "", "https://<tls13>/status/200").sees(&["probe_tls_version_info{version=\"TLS 1.3\"} 1"]),
        version("tls_max_version", ", max_version: TLS12", "https://<https>/status/200")
            .sees(&["probe_tls_version_info{version=\"TLS 1.2\"} 1"]),
        version("tls_min_version", ", min_version: TLS13", "https://<tls12>/status/200").fails("tls_handshake", "tls"),
        version(
            "tls_max_version_below_the_servers",
            ", max_version: TLS12",
            "https://<tls13>/status/200",
        )
        .fails("tls_handshake", "tls"),
    ]
}
