//! http: what is sent. The page /echo answers with the request, in which expressions look for it.

use crate::case::Case;

/// Sent to /echo, whose answer must match all of these.
fn sends(name: &'static str, keys: &str, lines: &[&str]) -> Case {
    sends_to(name, keys, "http://<http>/echo", lines)
}

fn sends_to(name: &'static str, keys: &str, target: &'static str, lines: &[&str]) -> Case {
    let quoted: Vec<String> = lines.iter().map(|line| format!("'(?m:{line})'")).collect();
    let comma = if keys.is_empty() { "" } else { ", " };
    let keys = format!("{keys}{comma}fail_if_body_not_matches_regexp: [{}]", quoted.join(", "));
    Case::of("http", name, &keys, target)
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = requests();
    cases.extend(bodies());
    cases.extend(credentials());
    cases.extend(proxies());
    cases
}

fn requests() -> Vec<Case> {
    vec![
        sends(
            "http_gets_unless_told",
            "",
            &["^GET /echo HTTP/1.1$", "^host: <http>$", "^$"],
        ),
        sends(
            "http_method_is_sent",
            "method: PUT",
            &["^PUT /echo HTTP/1.1$", "^content-length: 0$"],
        ),
        Case::of(
            "http",
            "http_head_has_no_body",
            "method: HEAD",
            "http://<http>/text/hello",
        )
        .sees(&[
            "probe_http_status_code 200",
            "probe_http_content_length 5",
            "probe_http_uncompressed_body_length 0",
        ]),
        sends_to(
            "http_agent_names_the_program",
            "",
            "http://<http>/echo/agent",
            &["^user-agent: Blackbox.Exporter/"],
        )
        .differs(
            "each program tells its own version",
            &[
                "probe_success 1",
                "probe_http_content_length > 0",
                "probe_http_uncompressed_body_length > 0",
            ],
        ),
        sends(
            "http_headers_are_sent",
            "headers: {X-One: a, x-two: 'b c'}",
            &["^x-one: a$", "^x-two: b c$"],
        ),
        sends(
            "http_host_header_is_the_host",
            "headers: {Host: vhost.test}",
            &["^host: vhost.test$"],
        ),
        sends("http_user_agent_can_be_another", "headers: {User-Agent: x}", &["^GET"]),
        sends("http_hostname_is_the_host", "", &["^host: name.test$"]).query("&hostname=name.test"),
        sends_to(
            "http_query_stays_as_it_is",
            "",
            "http://<http>/echo?a=b&c=%2Fd",
            &[r"^GET /echo\?a=b&c=%2Fd HTTP/1.1$"],
        ),
        sends_to(
            "http_fragment_is_not_sent",
            "",
            "http://<http>/echo#part",
            &["^GET /echo HTTP/1.1$"],
        ),
        sends(
            "http_headers_from_values_secrets_and_files",
            "http_headers: {X-Key: {values: [a], secrets: [b], files: [<token.txt>]}}",
            &["^x-key: a$", "^x-key: b$", "^x-key: token-of-a-file$"],
        ),
    ]
}

fn bodies() -> Vec<Case> {
    vec![
        sends(
            "http_body_is_sent",
            "method: POST, body: '{\"a\": 1}'",
            &["^POST ", "^content-length: 8$", "^{\"a\": 1}$"],
        ),
        sends(
            "http_body_of_a_file_is_sent",
            "method: POST, body_file: <body.txt>",
            &["^POST ", "^from a file$"],
        )
        .differs(
            "ours sends the file with its length, upstream in chunks",
            &[
                "probe_success 1",
                "probe_http_content_length > 0",
                "probe_http_uncompressed_body_length > 0",
            ],
        ),
        Case::of(
            "http",
            "http_body_file_that_is_missing",
            "method: POST, body_file: /does/not/exist",
            "http://<http>/echo",
        )
        .fails("bad_module", "prepare"),
        sends("http_post_without_a_body", "method: POST", &["^content-length: 0$"]),
    ]
}

