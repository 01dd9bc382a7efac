//! A connection that loses patience: with requests that trickle in, with connections that stay silent, and with
//! clients that do not take their answer.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// How long to wait for whom.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// From a request's first byte to the end of its headers; for the first request from the connection's start.
    pub(super) headers: Duration,
    /// From one request to the next. More than the usual scrape intervals, or each scrape would connect anew.
    pub(super) idle: Duration,
    /// For the client to take more of its answer.
    pub(super) write: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            headers: Duration::from_secs(10),
            idle: Duration::from_secs(330),
            write: Duration::from_secs(30),
        }
    }
}

/// Set while a request is being answered: then the client may be silent.
pub(super) type Serving = Arc<AtomicBool>;

/// Wraps a connection.
pub(super) struct Patience<C> {
    connection: C,
    limits: Limits,
    serving: Serving,
    reading: Timer,
    in_request: bool,
    /// Something was answered: from now on silence between requests is usual.
    answered: bool,
    writing: Timer,
}

/// A deadline that may be set. The reactor hears of it only where somebody waits for it: most are met at once, and to
/// tell the reactor of an earlier one wakes it.
#[derive(Default)]
struct Timer {
    deadline: Option<Instant>,
    /// It may be one from before, which does no harm: it wakes too early.
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Timer {
    fn set(&mut self, limit: Duration) {
        self.deadline = Some(Instant::now() + limit);
    }

    fn is_set(&self) -> bool {
        self.deadline.is_some()
    }

    fn clear(&mut self) {
        self.deadline = None;
    }

    /// Ready with an error once the time is over.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(deadline) = self.deadline else {
            return Poll::Pending;
        };
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if sleep.deadline() != deadline {
            sleep.as_mut().reset(deadline);
        }
        sleep
            .as_mut()
            .poll(context)
            .map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<C> Patience<C> {
    pub(super) fn new(connection: C, limits: Limits, serving: Serving) -> Self {
        Self {
            connection,
            limits,
            serving,
            reading: Timer::default(),
            in_request: false,
            answered: false,
            writing: Timer::default(),
        }
    }

    /// Sets the timer for what the client is to send next, and looks at it.
    fn poll_silence(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.serving.load(Ordering::Relaxed) {
            self.reading.clear();
            self.in_request = false;
            return Poll::Pending;
        }
        if !self.reading.is_set() {
            let limit = if self.answered {
                self.limits.idle
            } else {
                self.limits.headers
            };
            self.reading.set(limit);
        }
        self.reading.poll(context)
    }

    /// The first bytes of a request start the time for its headers; further ones do not prolong it.
    fn note_read(&mut self) {
        if !self.in_request && !self.serving.load(Ordering::Relaxed) {
            self.in_request = true;
            self.reading.set(self.limits.headers);
        }
    }

    /// The client's time to take more runs while it takes nothing.
    fn note_write(&mut self, written: Poll<io::Result<usize>>, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        self.answered = true;
        if written.is_pending() {
            if !self.writing.is_set() {
                self.writing.set(self.limits.write);
            }
            return self.writing.poll(context).map(|ended| ended.map(|()| 0));
        }
        self.writing.clear();
        written
    }
}

impl<C: AsyncRead + Unpin> AsyncRead for Patience<C> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        match Pin::new(&mut this.connection).poll_read(context, buffer) {
            Poll::Ready(Ok(())) if buffer.filled().len() > before => {
                this.note_read();
                Poll::Ready(Ok(()))
            }
            Poll::Pending => this.poll_silence(context),
            ready => ready,
        }
    }
}

impl<C: AsyncWrite + Unpin> AsyncWrite for Patience<C> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.connection).poll_write(context, bytes);
        this.note_write(written, context)
    }

    /// Without it, every answer would be copied into one buffer that a kept connection keeps.
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.connection).poll_write_vectored(context, parts);
        this.note_write(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.connection.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().connection).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().connection).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    const LIMITS: Limits = Limits {
        headers: Duration::from_secs(10),
        idle: Duration::from_secs(330),
        write: Duration::from_secs(30),
    };

    fn pair() -> (DuplexStream, Patience<DuplexStream>, Serving) {
        let (client, server) = duplex(64);
        let serving = Serving::default();
        (client, Patience::new(server, LIMITS, Arc::clone(&serving)), serving)
    }

    /// Reads until the connection's patience ends, and says how long that took.
    async fn read_out(server: &mut Patience<DuplexStream>) -> (io::ErrorKind, u64) {
        let started = Instant::now();
        loop {
            match server.read(&mut [0; 8]).await {
                Ok(0) => return (io::ErrorKind::UnexpectedEof, started.elapsed().as_secs()),
                Ok(_) => {}
                Err(error) => return (error.kind(), started.elapsed().as_secs()),
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_trickles_in_is_cut_off() {
        let (mut client, mut server, _serving) = pair();
        let trickle = tokio::spawn(async move {
            while client.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        });
        assert_eq!(read_out(&mut server).await, (io::ErrorKind::TimedOut, 10));
        drop(server);
        trickle.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_never_asks_is_ended_soon() {
        let (_client, mut server, _serving) = pair();
        assert_eq!(read_out(&mut server).await, (io::ErrorKind::TimedOut, 10));
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_connection_is_kept_between_scrapes_and_then_ended() {
        let (mut client, mut server, serving) = pair();
        for _ in 0..3 {
            client.write_all(b"request").await.unwrap();
            server.read_exact(&mut [0; 7]).await.unwrap();
            // The answer takes its time; the client rightly sends nothing meanwhile.
            serving.store(true, Ordering::Relaxed);
            let silent = tokio::time::timeout(Duration::from_secs(1000), server.read(&mut [0; 8])).await;
            assert!(silent.is_err());
            server.write_all(b"answer").await.unwrap();
            serving.store(false, Ordering::Relaxed);
            client.read_exact(&mut [0; 6]).await.unwrap();
            let next = tokio::time::timeout(Duration::from_secs(300), server.read(&mut [0; 8])).await;
            assert!(next.is_err(), "300 s between scrapes is less than the limit");
        }
        assert_eq!(read_out(&mut server).await, (io::ErrorKind::TimedOut, 30));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_nothing_is_cut_off() {
        let (_client, mut server, _serving) = pair();
        let started = Instant::now();
        let error = server.write_all(&[0; 1000]).await.unwrap_err();
        assert_eq!(
            (error.kind(), started.elapsed().as_secs()),
            (io::ErrorKind::TimedOut, 30)
        );
    }
    #[tokio::test(start_paused = true)]
    async fn parts_of_an_answer_go_out_together_and_a_client_that_takes_none_is_cut_off() {
        let (mut client, mut server, _serving) = pair();
        assert!(server.is_write_vectored());
        let parts = [b"head".as_slice(), b"body"].map(IoSlice::new);
        assert_eq!(server.write_vectored(&parts).await.unwrap(), 8);
        let mut taken = [0; 8];
        client.read_exact(&mut taken).await.unwrap();
        assert_eq!(&taken, b"headbody");

        server.write_all(&[0; 64]).await.unwrap();
        let started = Instant::now();
        let error = server.write_vectored(&parts).await.unwrap_err();
        assert_eq!(
            (error.kind(), started.elapsed().as_secs()),
            (io::ErrorKind::TimedOut, 30)
        );
    }
}
