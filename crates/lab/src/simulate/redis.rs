//! A client of Redis that knows as much as drills need.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

const PATIENCE: Duration = Duration::from_secs(10);
/// For what Redis does in the background.
const DONE_WITHIN: Duration = Duration::from_secs(30);

/// A connection.
pub(super) struct Redis {
    stream: BufReader<TcpStream>,
}

impl Redis {
    /// # Errors
    /// Nobody listens.
    pub(super) fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)
            .and_then(|stream| {
                stream.set_read_timeout(Some(PATIENCE))?;
                stream.set_write_timeout(Some(PATIENCE))?;
                Ok(stream)
            })
            .with_context(|| format!("asking Redis at {address}"))?;
        Ok(Self {
            stream: BufReader::new(stream),
        })
    }

    /// Sends a command and waits for its answer: a text, or several lines.
    ///
    /// # Errors
    /// Redis refuses, and says why.
    pub(super) fn ask(&mut self, words: &[&str]) -> Result<String> {
        let name = words.first().copied().unwrap_or_default();
        self.send(words)
            .and_then(|()| self.answer())
            .with_context(|| format!("asking Redis {name}"))
    }

    /// Sends a command alone.
    ///
    /// # Errors
    /// It is gone.
    pub(super) fn send(&mut self, words: &[&str]) -> Result<()> {
        let mut request = format!("*{}\r\n", words.len());
        for word in words {
            request += &format!("${}\r\n{word}\r\n", word.len());
        }
        self.stream.get_mut().write_all(request.as_bytes()).context("sending")
    }

    fn answer(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line).context("reading")? == 0 {
            bail!("it has hung up");
        }
        let line = line.trim_end();
        let (kind, rest) = line.split_at_checked(1).context("an empty answer")?;
        match (kind, rest.parse::<i64>()) {
            ("+" | ":", _) => Ok(rest.to_owned()),
            ("$", Ok(..0)) => Ok(String::new()),
            ("$", Ok(length)) => self.bulk(length.unsigned_abs()),
            ("*", Ok(number)) => {
                let answers: Result<Vec<String>> = (0..number).map(|_| self.answer()).collect();
                Ok(answers?.join("\n"))
            }
            _ => bail!("{line}"),
        }
    }

    fn bulk(&mut self, length: u64) -> Result<String> {
        let mut bytes = Vec::new();
        let mut bulk = (&mut self.stream).take(length + 2);
        bulk.read_to_end(&mut bytes).context("reading")?;
        Ok(String::from_utf8_lossy(&bytes).trim_end_matches("\r\n").to_owned())
    }

    /// A setting.
    ///
    /// # Errors
    /// Redis refuses.
    pub(super) fn setting(&mut self, name: &str) -> Result<String> {
        let answer = self.ask(&["CONFIG", "GET", name])?;
        let value = answer.split_once('\n').map(|(_, value)| value.to_owned());
        value.with_context(|| format!("Redis has no setting {name}"))
    }

    /// A field of INFO.
    ///
    /// # Errors
    /// Redis refuses, or has none of that name.
    pub(super) fn info(&mut self, name: &str) -> Result<String> {
        let answer = self.ask(&["INFO"])?;
        let mut fields = answer.lines().filter_map(|line| line.split_once(':'));
        let field = fields.find(|(field, _)| *field == name);
        let (_, value) = field.with_context(|| format!("INFO has no {name}"))?;
        Ok(value.trim_end().to_owned())
    }

    /// Waits until a field of INFO is this.
    ///
    /// # Errors
    /// It is not in time.
    pub(super) fn until(&mut self, name: &str, value: &str) -> Result<()> {
        let deadline = Instant::now() + DONE_WITHIN;
        while self.info(name)? != value {
            if Instant::now() > deadline {
                bail!("Redis' {name} is not {value}");
            }
            std::thread::park_timeout(Duration::from_millis(50));
        }
        Ok(())
    }

    /// All that comes, thrown away, for as long as the connection holds.
    pub(super) fn swallow(&mut self) {
        let mut piece = [0; 16 * 1024];
        // Also until nothing has come for a while.
        while matches!(self.stream.read(&mut piece), Ok(1..)) {}
    }

    /// For all who have it.
    pub(super) fn hang_up(&self) {
        // It may have ended already.
        self.stream.get_ref().shutdown(Shutdown::Both).ok();
    }

    /// # Errors
    /// The system refuses.
    pub(super) fn try_clone(&self) -> Result<Self> {
        let stream = self
            .stream
            .get_ref()
            .try_clone()
            .context("opening a connection twice")?;
        Ok(Self {
            stream: BufReader::new(stream),
        })
    }
}