fn credentials() -> Vec<Case> {
    let login = |name, keys: &str| Case::of("http", name, keys, "http://<http>/login");
    let oauth2 = |secret: &str| {
        format!(
            "oauth2: {{client_id: id, client_secret: {secret}, token_url: 'http://<http>/token', scopes: [a, b]}}, \
             fail_if_body_not_matches_regexp: [welcome]"
        )
    };
    vec![
        login("http_no_credentials", "")
            .fails("status", "validate")
            .sees(&["probe_http_status_code 401"]),
        login("http_basic_auth", "basic_auth: {username: user, password: swordfish}"),
        login(
            "http_basic_auth_of_a_file",
            "basic_auth: {username: user, password_file: <password.txt>}",
        ),
        login(
            "http_basic_auth_that_is_wrong",
            "basic_auth: {username: user, password: x}",
        )
        .fails("status", "validate")
        .sees(&["probe_http_status_code 401"]),
        login(
            "http_password_file_that_is_missing",
            "basic_auth: {username: user, password_file: /does/not/exist}",
        )
        .fails("bad_module", "prepare")
        .differs(
            "the module's files are read at other moments, and then phases are missing or there",
            &["probe_success 0", "probe_http_duration_seconds{phase=\"transfer\"} 0"],
        ),
        login("http_bearer_token", "bearer_token: token-of-a-file"),
        login("http_bearer_token_of_a_file", "bearer_token_file: <token.txt>"),
        login(
            "http_authorization_is_bearer",
            "authorization: {credentials: token-of-a-file}",
        ),
        login(
            "http_authorization_of_a_file",
            "authorization: {credentials_file: <token.txt>}",
        ),
        sends(
            "http_authorization_of_another_type",
            "authorization: {type: Token, credentials: abc}",
            &["^authorization: Token abc$"],
        ),
        Case::of(
            "http",
            "http_credentials_of_the_url",
            "",
            "http://user:swordfish@<http>/login",
        ),
        login("http_oauth2", &oauth2("secret")),
        login("http_oauth2_with_a_wrong_secret", &oauth2("x")).fails("not_authorized", "authorize"),
    ]
}

fn proxies() -> Vec<Case> {
    vec![
        sends(
            "http_by_a_proxy",
            "proxy_url: 'http://<proxy>'",
            &["^by proxy: GET http://<http>/echo HTTP/1.1"],
        ),
        sends(
            "http_name_by_a_proxy_that_resolves",
            "proxy_url: 'http://<proxy>', skip_resolve_phase_with_proxy: true",
            &["^by proxy: GET http://"],
        )
        .sees(&["no probe_ip_protocol", "no probe_dns_lookup_time_seconds"]),
        sends(
            "http_no_proxy_for_this_host",
            "proxy_url: 'http://<proxy>', no_proxy: 127.0.0.1",
            &["^GET /echo HTTP/1.1$"],
        ),
        sends_to(
            "https_by_a_proxy",
            "proxy_url: 'http://<proxy>', tls_config: {ca_file: <ca.pem>}",
            "https://<https>/echo",
            &["^GET /echo HTTP/1.1$"],
        )
        .sees(&["probe_http_ssl 1"]),
        sends_to(
            "https_by_a_proxy_with_a_password",
            "proxy_url: 'http://user:swordfish@<guarded_proxy>', tls_config: {ca_file: <ca.pem>}",
            "https://<https>/echo",
            &["^GET /echo HTTP/1.1$"],
        ),
        sends_to(
            "https_by_a_proxy_with_a_header_for_it",
            "proxy_url: 'http://<guarded_proxy>', proxy_connect_header: {Proxy-Authorization: ['Basic dXNlcjpzd29yZGZpc2g=']}, \
             tls_config: {ca_file: <ca.pem>}",
            "https://<https>/echo",
            &["^GET /echo HTTP/1.1$"],
        ),
        Case::of(
            "http",
            "https_by_a_proxy_that_refuses",
            "proxy_url: 'http://<guarded_proxy>', tls_config: {ca_file: <ca.pem>}",
            "https://<https>/echo",
        )
        .fails("proxy_refused", "proxy"),
        Case::of(
            "http",
            "http_proxy_that_is_off",
            "proxy_url: 'http://<nobody>'",
            "http://<http>/echo",
        )
        .fails("connection_refused", "proxy"),
    ]
}
