//! Whole probes of local servers: what is sent, what is told, and why a probe fails.

mod answers;
mod http2;
#[cfg(feature = "http3")]
mod http3;
mod https;
mod proxies;
mod redirects;
mod requests;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use exposition::{Encoder, Format, assemble};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::LocalSet;

use super::SPEC;
use crate::config;
use crate::failure::{Reason, Step};
use crate::found::Found;
use crate::net::Network;
use crate::probe::{Probe, run};
use crate::probe_log::ProbeLog;

/// Long enough for whatever must end by itself.
const PLENTY: Duration = Duration::from_secs(20);

/// What a server does with a connection on which it got a request.
enum Act {
    /// Says this, and closes.
    Say(Vec<u8>),
    /// Says this, and then nothing more.
    SayAndHang(Vec<u8>),
    /// Says the first once and the second again and again.
    SayForever(&'static str, &'static str),
    /// Breaks the connection.
    Reset,
}

fn say(text: &str) -> Act {
    Act::Say(text.as_bytes().to_vec())
}

/// An answer with a body and its length.
fn ok(body: &str) -> Act {
    say(&format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    ))
}

fn redirect(status: u16, location: &str) -> Act {
    say(&format!(
        "HTTP/1.1 {status} X\r\nLocation: {location}\r\nContent-Length: 5\r\n\r\nmoved"
    ))
}

/// A server on this host, and the requests that it got.
struct Server {
    address: SocketAddr,
    requests: Rc<RefCell<Vec<String>>>,
}

impl Server {
    /// Serves until the tasks of the test end. `act` gets the request's path.
    async fn start(act: impl Fn(&str) -> Act + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let requests: Rc<RefCell<Vec<String>>> = Rc::default();
        let (act, seen) = (Rc::new(act), Rc::clone(&requests));
        drop(tokio::task::spawn_local(async move {
            while let Ok((stream, _)) = listener.accept().await {
                drop(tokio::task::spawn_local(serve(
                    stream,
                    Rc::clone(&act),
                    Rc::clone(&seen),
                )));
            }
        }));
        Self { address, requests }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn requests(&self) -> Vec<String> {
        self.requests.borrow().clone()
    }
}

async fn serve(mut stream: TcpStream, act: Rc<impl Fn(&str) -> Act>, seen: Rc<RefCell<Vec<String>>>) {
    let request = read_request(&mut stream).await;
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    seen.borrow_mut().push(request);
    let written = match act(&path) {
        Act::Say(bytes) => stream.write_all(&bytes).await,
        Act::SayAndHang(bytes) => match stream.write_all(&bytes).await {
            Ok(()) => std::future::pending().await,
            broken => broken,
        },
        Act::SayForever(first, rest) => {
            let mut written = stream.write_all(first.as_bytes()).await;
            while written.is_ok() {
                written = stream.write_all(rest.as_bytes()).await;
            }
            written
        }
        Act::Reset => stream.set_zero_linger(),
    };
    // The probe may have gone.
    drop(written);
}

/// A head, and a body of the length that it names.
async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("Content-Length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return text;
            }
        }
        match stream.read_buf(&mut bytes).await {
            Ok(1..) => {}
            _ => return text,
        }
    }
}

/// What came of a probe.
struct Outcome {
    failure: Option<(Step, Reason)>,
    metrics: BTreeMap<String, f64>,
    log: String,
    text: String,
}

impl Outcome {
    fn metric(&self, name: &str) -> f64 {
        *self
            .metrics
            .get(name)
            .unwrap_or_else(|| panic!("no {name} in {:?}", self.metrics))
    }

    /// Status, content length, length of the body, redirects, due to a regular expression.
    fn facts(&self) -> [f64; 5] {
        [
            self.metric("probe_http_status_code"),
            self.metric("probe_http_content_length"),
            self.metric("probe_http_uncompressed_body_length"),
            self.metric("probe_http_redirects"),
            self.metric("probe_failed_due_to_regex"),
        ]
    }
}

/// Asks for a target with a module of these keys.
async fn ask(keys: &str, target: &str) -> Outcome {
    ask_within(keys, target, None, PLENTY).await
}

async fn ask_within(keys: &str, target: &str, hostname: Option<&str>, time: Duration) -> Outcome {
    let text = format!("modules: {{m: {{prober: http, http: {{preferred_ip_protocol: ip4, {keys}}}}}}}");
    let config = config::parse(&text).expect("a configuration");
    let module = config.modules.get("m").expect("the module");
    let log = ProbeLog::new("m", target, log::Level::Error);
    let network = Network::default();
    let probe = Probe {
        target,
        hostname,
        module,
        deadline: Instant::now() + time,
        log: &log,
        network: &network,
        found: RefCell::new(Found::default()),
        step: Cell::new(Step::Prepare),
    };
    let mut encoder = Encoder::new(Format::Text004);
    let result = run(&SPEC, &probe, &mut encoder).await;
    let mut body = Vec::new();
    assemble([&encoder], &mut body);
    let body = String::from_utf8(body).expect("a text");
    let lines = body.lines().filter(|line| !line.starts_with('#'));
    let metric = |line: &str| {
        let (name, value) = line.rsplit_once(' ').expect("a sample");
        (name.to_owned(), value.parse().expect("a number"))
    };
    Outcome {
        failure: result.as_ref().err().map(|failure| (failure.step, failure.reason)),
        text: result.err().map(|failure| failure.text).unwrap_or_default(),
        metrics: lines.map(metric).collect(),
        log: log.text(),
    }
}

/// Runs a test on a thread like those that probe.
fn on_a_worker(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    LocalSet::new().block_on(&runtime, test);
}

/// The header's values in a request.
fn header<'r>(request: &'r str, name: &str) -> Vec<&'r str> {
    let head = request.split("\r\n\r\n").next().unwrap_or_default();
    let pairs = head.lines().filter_map(|line| line.split_once(": "));
    pairs
        .filter(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
        .collect()
}
