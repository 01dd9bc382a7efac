//! Questions to a runtime: HTTP over its Unix socket. Whatever the other side does, a question ends in time, and its
//! answer is no larger than allowed.

use std::fmt;
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Empty};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper::header::{HOST, HeaderMap};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// How long a whole answer may take, from connecting to its last byte.
pub(super) const DEADLINE: Duration = Duration::from_secs(10);
/// Enough for the head of an answer; hyper would take 400 KiB for each connection.
const BUFFER: usize = 32 << 10;

/// The socket of a runtime.
#[derive(Clone, Debug)]
pub(super) struct Socket {
    path: PathBuf,
}

/// What came of a question that went wrong.
#[derive(Debug)]
pub(super) struct Error {
    socket: PathBuf,
    asked: String,
    /// Why.
    pub(super) why: Why,
}

/// Why a question went wrong.
#[derive(Debug, thiserror::Error)]
pub(super) enum Why {
    /// There is no such socket.
    #[error("there is no such socket")]
    Absent,
    /// The socket is there and lets nobody in.
    #[error("connecting: {0}")]
    Refused(#[source] io::Error),
    /// The answer did not come in time, or not whole.
    #[error("no answer within {} s", DEADLINE.as_secs())]
    Late,
    /// The answer is no HTTP, or ended early.
    #[error("{0}")]
    Broken(String),
    /// The answer is a refusal.
    #[error("status {0}")]
    Status(u16),
    /// The answer is larger than allowed, in bytes.
    #[error("more than {0} bytes")]
    TooLarge(usize),
    /// The answer is not what was asked for. Says where but not what, since it may hold secrets.
    #[error("malformed answer: {0}")]
    Malformed(String),
    /// A stream that never ends has ended.
    #[error("the stream ended")]
    Ended,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "asking {} for {}: {}", self.socket.display(), self.asked, self.why)
    }
}

impl std::error::Error for Error {}

impl From<hyper::Error> for Why {
    fn from(error: hyper::Error) -> Self {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
        Self::Broken(format!("{error}{}", cause.unwrap_or_default()))
    }
}

impl From<serde_json::Error> for Why {
    // What serde says repeats the value that it did not expect, which could be a secret.
    fn from(error: serde_json::Error) -> Self {
        Self::Malformed(format!("line {} column {}", error.line(), error.column()))
    }
}

/// A whole answer.
#[derive(Debug)]
pub(super) struct Answer {
    /// Its head.
    pub(super) headers: HeaderMap,
    /// Its body.
    pub(super) body: Vec<u8>,
}

impl Socket {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Where it is.
    #[cfg(feature = "containerd")]
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// An error of a question of this socket.
    pub(super) fn error(&self, asked: &str, why: impl Into<Why>) -> Error {
        Error {
            socket: self.path.clone(),
            // Without the query, which says nothing that a person needs.
            asked: asked.split_once('?').map_or(asked, |(path, _)| path).to_owned(),
            why: why.into(),
        }
    }

    /// Asks for `path`; the body may have `limit` bytes.
    ///
    /// # Errors
    /// No connection, a late, broken or too large answer, or a status of 400 and above.
    pub(super) async fn get(&self, path: &str, limit: usize) -> Result<Answer, Error> {
        let answer = async {
            let exchange = Exchange::begin(&self.path, path).await?;
            exchange.finish(limit).await
        };
        in_time(answer).await.map_err(|why| self.error(path, why))
    }

    /// Asks for `path`, whose body is lines that come as they come. Only the head has a deadline.
    ///
    /// # Errors
    /// As `get`.
    pub(super) async fn lines(&self, path: &str) -> Result<Lines, Error> {
        let exchange = in_time(Exchange::begin(&self.path, path)).await;
        Ok(Lines {
            exchange: exchange.map_err(|why| self.error(path, why))?,
            buffer: BytesMut::new(),
            searched: 0,
            socket: self.clone(),
            asked: path.to_owned(),
        })
    }
}

/// Connects to a Unix socket.
///
/// # Errors
/// `Absent` or `Refused`.
pub(super) async fn connect(path: &Path) -> Result<TokioIo<UnixStream>, Why> {
    match UnixStream::connect(path).await {
        Ok(stream) => Ok(TokioIo::new(stream)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Why::Absent),
        Err(error) => Err(Why::Refused(error)),
    }
}

