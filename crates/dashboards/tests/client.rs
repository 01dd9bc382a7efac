//! What the client says of servers that do not answer as Prometheus does: each text names the question, and what to do.
#![expect(clippy::disallowed_methods, reason = "the threads of a test may be like any other")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    thread,
    time::Duration,
};

use dashboards::prometheus::{Client, Login, Outcome, Window};
use tokio::runtime::Builder;

/// Longer than any answer of these servers takes.
const PATIENCE: Duration = Duration::from_secs(20);
/// The largest answer that is taken here.
const LARGEST: usize = 1 << 20;

/// A server that does the same to everyone: the connection, and the head and the body of the request.
fn server(converse: impl Fn(&mut TcpStream, &str) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let request = request(&stream);
            converse(&mut stream, &request);
        }
    });
    url
}

fn request(stream: &TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let (mut text, mut length) = (String::new(), 0);
    loop {
        let begin = text.len();
        if reader.read_line(&mut text).expect("a request") == 0 || text.ends_with("\r\n\r\n") {
            break;
        }
        let line = text.split_at(begin).1.to_ascii_lowercase();
        if let Some(number) = line.strip_prefix("content-length:") {
            length = number.trim().parse().expect("a number");
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("the body");
    text + &String::from_utf8(body).expect("text")
}

/// One that answers so.
fn saying(status: &'static str, body: &'static str) -> String {
    server(move |stream, _| {
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        // Who has seen enough may have hung up.
        stream.write_all((head + body).as_bytes()).ok();
    })
}

fn ask_within(url: &str, within: Duration) -> Result<Outcome, String> {
    let client = Client::new(url, None).expect("an address").limited(within, LARGEST);
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime
        .block_on(client.query("up == 0", None))
        .map_err(|error| error.to_string())
}

fn complaint(url: &str) -> String {
    ask_within(url, PATIENCE).expect_err("there is no answer")
}

#[test]
fn an_answer_that_is_none_says_why_and_what_to_do() {
    let page = "<!DOCTYPE html><title>Welcome</title>";
    let refusal = r#"{"status":"error","errorType":"bad_data","error":"1:4: parse error: unexpected \"=\""}"#;
    let late = r#"{"status":"error","errorType":"timeout","error":"query timed out in expression evaluation"}"#;
    let table = [
        ("400 Bad Request", refusal, "1:4: parse error: unexpected \"=\""),
        (
            "422 Unprocessable Entity",
            late,
            "query timed out in expression evaluation",
        ),
        (
            "503 Service Unavailable",
            late,
            "query timed out in expression evaluation",
        ),
        (
            "503 Service Unavailable",
            "Service Unavailable",
            "status 503; Prometheus is starting, or a proxy before it cannot reach it: ask again",
        ),
        (
            "502 Bad Gateway",
            page,
            "status 502; the proxy before Prometheus cannot reach it",
        ),
        (
            "401 Unauthorized",
            page,
            "status 401; give a user and a password with --basic-auth-file FILE",
        ),
        (
            "404 Not Found",
            page,
            "status 404; is this Prometheus' address, with its path?",
        ),
        (
            "302 Found",
            "",
            "status 302; it is somewhere else now: give that address",
        ),
        ("500 Internal Server Error", "", "status 500; see Prometheus' log"),
        (
            "200 OK",
            page,
            "that is no answer of Prometheus: expected value at line 1 column 1; is its address right, with its path?",
        ),
        (
            "200 OK",
            r#"{"status":"success"}"#,
            "that is no answer of Prometheus: missing field `data` at line 1 column 20; is its address right, with its path?",
        ),
    ];
    for (status, body, says) in table {
        assert_eq!(
            complaint(&saying(status, body)),
            format!("asking for up == 0: {says}"),
            "{status}: {body}"
        );
    }
}

#[test]
fn nobody_there_is_said_with_the_address() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    drop(listener);
    let says = complaint(&url);
    assert!(says.starts_with(&format!("asking {url} for up == 0: ")), "{says}");
    assert!(says.contains("Connection refused"), "{says}");
    assert!(says.ends_with("; is Prometheus running there?"), "{says}");
}

#[test]
fn who_never_answers_is_not_waited_for() {
    // The head never ends; the connection is open as long as the client is.
    let url = server(|stream, _| {
        stream.write_all(b"HTTP/1.1 200 OK\r\n").expect("it reads");
        stream.read_to_end(&mut Vec::new()).ok();
    });
    let says = ask_within(&url, Duration::from_millis(50)).expect_err("there is no answer");
    assert_eq!(
        says,
        "asking for up == 0: no answer within 0.05 s; ask for less, or for a shorter time"
    );
}

#[test]
fn an_answer_that_ends_early_is_no_answer() {
    let url = server(|stream, _| {
        let half = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\nconnection: close\r\n\r\n{\"status\":";
        stream.write_all(half).expect("it reads");
    });
    let says = complaint(&url);
    assert!(says.starts_with(&format!("asking {url} for up == 0: ")), "{says}");
}

/// Both with its length told and without.
#[test]
fn a_huge_answer_is_given_up_on() {
    let endless = server(|stream, _| {
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")
            .expect("it reads");
        let piece = [b' '; 1 << 16];
        // Until the client hangs up: what it took until then is what it was sent.
        while stream.write_all(&piece).is_ok() {}
    });
    let told = server(|stream, _| {
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n{")
            .expect("it reads");
        stream.read_to_end(&mut Vec::new()).ok();
    });
    for url in [endless, told] {
        assert_eq!(
            complaint(&url),
            "asking for up == 0: more than 1 MiB of answer; aggregate it, or select fewer series"
        );
    }
}

#[test]
fn what_is_no_address_is_said_before_anything_is_asked() {
    for url in ["prometheus:9090", "ftp://a", "http://", "http://a?x=1", ""] {
        let says = Client::new(url, None).err().expect("no address").to_string();
        assert_eq!(
            says,
            format!("{url:?} is no address of a Prometheus; give one such as http://127.0.0.1:9090")
        );
    }
}

#[test]
fn the_password_goes_along_and_expressions_are_posted() {
    let (tell, told) = std::sync::mpsc::channel();
    let url = server(move |stream, request| {
        tell.send(request.to_owned()).expect("the test waits");
        let body = r#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#;
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all((head + body).as_bytes()).expect("it reads");
    });
    let folder = tempfile::tempdir().expect("a temporary directory");
    let file = folder.path().join("login");
    std::fs::write(&file, "me:secret\n").expect("the file is ours");
    let login = Login::read(&file).expect("a login");
    let client = Client::new(&format!("{url}/prometheus/"), Some(login)).expect("an address");
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let window = Window { start: 1.0, end: 61.5 };
    let outcome = runtime.block_on(client.query_range("a > 1 & b", window, 15.0));
    assert_eq!(outcome.expect("an answer"), Outcome::default());
    let request = told.recv().expect("a request");
    assert!(
        request.starts_with("POST /prometheus/api/v1/query_range HTTP/1.1\r\n"),
        "{request}"
    );
    assert!(
        request.ends_with("\r\n\r\nquery=a+%3E+1+%26+b&start=1&end=61.5&step=15"),
        "{request}"
    );
    assert!(
        request
            .to_ascii_lowercase()
            .contains("authorization: basic bwu6c2vjcmv0\r\n"),
        "{request}"
    );
}
