//! What is sent, and to whom.

use super::{PLENTY, Server, ask, ask_within, header, ok, on_a_worker, say};
use crate::failure::{Reason, Step};

#[test]
fn a_target_or_module_that_makes_no_sense_is_told_apart() {
    let cases = [
        ("", "http://[::1/", Reason::BadTarget, 0),
        ("", "http:///x", Reason::BadTarget, 1),
        ("body_file: /nowhere", "127.0.0.1:1", Reason::BadModule, 1),
        ("bearer_token_file: /nowhere", "127.0.0.1:1", Reason::BadModule, 1),
        ("method: \"A B\"", "127.0.0.1:1", Reason::BadModule, 1),
    ];
    on_a_worker(async {
        for (keys, target, reason, phases) in cases {
            let outcome = ask(keys, target).await;
            assert_eq!(
                outcome.failure,
                Some((Step::Prepare, reason)),
                "{keys} {target} {}",
                outcome.text
            );
            assert_eq!(
                outcome.metrics.keys().filter(|name| name.contains("phase=")).count(),
                phases,
                "{target}"
            );
        }
    });
}

#[test]
fn the_request_is_what_the_module_says() {
    on_a_worker(async {
        let server = Server::start(|_| ok("")).await;
        let keys = "method: PUT, body: text, headers: {x-a: b, user-agent: me, Content-Length: \"9\"}, \
                    http_headers: {X-B: {values: [\"1\", \"2\"]}}, basic_auth: {username: u, password: p}";
        let outcome = ask(keys, &server.url("/p?q=1#f")).await;
        assert_eq!(outcome.failure, None, "{}", outcome.log);
        let requests = server.requests();
        let request = requests.first().expect("a request");
        assert!(request.starts_with("PUT /p?q=1 HTTP/1.1\r\n"), "{request}");
        assert!(request.ends_with("\r\n\r\ntext"), "{request}");
        let host = server.address.to_string();
        let headers: [(&str, &[&str]); 7] = [
            ("Host", &[&host]),
            ("X-A", &["b"]),
            ("User-Agent", &["me"]),
            ("Content-Length", &["4"]),
            ("X-B", &["1", "2"]),
            ("Authorization", &["Basic dTpw"]),
            ("Connection", &["close"]),
        ];
        for (name, values) in headers {
            assert_eq!(header(request, name), values, "{name}");
        }
        assert!(!outcome.log.contains("dTpw"));
    });
}

#[test]
fn whom_to_ask_for_and_who_asks_have_an_order() {
    let auth = "basic_auth: {username: u, password: p}";
    let host = "headers: {host: of.module}";
    let own = "basic_auth: {username: u, password: p}, headers: {Authorization: own}";
    let cases = [
        (host, None, "", ("of.module", "")),
        (host, Some("of.request"), "", ("of.request", "")),
        (auth, None, "a:b@", ("", "Basic YTpi")),
        (own, None, "a:b@", ("", "own")),
    ];
    on_a_worker(async {
        let server = Server::start(|_| ok("")).await;
        for (keys, hostname, user, (asked, who)) in cases {
            let target = format!("http://{user}{}/", server.address);
            let outcome = ask_within(keys, &target, hostname, PLENTY).await;
            assert_eq!(outcome.failure, None, "{}", outcome.log);
            let request = server.requests().pop().expect("a request");
            let address = server.address.to_string();
            assert_eq!(
                header(&request, "Host"),
                [if asked.is_empty() { &address } else { asked }]
            );
            assert_eq!(
                header(&request, "Authorization").first().copied().unwrap_or_default(),
                who
            );
        }
    });
}

#[test]
fn a_token_is_got_first() {
    on_a_worker(async {
        let server = Server::start(|path| match path {
            "/token" => ok(r#"{"access_token":"tok","token_type":"bearer"}"#),
            "/refuse" => say("HTTP/1.1 401 X\r\nContent-Length: 27\r\n\r\n{\"error\":\"invalid_client\"} "),
            _ => ok(""),
        })
        .await;
        let keys = |path: &str| {
            let url = server.url(path);
            format!(
                "oauth2: {{client_id: \"c d\", client_secret: s, token_url: \"{url}\", scopes: [a, b], endpoint_params: {{aud: x}}}}"
            )
        };
        let outcome = ask(&keys("/token"), &server.url("/")).await;
        assert_eq!(outcome.failure, None, "{}", outcome.log);
        let requests = server.requests();
        let [token, probe] = requests.as_slice() else {
            panic!("{requests:?}")
        };
        assert!(
            token.ends_with("\r\n\r\naud=x&grant_type=client_credentials&scope=a+b"),
            "{token}"
        );
        assert_eq!(header(token, "Authorization"), ["Basic YytkOnM="]);
        assert_eq!(header(probe, "Authorization"), ["Bearer tok"]);
        let outcome = ask(&keys("/refuse"), &server.url("/")).await;
        assert_eq!(
            outcome.failure,
            Some((Step::Authorize, Reason::NotAuthorized)),
            "{}",
            outcome.log
        );
        let last = server.requests().pop().expect("a request");
        assert!(last.contains("client_id=c+d&client_secret=s"), "{last}");
    });
}
