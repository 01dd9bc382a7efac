//! The web server over real sockets: routing, formats, limits, rude clients, and the end.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::future::pending;
use std::io::Read;
use std::sync::Arc;
use std::time::{Duration, Instant};

use exporter_toolkit::scrape::{Answer, Refusal, Request, Scrape};
use exporter_toolkit::self_metrics::HandlerMetrics;
use exporter_toolkit::web::{self, App, Link, Page, PageRequest, Pages, PendingReply};
use exporter_toolkit::web_config::WebConfig;
use exporter_toolkit::workers::Workers;
use exposition::Offer;
use flate2::read::GzDecoder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

const LONG: Duration = Duration::from_secs(20);

/// Answers with what it was asked for; `?wait` waits for the test's word.
#[derive(Clone, Default)]
struct Echo {
    entered: Arc<Notify>,
    release: Arc<Notify>,
}

impl Scrape for Echo {
    async fn scrape(&self, request: Request) -> Result<Answer, Refusal> {
        if request.values("wait").next().is_some() {
            self.entered.notify_one();
            self.release.notified().await;
        }
        if request.values("refuse").next().is_some() {
            return Err(Refusal {
                status: 400,
                text: "no".to_owned(),
            });
        }
        let within = request
            .deadline
            .saturating_duration_since(Instant::now())
            .as_secs_f64()
            .ceil();
        let text = format!("{:?} within {within} params {:?}", request.format, request.params);
        let body = if request.gzip {
            let mut packed = Vec::new();
            exposition::Gzip::new().compress(text.as_bytes(), &mut packed);
            packed
        } else {
            text.into_bytes()
        };
        Ok(Answer { body, rejected: 2 })
    }
}

/// Says how it was asked under `/own`.
struct OwnPages;

impl Pages for OwnPages {
    fn links(&self) -> Vec<Link> {
        vec![Link::new("Own <page>", "/own")]
    }

    fn body_limit(&self, method: &hyper::Method, path: &str) -> usize {
        if method == hyper::Method::POST && path == "/own" {
            8
        } else {
            0
        }
    }

    fn answer<'a>(&'a self, request: PageRequest<'a>) -> PendingReply<'a> {
        let body = String::from_utf8_lossy(request.body);
        let text = format!("{} {} reads {}{body}", request.method, request.query, request.reads());
        let own = request.path == "/own";
        Box::pin(async move { own.then(|| web::text(hyper::StatusCode::OK, text)) })
    }
}

/// Says on which thread it was asked.
struct LendingPages(Workers);

impl Pages for LendingPages {
    fn links(&self) -> Vec<Link> {
        Vec::new()
    }

    fn workers(&self) -> Option<&Workers> {
        Some(&self.0)
    }

    fn answer<'a>(&'a self, _request: PageRequest<'a>) -> PendingReply<'a> {
        let name = std::thread::current().name().unwrap_or_default().to_owned();
        Box::pin(async move { Some(web::text(hyper::StatusCode::OK, name)) })
    }
}

struct Server {
    address: String,
    echo: Echo,
    values: prometheus::Registry,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

fn start(max_requests: usize) -> Server {
    start_with(max_requests, Box::new(OwnPages))
}

fn start_with(max_requests: usize, pages: Box<dyn Pages>) -> Server {
    let (echo, values) = (Echo::default(), prometheus::Registry::new());
    let metrics = HandlerMetrics::register(&values).unwrap();
    let page = Page {
        title: "Test <exporter>",
        description: "About.",
        version: "1.2.3".to_owned(),
    };
    let config = WebConfig::open(None).unwrap();
    let app = App::new(
        echo.clone(),
        Offer::TEXT_FIRST,
        max_requests,
        metrics,
        "/metrics",
        page,
        config,
    )
    .with_pages(pages);
    let listeners = web::bind(&["127.0.0.1:0".to_owned()]).unwrap();
    let address = listeners[0].address();
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(web::serve(listeners, app, async {
        if stopped.await.is_err() {
            pending().await
        }
    }));
    Server {
        address,
        echo,
        values,
        stop: Some(stop),
        task,
    }
}

impl Server {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).await.unwrap()
    }

    /// Status line and headers in lower case, and the body.
    async fn get(&self, path: &str, headers: &str) -> (String, Vec<u8>) {
        self.send(&format!(
            "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n"
        ))
        .await
    }

    async fn send(&self, request: &str) -> (String, Vec<u8>) {
        let mut stream = self.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        read_answer(&mut stream).await
    }

    fn counted(&self, name: &str) -> Vec<f64> {
        let families = self.values.gather();
        let family = families.iter().find(|family| family.name() == name).unwrap();
        family
            .get_metric()
            .iter()
            .map(|metric| metric.get_counter().get_value())
            .collect()
    }
}

