//! An endpoint of the drill's own: it answers slowly, with a certificate that ends, with many samples, or not as it should.

use std::{
    io::{self, Read, Write},
    net::{IpAddr, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, SystemTime},
};

use anyhow::{Context, Result};
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    crypto::ring,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};

use super::undo::Undo;

/// For one request, or for what comes instead of one.
const PATIENCE: Duration = Duration::from_secs(10);
/// A request's head is never longer.
const LONGEST: usize = 16 * 1024;

/// What it does.
pub(super) struct Endpoint {
    pub(super) status: &'static str,
    pub(super) body: String,
    /// Before it answers.
    pub(super) delay: Duration,
    pub(super) tls: Option<Arc<ServerConfig>>,
}

impl Endpoint {
    /// It answers 200 at once, without encryption.
    pub(super) fn plain(body: &str) -> Self {
        Self {
            status: "200 OK",
            body: body.to_owned(),
            delay: Duration::ZERO,
            tls: None,
        }
    }

    /// Serves there until it is undone; at which port.
    ///
    /// # Errors
    /// There is no port, or no thread.
    pub(super) fn serve(self, undo: &mut Undo, here: IpAddr) -> Result<SocketAddr> {
        accept(undo, here, move |stream| self.answer(stream))
    }

    fn answer(&self, stream: TcpStream) -> io::Result<()> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        match &self.tls {
            None => self.speak(stream),
            Some(config) => {
                let connection = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
                self.speak(StreamOwned::new(connection, stream))
            }
        }
    }

    fn speak(&self, mut stream: impl Read + Write) -> io::Result<()> {
        read_head(&mut stream)?;
        thread::park_timeout(self.delay);
        let length = self.body.len();
        write!(
            stream,
            "HTTP/1.1 {}\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{}",
            self.status, self.body
        )?;
        stream.flush()
    }
}

/// Lets `answer` have each connection, in a thread of its own, until it is undone; where.
///
/// # Errors
/// There is no port, or no thread.
pub(super) fn accept(
    undo: &mut Undo,
    here: IpAddr,
    answer: impl Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static,
) -> Result<SocketAddr> {
    let listener = TcpListener::bind((here, 0)).context("finding a port")?;
    let address = listener.local_addr().context("finding a port")?;
    let ended = Arc::new(AtomicBool::new(false));
    let is_over = Arc::clone(&ended);
    let answer = Arc::new(answer);
    let accept = move || {
        for stream in listener.incoming().flatten() {
            if is_over.load(Ordering::Relaxed) {
                return;
            }
            let answer = Arc::clone(&answer);
            let work = move || drop(answer(stream));
            // Without a thread the client is not answered, as by any server that has none left.
            drop(thread::Builder::new().name("answer".to_owned()).spawn(work));
        }
    };
    let thread = thread::Builder::new().name("endpoint".to_owned()).spawn(accept);
    let thread = thread.context("starting a thread")?;
    undo.by(move || {
        ended.store(true, Ordering::Relaxed);
        // Wakes it, so that it sees that.
        TcpStream::connect(address).context("ending an endpoint")?;
        thread.join().map_err(|_| anyhow::anyhow!("an endpoint has failed"))
    });
    Ok(address)
}

fn read_head(stream: &mut impl Read) -> io::Result<()> {
    let (mut head, mut piece) = (Vec::new(), [0; 1024]);
    while !head.windows(4).any(|end| end == b"\r\n\r\n") && head.len() < LONGEST {
        match stream.read(&mut piece)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => head.extend_from_slice(&piece[..read]),
        }
    }
    Ok(())
}

/// With a certificate for an address that ends so many days from now, and that nobody trusts.
///
/// # Errors
/// There is no randomness.
pub(super) fn certificate(here: IpAddr, days: i64) -> Result<Arc<ServerConfig>> {
    let mut params = CertificateParams::new(vec![here.to_string()])?;
    let (year, month, day) = date(days)?;
    params.not_after = date_time_ymd(year, month, day);
    let key = KeyPair::generate().context("making a key")?;
    let certificate = params.self_signed(&key).context("making a certificate")?;
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.into()], key)?;
    Ok(Arc::new(config))
}

/// The day so many days from now, by the calendar.
fn date(days: i64) -> Result<(i32, u8, u8)> {
    let much = Duration::from_secs(days.unsigned_abs() * 86_400);
    let now = SystemTime::now();
    let then = if days < 0 {
        now.checked_sub(much)
    } else {
        now.checked_add(much)
    };
    let text = humantime::format_rfc3339_seconds(then.context("a day that there is")?).to_string();
    let mut numbers = text.split(['-', 'T']);
    let mut next = || numbers.next().context("a date has year, month and day");
    Ok((next()?.parse()?, next()?.parse()?, next()?.parse()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    #[test]
    fn it_answers_as_it_was_told_and_is_gone_when_that_is_undone() {
        let mut undo = Undo::default();
        let address = Endpoint::plain("a 1\n").serve(&mut undo, HERE).unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\na 1\n"),
            "{answer}"
        );
        undo.now().unwrap();
        assert!(TcpStream::connect(address).is_err());
    }

    #[test]
    fn certificates_end_in_the_past_and_in_the_future() {
        assert!(certificate(HERE, -3).is_ok() && certificate(HERE, 10).is_ok());
        assert!(date(-3).unwrap() < date(0).unwrap() && date(0).unwrap() < date(400).unwrap());
    }
}
