//! Connections to the target: kept, and the one that was used last is used next, so that there are no more than needed.

use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};
use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::{Request, Uri, client::conn::http1, client::conn::http1::SendRequest, header::HOST};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, time::timeout};

use super::{options::Options, paths::Ask, tally::NoAnswer, target::Target};

/// The header that demo-app answers 500.
const FAULT: (&str, &str) = ("x-demo-fault", "error");

type Sender = SendRequest<Empty<Bytes>>;

pub(super) struct Pool {
    target: Target,
    idle: Mutex<Vec<Sender>>,
}

impl Pool {
    /// With one connection, to see whether somebody is there.
    ///
    /// # Errors
    /// Nobody listens.
    pub(super) async fn open(target: Target) -> Result<Self> {
        let first = connect(&target)
            .await
            .with_context(|| format!("nothing to load at {}", target.url))?;
        Ok(Self {
            target,
            idle: Mutex::new(vec![first]),
        })
    }

    /// Sends the request of this number and reads its answer to the end: the answer's status.
    pub(super) async fn ask(&self, options: &Options, index: u64) -> Result<u16, NoAnswer> {
        let ask = options.paths.ask(index, options);
        let exchange = timeout(options.timeout, self.exchange(&ask)).await;
        let exchanged = exchange.map_err(|_| NoAnswer::Timeout)?;
        let (status, sender) = exchanged.map_err(|_| NoAnswer::Connection)?;
        if !sender.is_closed() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        }
        Ok(status)
    }

    async fn exchange(&self, ask: &Ask) -> Result<(u16, Sender)> {
        let mut sender = self.ready().await?;
        let answer = sender.send_request(self.request(ask)?).await?;
        let status = answer.status().as_u16();
        let mut body = answer.into_body();
        // Thrown away piece by piece: whatever is loaded, it costs no memory here.
        while let Some(piece) = body.frame().await {
            piece?;
        }
        Ok((status, sender))
    }

    /// An idle connection that still holds, or a new one.
    async fn ready(&self) -> Result<Sender> {
        loop {
            let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let Some(mut sender) = idle else {
                return connect(&self.target).await;
            };
            if sender.ready().await.is_ok() {
                return Ok(sender);
            }
        }
    }

    fn request(&self, ask: &Ask) -> Result<Request<Empty<Bytes>>> {
        let mut request = Request::builder()
            .method(ask.method.clone())
            .uri(Uri::from(ask.path.clone()))
            .header(HOST, self.target.host.clone());
        if ask.fault {
            request = request.header(FAULT.0, FAULT.1);
        }
        request.body(Empty::new()).context("making a request")
    }
}

async fn connect(target: &Target) -> Result<Sender> {
    let stream = TcpStream::connect(target.addresses.as_slice()).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(async move {
        // The request on it tells of the error; between requests there is nobody to tell.
        connection.await.ok();
    });
    Ok(sender)
}
