//! HTTP over TLS, in both versions.

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

use super::{Outcome, Server, ask, on_a_worker, read_request, redirect};
use crate::failure::{Reason, Step};

/// A server of both versions, whose certificate is for `localhost`; and that certificate, as a file.
struct TlsServer {
    address: SocketAddr,
    certificate: tempfile::NamedTempFile,
}

impl TlsServer {
    /// Answers every request with `answer`, or over HTTP/2 with an empty 200.
    async fn start(answer: String) -> Self {
        let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let mut certificate = tempfile::NamedTempFile::new().expect("a file");
        certificate
            .write_all(pair.cert.pem().as_bytes())
            .expect("it is written");
        let key = PrivatePkcs8KeyDer::from(pair.signing_key.serialize_der());
        let mut config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![pair.cert.der().clone()], key.into())
            .expect("they fit");
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        drop(tokio::task::spawn_local(async move {
            while let Ok((stream, _)) = listener.accept().await {
                drop(tokio::task::spawn_local(serve(
                    acceptor.clone(),
                    stream,
                    answer.clone(),
                )));
            }
        }));
        Self { address, certificate }
    }

    async fn ask(&self, keys: &str) -> Outcome {
        let trust = format!(
            "tls_config: {{ca_file: {}, server_name: localhost}}",
            self.certificate.path().display()
        );
        ask(&keys.replace("TRUST", &trust), &format!("https://{}/", self.address)).await
    }
}

async fn serve(acceptor: TlsAcceptor, stream: TcpStream, answer: String) {
    // A client that does not trust us goes away.
    let Ok(mut stream) = acceptor.accept(stream).await else {
        return;
    };
    if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
        let mut connection = h2::server::handshake(stream).await.expect("a preface");
        while let Some(Ok((_, mut respond))) = connection.accept().await {
            let mut body = respond.send_response(hyper::Response::new(()), false).expect("a head");
            body.send_data(Bytes::from_static(b"hello"), true).expect("a body");
        }
        return;
    }
    drop(read_request(&mut stream).await);
    stream.write_all(answer.as_bytes()).await.expect("it is taken");
    stream.shutdown().await.expect("it is closed");
}

fn facts(outcome: &Outcome) -> [f64; 3] {
    ["probe_http_status_code", "probe_http_version", "probe_http_ssl"].map(|name| outcome.metric(name))
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

#[test]
fn tls_is_spoken_in_the_version_that_was_agreed_on() {
    let cases = [
        ("TRUST", None, [200., 2., 1.]),
        ("TRUST, enable_http2: false", None, [200., 1.1, 1.]),
        (
            "TRUST, fail_if_ssl: true",
            Some((Step::Validate, Reason::TlsUsed)),
            [200., 2., 1.],
        ),
        ("tls_config: {insecure_skip_verify: true}", None, [200., 2., 1.]),
        (
            "headers: {Host: localhost}",
            Some((Step::Tls, Reason::CertificateUntrusted)),
            [0.; 3],
        ),
        ("", Some((Step::Tls, Reason::CertificateName)), [0.; 3]),
    ];
    on_a_worker(async {
        let server = TlsServer::start(OK.to_owned()).await;
        for (keys, failure, expected) in cases {
            let outcome = server.ask(keys).await;
            assert_eq!(
                (outcome.failure, facts(&outcome)),
                (failure, expected),
                "{keys} {}",
                outcome.log
            );
            assert!(failure.is_some() || outcome.metric("probe_http_duration_seconds{phase=\"tls\"}") > 0.0);
        }
    });
}

#[test]
fn the_last_of_the_redirects_says_whether_tls_was_used() {
    on_a_worker(async {
        let plain = Server::start(|_| super::ok("")).await;
        let away = format!(
            "HTTP/1.1 302 X\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n",
            plain.url("/")
        );
        let leaving = TlsServer::start(away).await;
        let outcome = leaving
            .ask("enable_http2: false, tls_config: {insecure_skip_verify: true}")
            .await;
        assert_eq!(
            (outcome.failure, facts(&outcome)),
            (None, [200., 1.1, 0.]),
            "{}",
            outcome.log
        );
        assert!(
            !outcome
                .metrics
                .keys()
                .any(|name| name.starts_with("probe_ssl") || name.starts_with("probe_tls"))
        );
        let secure = TlsServer::start(OK.to_owned()).await.address;
        let entering = Server::start(move |_| redirect(302, &format!("https://{secure}/"))).await;
        let outcome = ask("tls_config: {insecure_skip_verify: true}", &entering.url("/")).await;
        assert_eq!(
            (outcome.failure, facts(&outcome)),
            (None, [200., 2., 1.]),
            "{}",
            outcome.log
        );
    });
}
