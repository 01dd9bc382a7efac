//! http: what is told of an answer.

use crate::case::Case;

fn http(name: &'static str, keys: &str, target: &'static str) -> Case {
    Case::of("http", name, keys, target)
}

const UNPACKED: &str = "what cannot be unpacked does not match; upstream does not look where gzip's head is wrong";

pub(super) fn cases() -> Vec<Case> {
    let mut cases = answers();
    cases.extend(statuses());
    cases.extend(compression());
    cases.extend(addresses());
    cases
}

fn answers() -> Vec<Case> {
    vec![
        http("http_tells_all_of_an_answer", "", "http://<http>/text/hello").sees(&[
            "probe_http_status_code 200",
            "probe_http_content_length 5",
            "probe_http_uncompressed_body_length 5",
            "probe_http_redirects 0",
            "probe_http_ssl 0",
            "probe_http_version 1.1",
            "probe_failed_due_to_regex 0",
            "probe_http_duration_seconds{phase=\"resolve\"} < 5",
            "probe_http_duration_seconds{phase=\"connect\"} > 0",
            "probe_http_duration_seconds{phase=\"tls\"} 0",
            "probe_http_duration_seconds{phase=\"processing\"} > 0",
            "probe_http_duration_seconds{phase=\"transfer\"} < 5",
            "probe_duration_seconds > 0",
            "probe_dns_lookup_time_seconds < 5",
            "probe_ip_protocol 4",
            "probe_ip_addr_hash > 0",
            "no probe_failed_due_to_cel",
            "no probe_ssl_earliest_cert_expiry",
            "no probe_tls_version_info",
            "no probe_http_last_modified_timestamp_seconds",
        ]),
        http("http_without_a_scheme_is_http", "", "<http>/text/hello").sees(&["probe_http_status_code 200"]),
        http("http_of_a_page_in_chunks_has_no_length", "", "http://<http>/chunked")
            .sees(&["probe_http_content_length -1", "probe_http_uncompressed_body_length 9"]),
        http("http_last_modified_is_told", "", "http://<http>/modified")
            .sees(&["probe_http_last_modified_timestamp_seconds 784903526"]),
        http(
            "http_last_modified_that_is_no_date_is_not_told",
            "",
            "http://<http>/modified/wrong",
        )
        .sees(&["no probe_http_last_modified_timestamp_seconds"]),
        http("http_waits_for_a_late_answer", "", "http://<http>/slow/300").sees(&[
            "probe_http_duration_seconds{phase=\"processing\"} > 0.29",
            "probe_duration_seconds > 0.29",
        ]),
        http(
            "http_body_within_its_limit",
            "body_size_limit: 1KB",
            "http://<http>/large/1024",
        )
        .sees(&["probe_http_uncompressed_body_length 1024"]),
        http(
            "http_body_above_its_limit",
            "body_size_limit: 1KB",
            "http://<http>/large/1025",
        )
        .fails("too_large", "body")
        .sees(&["probe_http_status_code 200", "probe_http_content_length 1025"]),
        http("http_answer_after_100_continue", "", "http://<continued>/").sees(&["probe_http_status_code 200"]),
        http("http_1_0_ends_with_the_connection", "", "http://<http10>/").sees(&[
            "probe_http_version 1",
            "probe_http_content_length -1",
            "probe_http_uncompressed_body_length 13",
        ]),
        http("http_without_a_body", "", "http://<status_only>/").sees(&[
            "probe_http_status_code 204",
            "probe_http_content_length 0",
            "probe_http_uncompressed_body_length 0",
        ]),
        http("http_target_that_is_no_url", "", "http://:bad:port/").fails("bad_target", "prepare"),
        http("http_nobody_listens", "", "http://<nobody>/")
            .fails("connection_refused", "connect")
            .sees(&["probe_http_status_code 0", "probe_ip_protocol 4"]),
    ]
}

