//! One request and the head of its answer, over a connection of its own: HTTP/1 or HTTP/2.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Instant;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper::{Request, Response, Version};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::JoinSet;

use super::connect::Carrier;
use super::fault;
use super::incoming::Body;
use crate::failure::{Failure, Step};
use crate::net::Connection;
use crate::probe::Probe;

/// The head of an answer may be this long, and what is read at once: a server cannot make us keep more.
pub(super) const LONGEST_HEAD: usize = 256 << 10;

/// More headers than these are refused; the parser's memory grows with them.
const MOST_HEADERS: usize = 512;

/// What HTTP/2 lets the other side send before it was read: enough for a body on a far connection, little enough for
/// many probes at once.
const WINDOW: u32 = 256 << 10;

/// An answer's head, and what must live until its body was read.
pub(super) struct Exchange {
    /// The head; its body is still to come.
    pub(super) response: Response<Body>,
    /// What moves the bytes.
    pub(super) tasks: Tasks,
}

/// Sends a request and waits for the head of the answer. `first_byte` is set when it begins to come.
///
/// # Errors
/// When the connection breaks, or what comes is not HTTP.
pub(super) async fn exchange(
    probe: &Probe<'_>,
    carrier: Carrier,
    version: Version,
    request: Request<Full<Bytes>>,
    first_byte: &Rc<Cell<Option<Instant>>>,
) -> Result<Exchange, Failure> {
    probe.step.set(Step::Send);
    let tasks = Tasks::default();
    #[cfg_attr(not(feature = "http3"), expect(clippy::infallible_destructuring_match))]
    let connection = match carrier {
        Carrier::Stream(connection) => connection,
        #[cfg(feature = "http3")]
        Carrier::Quic(quic) => {
            let response = super::http3::exchange(probe, quic, request, &tasks, first_byte).await?;
            return Ok(Exchange { response, tasks });
        }
    };
    let sent = match version {
        Version::HTTP_2 => over_http2(probe, connection, request, &tasks, first_byte).await,
        _ => over_http1(probe, connection, request, &tasks, first_byte).await,
    };
    let response = sent.map_err(|error| fault::failure(probe.step.get(), &error, "asking the target"))?;
    Ok(Exchange {
        response: response.map(Body::Stream),
        tasks,
    })
}

async fn over_http1(
    probe: &Probe<'_>,
    connection: Connection,
    request: Request<Full<Bytes>>,
    tasks: &Tasks,
    first_byte: &Rc<Cell<Option<Instant>>>,
) -> hyper::Result<Response<Incoming>> {
    let first_byte = Rc::clone(first_byte);
    let (mut sender, driver) = http1::Builder::new()
        .title_case_headers(true)
        .allow_obsolete_multiline_headers_in_responses(true)
        .max_headers(MOST_HEADERS)
        .max_buf_size(LONGEST_HEAD)
        .handshake(TokioIo::new(Watched {
            connection,
            first_byte,
            to_read: None,
            has_written: false,
        }))
        .await?;
    tasks.spawn(driver);
    // The request is on its way at once; what takes time from here on is the target.
    probe.step.set(Step::Receive);
    sender.send_request(request).await
}

async fn over_http2(
    probe: &Probe<'_>,
    connection: Connection,
    request: Request<Full<Bytes>>,
    tasks: &Tasks,
    first_byte: &Rc<Cell<Option<Instant>>>,
) -> hyper::Result<Response<Incoming>> {
    let (mut sender, driver) = http2::Builder::new(tasks.clone())
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .max_header_list_size(LONGEST_HEAD as u32)
        .handshake(TokioIo::new(connection))
        .await?;
    tasks.spawn(driver);
    probe.step.set(Step::Receive);
    let response = sender.send_request(request).await?;
    // The connection's first bytes were settings: the head is what counts.
    first_byte.set(Some(Instant::now()));
    Ok(response)
}

/// What runs beside the prober to move a connection's bytes. It ends when the last of these that the prober holds is
/// dropped.
#[derive(Debug, Default)]
pub(super) struct Tasks {
    set: Rc<RefCell<JoinSet<()>>>,
    /// The library's copies live in the tasks themselves, and must not end them.
    copy: bool,
}

impl Tasks {
    /// Lets it run until the exchange is over.
    pub(super) fn spawn(&self, future: impl Future + 'static) {
        self.set.borrow_mut().spawn_local(async move {
            // How a connection ends is told to those who wait for its answers.
            drop(future.await);
        });
    }
}

impl Clone for Tasks {
    fn clone(&self) -> Self {
        Self {
            set: Rc::clone(&self.set),
            copy: true,
        }
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        if !self.copy {
            self.set.borrow_mut().abort_all();
        }
    }
}

impl<F: Future + 'static> hyper::rt::Executor<F> for Tasks {
    fn execute(&self, future: F) {
        self.spawn(future);
    }
}

/// A connection that notes when the first byte came, and reads nothing before something was written: hyper gives up where a
/// server speaks first, and what such a server says is to be told.
struct Watched {
    connection: Connection,
    first_byte: Rc<Cell<Option<Instant>>>,
    /// Who waits to read.
    to_read: Option<Waker>,
    has_written: bool,
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        if !self.has_written {
            self.to_read = Some(context.waker().clone());
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.connection).poll_read(context, buffer))?;
        if buffer.filled().len() > before && self.first_byte.get().is_none() {
            self.first_byte.set(Some(Instant::now()));
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.connection).poll_write(context, bytes))?;
        self.has_written = true;
        if let Some(reader) = self.to_read.take() {
            reader.wake();
        }
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.connection).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.connection).poll_shutdown(context)
    }
}
