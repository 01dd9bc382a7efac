//! Requests to services of this machine. HTTP/1.0, so that an answer ends with its connection.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// Where everything is on one machine, an answer that takes longer is none.
const PATIENCE: Duration = Duration::from_secs(10);
/// More than any answer here has.
const LONGEST: u64 = 16 * 1024 * 1024;

/// The JSON at a path.
///
/// # Errors
/// Nobody answers, or with anything but 200 and JSON.
pub(super) fn get(address: SocketAddr, path: &str) -> Result<Value> {
    let body = ask("GET", address, path, "")?;
    serde_json::from_str(&body).with_context(|| format!("parsing the answer of http://{address}{path}"))
}

/// Sends a form.
///
/// # Errors
/// Nobody answers, or it is refused.
pub(super) fn post(address: SocketAddr, path: &str, form: &str) -> Result<()> {
    ask("POST", address, path, form).map(drop)
}

fn ask(method: &str, address: SocketAddr, path: &str, body: &str) -> Result<String> {
    let url = || format!("{method} http://{address}{path}");
    let answer = exchange(method, address, path, body).with_context(url)?;
    let (head, body) = answer.split_once("\r\n\r\n").with_context(url)?;
    match head.split(' ').nth(1) {
        Some("200") => Ok(body.to_owned()),
        status => bail!("{}: status {}: {}", url(), status.unwrap_or("unknown"), body.trim()),
    }
}

fn exchange(method: &str, address: SocketAddr, path: &str, body: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nHost: {address}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )?;
    let mut answer = String::new();
    stream.take(LONGEST).read_to_string(&mut answer)?;
    Ok(answer)
}
