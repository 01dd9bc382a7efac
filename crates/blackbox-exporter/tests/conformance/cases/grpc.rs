//! grpc: health checks.

use crate::case::Case;

const TRUSTED: &str = "tls: true, tls_config: {ca_file: <ca.pem>}";

/// 1 for what was said, 0 for the others.
const SERVING: [&str; 4] = [
    "probe_grpc_healthcheck_response{serving_status=\"SERVING\"} 1",
    "probe_grpc_healthcheck_response{serving_status=\"NOT_SERVING\"} 0",
    "probe_grpc_healthcheck_response{serving_status=\"UNKNOWN\"} 0",
    "probe_grpc_healthcheck_response{serving_status=\"SERVICE_UNKNOWN\"} 0",
];

fn grpc(name: &'static str, keys: &str, target: &'static str) -> Case {
    Case::of("grpc", name, keys, target).timeout("3s")
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = health();
    cases.extend(tls());
    cases
}

fn health() -> Vec<Case> {
    let of = |name, service: &str| grpc(name, &format!("service: {service}"), "<grpc>");
    vec![
        grpc("grpc_server_serves", "", "<grpc>").sees(&SERVING).sees(&[
            "probe_grpc_status_code 0",
            "probe_grpc_ssl 0",
            "probe_grpc_duration_seconds{phase=\"resolve\"} < 3",
            "probe_grpc_duration_seconds{phase=\"check\"} > 0",
            "probe_ip_protocol 4",
            "no probe_tls_version_info",
        ]),
        of("grpc_service_serves", "serving").sees(&SERVING),
        of("grpc_service_does_not_serve", "down")
            .fails("not_serving", "validate")
            .sees(&[
                "probe_grpc_status_code 0",
                "probe_grpc_healthcheck_response{serving_status=\"NOT_SERVING\"} 1",
                "probe_grpc_healthcheck_response{serving_status=\"SERVING\"} 0",
            ]),
        of("grpc_service_does_not_know", "unknown")
            .fails("not_serving", "validate")
            .sees(&["probe_grpc_healthcheck_response{serving_status=\"UNKNOWN\"} 1"]),
        of("grpc_service_unknown", "service-unknown")
            .fails("not_serving", "validate")
            .sees(&["probe_grpc_healthcheck_response{serving_status=\"SERVICE_UNKNOWN\"} 1"]),
        of("grpc_service_that_is_missing", "missing")
            .fails("status", "validate")
            .sees(&[
                "probe_grpc_status_code 5",
                "probe_grpc_healthcheck_response{serving_status=\"SERVING\"} 0",
            ]),
        of("grpc_health_is_not_implemented", "unimplemented")
            .fails("status", "validate")
            .sees(&["probe_grpc_status_code 12"]),
        grpc(
            "grpc_metadata_is_sent",
            "service: token, metadata: {x-token: [one, two]}",
            "<grpc>",
        )
        .sees(&SERVING),
        of("grpc_metadata_is_missing", "token")
            .fails("status", "validate")
            .sees(&["probe_grpc_status_code 16"]),
        Case::of("grpc", "grpc_answer_does_not_come", "service: slow", "<grpc>")
            .timeout("1s")
            .fails("timeout", "receive")
            .sees(&["probe_grpc_status_code 4", "probe_duration_seconds < 3"])
            .ours("upstream's call has no time limit: it waits for ever"),
        grpc("grpc_nobody_listens", "", "<nobody>").fails("connection_refused", "connect"),
        grpc("grpc_server_of_another_protocol", "", "<ssh>").fails("protocol", "receive"),
    ]
}

fn tls() -> Vec<Case> {
    vec![
        grpc("grpc_over_tls", TRUSTED, "<grpc_tls>").sees(&SERVING).sees(&[
            "probe_grpc_ssl 1",
            "probe_grpc_status_code 0",
            "probe_ssl_earliest_cert_expiry 2524608000",
            "probe_ssl_last_chain_info 1",
            "probe_tls_version_info{version=\"TLS 1.3\"} 1",
            "no probe_tls_cipher_info",
        ]),
        grpc("grpc_over_tls_untrusted", "tls: true", "<grpc_tls>")
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
        grpc("grpc_in_the_clear_to_tls", "", "<grpc_tls>").fails("protocol", "receive"),
        grpc("grpc_over_tls_to_the_clear", TRUSTED, "<grpc>").fails("protocol", "tls"),
    ]
}