/// `Late` if it takes too long.
pub(super) async fn in_time<T>(answer: impl Future<Output = Result<T, Why>>) -> Result<T, Why> {
    timeout(DEADLINE, answer).await.unwrap_or(Err(Why::Late))
}

/// Reads a body to its end.
///
/// # Errors
/// One of more than `limit` bytes, or one that breaks off.
pub(super) async fn read(body: &mut Incoming, limit: usize) -> Result<Vec<u8>, Why> {
    let mut bytes = Vec::new();
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > limit {
        return Err(Why::TooLarge(limit));
    }
    bytes.reserve_exact(announced);
    while let Some(frame) = body.frame().await {
        let frame = frame?;
        let data = frame.data_ref().map_or(&[][..], |data| data.as_ref());
        if bytes.len() + data.len() > limit {
            return Err(Why::TooLarge(limit));
        }
        bytes.extend_from_slice(data);
    }
    Ok(bytes)
}

/// One question and its answer, on a connection of its own.
#[derive(Debug)]
struct Exchange {
    response: Response<Incoming>,
    /// Drives the connection; dropped, it ends.
    _connection: JoinSet<()>,
}

impl Exchange {
    /// Up to the head of the answer.
    async fn begin(socket: &Path, path: &str) -> Result<Self, Why> {
        let request = Request::get(path).header(HOST, "localhost").body(Empty::<Bytes>::new());
        let request = request.map_err(|error| Why::Broken(error.to_string()))?;
        let io = connect(socket).await?;
        let (mut sender, connection) = http1::Builder::new().max_buf_size(BUFFER).handshake(io).await?;
        let mut task = JoinSet::new();
        // The answer's body tells what goes wrong with its connection.
        task.spawn(async { connection.await.unwrap_or_default() });
        let response = sender.send_request(request).await?;
        match response.status().as_u16() {
            status @ 400.. => Err(Why::Status(status)),
            _ => Ok(Self {
                response,
                _connection: task,
            }),
        }
    }

    async fn finish(self, limit: usize) -> Result<Answer, Why> {
        let (head, mut body) = self.response.into_parts();
        Ok(Answer {
            headers: head.headers,
            body: read(&mut body, limit).await?,
        })
    }
}

/// An answer that comes in lines, for ever.
#[derive(Debug)]
pub(super) struct Lines {
    exchange: Exchange,
    buffer: BytesMut,
    /// How much of the buffer has no end of line.
    searched: usize,
    socket: Socket,
    asked: String,
}

impl Lines {
    /// The longest line, in bytes. Docker's events repeat the container's labels.
    const LONGEST: usize = 4 << 20;

    /// The next line. May be dropped at any time and called again: nothing is lost.
    ///
    /// # Errors
    /// The stream broke off or ended, or a line is too long.
    pub(super) async fn next(&mut self) -> Result<BytesMut, Error> {
        match self.line().await {
            Ok(line) => Ok(line),
            Err(why) => Err(self.error(why)),
        }
    }

    /// An error of this stream.
    pub(super) fn error(&self, why: impl Into<Why>) -> Error {
        self.socket.error(&self.asked, why)
    }

