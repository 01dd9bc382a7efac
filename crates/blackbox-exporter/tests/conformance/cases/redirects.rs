//! http: where redirects lead, what goes with them, and when they end.

use crate::case::Case;

fn http(name: &'static str, keys: &str, target: &'static str) -> Case {
    Case::of("http", name, keys, target)
}

/// Led to /echo, whose answer must match all of these.
fn arrives(name: &'static str, keys: &str, target: &'static str, lines: &[&str]) -> Case {
    let quoted: Vec<String> = lines.iter().map(|line| format!("'(?m:{line})'")).collect();
    let comma = if keys.is_empty() { "" } else { ", " };
    let keys = format!("{keys}{comma}fail_if_body_not_matches_regexp: [{}]", quoted.join(", "));
    http(name, &keys, target).sees(&["probe_http_redirects 1"])
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = followed();
    cases.extend(ends());
    cases.extend(baggage());
    cases
}

fn followed() -> Vec<Case> {
    let post = "method: POST, body: hello";
    vec![
        arrives(
            "redirect_301_becomes_get",
            post,
            "http://<http>/to/301/echo",
            &["^GET /echo", r"\n\n$"],
        ),
        arrives(
            "redirect_302_becomes_get",
            post,
            "http://<http>/to/302/echo",
            &["^GET /echo", r"\n\n$"],
        ),
        arrives(
            "redirect_303_becomes_get",
            post,
            "http://<http>/to/303/echo",
            &["^GET /echo", r"\n\n$"],
        ),
        arrives(
            "redirect_307_keeps_method_and_body",
            post,
            "http://<http>/to/307/echo",
            &["^POST /echo", "^hello$"],
        ),
        arrives(
            "redirect_308_keeps_method_and_body",
            post,
            "http://<http>/to/308/echo",
            &["^POST /echo", "^hello$"],
        ),
        arrives(
            "redirect_names_where_it_comes_from",
            "",
            "http://<http>/to/302/echo",
            &["^referer: http://<http>/to/302/echo$"],
        ),
        arrives(
            "redirect_302_of_head_stays_head",
            "method: HEAD",
            "http://<http>/to/302/echo",
            &[],
        )
        .sees(&["probe_http_status_code 200"]),
        arrives(
            "redirect_to_another_host",
            "",
            "http://<http>/away/302?http://<other_http>/echo",
            &["^host: <other_http>$"],
        ),
        arrives(
            "redirect_to_https",
            "tls_config: {ca_file: <ca.pem>}",
            "http://<http>/away/302?https://<https>/echo",
            &["^GET"],
        )
        .sees(&["probe_http_ssl 1", "probe_tls_version_info{version=\"TLS 1.3\"} 1"]),
        arrives(
            "redirect_from_https_to_http",
            "tls_config: {ca_file: <ca.pem>}",
            "https://<https>/away/302?http://<http>/echo",
            &["^GET"],
        )
        .sees(&["probe_http_ssl 0"]),
        http("redirect_to_a_page_that_is_missing", "", "http://<http>/to/302/nothing")
            .fails("status", "validate")
            .sees(&["probe_http_status_code 404", "probe_http_redirects 1"]),
    ]
}

fn ends() -> Vec<Case> {
    vec![
        http(
            "redirect_is_not_followed",
            "follow_redirects: false",
            "http://<http>/to/302/echo",
        )
        .fails("status", "validate")
        .sees(&["probe_http_status_code 302", "probe_http_redirects 1"]),
        http(
            "redirect_is_not_followed_and_wanted",
            "follow_redirects: false, valid_status_codes: [302]",
            "http://<http>/to/302/echo",
        )
        .sees(&[
            "probe_http_status_code 302",
            "probe_http_redirects 1",
            "probe_http_uncompressed_body_length 0",
        ]),
        http(
            "redirect_is_not_followed_in_the_old_words",
            "no_follow_redirects: true, valid_status_codes: [302]",
            "http://<http>/to/302/echo",
        )
        .sees(&["probe_http_status_code 302"]),
        http("redirects_ten", "", "http://<http>/count/10")
            .sees(&["probe_http_status_code 200", "probe_http_redirects 10"]),
        http("redirects_eleven", "", "http://<http>/count/11").fails("redirects", "receive"),
        http("redirects_in_a_loop", "", "http://<http>/loop").fails("redirects", "receive"),
        http(
            "redirect_without_a_location",
            "valid_status_codes: [302]",
            "http://<http>/status/302",
        )
        .sees(&["probe_http_status_code 302"]),
        http(
            "redirect_to_what_is_no_url",
            "",
            "http://<http>/away/302?http://:bad:port/",
        )
        .fails("redirects", "receive"),
        http(
            "redirect_to_another_protocol",
            "",
            "http://<http>/away/302?ftp://files.test/",
        )
        .fails("redirects", "receive"),
        http(
            "redirect_to_where_nobody_listens",
            "",
            "http://<http>/away/302?http://<nobody>/",
        )
        .fails("connection_refused", "connect"),
    ]
}

fn baggage() -> Vec<Case> {
    let basic = "basic_auth: {username: user, password: swordfish}";
    vec![
        arrives(
            "redirect_takes_cookies_along",
            "",
            "http://<http>/cookies",
            &["^cookie: a=1$"],
        ),
        arrives(
            "redirect_takes_headers_along",
            "headers: {X-One: a}",
            "http://<http>/to/302/echo",
            &["^x-one: a$"],
        ),
        arrives(
            "redirect_on_the_host_keeps_credentials",
            basic,
            "http://<http>/to/302/echo",
            &["^authorization: Basic "],
        ),
        // Names decide, and localhost is another than 127.0.0.1.
        http(
            "redirect_to_another_name_drops_credentials",
            &format!("preferred_ip_protocol: ip4, {basic}, fail_if_body_matches_regexp: [authorization]"),
            "http://<http>/away/302?http://localhost:<http_port>/echo",
        )
        .sees(&["probe_http_redirects 1"]),
        http(
            "redirect_to_another_name_drops_cookies",
            "preferred_ip_protocol: ip4, headers: {Cookie: a=1}, fail_if_body_matches_regexp: ['cookie:']",
            "http://<http>/away/302?http://localhost:<http_port>/echo",
        )
        .sees(&["probe_http_redirects 1"]),
    ]
}
