//! A scraper that sees every byte of the conversation.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// For anything that the program is to do in time; more than the deadline of a scrape.
pub(crate) const PATIENCE: Duration = Duration::from_secs(40);

/// A request that is one of a usual scraper, or of an impatient one.
pub(crate) const SCRAPE: &str = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
pub(crate) const SCRAPE_WITHIN_3_S: &str =
    "GET /metrics HTTP/1.1\r\nHost: x\r\nX-Prometheus-Scrape-Timeout-Seconds: 3\r\n\r\n";

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The text of a scrape that went well, every line of it understood.
    pub(crate) fn metrics(&self) -> &str {
        assert_eq!(self.status, 200, "{}", self.text());
        exposition::parse::parse(&self.body).unwrap();
        self.text()
    }
}

/// A kept connection.
pub(crate) struct Connection(BufReader<TcpStream>);

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self(BufReader::new(stream)))
    }

    pub(crate) fn send(&mut self, request: &str) -> io::Result<()> {
        self.0.get_mut().write_all(request.as_bytes())
    }

    /// The answer to what was sent; an error when it is not whole.
    pub(crate) fn answer(&mut self) -> io::Result<Answer> {
        let status = self.line()?;
        let status = status.split(' ').nth(1).and_then(|status| status.parse().ok());
        let mut length = None;
        loop {
            let line = self.line()?.to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.parse().ok();
            }
        }
        let (Some(status), Some(length)) = (status, length) else {
            return Err(io::Error::other("an answer without status or length"));
        };
        let mut body = vec![0; length];
        self.0.read_exact(&mut body)?;
        Ok(Answer { status, body })
    }

    pub(crate) fn ask(&mut self, request: &str) -> io::Result<Answer> {
        self.send(request)?;
        self.answer()
    }

    pub(crate) fn stream(&self) -> &TcpStream {
        self.0.get_ref()
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        match line.strip_suffix("\r\n") {
            Some(line) => Ok(line.to_owned()),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}
