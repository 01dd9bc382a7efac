//! A web server that answers every scrape with the format that its path names, whatever was asked for.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use exposition::{Escaping, Format};

use crate::table::{Style, body};

/// Ends its thread when dropped.
pub(super) struct Target {
    pub(super) address: SocketAddr,
    /// The format of each scrape that was answered.
    pub(super) scrapes: Receiver<Format>,
    stopping: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Target {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let address = listener.local_addr().expect("bound");
        let stopping = Arc::new(AtomicBool::new(false));
        let (sender, scrapes) = channel();
        let stop = Arc::clone(&stopping);
        let thread = Builder::new()
            .name("target".into())
            .spawn(move || serve(&listener, &stop, &sender))
            .expect("a thread");
        Self {
            address,
            scrapes,
            stopping,
            thread: Some(thread),
        }
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        // A connection wakes the thread, which then sees that it is to stop.
        if TcpStream::connect(self.address).is_ok()
            && let Some(thread) = self.thread.take()
        {
            drop(thread.join());
        }
    }
}

/// Connections one after the other: there are four small scrapes a second.
fn serve(listener: &TcpListener, stop: &AtomicBool, scrapes: &Sender<Format>) {
    for connection in listener.incoming().flatten() {
        if stop.load(Ordering::SeqCst) {
            return;
        }
        if let Ok(Some(format)) = answer(&connection) {
            // The test may be over and hear no more.
            scrapes.send(format).unwrap_or_default();
        }
    }
}

fn answer(mut connection: &TcpStream) -> io::Result<Option<Format>> {
    connection.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut lines = BufReader::new(connection).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    let named = |format: &Format| request.split(' ').nth(1) == Some(&path(*format));
    let Some(format) = Format::ALL.into_iter().find(named) else {
        connection.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")?;
        return Ok(None);
    };
    let body = body(format, Escaping::Underscores, Style::Values);
    let content_type = format.content_type(Escaping::Underscores);
    let length = body.len();
    write!(
        connection,
        "HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    )?;
    connection.write_all(&body)?;
    Ok(Some(format))
}

/// Where a format is scraped.
pub(super) fn path(format: Format) -> String {
    format!("/{format:?}")
}