async fn read_answer(stream: &mut TcpStream) -> (String, Vec<u8>) {
    let mut bytes = Vec::new();
    tokio::time::timeout(LONG, stream.read_to_end(&mut bytes))
        .await
        .expect("the connection ends")
        .unwrap();
    let end = bytes
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .map_or(bytes.len(), |end| end + 4);
    (
        String::from_utf8_lossy(&bytes[..end]).to_lowercase(),
        bytes[end..].to_vec(),
    )
}

#[tokio::test]
async fn each_path_has_its_answer() {
    let server = start(0);
    for (path, status, words) in [
        ("/metrics", 200, "Text004 within 30 params []"),
        (
            "/metrics?collect[]=a&collect%5B%5D=b+c",
            200,
            r#"params [("collect[]", "a"), ("collect[]", "b c")]"#,
        ),
        ("/metrics?refuse", 400, "no"),
        ("/-/healthy", 200, "Healthy"),
        ("/-/ready", 200, "Ready"),
        ("/", 200, "<h1>Test &lt;exporter&gt;</h1>"),
        ("/metrics/", 404, "404 page not found"),
        ("/bogus", 404, "404 page not found"),
    ] {
        let (head, body) = server.get(path, "").await;
        assert!(head.starts_with(&format!("http/1.1 {status} ")), "{path}: {head}");
        assert!(
            String::from_utf8_lossy(&body).contains(words),
            "{path}: {}",
            String::from_utf8_lossy(&body)
        );
    }
}

