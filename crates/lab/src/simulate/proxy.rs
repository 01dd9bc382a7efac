//! A way to Redis that breaks in the middle of its answers.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    thread,
    time::Duration,
};

use anyhow::Result;

use super::{server::accept, undo::Undo};

const PATIENCE: Duration = Duration::from_secs(10);

/// Listens beside Redis until it is undone; where. Each connection breaks after the first long answer.
///
/// # Errors
/// There is no port, or no thread.
pub(super) fn breaking(undo: &mut Undo, redis: SocketAddr) -> Result<SocketAddr> {
    accept(undo, redis.ip(), move |client| pass(client, redis))
}

fn pass(mut client: TcpStream, redis: SocketAddr) -> io::Result<()> {
    let server = TcpStream::connect_timeout(&redis, PATIENCE)?;
    for stream in [&client, &server] {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
    }
    let (mut questions, mut to) = (client.try_clone()?, server.try_clone()?);
    // Ends with the connection.
    let ask = move || drop(io::copy(&mut questions, &mut to));
    drop(thread::Builder::new().name("questions".to_owned()).spawn(ask)?);
    let passed = pass_one(&mut BufReader::new(&server), &mut client);
    server.shutdown(Shutdown::Both)?;
    client.shutdown(Shutdown::Both)?;
    passed
}

/// Answers of one line, and the first that has a length: `$5\r\nhello\r\n`.
fn pass_one(answers: &mut impl BufRead, client: &mut impl Write) -> io::Result<()> {
    loop {
        let mut line = Vec::new();
        if answers.read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        client.write_all(&line)?;
        let text = String::from_utf8_lossy(&line);
        let length: Option<u64> = text.strip_prefix('$').and_then(|rest| rest.trim_end().parse().ok());
        if let Some(length) = length {
            io::copy(&mut answers.take(length.saturating_add(2)), client)?;
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_ends_after_the_first_long_answer() {
        for (answers, passed) in [
            (
                &b"+OK\r\n$5\r\nhello\r\n*1\r\n:2\r\n"[..],
                &b"+OK\r\n$5\r\nhello\r\n"[..],
            ),
            (b"+OK\r\n", b"+OK\r\n"),
            (b"$5\r\nhel", b"$5\r\nhel"),
        ] {
            let mut to = Vec::new();
            pass_one(&mut &answers[..], &mut to).unwrap();
            assert_eq!(to, passed);
        }
    }
}
