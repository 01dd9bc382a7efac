//! A redis-server of the benchmark's own that looks used: commands in its statistics, clients, keys.

use std::{
    fmt::Write as _,
    io::{BufRead, BufReader, Write},
    net::{Ipv4Addr, TcpStream},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

use super::target::{Process, free_port, pause};
use crate::program;

/// How many clients are connected.
pub(super) const CLIENTS: usize = 200;

/// How many keys are called `bench:…`.
pub(super) const KEYS: usize = 5000;

/// How many are called `many:…`, once they are added.
pub(super) const MILLION: u32 = 1_000_000;

/// From its start to its first answer.
const READY_WITHIN: Duration = Duration::from_secs(10);

/// Each stands in the statistics of the server, in those of latencies, too.
pub(super) const COMMANDS: [&str; 50] = [
    "APPEND text a",
    "BITCOUNT text",
    "BITPOS text 1",
    "COPY text copied",
    "DBSIZE",
    "DECR number",
    "DECRBY number 2",
    "ECHO a",
    "EXISTS text",
    "EXPIRE copied 1000",
    "GEOADD places 13.4 52.5 berlin",
    "GEOPOS places berlin",
    "GET text",
    "GETRANGE text 0 1",
    "GETSET text a",
    "HEXISTS hash a",
    "HGET hash a",
    "HGETALL hash",
    "HINCRBY hash count 1",
    "HKEYS hash",
    "HLEN hash",
    "HSET hash a b",
    "INCR number",
    "INCRBY number 2",
    "INCRBYFLOAT float 0.5",
    "LINDEX list 0",
    "LLEN list",
    "LPOP list",
    "LPUSH list a b c",
    "LRANGE list 0 1",
    "LTRIM list 0 10",
    "MGET text number",
    "MSET a b c d",
    "OBJECT ENCODING text",
    "PERSIST copied",
    "PFADD log a",
    "PING",
    "PTTL text",
    "PUBLISH channel a",
    "RPOP list",
    "RPUSH list a b c",
    "SADD set a b",
    "SCARD set",
    "SET text value",
    "SMEMBERS set",
    "STRLEN text",
    "TTL text",
    "TYPE text",
    "ZADD scores 1 a",
    "ZRANGE scores 0 1",
];

/// A running one. Dropping it ends it.
pub(super) struct UsedRedis {
    _clients: Vec<TcpStream>,
    _process: Process,
    _folder: TempDir,
    port: u16,
}

impl UsedRedis {
    /// Starts one, and uses it.
    ///
    /// # Errors
    /// There is no redis-server, or it does not start or refuses something.
    pub(super) fn start() -> Result<Self> {
        let program = program::redis_server(None, None)?;
        let folder = tempfile::tempdir().context("making a folder for Redis")?;
        let port = free_port()?;
        let data = folder.path().display().to_string();
        let port_text = port.to_string();
        let arguments = [
            "--bind",
            "127.0.0.1",
            "--port",
            &port_text,
            "--save",
            "",
            "--dir",
            &data,
        ];
        let process = Process::run(&[program.as_os_str()], &arguments.map(str::to_owned))?;
        use_it(port)?;
        let connected = || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).context("connecting to Redis");
        let clients = (0..CLIENTS).map(|_| connected()).collect::<Result<_>>()?;
        Ok(Self {
            _clients: clients,
            _process: process,
            _folder: folder,
            port,
        })
    }

    /// Small ones, so that they fit anywhere.
    ///
    /// # Errors
    /// It refuses.
    pub(super) fn add_a_million_keys(&self) -> Result<()> {
        let stream = until_connected(self.port)?;
        let script = format!("for key = 1, {MILLION} do redis.call('SET', 'many:' .. key, 1) end return 1");
        let command = format!("*3\r\n$4\r\nEVAL\r\n${}\r\n{script}\r\n$1\r\n0\r\n", script.len());
        (&stream).write_all(command.as_bytes()).context("adding keys")?;
        read_reply(&mut BufReader::new(stream)).context("adding keys")
    }

    /// The flag that names it.
    pub(super) fn flag(&self) -> String {
        format!("--redis.addr=redis://127.0.0.1:{}", self.port)
    }
}

fn use_it(port: u16) -> Result<()> {
    let mut commands = COMMANDS.join("\r\n") + "\r\n";
    for key in 0..KEYS {
        // Writing to a String cannot fail.
        write!(commands, "SET bench:{key} {key}\r\n").ok();
    }
    let stream = until_connected(port)?;
    let mut replies = BufReader::new(stream.try_clone().context("reading from Redis")?);
    for some in commands.split_inclusive("\r\n") {
        (&stream).write_all(some.as_bytes()).context("using Redis")?;
        read_reply(&mut replies).with_context(|| format!("using Redis: {}", some.trim()))?;
    }
    Ok(())
}

fn until_connected(port: u16) -> Result<TcpStream> {
    let end = Instant::now() + READY_WITHIN;
    loop {
        match TcpStream::connect((Ipv4Addr::LOCALHOST, port)) {
            Ok(stream) => return Ok(stream),
            Err(_) if Instant::now() < end => pause(Duration::from_millis(10)),
            Err(error) => bail!("redis-server does not listen on port {port}: {error}"),
        }
    }
}

/// Reads one reply past its end.
fn read_reply(replies: &mut impl BufRead) -> Result<()> {
    let mut missing = 1_usize;
    while missing > 0 {
        let mut line = String::new();
        ensure!(replies.read_line(&mut line)? > 0, "it hung up");
        ensure!(!line.starts_with('-'), "{}", line.trim());
        missing -= 1;
        let length = || line.get(1..).unwrap_or_default().trim().parse::<usize>();
        match (line.as_bytes().first(), length()) {
            (Some(b'*'), Ok(count)) => missing += count,
            (Some(b'$'), Ok(length)) => {
                let mut text = vec![0; length + 2];
                replies.read_exact(&mut text)?;
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_ends_where_it_ends() {
        for reply in [
            "+OK\r\n",
            ":7\r\n",
            "$-1\r\n",
            "$4\r\na\r\nb\r\n",
            "*2\r\n$1\r\na\r\n*1\r\n:1\r\n",
            "*0\r\n",
        ] {
            let text = format!("{reply}next");
            let mut rest = text.as_bytes();
            read_reply(&mut rest).unwrap();
            assert_eq!(rest, b"next", "{reply:?}");
        }
        let refused = read_reply(&mut "-ERR no\r\n".as_bytes()).unwrap_err();
        assert_eq!(refused.to_string(), "-ERR no");
        assert!(read_reply(&mut "".as_bytes()).is_err());
    }

    #[test]
    fn commands_differ() {
        let names = COMMANDS.map(|command| command.split(' ').next().unwrap());
        assert!(names.is_sorted_by(|a, b| a < b), "{names:?}");
    }
}
