//! A runtime of a test's own: a Unix socket that answers as scripted.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;
use tokio::task::{JoinSet, yield_now};
use tokio::time::{advance, sleep};

use super::http::Socket;

/// The server, for tests whose clock is paused. Dropped, it answers no more.
pub(super) struct Script {
    folder: tempfile::TempDir,
    plan: Arc<Mutex<Plan>>,
    tasks: JoinSet<()>,
    clock: JoinSet<()>,
}

#[derive(Default)]
struct Plan {
    replies: HashMap<String, Reply>,
    asked: Vec<String>,
    under_way: usize,
    most_under_way: usize,
    streams: Vec<mpsc::UnboundedSender<Vec<u8>>>,
}

/// What it does when asked.
#[derive(Clone)]
pub(super) struct Reply {
    status: u16,
    head: String,
    body: Body,
}

#[derive(Clone)]
enum Body {
    Whole(Vec<u8>),
    Chunks(Vec<String>),
    /// A byte each second.
    Drip(String),
    /// Breaks off after this, of which more was announced.
    Half(String),
    /// These bytes instead of HTTP.
    Raw(String),
    /// So many bytes in chunks, without announcing them.
    Endless(usize),
    Hang,
    /// What `Script::say` says.
    Stream,
}

impl Reply {
    pub(super) fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self::with(Body::Whole(body.into()))
    }

    pub(super) fn status(status: u16) -> Self {
        Self {
            status,
            ..Self::ok(r#"{"message":"no"}"#)
        }
    }

    pub(super) fn chunks(chunks: &[&str]) -> Self {
        Self::with(Body::Chunks(chunks.iter().map(|chunk| (*chunk).to_owned()).collect()))
    }

    pub(super) fn drip(body: &str) -> Self {
        Self::with(Body::Drip(body.to_owned()))
    }

    pub(super) fn half(body: &str) -> Self {
        Self::with(Body::Half(body.to_owned()))
    }

    pub(super) fn raw(bytes: &str) -> Self {
        Self::with(Body::Raw(bytes.to_owned()))
    }

    pub(super) fn endless(bytes: usize) -> Self {
        Self::with(Body::Endless(bytes))
    }

    pub(super) fn hang() -> Self {
        Self::with(Body::Hang)
    }

    pub(super) fn stream() -> Self {
        Self::with(Body::Stream)
    }

    /// With more lines of its head, each with its end.
    pub(super) fn with_head(mut self, head: &str) -> Self {
        head.clone_into(&mut self.head);
        self
    }

    fn with(body: Body) -> Self {
        Self {
            status: 200,
            head: String::new(),
            body,
        }
    }
}

impl Script {
    /// Listens. Whatever is asked is not found, until `on` says something else.
    pub(super) fn start() -> Self {
        let mut script = Self {
            folder: tempfile::tempdir().unwrap(),
            plan: Arc::default(),
            tasks: JoinSet::new(),
            clock: JoinSet::new(),
        };
        script.clock.spawn(let_time_pass());
        script.listen();
        script
    }

    /// Listens (again), after `stop`.
    pub(super) fn listen(&mut self) {
        self.remove();
        let listener = UnixListener::bind(self.path()).unwrap();
        let plan = Arc::clone(&self.plan);
        self.tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, Arc::clone(&plan)));
            }
        });
    }

    /// Breaks off all connections and listens no more.
    pub(super) async fn stop(&mut self) {
        self.tasks.shutdown().await;
        self.plan().streams.clear();
    }

    /// Takes the socket away.
    pub(super) fn remove(&self) {
        std::fs::remove_file(self.path()).unwrap_or_default();
    }

    pub(super) fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("socket")
    }

    pub(super) fn socket(&self) -> Socket {
        Socket::new(self.path())
    }

    /// How to answer this path, which has no query.
    pub(super) fn on(&self, path: &str, reply: Reply) {
        self.plan().replies.insert(path.to_owned(), reply);
    }

    /// Sends bytes to everyone who was answered with a stream.
    pub(super) fn say(&self, text: &str) {
        self.plan()
            .streams
            .retain(|stream| stream.send(text.as_bytes().to_vec()).is_ok());
    }

    /// Ends all streams.
    pub(super) fn end_streams(&self) {
        self.plan().streams.clear();
    }

    /// What has been asked since the last time, with queries.
    pub(super) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.plan().asked)
    }

    /// How often one path has been asked for since the last `asked`.
    pub(super) fn times_asked(&self, path: &str) -> usize {
        self.plan().asked.iter().filter(|asked| *asked == path).count()
    }

    /// How many questions it had at once, at most.
    pub(super) fn most_at_once(&self) -> usize {
        self.plan().most_under_way
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap()
    }
}

