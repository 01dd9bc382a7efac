//! The few requests of Docker's API, over its socket. HTTP/1.0, so that an answer ends with its connection.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// Longer than Docker takes for anything that is asked here, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(60);

/// A client of one socket.
#[derive(Debug)]
pub struct Api {
    pub(crate) socket: PathBuf,
}

impl Api {
    /// Of the daemon that listens here.
    pub fn at(socket: &Path) -> Self {
        Self {
            socket: socket.to_owned(),
        }
    }

    /// A question.
    ///
    /// # Errors
    /// Nobody answers, or Docker refuses and says why. The same holds for all requests.
    pub fn get(&self, path: &str) -> Result<Value> {
        self.ask("GET", path, "", &[])
    }

    /// Something to be done that needs no telling. A body that Docker does not read would reset the connection.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn order(&self, path: &str) -> Result<Value> {
        self.ask("POST", path, "", &[])
    }

    /// Something to be done.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.ask("POST", path, "application/json", body.to_string().as_bytes())
    }

    /// Something to be done with bytes.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn send(&self, path: &str, content: &str, body: &[u8]) -> Result<Value> {
        self.ask("POST", path, content, body)
    }

    /// Something to be removed.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn delete(&self, path: &str) -> Result<Value> {
        self.ask("DELETE", path, "", &[])
    }

    fn ask(&self, method: &str, path: &str, content: &str, body: &[u8]) -> Result<Value> {
        let answer = exchange(&self.socket, method, path, content, body).with_context(|| format!("{method} {path}"))?;
        let (head, body) = split(&answer).with_context(|| format!("{method} {path}: no HTTP answer"))?;
        let status: u16 = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
        if !(200..400).contains(&status) {
            bail!("{method} {path}: {status} {}", String::from_utf8_lossy(body).trim());
        }
        // Some answers are empty, or several values one after another.
        Ok(serde_json::from_slice(body).unwrap_or_default())
    }
}

fn exchange(socket: &Path, method: &str, path: &str, content: &str, body: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nHost: docker\r\nContent-Type: {content}\r\nContent-Length: {length}\r\n\r\n"
    )?;
    stream.write_all(body)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(answer)
}

fn split(answer: &[u8]) -> Option<(&str, &[u8])> {
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    Some((std::str::from_utf8(answer.get(..end)?).ok()?, answer.get(end + 4..)?))
}