    async fn line(&mut self) -> Result<BytesMut, Why> {
        loop {
            let unsearched = self.buffer.get(self.searched..).unwrap_or_default();
            if let Some(end) = unsearched.iter().position(|byte| *byte == b'\n') {
                let line = self.buffer.split_to(self.searched + end + 1);
                self.searched = 0;
                return Ok(line);
            }
            self.searched = self.buffer.len();
            if self.searched > Self::LONGEST {
                return Err(Why::TooLarge(Self::LONGEST));
            }
            let frame = self.exchange.response.body_mut().frame().await.ok_or(Why::Ended)??;
            if let Some(data) = frame.data_ref() {
                self.buffer.extend_from_slice(data);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Reply, Script};
    use super::*;

    const LIMIT: usize = 1 << 20;

    async fn asked(reply: Reply) -> Result<String, String> {
        let script = Script::start();
        script.on("/x", reply);
        let answer = script.socket().get("/x?query=1", LIMIT).await;
        let answer = answer.map(|answer| String::from_utf8(answer.body).unwrap());
        answer.map_err(|error| {
            error
                .to_string()
                .replace(&script.path().display().to_string(), "SOCKET")
        })
    }

    #[tokio::test(start_paused = true)]
    async fn bodies_come_whole_or_in_chunks() {
        for reply in [Reply::ok("whole"), Reply::chunks(&["wh", "o", "le"])] {
            assert_eq!(asked(reply).await.as_deref(), Ok("whole"));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn refusals_name_socket_path_and_status() {
        for status in [400, 404, 500, 503] {
            let error = asked(Reply::status(status)).await.unwrap_err();
            assert_eq!(error, format!("asking SOCKET for /x: status {status}"));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_breaks_off_is_an_error() {
        for (reply, error) in [
            (Reply::half("ha"), "end of file before message length reached"),
            (Reply::raw("nonsense\r\n\r\n"), "invalid HTTP"),
            (Reply::raw(""), "connection closed before message completed"),
            (
                Reply::raw(&format!("HTTP/1.1 200 {}", "x".repeat(1 << 17))),
                "too large",
            ),
        ] {
            let answer = asked(reply).await.unwrap_err();
            assert!(answer.contains(error), "{answer}, not {error}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_beyond_the_limit_is_refused_whether_announced_or_not() {
        for reply in [Reply::ok(vec![b' '; LIMIT + 1]), Reply::endless(100 << 20)] {
            assert_eq!(
                asked(reply).await.unwrap_err(),
                "asking SOCKET for /x: more than 1048576 bytes"
            );
        }
        assert_eq!(asked(Reply::ok(vec![b' '; LIMIT])).await.unwrap().len(), LIMIT);
    }

    #[tokio::test(start_paused = true)]
    async fn a_hanging_or_dripping_answer_ends_at_the_deadline() {
        for reply in [Reply::hang(), Reply::drip("a byte each second")] {
            let begun = tokio::time::Instant::now();
            assert_eq!(
                asked(reply).await.unwrap_err(),
                "asking SOCKET for /x: no answer within 10 s"
            );
            assert_eq!(begun.elapsed().as_secs(), DEADLINE.as_secs());
        }
        assert_eq!(asked(Reply::drip("short")).await.as_deref(), Ok("short"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_socket_that_is_absent_and_one_where_nobody_listens_are_told_apart() {
        let mut script = Script::start();
        script.stop().await;
        let refused = script.socket().get("/x", LIMIT).await.unwrap_err();
        assert!(matches!(refused.why, Why::Refused(_)), "{refused}");
        script.remove();
        let absent = script.socket().get("/x", LIMIT).await.unwrap_err();
        assert!(matches!(absent.why, Why::Absent), "{absent}");
    }

    #[tokio::test(start_paused = true)]
    async fn lines_are_put_together_and_their_end_is_an_error() {
        let script = Script::start();
        script.on("/x", Reply::chunks(&["one\ntw", "o", "\nthr", "ee\n\nrest"]));
        let mut lines = script.socket().lines("/x").await.unwrap();
        for line in ["one\n", "two\n", "three\n", "\n"] {
            assert_eq!(lines.next().await.unwrap(), line);
        }
        assert!(matches!(lines.next().await.unwrap_err().why, Why::Ended));
    }

    #[tokio::test(start_paused = true)]
    async fn a_line_without_an_end_is_an_error() {
        let script = Script::start();
        script.on("/x", Reply::endless(100 << 20));
        let mut lines = script.socket().lines("/x").await.unwrap();
        assert!(matches!(
            lines.next().await.unwrap_err().why,
            Why::TooLarge(Lines::LONGEST)
        ));
    }

    #[tokio::test(start_paused = true)]
    async fn lines_may_be_silent_for_ever_but_their_head_must_come() {
        let script = Script::start();
        script.on("/x", Reply::stream());
        let mut lines = script.socket().lines("/x").await.unwrap();
        assert!(timeout(Duration::from_secs(1_000), lines.next()).await.is_err());
        script.say("late\n");
        assert_eq!(lines.next().await.unwrap(), "late\n");
        script.on("/x", Reply::hang());
        assert!(matches!(script.socket().lines("/x").await.unwrap_err().why, Why::Late));
    }
}
