//! A web site on hyper, in HTTP/1 and HTTP/2: what it answers is said by the path. And a proxy.

use std::convert::Infallible;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, copy_bidirectional};
use tokio::net::TcpStream;

use super::{Start, listen};
use crate::site;

impl Start<'_> {
    pub(super) async fn http(&mut self) {
        let address = self.serve("http", serve_site).await;
        self.name("http_port", address.port());
        self.serve("other_http", serve_site).await;
        self.serve("proxy", |stream| serve_proxy(stream, None)).await;
        self.serve("guarded_proxy", |stream| {
            // user:swordfish
            serve_proxy(stream, Some("proxy-authorization: basic dxnlcjpzd29yzgzpc2g="))
        })
        .await;
        if std::net::TcpListener::bind("[::1]:0").is_ok() {
            let address = listen("[::1]:0", serve_site).await;
            self.name("http6", address);
        }
    }
}

/// Serves one connection, in either version of HTTP.
pub(super) async fn serve_site(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
    let service = hyper::service::service_fn(|request| async { Ok::<_, Infallible>(site::answer(request).await) });
    // Probes go when they have seen enough.
    Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(stream), service)
        .await
        .ok();
}

/// Leads where CONNECT wants, if the head has what it must have; whatever else is asked, it answers itself.
async fn serve_proxy(stream: TcpStream, must_have: Option<&'static str>) {
    let mut stream = BufReader::new(stream);
    let Some(head) = read_head(&mut stream).await else {
        return;
    };
    let refused = must_have.is_some_and(|words| !head.to_lowercase().contains(words));
    let goal = head.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next());
    let answer = match (refused, goal) {
        (true, _) => "HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n".to_owned(),
        (false, Some(_)) => "HTTP/1.1 200 OK\r\n\r\n".to_owned(),
        (false, None) => {
            let lines = head
                .lines()
                .filter(|line| !line.to_lowercase().starts_with("user-agent"));
            let body: String = std::iter::once("by proxy: ").chain(lines).collect();
            format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
        }
    };
    if stream.write_all(answer.as_bytes()).await.is_err() || refused {
        return;
    }
    if let Some(goal) = goal
        && let Ok(mut other) = TcpStream::connect(goal).await
    {
        copy_bidirectional(&mut stream, &mut other).await.ok();
    }
}

async fn read_head(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    Some(head)
}
