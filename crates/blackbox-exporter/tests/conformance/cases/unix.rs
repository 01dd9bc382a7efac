//! unix: conversations on sockets in the file system.

use crate::case::{Case, Need};

fn unix(name: &'static str, keys: &str, target: &'static str) -> Case {
    Case::of("unix", name, keys, target).timeout("2s")
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        unix("unix_connects", "", "<hello_socket>").sees(&[
            "probe_failed_due_to_regex 0",
            "probe_failed_due_to_bytes 0",
            "no probe_ip_protocol",
            "no probe_dns_lookup_time_seconds",
        ]),
        unix(
            "unix_talks",
            "query_response: [{expect: '^hello ([0-9]+)$', send: 'bye ${1}', labels: [{name: number, value: '${1}'}]}, {expect: '^bye$'}]",
            "<hello_socket>",
        )
        .sees(&["probe_expect_info{number=\"42\"} 1"]),
        unix("unix_expects_what_does_not_come", "query_response: [{expect: '^hullo'}]", "<hello_socket>")
            .fails("timeout", "receive")
            .sees(&["probe_failed_due_to_regex 0", "probe_duration_seconds < 4"]),
        unix("unix_no_such_socket", "", "<folder>/none.sock").fails("connection_refused", "connect"),
        unix("unix_file_that_is_no_socket", "", "<body.txt>").fails("connection_refused", "connect"),
        unix("unix_redis", "query_response: [{send: PING}, {expect: '^\\+PONG$'}]", "<redis_socket>")
            .needs(&[Need::Redis]),
    ]
}
