//! What becomes of a probe that is sent elsewhere.

use super::{Server, ask, header, ok, on_a_worker, redirect, say};
use crate::failure::{Reason, Step};

#[test]
fn a_redirect_keeps_or_drops_method_and_body() {
    let cases = [
        ("method: POST, body: text", 302, "GET", "", 0),
        ("method: POST, body: text", 303, "GET", "", 0),
        ("method: POST, body: text", 307, "POST", "text", 1),
        ("method: PUT, body: text", 308, "PUT", "text", 1),
        ("method: HEAD", 301, "HEAD", "", 0),
    ];
    on_a_worker(async {
        for (keys, status, method, body, content_types) in cases {
            let server = Server::start(move |path| if path == "/" { redirect(status, "/next") } else { ok("") }).await;
            let keys = format!("{keys}, headers: {{Content-Type: a/b, Host: h.example}}");
            let outcome = ask(&keys, &server.url("/")).await;
            assert_eq!(
                (outcome.failure, outcome.metric("probe_http_redirects")),
                (None, 1.0),
                "{}",
                outcome.log
            );
            let requests = server.requests();
            let [_, second] = requests.as_slice() else {
                panic!("{requests:?}")
            };
            assert!(second.starts_with(&format!("{method} /next ")), "{second}");
            assert!(second.ends_with(&format!("\r\n\r\n{body}")), "{second}");
            assert_eq!(header(second, "Content-Type").len(), content_types, "{second}");
            assert_eq!(header(second, "Host"), ["h.example"]);
            assert_eq!(header(second, "Referer"), [server.url("/")]);
        }
    });
}

#[test]
fn a_stranger_gets_no_credentials_and_no_cookies() {
    let keys = "headers: {Authorization: a, Cookie: own=1, X-A: b}, http_headers: {X-B: {values: [v], secrets: [s]}}";
    let token = "bearer_token: t";
    on_a_worker(async {
        let stranger = Server::start(|_| ok("")).await;
        let port = stranger.address.port();
        let server = Server::start(move |path| match path {
            "/" => say(&format!(
                "HTTP/1.1 302 X\r\nSet-Cookie: set=2\r\nLocation: http://localhost:{port}/\r\nContent-Length: 0\r\n\r\n"
            )),
            "/here" => redirect(302, "/end"),
            _ => ok(""),
        })
        .await;
        for keys in [keys, token] {
            let outcome = ask(keys, &server.url("/")).await;
            assert_eq!(outcome.failure, None, "{}", outcome.log);
            let request = stranger.requests().pop().expect("a request");
            for name in ["Authorization", "Cookie"] {
                assert!(header(&request, name).is_empty(), "{request}");
            }
            let rest: [&[&str]; 2] = if keys == token { [&[], &[]] } else { [&["b"], &["v"]] };
            assert_eq!([header(&request, "X-A"), header(&request, "X-B")], rest, "{request}");
        }
        let outcome = ask(token, &server.url("/here")).await;
        assert_eq!(outcome.failure, None, "{}", outcome.log);
        assert_eq!(
            header(&server.requests().pop().expect("a request"), "Authorization"),
            ["Bearer t"]
        );
    });
}

#[test]
fn cookies_are_kept_across_redirects() {
    on_a_worker(async {
        let server = Server::start(|path| match path {
            "/" => say("HTTP/1.1 302 X\r\nSet-Cookie: a=new; Path=/\r\nSet-Cookie: x=1; Path=/other\r\nLocation: /next\r\n\r\n"),
            _ => ok(""),
        })
        .await;
        let outcome = ask("headers: {Cookie: \"a=old; b=own\"}", &server.url("/")).await;
        assert_eq!(outcome.failure, None, "{}", outcome.log);
        let sent: Vec<_> = server
            .requests()
            .iter()
            .map(|request| header(request, "Cookie").join("|"))
            .collect();
        assert_eq!(sent, ["a=old; b=own", "b=own; a=new"]);
    });
}

#[test]
fn redirects_end() {
    let not = "follow_redirects: false, valid_status_codes: [302]";
    let search = "follow_redirects: false, valid_status_codes: [302], fail_if_body_not_matches_regexp: [moved]";
    type Case<'c> = (&'c str, &'c str, Option<(Step, Reason)>, [f64; 5]);
    let cases: [Case<'_>; 8] = [
        (
            "",
            "/loop",
            Some((Step::Receive, Reason::Redirects)),
            [302., 5., 0., 11., 0.],
        ),
        (
            "no_follow_redirects: true",
            "/loop",
            Some((Step::Validate, Reason::Status)),
            [302., 5., 0., 1., 0.],
        ),
        (not, "/loop", None, [302., 5., 0., 1., 0.]),
        (search, "/loop", None, [302., 5., 5., 1., 0.]),
        (
            "",
            "/nowhere",
            Some((Step::Validate, Reason::Status)),
            [302., 5., 5., 0., 0.],
        ),
        (
            "",
            "/nonsense",
            Some((Step::Receive, Reason::Redirects)),
            [0., 0., 0., 0., 0.],
        ),
        (
            "",
            "/ftp",
            Some((Step::Receive, Reason::Redirects)),
            [0., 0., 0., 1., 0.],
        ),
        (
            "",
            "/refused",
            Some((Step::Connect, Reason::ConnectionRefused)),
            [0., 0., 0., 1., 0.],
        ),
    ];
    on_a_worker(async {
        let server = Server::start(|path| match path {
            "/loop" => redirect(302, "/loop"),
            "/nowhere" => say("HTTP/1.1 302 X\r\nContent-Length: 5\r\n\r\nmoved"),
            "/nonsense" => redirect(302, "http://[::1"),
            "/ftp" => redirect(302, "ftp://127.0.0.1/x"),
            _ => redirect(302, "http://127.0.0.1:1/"),
        })
        .await;
        for (keys, path, failure, facts) in cases {
            let outcome = ask(keys, &server.url(path)).await;
            assert_eq!(
                (outcome.failure, outcome.facts()),
                (failure, facts),
                "{keys} {path} {}",
                outcome.log
            );
        }
    });
}
