//! Targets that do not behave: each probe ends within its time, and ours says why it failed.

use crate::case::Case;

/// Within the module's second.
const IN_TIME: &str = "probe_duration_seconds < 1.9";

fn http(name: &'static str, target: &'static str) -> Case {
    Case::of("http", name, "tls_config: {insecure_skip_verify: true}", target)
        .timeout("1s")
        .sees(&[IN_TIME])
}

fn tcp(name: &'static str, target: &'static str) -> Case {
    Case::of("tcp", name, "query_response: [{expect: '^220 .* time$'}]", target)
        .timeout("1s")
        .sees(&[IN_TIME])
}

fn dns(name: &'static str, query: &str, more: &str) -> Case {
    let keys = format!("query_name: {query}.zone.test, query_type: A{more}");
    Case::of("dns", name, &keys, "<dns>").timeout("1s").sees(&[IN_TIME])
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = of_http();
    cases.extend(of_lines());
    cases.extend(of_names());
    cases.extend(of_time());
    cases
}

fn of_http() -> Vec<Case> {
    vec![
        http("fault_http_silence", "http://<silent>/").fails("timeout", "receive"),
        http("fault_https_silence", "https://<silent>/").fails("timeout", "tls"),
        http("fault_http_head_by_drops", "http://<drip_head>/").fails("timeout", "receive"),
        http("fault_http_body_by_drops", "http://<drip_body>/")
            .fails("timeout", "body")
            .sees(&["probe_http_status_code 200"]),
        http("fault_https_handshake_by_drops", "https://<drip_tls>/").fails("timeout", "tls"),
        http("fault_http_endless_head", "http://<endless_head>/").fails("too_large", "receive"),
        http("fault_http_endless_body", "http://<endless_body>/")
            .fails("timeout", "body")
            .sees(&[
                "probe_http_content_length -1",
                "probe_http_uncompressed_body_length > 1000",
            ])
            .differs(
                "how much came in the time",
                &["probe_success 0", "probe_http_uncompressed_body_length > 1000"],
            ),
        http("fault_http_endless_body_with_a_limit", "http://<endless_body>/")
            .module("prober: http, timeout: 1s, http: {body_size_limit: 1MB}")
            .fails("too_large", "body"),
        http("fault_http_reset", "http://<reset>/").fails("connection_reset", "receive"),
        http("fault_https_reset", "https://<reset>/").fails("connection_reset", "tls"),
        http("fault_http_reset_in_the_body", "http://<half_reset>/").fails("connection_reset", "body"),
        http("fault_http_end_before_the_head", "http://<closes>/").fails("connection_closed", "receive"),
        http("fault_https_end_before_the_handshake", "https://<closes>/").fails("connection_closed", "tls"),
        http("fault_http_end_in_the_body", "http://<short_body>/").fails("connection_closed", "body"),
        http("fault_http_another_protocol", "http://<no_http>/").fails("protocol", "receive"),
        http("fault_http_length_that_is_none", "http://<bad_length>/").fails("protocol", "receive"),
    ]
}

fn of_lines() -> Vec<Case> {
    vec![
        tcp("fault_tcp_silence", "<silent>").fails("timeout", "receive"),
        tcp("fault_tcp_line_by_drops", "<drip_line>").fails("timeout", "receive"),
        tcp("fault_tcp_endless_line", "<endless_line>").fails("too_large", "receive"),
        tcp("fault_tcp_endless_lines", "<endless_lines>").fails("timeout", "receive"),
        tcp("fault_tcp_end", "<closes>").fails("connection_closed", "receive"),
        Case::of(
            "tcp",
            "fault_tcp_reset",
            "query_response: [{send: x}, {expect: y}]",
            "<reset>",
        )
        .timeout("1s")
        .sees(&[IN_TIME])
        .fails("connection_reset", "receive"),
        Case::of("tcp", "fault_tcp_tls_silence", "tls: true", "<silent>")
            .timeout("1s")
            .sees(&[IN_TIME])
            .fails("timeout", "tls")
            .ours("upstream's handshake has no time limit: it waits for ever"),
        Case::of("grpc", "fault_grpc_silence", "", "<silent>")
            .timeout("1s")
            .sees(&[IN_TIME, "probe_grpc_status_code 4"])
            .fails("timeout", "receive")
            .ours("upstream waits 20 seconds for a connection, whatever the module's time"),
        Case::of("grpc", "fault_grpc_end", "", "<closes>")
            .timeout("1s")
            .sees(&[IN_TIME])
            .fails("connection_closed", "receive"),
    ]
}

fn of_names() -> Vec<Case> {
    let tcp = ", transport_protocol: tcp";
    vec![
        dns("fault_dns_silence", "silent", "").fails("timeout", "receive"),
        dns("fault_dns_tcp_silence", "silent", tcp).fails("timeout", "receive"),
        dns("fault_dns_garbage", "garbage", "").fails("protocol", "receive"),
        dns("fault_dns_tcp_garbage", "garbage", tcp).fails("protocol", "receive"),
        dns("fault_dns_short", "short", "").fails("protocol", "receive"),
        dns("fault_dns_wrong_id", "wrong-id", "").fails("timeout", "receive"),
        dns("fault_dns_wrong_id_first", "wrong-id-first", ""),
        dns("fault_dns_tcp_wrong_id", "wrong-id", tcp).fails("protocol", "receive"),
        dns("fault_dns_cut", "cut", "").fails("protocol", "receive"),
        dns("fault_dns_truncated", "truncated", ""),
    ]
}

/// Whose time it is: the module's or the scrape's.
fn of_time() -> Vec<Case> {
    let silent =
        |name, timeout: &str| Case::of("tcp", name, "query_response: [{expect: x}]", "<silent>").timeout(timeout);
    vec![
        silent("time_of_the_module", "500ms")
            .fails("timeout", "receive")
            .sees(&["probe_duration_seconds > 0.2", "probe_duration_seconds < 1.5"]),
        silent("time_of_the_scrape_less_half_a_second", "30s")
            .scrape_timeout("1.5")
            .fails("timeout", "receive")
            .sees(&["probe_duration_seconds > 0.6", "probe_duration_seconds < 1.9"]),
        Case::of(
            "tcp",
            "time_of_the_scrape_alone",
            "query_response: [{expect: x}]",
            "<silent>",
        )
        .scrape_timeout("1")
        .fails("timeout", "receive")
        .sees(&["probe_duration_seconds > 0.2", "probe_duration_seconds < 1.4"]),
    ]
}
