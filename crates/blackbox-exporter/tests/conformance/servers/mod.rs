//! What the cases probe: servers on this host, all of them with ports of their own.

mod dns;
mod grpc;
mod http;
mod identity;
mod raw;
mod redis;
mod talk;
mod tls;

use std::collections::BTreeMap;
use std::future::Future;
use std::net::{Ipv6Addr, SocketAddr, TcpListener as StdListener};
use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::case::Need;
use redis::Redis;

/// All of them. They end when this is dropped.
pub(crate) struct Servers {
    /// What `<name>` in a case stands for.
    names: BTreeMap<String, String>,
    has: Vec<Need>,
    folder: TempDir,
    _redis: Option<Redis>,
    /// Their thread ends with it.
    _running: oneshot::Sender<()>,
}

impl Servers {
    pub(crate) fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let redis = Redis::start(folder.path());
        let mut start = Start {
            names: BTreeMap::new(),
            folder: folder.path(),
        };
        start.files();
        runtime.block_on(start.all());
        start.redis(redis.as_ref());
        let names = start.names;
        let (running, ended) = oneshot::channel::<()>();
        std::thread::spawn(move || runtime.block_on(ended).ok());
        Self {
            names,
            has: found(redis.is_some()),
            folder,
            _redis: redis,
            _running: running,
        }
    }

    /// The text with addresses and paths instead of their names.
    pub(crate) fn expand(&self, text: &str) -> String {
        let replace = |text: String, (name, value): (&String, &String)| text.replace(&format!("<{name}>"), value);
        self.names.iter().fold(text.to_owned(), replace)
    }

    pub(crate) fn has(&self, need: Need) -> bool {
        self.has.contains(&need)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

fn found(redis: bool) -> Vec<Need> {
    let mut has = Vec::new();
    if StdListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok() {
        has.push(Need::Ip6);
    }
    // Upstream as root takes a raw socket, where the system does not let everybody ping.
    if rustix::process::geteuid().is_root() {
        has.push(Need::Ping);
    }
    if redis {
        has.push(Need::Redis);
    }
    has
}

/// Servers that are being started.
struct Start<'f> {
    names: BTreeMap<String, String>,
    folder: &'f Path,
}

impl Start<'_> {
    fn name(&mut self, name: &str, value: impl ToString) {
        self.names.insert(name.to_owned(), value.to_string());
    }

    fn file(&mut self, name: &str, content: &[u8]) {
        let path = self.folder.join(name);
        std::fs::write(&path, content).unwrap();
        self.name(name, path.display());
    }

    fn files(&mut self) {
        self.file("body.txt", b"from a file");
        self.file("password.txt", b"swordfish\n");
        self.file("token.txt", b"token-of-a-file\n");
        self.name("folder", self.folder.display());
    }

    async fn all(&mut self) {
        self.http().await;
        self.tls().await;
        self.dns().await;
        self.grpc().await;
        self.raw().await;
        self.talks().await;
        let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
        self.name("nobody", nobody.local_addr().unwrap());
    }

    /// A server that treats each connection in this way, under this name.
    async fn serve<F: Future<Output = ()> + Send + 'static>(
        &mut self,
        name: &str,
        treat: impl Fn(TcpStream) -> F + Send + Sync + 'static,
    ) -> SocketAddr {
        let address = listen("127.0.0.1:0", treat).await;
        self.name(name, address);
        address
    }
}

async fn listen<F: Future<Output = ()> + Send + 'static>(
    address: &str,
    treat: impl Fn(TcpStream) -> F + Send + Sync + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind(address).await.unwrap();
    let address = listener.local_addr().unwrap();
    let treat = Arc::new(treat);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let treat = Arc::clone(&treat);
            tokio::spawn(async move { treat(stream).await });
        }
    });
    address
}
