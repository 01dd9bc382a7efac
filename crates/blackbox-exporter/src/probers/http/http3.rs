//! A request by HTTP/3.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Instant;

use bytes::{Buf as _, Bytes};
use h3::client::{RequestStream, SendRequest};
use h3::error::StreamError;
use h3_quinn::{BidiStream, OpenStreams};
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, Response};

use super::exchange::{LONGEST_HEAD, Tasks};
use super::incoming;
use crate::failure::{Failure, Reason, Step};
use crate::net::Quic;
use crate::probe::Probe;

/// The body of an answer, and what must live until it was read.
pub(super) struct Body {
    stream: RequestStream<BidiStream<Bytes>, Bytes>,
    /// When the last of these is gone, the connection ends.
    _sender: SendRequest<OpenStreams, Bytes>,
    quic: Quic,
}

/// Sends a request and waits for the head of the answer. `first_byte` is set when it has come.
///
/// # Errors
/// When the connection breaks, or what comes is not HTTP/3.
pub(super) async fn exchange(
    probe: &Probe<'_>,
    quic: Quic,
    request: Request<Full<Bytes>>,
    tasks: &Tasks,
    first_byte: &Rc<Cell<Option<Instant>>>,
) -> Result<Response<incoming::Body>, Failure> {
    let failed = |error: StreamError| failure(probe.step.get(), &quic, &error, "asking the target");
    let connection = h3_quinn::Connection::new(quic.connection());
    let made = h3::client::builder()
        .max_field_section_size(LONGEST_HEAD as u64)
        .build(connection)
        .await;
    let (mut driver, mut sender) = made.map_err(|error| {
        let text = format!("asking the target: {error}");
        Failure::new(probe.step.get(), quic.end().unwrap_or(Reason::Protocol), text)
    })?;
    tasks.spawn(async move { driver.wait_idle().await });
    let (head, body) = request.into_parts();
    let mut stream = sender
        .send_request(Request::from_parts(head, ()))
        .await
        .map_err(failed)?;
    // A body that is in memory is there at once, and cannot fail.
    let Ok(body) = body.collect().await;
    let body = body.to_bytes();
    if !body.is_empty() {
        stream.send_data(body).await.map_err(failed)?;
    }
    stream.finish().await.map_err(failed)?;
    probe.step.set(Step::Receive);
    let mut response = stream.recv_response().await.map_err(failed)?;
    while response.status().is_informational() {
        response = stream.recv_response().await.map_err(failed)?;
    }
    first_byte.set(Some(Instant::now()));
    Ok(response.map(|()| {
        incoming::Body::Http3(Box::new(Body {
            stream,
            _sender: sender,
            quic,
        }))
    }))
}

impl Body {
    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    /// When it breaks off.
    pub(super) async fn data(&mut self) -> Result<Option<Bytes>, Failure> {
        let data = self.stream.recv_data().await;
        let data = data.map_err(|error| failure(Step::Body, &self.quic, &error, "reading the body"))?;
        Ok(data.map(|mut data| data.copy_to_bytes(data.remaining())))
    }
}

fn failure(step: Step, quic: &Quic, error: &StreamError, what: &str) -> Failure {
    let reason = match error {
        // The other side gave up this request alone.
        StreamError::RemoteTerminate { .. } => Reason::ConnectionReset,
        _ => quic.end().unwrap_or(Reason::Protocol),
    };
    Failure::new(step, reason, format!("{what}: {error}"))
}
