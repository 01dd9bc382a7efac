//! Servers that do not behave: silent, slow, endless, rude. Those that speak HTTP wait for the request.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::Start;

/// What is done to whoever comes. No more than the first bytes of a request are read.
#[derive(Clone, Copy)]
enum Act {
    /// Takes the connection and says nothing.
    Silent,
    /// Says the first at once, and then the rest a byte a second.
    Drip(&'static str, &'static str),
    /// Says the first once, and the second again and again.
    Endless(&'static str, &'static str),
    /// Says this and closes.
    Say(&'static str),
    /// Waits for the first bytes, and breaks the connection.
    Reset,
    /// Breaks the connection in the middle of its answer.
    SayAndReset(&'static str),
}

const SERVERS: &[(&str, Act)] = &[
    ("silent", Act::Silent),
    ("reset", Act::Reset),
    ("closes", Act::Say("")),
    (
        "drip_head",
        Act::Drip("", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
    ),
    (
        "drip_body",
        Act::Drip("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n", "aaaaaaaaaaaaaaaaaaaa"),
    ),
    ("drip_line", Act::Drip("", "220 a line that takes its time\r\n")),
    (
        "drip_tls",
        Act::Drip("\x16\x03\x03", "\0\x7a\x02\0\0\x76\x03\x03aaaaaaaaaaaaaaaaa"),
    ),
    (
        "endless_head",
        Act::Endless("HTTP/1.1 200 OK\r\n", "X-Header: it goes on and on\r\n"),
    ),
    (
        "endless_body",
        Act::Endless("HTTP/1.1 200 OK\r\n\r\n", "it goes on and on, and on and on and on\n"),
    ),
    (
        "endless_line",
        Act::Endless("", "it goes on and on and on and on and on "),
    ),
    ("endless_lines", Act::Endless("", "not what is expected\n")),
    (
        "short_body",
        Act::Say("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nshort"),
    ),
    (
        "half_reset",
        Act::SayAndReset("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nshort"),
    ),
    ("no_http", Act::Say("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n")),
    ("http10", Act::Say("HTTP/1.0 200 OK\r\n\r\nold and short")),
    (
        "bad_length",
        Act::Say("HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nok"),
    ),
    ("status_only", Act::Say("HTTP/1.1 204 No Content\r\n\r\n")),
    (
        "continued",
        Act::Say("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"),
    ),
    ("ssh", Act::Say("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n")),
    ("unfinished_line", Act::Say("220 ready without an end")),
    ("bytes", Act::Say("\x01\x02ready\x03")),
];

impl Start<'_> {
    pub(super) async fn raw(&mut self) {
        for (name, act) in SERVERS {
            self.serve(name, |stream| treat(stream, *act)).await;
        }
    }
}

impl Act {
    fn speaks_http(self) -> bool {
        let starts = |text: &str| text.starts_with("HTTP/");
        match self {
            Self::Say(text) => starts(text),
            Self::Drip(first, rest) | Self::Endless(first, rest) => starts(first) || starts(rest),
            Self::Silent | Self::Reset | Self::SayAndReset(_) => false,
        }
    }
}

async fn treat(mut stream: TcpStream, act: Act) {
    if act.speaks_http() && stream.readable().await.is_err() {
        return;
    }
    let done = match act {
        Act::Silent => wait_for_its_end(&mut stream).await,
        Act::Say(text) => say(&mut stream, text).await,
        Act::Drip(first, rest) => drip(&mut stream, first, rest).await,
        Act::Endless(first, rest) => endless(&mut stream, first, &rest.repeat(200)).await,
        Act::Reset => reset_after(&mut stream, "").await,
        Act::SayAndReset(text) => reset_after(&mut stream, text).await,
    };
    // The probe may have gone.
    done.ok();
}

/// Reads until the probe is gone.
async fn wait_for_its_end(stream: &mut TcpStream) -> std::io::Result<()> {
    let mut buffer = [0; 512];
    while stream.read(&mut buffer).await? > 0 {}
    Ok(())
}

/// What was not read when a connection closes resets it, so all is read first.
async fn say(stream: &mut TcpStream, text: &str) -> std::io::Result<()> {
    stream.write_all(text.as_bytes()).await?;
    stream.shutdown().await?;
    wait_for_its_end(stream).await
}

async fn drip(stream: &mut TcpStream, first: &str, rest: &str) -> std::io::Result<()> {
    stream.write_all(first.as_bytes()).await?;
    // So that no byte comes when a probe of whole seconds ends.
    tokio::time::sleep(Duration::from_millis(500)).await;
    for byte in rest.as_bytes() {
        stream.write_all(&[*byte]).await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    Ok(())
}

async fn endless(stream: &mut TcpStream, first: &str, rest: &str) -> std::io::Result<()> {
    stream.write_all(first.as_bytes()).await?;
    loop {
        stream.write_all(rest.as_bytes()).await?;
        tokio::task::yield_now().await;
    }
}

async fn reset_after(stream: &mut TcpStream, text: &str) -> std::io::Result<()> {
    let mut first = [0; 512];
    let _some = stream.read(&mut first).await?;
    stream.write_all(text.as_bytes()).await?;
    stream.flush().await?;
    stream.set_zero_linger()
}