/// A paused clock jumps to the next deadline whenever no task can run, even while bytes are on their way through a
/// socket. This lets time pass in small steps instead, in each of which sockets have their turns.
async fn let_time_pass() {
    loop {
        for _ in 0..8 {
            yield_now().await;
        }
        advance(Duration::from_millis(50)).await;
    }
}

async fn serve(mut stream: UnixStream, plan: Arc<Mutex<Plan>>) {
    while let Some(path) = question(&mut stream).await {
        let reply = begin(&path, &plan);
        // The client may hang up whenever it likes.
        let is_whole = answer(&mut stream, reply, &plan).await.unwrap_or(false);
        plan.lock().unwrap().under_way -= 1;
        if !is_whole {
            return;
        }
    }
}

fn begin(path: &str, plan: &Mutex<Plan>) -> Reply {
    let mut plan = plan.lock().unwrap();
    plan.under_way += 1;
    plan.most_under_way = plan.most_under_way.max(plan.under_way);
    plan.asked.push(path.to_owned());
    let path = path.split('?').next().unwrap();
    plan.replies.get(path).cloned().unwrap_or_else(|| Reply::status(404))
}

/// The path that is asked for; `None` when there is no more.
async fn question(stream: &mut UnixStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap();
    assert!(
        head.contains("host: localhost"),
        "Go's servers refuse questions without: {head}"
    );
    Some(head.strip_prefix("GET ").unwrap().split(' ').next().unwrap().to_owned())
}

/// Whether more can be asked afterwards.
async fn answer(stream: &mut UnixStream, reply: Reply, plan: &Mutex<Plan>) -> std::io::Result<bool> {
    let start = format!("HTTP/1.1 {} X\r\n{}", reply.status, reply.head);
    let whole = |length: usize| format!("{start}Content-Length: {length}\r\n\r\n");
    let chunked = format!("{start}Transfer-Encoding: chunked\r\n\r\n");
    match reply.body {
        Body::Whole(body) => {
            stream.write_all(whole(body.len()).as_bytes()).await?;
            stream.write_all(&body).await?;
        }
        Body::Chunks(chunks) => {
            stream.write_all(chunked.as_bytes()).await?;
            for text in chunks {
                stream.write_all(&chunk(text.as_bytes())).await?;
            }
            stream.write_all(b"0\r\n\r\n").await?;
        }
        Body::Drip(body) => {
            stream.write_all(whole(body.len()).as_bytes()).await?;
            for byte in body.into_bytes() {
                sleep(Duration::from_secs(1)).await;
                stream.write_all(&[byte]).await?;
            }
        }
        Body::Half(body) => {
            stream.write_all(whole(body.len() * 2).as_bytes()).await?;
            stream.write_all(body.as_bytes()).await?;
            return Ok(false);
        }
        Body::Raw(text) => {
            stream.write_all(text.as_bytes()).await?;
            return Ok(false);
        }
        Body::Endless(bytes) => {
            stream.write_all(chunked.as_bytes()).await?;
            for _ in 0..bytes >> 16 {
                stream.write_all(&chunk(&[b' '; 1 << 16])).await?;
            }
            return Ok(false);
        }
        Body::Hang => sleep(Duration::from_secs(3_600)).await,
        Body::Stream => {
            let (sender, mut said) = mpsc::unbounded_channel::<Vec<u8>>();
            plan.lock().unwrap().streams.push(sender);
            stream.write_all(chunked.as_bytes()).await?;
            while let Some(bytes) = said.recv().await {
                stream.write_all(&chunk(&bytes)).await?;
            }
            stream.write_all(b"0\r\n\r\n").await?;
        }
    }
    Ok(true)
}

fn chunk(bytes: &[u8]) -> Vec<u8> {
    let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
    chunk.extend_from_slice(bytes);
    chunk.extend_from_slice(b"\r\n");
    chunk
}
