//! What is told of an answer, and why one is not good enough.

use std::cell::RefCell;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::{Act, PLENTY, Server, ask, ask_within, ok, on_a_worker, say};
use crate::failure::{Reason, Step};

#[test]
fn an_answer_is_told() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Trailer: x\r\n\r\n";
    let early = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
    let folded = "HTTP/1.1 200 OK\r\nX-A: a\r\n b\r\nContent-Length: 0\r\n\r\n";
    let cases: [(&str, Act, Option<Reason>, [f64; 5]); 9] = [
        ("", ok("hello"), None, [200., 5., 5., 0., 0.]),
        (
            "",
            say("HTTP/1.1 404 X\r\nContent-Length: 4\r\n\r\nnope"),
            Some(Reason::Status),
            [404., 4., 4., 0., 0.],
        ),
        ("", say(chunked), None, [200., -1., 5., 0., 0.]),
        (
            "",
            say("HTTP/1.0 200 OK\r\n\r\nuntil the end"),
            None,
            [200., -1., 13., 0., 0.],
        ),
        ("", say("HTTP/1.1 204 No Content\r\n\r\n"), None, [204., 0., 0., 0., 0.]),
        ("", say(early), None, [200., 2., 2., 0., 0.]),
        ("", say(folded), None, [200., 0., 0., 0., 0.]),
        (
            "method: HEAD",
            say("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n"),
            None,
            [200., 7., 0., 0., 0.],
        ),
        (
            "method: HEAD",
            say("HTTP/1.1 200 OK\r\n\r\n"),
            None,
            [200., -1., 0., 0., 0.],
        ),
    ];
    on_a_worker(async {
        for (keys, act, reason, facts) in cases {
            let act = RefCell::new(Some(act));
            let server = Server::start(move |_| act.take().expect("one request")).await;
            let outcome = ask(keys, &server.url("/")).await;
            assert_eq!(
                (outcome.failure.map(|(_, reason)| reason), outcome.facts()),
                (reason, facts),
                "{}",
                outcome.log
            );
        }
    });
}

