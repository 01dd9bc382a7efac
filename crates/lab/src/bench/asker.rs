//! Asks an exporter to probe, as Prometheus does: over kept connections, a new one where all are busy, gzip asked for.

use std::{
    io::Read,
    net::SocketAddr,
    sync::{Mutex, PoisonError},
};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use flate2::read::GzDecoder;
use http_body_util::{BodyExt, Empty};
use hyper::{
    Request,
    client::conn::http1::{SendRequest, handshake},
};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// How long Prometheus waits, as it says.
const TIMEOUT_SECONDS: &str = "10";

/// A client of one exporter.
pub(super) struct Asker {
    exporter: SocketAddr,
    idle: Mutex<Vec<SendRequest<Empty<Bytes>>>>,
}

impl Asker {
    pub(super) fn new(exporter: SocketAddr) -> Self {
        Self {
            exporter,
            idle: Mutex::default(),
        }
    }

    /// Has a target probed; the metrics as they came.
    ///
    /// # Errors
    /// There is no answer, or it is not 200.
    pub(super) async fn ask(&self, module: &str, target: &str) -> Result<Bytes> {
        let kept = self.idle().pop();
        let mut connection = match kept.filter(|connection| !connection.is_closed()) {
            Some(connection) => connection,
            None => self.connect().await.context("connecting to an exporter")?,
        };
        let request = Request::get(format!("/probe?module={module}&target={target}"))
            .header("Host", "exporter")
            .header("Accept", "text/plain;version=0.0.4")
            .header("Accept-Encoding", "gzip")
            .header("X-Prometheus-Scrape-Timeout-Seconds", TIMEOUT_SECONDS)
            .body(Empty::new())
            .context("making a request")?;
        connection.ready().await.context("asking an exporter")?;
        let answer = connection.send_request(request).await.context("asking an exporter")?;
        ensure!(answer.status() == 200, "probing {target}: status {}", answer.status());
        let body = answer.into_body().collect().await.context("reading an answer")?;
        self.idle().push(connection);
        Ok(body.to_bytes())
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<SendRequest<Empty<Bytes>>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn connect(&self) -> Result<SendRequest<Empty<Bytes>>> {
        let stream = TcpStream::connect(self.exporter).await?;
        stream.set_nodelay(true)?;
        let (sender, driver) = handshake(TokioIo::new(stream)).await?;
        // How a connection ends is told to those who wait for its answers.
        tokio::spawn(driver);
        Ok(sender)
    }
}

/// Whether these metrics tell of a success.
pub(super) fn succeeded(answer: &[u8]) -> bool {
    let mut text = String::new();
    let read = match answer {
        [0x1f, 0x8b, ..] => GzDecoder::new(answer).read_to_string(&mut text),
        mut plain => plain.read_to_string(&mut text),
    };
    read.is_ok() && text.lines().any(|line| line == "probe_success 1")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    #[test]
    fn only_a_success_is_one_packed_or_not() {
        for (text, expected) in [
            ("a 1\nprobe_success 1\n", true),
            ("probe_success 0\n", false),
            ("# probe_success 1\n", false),
            ("", false),
        ] {
            assert_eq!(succeeded(text.as_bytes()), expected, "{text:?}");
            let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
            packed.write_all(text.as_bytes()).unwrap();
            assert_eq!(succeeded(&packed.finish().unwrap()), expected, "{text:?}");
        }
        assert!(!succeeded(b"\x1f\x8bnonsense"));
    }
}