fn statuses() -> Vec<Case> {
    vec![
        http("http_status_204_is_good", "", "http://<http>/status/204").sees(&["probe_http_status_code 204"]),
        http("http_status_404_is_not", "", "http://<http>/status/404")
            .fails("status", "validate")
            .sees(&["probe_http_status_code 404", "probe_http_uncompressed_body_length 6"]),
        http("http_status_500_is_not", "", "http://<http>/status/500")
            .fails("status", "validate")
            .sees(&["probe_http_status_code 500"]),
        http(
            "http_status_that_is_wanted",
            "valid_status_codes: [404, 500]",
            "http://<http>/status/404",
        )
        .sees(&["probe_http_status_code 404", "probe_http_uncompressed_body_length 6"]),
        http(
            "http_status_200_where_others_are_wanted",
            "valid_status_codes: [404]",
            "http://<http>/status/200",
        )
        .fails("status", "validate")
        .sees(&["probe_http_status_code 200"]),
        http(
            "http_version_that_is_wanted",
            "valid_http_versions: [HTTP/1.1]",
            "http://<http>/status/200",
        ),
        http(
            "http_version_that_is_not_wanted",
            "valid_http_versions: [HTTP/2.0]",
            "http://<http>/status/200",
        )
        .fails("version", "validate")
        .sees(&["probe_http_version 1.1"]),
        http(
            "http_version_1_0_that_is_wanted",
            "valid_http_versions: [HTTP/1.0]",
            "http://<http10>/",
        ),
    ]
}

fn compression() -> Vec<Case> {
    let hello = "fail_if_body_not_matches_regexp: ['^hello hello hello$']";
    let packed = |name, algorithm: &str, target| http(name, &format!("compression: {algorithm}, {hello}"), target);
    vec![
        packed("http_gzip_is_unpacked", "gzip", "http://<http>/packed/gzip")
            .sees(&["probe_http_uncompressed_body_length 17"]),
        packed("http_deflate_is_unpacked", "deflate", "http://<http>/packed/deflate")
            .sees(&["probe_http_uncompressed_body_length 17"]),
        packed("http_brotli_is_unpacked", "br", "http://<http>/packed/br")
            .sees(&["probe_http_uncompressed_body_length 17"]),
        packed("http_identity_is_as_it_is", "identity", "http://<http>/packed/identity")
            .sees(&["probe_http_uncompressed_body_length 17"]),
        packed("http_gzip_that_is_none", "gzip", "http://<http>/mispacked/gzip")
            .fails("compression", "body")
            .differs(UNPACKED, &["probe_success 0", "probe_failed_due_to_regex 0"]),
        packed(
            "http_compression_that_the_answer_lacks",
            "gzip",
            "http://<http>/text/hello%20hello%20hello",
        )
        .fails("compression", "body")
        .differs(UNPACKED, &["probe_success 0", "probe_failed_due_to_regex 0"]),
        packed("http_compression_of_another_kind", "br", "http://<http>/packed/gzip").fails("compression", "body"),
        http(
            "http_compression_is_not_undone_unless_asked",
            hello,
            "http://<http>/packed/gzip",
        )
        .fails("content", "validate")
        .sees(&["probe_failed_due_to_regex 1"]),
        packed(
            "http_compression_alone_asks_for_nothing",
            "gzip",
            "http://<http>/packed/asked",
        )
        .fails("compression", "body")
        .differs(UNPACKED, &["probe_success 0", "probe_failed_due_to_regex 0"]),
        packed(
            "http_compression_is_asked_for_in_the_modules_words",
            "gzip, headers: {Accept-Encoding: 'gzip;q=0.5'}",
            "http://<http>/packed/asked",
        ),
    ]
}

fn addresses() -> Vec<Case> {
    let ip = |name, preferred: &str, fallback: bool, target| {
        let keys = format!("preferred_ip_protocol: {preferred}, ip_protocol_fallback: {fallback}");
        http(name, &keys, target)
    };
    vec![
        ip("ip4_for_an_ip4_address", "ip4", false, "http://<http>/status/200").sees(&["probe_ip_protocol 4"]),
        ip(
            "ip6_falls_back_for_an_ip4_address",
            "ip6",
            true,
            "http://<http>/status/200",
        )
        .sees(&["probe_ip_protocol 4"]),
        ip(
            "ip6_alone_refuses_an_ip4_address",
            "ip6",
            false,
            "http://<http>/status/200",
        )
        .fails("no_address", "resolve"),
        ip("ip6_for_an_ip6_address", "ip6", false, "http://<http6>/status/200")
            .needs(&[crate::case::Need::Ip6])
            .sees(&["probe_ip_protocol 6"]),
        ip(
            "ip4_falls_back_for_an_ip6_address",
            "ip4",
            true,
            "http://<http6>/status/200",
        )
        .needs(&[crate::case::Need::Ip6])
        .sees(&["probe_ip_protocol 6"]),
        ip(
            "ip4_alone_refuses_an_ip6_address",
            "ip4",
            false,
            "http://<http6>/status/200",
        )
        .needs(&[crate::case::Need::Ip6])
        .fails("no_address", "resolve"),
        ip("a_name_that_can_be_none", "ip4", true, "http://a..b/").fails("name_not_found", "resolve"),
    ]
}
