//! What probes are made of: the least that speaks HTTP, HTTPS, TCP and DNS.

use std::{io, net::Ipv4Addr, sync::Arc};

use anyhow::{Context, Result};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpSocket, TcpStream, UdpSocket},
};
use tokio_rustls::TlsAcceptor;

use super::probe_kinds::Ports;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nok\n";

/// No probe's request is longer.
const LONGEST_REQUEST: usize = 4096;

/// A probe of TCP is over once the kernel has answered for us, so many can come before one is taken.
const BACKLOG: u32 = 4096;

/// A certificate for a name, and the authority behind it.
pub(super) struct Identity {
    /// The authority's certificate, in PEM.
    pub(super) authority: String,
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

impl Identity {
    /// # Errors
    /// There is no randomness.
    pub(super) fn make(name: &str) -> Result<Self> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority_key = KeyPair::generate().context("making a key")?;
        let authority = params.self_signed(&authority_key)?;
        let key = KeyPair::generate().context("making a key")?;
        let certificate = CertificateParams::new(vec![name.to_owned()])?
            .signed_by(&key, &Issuer::from_params(&params, &authority_key))
            .context("making a certificate")?;
        Ok(Self {
            authority: authority.pem(),
            certificate: certificate.into(),
            key: PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        })
    }

    fn acceptor(&self) -> Result<TlsAcceptor> {
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![self.certificate.clone()], self.key.clone_key())?;
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

/// Starts all of them; they serve as long as the runtime runs.
///
/// # Errors
/// There is no port, or the certificate cannot be used.
pub(super) async fn start(identity: &Identity) -> Result<Ports> {
    let acceptor = identity.acceptor()?;
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .context("finding a port")?;
    let dns = socket.local_addr()?.port();
    tokio::spawn(serve_dns(socket));
    Ok(Ports {
        http: listen(serve_http).await?,
        https: listen(move |stream| {
            let acceptor = acceptor.clone();
            async move { serve_http(acceptor.accept(stream).await?).await }
        })
        .await?,
        tcp: listen(until_the_end).await?,
        dns,
    })
}

/// On all addresses of this host, for each of 127.0.0.0/8 is a target; but nobody else is served.
async fn listen<F>(serve: impl Fn(TcpStream) -> F + Send + 'static) -> Result<u16>
where
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    let socket = TcpSocket::new_v4().context("making a socket")?;
    socket
        .bind((Ipv4Addr::UNSPECIFIED, 0).into())
        .context("finding a port")?;
    let listener = socket.listen(BACKLOG).context("listening")?;
    let port = listener.local_addr()?.port();
    tokio::spawn(async move {
        loop {
            if let Ok((stream, from)) = listener.accept().await
                && from.ip().is_loopback()
            {
                tokio::spawn(serve(stream));
            }
        }
    });
    Ok(port)
}

/// Answers each request, until the other side goes.
async fn serve_http(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
    let mut request = Vec::with_capacity(LONGEST_REQUEST);
    while request.len() < LONGEST_REQUEST && stream.read_buf(&mut request).await? > 0 {
        if request.ends_with(b"\r\n\r\n") {
            stream.write_all(ANSWER).await?;
            stream.flush().await?;
            request.clear();
        }
    }
    Ok(())
}

async fn until_the_end(mut stream: TcpStream) -> io::Result<()> {
    let mut buffer = [0; 64];
    while stream.read(&mut buffer).await? > 0 {}
    Ok(())
}

async fn serve_dns(socket: UdpSocket) -> io::Result<()> {
    let mut buffer = [0; 512];
    loop {
        // An answer that found nobody any more comes back as an error.
        let Ok((length, from)) = socket.recv_from(&mut buffer).await else {
            continue;
        };
        if let Some(answer) = buffer.get(..length).and_then(dns_answer) {
            socket.send_to(&answer, from).await.ok();
        }
    }
}

/// 127.0.0.1, to any question.
fn dns_answer(question: &[u8]) -> Option<Vec<u8>> {
    let (head, rest) = question.split_at_checked(12)?;
    // The name's labels end with an empty one; type and class follow. What the asker added (EDNS) is left out.
    let mut end = 0;
    while let Some(length) = rest.get(end).filter(|length| **length > 0) {
        end += usize::from(*length) + 1;
    }
    let question = rest.get(..end + 5)?;
    let flags_and_counts = [0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0];
    let record = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 1];
    Some([head.get(..2)?, &flags_and_counts, question, &record].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_answered_with_its_own_id_and_name() {
        let question =
            b"\x12\x34\x01\x00\0\x01\0\0\0\0\0\x01\x05bench\x04test\0\0\x01\0\x01\0\0\x29\x04\xd0\0\0\0\0\0\0";
        let expected =
            b"\x12\x34\x81\x80\0\x01\0\x01\0\0\0\0\x05bench\x04test\0\0\x01\0\x01\xc0\x0c\0\x01\0\x01\0\0\0\x3c\0\x04\x7f\0\0\x01";
        assert_eq!(dns_answer(question).as_deref(), Some(&expected[..]));
        for length in 0..28 {
            assert_eq!(dns_answer(&question[..length]), None, "{length}");
        }
    }

    #[tokio::test]
    async fn every_request_of_a_connection_is_answered() {
        let port = listen(serve_http).await.unwrap();
        let mut stream = TcpStream::connect((Ipv4Addr::new(127, 4, 5, 6), port)).await.unwrap();
        let mut answer = [0; ANSWER.len()];
        for _ in 0..2 {
            stream.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
            stream.write_all(b"Host: x\r\n\r\n").await.unwrap();
            stream.read_exact(&mut answer).await.unwrap();
            assert_eq!(answer, ANSWER);
        }
    }
}