#[test]
fn what_goes_wrong_has_its_reason_and_step() {
    let hang = Duration::from_millis(300);
    type Case = (&'static str, fn() -> Act, (Step, Reason), [f64; 5]);
    let part_of = || say("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello");
    let cases: [Case; 11] = [
        (
            "silence",
            || Act::SayAndHang(vec![]),
            (Step::Receive, Reason::Timeout),
            [0.; 5],
        ),
        (
            "half a head",
            || Act::SayAndHang(b"HTTP/1.1 200 OK\r\nX: ".to_vec()),
            (Step::Receive, Reason::Timeout),
            [0.; 5],
        ),
        (
            "no answer",
            || say(""),
            (Step::Receive, Reason::ConnectionClosed),
            [0.; 5],
        ),
        (
            "a reset",
            || Act::Reset,
            (Step::Receive, Reason::ConnectionReset),
            [0.; 5],
        ),
        (
            "no HTTP",
            || say("SSH-2.0-OpenSSH\r\n"),
            (Step::Receive, Reason::Protocol),
            [0.; 5],
        ),
        (
            "an endless header",
            || Act::SayForever("HTTP/1.1 200 OK\r\nX-A: ", "more and more "),
            (Step::Receive, Reason::TooLarge),
            [0.; 5],
        ),
        (
            "endless headers",
            || Act::SayForever("HTTP/1.1 200 OK\r\n", "X-A: b\r\n"),
            (Step::Receive, Reason::TooLarge),
            [0.; 5],
        ),
        (
            "half a body",
            part_of,
            (Step::Body, Reason::ConnectionClosed),
            [200., 100., 5., 0., 0.],
        ),
        (
            "a body that stops",
            || Act::SayAndHang(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello".to_vec()),
            (Step::Body, Reason::Timeout),
            [200., 100., 5., 0., 0.],
        ),
        (
            "bad chunks",
            || say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"),
            (Step::Body, Reason::Protocol),
            [200., -1., 0., 0., 0.],
        ),
        (
            "two lengths",
            || say("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
            (Step::Receive, Reason::Protocol),
            [0.; 5],
        ),
    ];
    on_a_worker(async {
        for (what, act, failure, facts) in cases {
            let server = Server::start(move |_| act()).await;
            let time = if failure.1 == Reason::Timeout { hang } else { PLENTY };
            let outcome = ask_within("", &server.url("/"), None, time).await;
            assert_eq!(
                (outcome.failure, outcome.facts()),
                (Some(failure), facts),
                "{what}: {}",
                outcome.log
            );
        }
    });
}

#[test]
fn a_refused_connection_tells_zeros_and_all_phases() {
    on_a_worker(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        drop(listener);
        let outcome = ask("", &address.to_string()).await;
        assert_eq!(
            outcome.failure,
            Some((Step::Connect, Reason::ConnectionRefused)),
            "{}",
            outcome.log
        );
        assert_eq!(outcome.facts(), [0.; 5]);
        for phase in ["connect", "processing", "tls", "transfer"] {
            assert_eq!(
                outcome.metric(&format!("probe_http_duration_seconds{{phase=\"{phase}\"}}")),
                0.0
            );
        }
        assert!(
            outcome
                .metrics
                .contains_key("probe_http_duration_seconds{phase=\"resolve\"}")
        );
        assert!(outcome.log.contains("Response timings for roundtrip"));
    });
}

#[test]
fn the_body_is_unpacked_limited_and_searched() {
    let content = Some((Step::Validate, Reason::Content));
    type Case = (&'static str, Option<(Step, Reason)>, [f64; 2]);
    let cases: [Case; 8] = [
        ("body_size_limit: 5B", None, [5., 0.]),
        ("body_size_limit: 4B", Some((Step::Body, Reason::TooLarge)), [4., 0.]),
        (
            "body_size_limit: 4B, fail_if_body_matches_regexp: [x]",
            Some((Step::Body, Reason::TooLarge)),
            [4., 1.],
        ),
        ("compression: gzip", Some((Step::Body, Reason::Compression)), [0., 0.]),
        ("fail_if_body_matches_regexp: [ell]", content, [5., 1.]),
        ("fail_if_body_not_matches_regexp: [^hello$]", None, [5., 0.]),
        (
            "fail_if_header_matches: [{header: x, regexp: y}]",
            Some((Step::Validate, Reason::Header)),
            [5., 1.],
        ),
        (
            "valid_status_codes: [404], fail_if_body_matches_regexp: [ell]",
            Some((Step::Validate, Reason::Status)),
            [5., 0.],
        ),
    ];
    on_a_worker(async {
        let server = Server::start(|_| ok("hello")).await;
        for (keys, failure, [length, due]) in cases {
            let outcome = ask(keys, &server.url("/")).await;
            assert_eq!(outcome.failure, failure, "{keys} {}", outcome.log);
            let [_, _, is_length, _, is_due] = outcome.facts();
            assert_eq!([is_length, is_due], [length, due], "{keys}");
        }
    });
}

#[test]
fn a_search_that_the_deadline_ends_has_not_found() {
    on_a_worker(async {
        let server = Server::start(|_| Act::SayAndHang(b"HTTP/1.1 200 OK\r\n\r\nhello".to_vec())).await;
        let keys = "fail_if_body_not_matches_regexp: [hello]";
        let outcome = ask_within(keys, &server.url("/"), None, Duration::from_millis(300)).await;
        assert_eq!(outcome.failure, Some((Step::Body, Reason::Timeout)), "{}", outcome.log);
        assert_eq!(outcome.facts(), [200., -1., 5., 0., 1.]);
        assert!(outcome.metric("probe_http_duration_seconds{phase=\"transfer\"}") > 0.2);
    });
}

#[test]
fn a_server_may_answer_before_it_has_read_the_body() {
    on_a_worker(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        drop(tokio::task::spawn_local(async move {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut some = [0; 16];
            stream.read_exact(&mut some).await.expect("the beginning");
            stream
                .write_all(b"HTTP/1.1 413 X\r\nContent-Length: 0\r\n\r\n")
                .await
                .expect("it is taken");
            std::future::pending::<()>().await;
        }));
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), vec![b'x'; 8 << 20]).expect("it is written");
        let keys = format!(
            "method: POST, valid_status_codes: [413], body_file: {}",
            file.path().display()
        );
        let outcome = ask(&keys, &format!("http://{address}/")).await;
        assert_eq!(
            (outcome.failure, outcome.metric("probe_http_status_code")),
            (None, 413.0),
            "{}",
            outcome.log
        );
    });
}

#[test]
fn the_last_change_is_told_where_it_can_be_read() {
    on_a_worker(async {
        let server = Server::start(|path| match path {
            "/good" => say("HTTP/1.1 200 OK\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n"),
            _ => say("HTTP/1.1 200 OK\r\nLast-Modified: yesterday\r\n\r\n"),
        })
        .await;
        let name = "probe_http_last_modified_timestamp_seconds";
        assert_eq!(ask("", &server.url("/good")).await.metric(name), 784_111_777.0);
        assert!(!ask("", &server.url("/bad")).await.metrics.contains_key(name));
    });
}

#[test]
fn an_endless_body_is_cut_off() {
    on_a_worker(async {
        let server = Server::start(|_| Act::SayForever("HTTP/1.1 200 OK\r\n\r\n", "more and more ")).await;
        let outcome = ask("body_size_limit: 1KB", &server.url("/")).await;
        assert_eq!(outcome.failure, Some((Step::Body, Reason::TooLarge)), "{}", outcome.log);
        assert_eq!(outcome.facts(), [200., -1., 1024., 0., 0.]);
        let outcome = ask_within("", &server.url("/"), None, Duration::from_millis(300)).await;
        assert_eq!(outcome.failure, Some((Step::Body, Reason::Timeout)), "{}", outcome.log);
    });
}
