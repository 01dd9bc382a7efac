//! Targets that are down in every way: the answer is always metrics, in time, with an error that says what happened.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "all of this is test: it fails by panicking, says what it skips, and starts programs"
)]

mod rig;

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use rig::{Answer, Exporter};

/// So much longer than it should an answer may take on a machine that is busy.
const GRACE: Duration = Duration::from_secs(4);

/// A server that does this with each connection. Its threads end with the test.
fn server(serve: fn(TcpStream)) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let accept = move || listener.incoming().flatten().for_each(serve);
    std::thread::Builder::new().spawn(accept).unwrap();
    address
}

/// Reads what comes, without an answer, until the other side hangs up.
fn swallow(mut stream: TcpStream) {
    std::io::copy(&mut stream, &mut std::io::sink()).ok();
}

/// Says this to the first words, and then nothing.
fn say(mut stream: TcpStream, words: &[u8]) {
    let mut buffer = [0; 4096];
    drop(stream.read(&mut buffer));
    stream.write_all(words).ok();
}

fn check(address: &str, args: &[&str], most: Duration, up: f64, error: &str) {
    let exporter = Exporter::start(&[&["--redis.addr", address], args].concat());
    let path = format!("/scrape?target={address}");
    for (path, header) in [("/metrics", "X: y"), (path.as_str(), "X: y")] {
        let began = Instant::now();
        let answer: Answer = exporter.ask(path, &[header]);
        assert!(began.elapsed() < most + GRACE, "{path}: {:?}", began.elapsed());
        assert_eq!(answer.status, 200, "{path}");
        let state = (answer.value("redis_up"), answer.error());
        assert_eq!(state, (Some(up), error), "{path} {}", answer.text);
        assert!(
            answer.value("redis_exporter_last_scrape_duration_seconds").is_some(),
            "{path}"
        );
    }
}

const SHORT: [&str; 1] = ["--connection-timeout=300ms"];
const LIMIT: Duration = Duration::from_millis(300);

#[test]
fn a_server_that_is_not_there_refuses() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let error = format!("connecting to {address}: connection refused");
    check(&address, &[], Duration::ZERO, 0.0, &error);
    let error = "connecting to /does/not/exist.sock: no such file or directory";
    check("unix:///does/not/exist.sock", &[], Duration::ZERO, 0.0, error);
}

#[test]
fn an_end_in_order_is_one() {
    let exporter = Exporter::start(&["--redis.addr=redis://127.0.0.1:1"]);
    exporter.metrics();
    let (code, log) = exporter.end();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("msg=Stopped") && !log.contains("panic"), "{log}");
}

#[test]
fn a_server_that_says_nothing_is_waited_for_as_long_as_the_flag_says() {
    let address = server(swallow);
    check(&address, &SHORT, LIMIT, 0.0, "timed out after 0.3 s in CLIENT SETNAME");
    let nameless = [SHORT[0], "--set-client-name=false"];
    check(&address, &nameless, LIMIT, 0.0, "timed out after 0.3 s in INFO ALL");
    let password = [SHORT[0], "--redis.password=hunter2"];
    check(&address, &password, LIMIT, 0.0, "timed out after 0.3 s in AUTH");
    let tls = format!("rediss://{address}");
    check(&tls, &SHORT, LIMIT, 0.0, "timed out after 0.3 s in connecting");
}

#[test]
fn no_answer_takes_longer_than_the_scraper_waits() {
    let address = server(swallow);
    let exporter = Exporter::start(&["--redis.addr", &address]);
    for path in ["/metrics".to_owned(), format!("/scrape?target={address}")] {
        let began = Instant::now();
        let answer = exporter.ask(&path, &["X-Prometheus-Scrape-Timeout-Seconds: 1"]);
        assert!(began.elapsed() < Duration::from_secs(1) + GRACE, "{path}");
        assert_eq!(answer.value("redis_up"), Some(0.0), "{path} {}", answer.text);
        let error = answer.error();
        assert!(
            error.starts_with("timed out after 0.") && error.ends_with(" in CLIENT SETNAME"),
            "{path} {error}"
        );
    }
}

#[test]
fn a_server_that_stops_in_the_middle_is_named_by_what_it_left_out() {
    let half = server(|mut stream| {
        say(stream.try_clone().unwrap(), b"+OK\r\n$100\r\n# Server\r\nredis_v");
        swallow(stream.try_clone().unwrap());
        stream.flush().ok();
    });
    check(&half, &SHORT, LIMIT, 0.0, "timed out after 0.3 s in INFO ALL");
    let rude = server(|stream| say(stream, b"+OK\r\n$100\r\n# Server\r\nredis_v"));
    check(&rude, &SHORT, Duration::ZERO, 0.0, "connection closed in INFO ALL");
}

#[test]
fn what_was_told_before_the_silence_is_there() {
    let info = server(|stream| {
        say(
            stream.try_clone().unwrap(),
            b"+OK\r\n$30\r\n# Clients\nconnected_clients:77\r\n",
        );
        swallow(stream);
    });
    let exporter = Exporter::start(&["--redis.addr", &info, SHORT[0]]);
    let answer = exporter.metrics();
    assert_eq!(answer.value("redis_connected_clients"), Some(77.0), "{}", answer.text);
    let state = (answer.value("redis_up"), answer.error());
    assert_eq!(state, (Some(1.0), "timed out after 0.3 s in CONFIG GET"));
}

#[test]
fn a_server_that_is_no_redis_is_shown() {
    let http = server(|stream| say(stream, b"HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n"));
    let error = r#"not Redis: CLIENT SETNAME was answered with \"HTTP/1.1 400 Bad Request\""#;
    check(&http, &SHORT, Duration::ZERO, 0.0, error);
    let endless = server(|stream| say(stream, b"+OK\r\n$99999999999\r\n"));
    check(
        &endless,
        &SHORT,
        Duration::ZERO,
        0.0,
        "the answer to INFO ALL is too large",
    );
    let tls = format!("rediss://{}", server(|stream| say(stream, b"-ERR what\r\n")));
    let exporter = Exporter::start(&["--redis.addr", &tls]);
    let answer = exporter.metrics();
    assert!(answer.error().starts_with("TLS with 127.0.0.1:"), "{}", answer.error());
}

#[test]
fn an_old_server_that_repeats_the_password_does_not_get_it_onto_the_page() {
    let old = server(|stream| {
        say(
            stream,
            b"-ERR unknown command `AUTH`, with args beginning with: `hunter2`, \r\n",
        );
    });
    let exporter = Exporter::start(&["--redis.addr", &old, "--redis.password=hunter2"]);
    let answer = exporter.metrics();
    assert_eq!(answer.error(), "AUTH: ERR unknown command `AUTH`");
    assert!(!exporter.log().contains("hunter2"), "{}", exporter.log());
}