#[tokio::test]
async fn an_exporters_own_pages_take_any_method_and_stand_on_the_landing_page() {
    let server = start(0);
    let (_, body) = server.get("/own?a=%20b", "").await;
    assert_eq!(String::from_utf8_lossy(&body), "GET a=%20b reads true");
    let post = "POST /own HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let (_, body) = server.send(post).await;
    assert_eq!(String::from_utf8_lossy(&body), "POST  reads false");
    let (_, body) = server.get("/", "").await;
    let page = String::from_utf8_lossy(&body).into_owned();
    assert!(page.contains(r#"<a href="/own">Own &lt;page&gt;</a>"#), "{page}");
}

#[tokio::test]
async fn a_body_reaches_the_page_that_asks_for_it_and_a_larger_one_is_refused() {
    let server = start(0);
    for (path, length, body, expected) in [
        ("/own", 8, "12345678", "POST  reads false12345678"),
        ("/own", 9, "123456789", "The body is too large.\n"),
        ("/bogus", 9, "123456789", "Method not allowed\n"),
    ] {
        let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
        let (_, answer) = server.send(&(head + body)).await;
        assert_eq!(String::from_utf8_lossy(&answer), expected, "{path} {body}");
    }
    let cut = "POST /own HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n";
    let (head, _) = server.send(cut).await;
    assert!(head.starts_with("http/1.1 400 "), "{head}");
}

#[tokio::test]
async fn headers_choose_format_compression_and_deadline() {
    let server = start(0);
    let (head, body) = server
        .get(
            "/metrics",
            "X-Prometheus-Scrape-Timeout-Seconds: 10\r\nAccept-Encoding: gzip\r\n",
        )
        .await;
    assert!(
        head.contains("content-encoding: gzip\r\n") && head.contains("version=0.0.4"),
        "{head}"
    );
    let mut text = String::new();
    GzDecoder::new(body.as_slice()).read_to_string(&mut text).unwrap();
    assert_eq!(text, "Text004 within 10 params []");
    let (head, body) = server
        .get("/metrics", "Accept: application/openmetrics-text;version=1.0.0\r\n")
        .await;
    assert!(
        head.contains("content-type: application/openmetrics-text; version=1.0.0;"),
        "{head}"
    );
    assert!(body.starts_with(b"OpenMetrics100"));
}

#[tokio::test]
async fn only_get_and_head_are_allowed() {
    let server = start(0);
    let (head, body) = server
        .send("HEAD /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .await;
    assert!(head.starts_with("http/1.1 200") && body.is_empty(), "{head}");
    let (head, _) = server
        .send("POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        .await;
    assert!(
        head.starts_with("http/1.1 405") && head.contains("allow: get, head"),
        "{head}"
    );
}

#[tokio::test]
async fn more_scrapes_than_allowed_are_refused_and_counted() {
    let server = start(1);
    let mut waits = server.connect().await;
    waits
        .write_all(b"GET /metrics?wait HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    server.echo.entered.notified().await;
    let (head, body) = server.get("/metrics", "").await;
    assert!(head.starts_with("http/1.1 503"), "{head}");
    assert_eq!(body, b"Limit of concurrent requests reached (1), try again later.\n");
    server.echo.release.notify_one();
    assert!(read_answer(&mut waits).await.0.starts_with("http/1.1 200"));
    assert!(server.get("/metrics", "").await.0.starts_with("http/1.1 200"));
    // 200, 500, 503; then encoding and gathering, where each answer reported two rejected series.
    assert_eq!(
        server.counted("promhttp_metric_handler_requests_total"),
        [2.0, 0.0, 1.0]
    );
    assert_eq!(server.counted("promhttp_metric_handler_errors_total"), [0.0, 4.0]);
}

#[tokio::test]
async fn answers_in_flight_end_before_the_server_does() {
    let mut server = start(0);
    let mut idle = server.connect().await;
    let mut waits = server.connect().await;
    waits
        .write_all(b"GET /metrics?wait HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    server.echo.entered.notified().await;
    server.stop.take().unwrap().send(()).unwrap();
    // The idle connection ends at once, and so the server has begun to end, while the scrape goes on.
    assert!(read_answer(&mut idle).await.0.is_empty());
    assert!(TcpStream::connect(&server.address).await.is_err());
    assert!(!server.task.is_finished());
    server.echo.release.notify_one();
    assert!(read_answer(&mut waits).await.0.starts_with("http/1.1 200"));
    tokio::time::timeout(LONG, server.task).await.unwrap().unwrap();
}

#[tokio::test]
async fn huge_requests_end_the_connection() {
    let server = start(0);
    let (head, _) = server
        .get("/metrics", &format!("X-Large: {}\r\n", "x".repeat(100_000)))
        .await;
    assert!(head.is_empty() || head.starts_with("http/1.1 431"), "{head}");
    // A body is neither read nor waited for.
    let (head, _) = server.get("/metrics", "Content-Length: 1000000000\r\n").await;
    assert!(head.starts_with("http/1.1 200"), "{head}");
    assert!(server.get("/-/healthy", "").await.0.starts_with("http/1.1 200"));
}

#[tokio::test]
async fn malformed_requests_are_refused_and_harm_nobody() {
    let server = start(0);
    for request in [
        "\r\n\r\n\r\n",
        "GARBAGE\r\n\r\n",
        "GET\0 / HTTP/1.1\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "GET /\u{fffd} HTTP/1.1\r\n\r\n\u{1}",
    ] {
        let mut stream = server.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let (head, _) = read_answer(&mut stream).await;
        assert!(head.is_empty() || head.starts_with("http/1.1 4"), "{request:?}: {head}");
    }
    assert!(server.get("/-/healthy", "").await.0.starts_with("http/1.1 200"));
}

#[tokio::test]
async fn connections_are_hosted_by_the_threads_that_pages_lend() {
    let mut server = start_with(0, Box::new(LendingPages(Workers::start("page", 2).unwrap())));
    let mut clients = Vec::new();
    for _ in 0..3 {
        clients.push(server.connect().await);
    }
    for _ in 0..2 {
        let mut names = Vec::new();
        for client in &mut clients {
            names.push(thread_that_answers(client).await);
        }
        assert_eq!(names, ["page-0", "page-1", "page-0"]);
    }
    server.stop.take().unwrap().send(()).unwrap();
    server.task.await.unwrap();
    for mut client in clients {
        assert_eq!(client.read(&mut [0; 8]).await.unwrap(), 0, "it was ended in order");
    }
}

async fn thread_that_answers(client: &mut TcpStream) -> String {
    client.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut bytes = Vec::new();
    loop {
        assert_ne!(client.read_buf(&mut bytes).await.unwrap(), 0);
        match String::from_utf8_lossy(&bytes).split_once("\r\n\r\n") {
            Some((_, name)) if name.len() == "page-0".len() => return name.to_owned(),
            _ => {}
        }
    }
}
