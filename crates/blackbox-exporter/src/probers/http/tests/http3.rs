//! HTTP/3, as far as its servers are different from others.

use std::io::Write as _;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use h3::error::Code;
use hyper::header::{self, HeaderValue};
use hyper::{Request, Response, StatusCode};
use quinn::crypto::rustls::QuicServerConfig;
use quinn::{Endpoint, Incoming, ServerConfig};
use rustls::pki_types::PrivatePkcs8KeyDer;

use super::{Outcome, ask, ask_within, on_a_worker};
use crate::failure::{Reason, Step};

type Stream = h3::server::RequestStream<h3_quinn::BidiStream<Bytes>, Bytes>;

/// A server whose certificate is for `localhost`; and that certificate, as a file.
struct Http3Server {
    address: SocketAddr,
    certificate: tempfile::NamedTempFile,
    _endpoint: Endpoint,
}

impl Http3Server {
    /// Answers every request in this way, until it is dropped.
    async fn start(act: impl AsyncFn(Request<()>, Stream) + Copy + 'static) -> Self {
        let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let mut certificate = tempfile::NamedTempFile::new().expect("a file");
        certificate
            .write_all(pair.cert.pem().as_bytes())
            .expect("it is written");
        let key = PrivatePkcs8KeyDer::from(pair.signing_key.serialize_der());
        let mut tls = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .expect("a version")
            .with_no_client_auth()
            .with_single_cert(vec![pair.cert.der().clone()], key.into())
            .expect("they fit");
        tls.alpn_protocols = vec![b"h3".to_vec()];
        let config = QuicServerConfig::try_from(tls).expect("TLS 1.3");
        let config = ServerConfig::with_crypto(Arc::new(config));
        let endpoint = Endpoint::server(config, SocketAddr::from(([127, 0, 0, 1], 0))).expect("a port");
        let accepting = endpoint.clone();
        drop(tokio::task::spawn_local(async move {
            while let Some(incoming) = accepting.accept().await {
                drop(tokio::task::spawn_local(serve(incoming, act)));
            }
        }));
        Self {
            address: endpoint.local_addr().expect("an address"),
            certificate,
            _endpoint: endpoint,
        }
    }

    async fn ask(&self, keys: &str) -> Outcome {
        let trust = format!(
            "tls_config: {{ca_file: {}, server_name: localhost}}",
            self.certificate.path().display()
        );
        ask_http3(&keys.replace("TRUST", &trust), self.address).await
    }
}

async fn ask_http3(keys: &str, address: SocketAddr) -> Outcome {
    let keys = format!("enable_http3: true, enable_http2: false, {keys}");
    ask(&keys, &format!("https://{address}/path?query")).await
}

async fn serve(incoming: Incoming, act: impl AsyncFn(Request<()>, Stream)) {
    // A client that does not trust us goes away.
    let Ok(connection) = incoming.await else { return };
    let mut connection = h3::server::Connection::new(h3_quinn::Connection::new(connection))
        .await
        .expect("HTTP/3");
    while let Ok(Some(resolver)) = connection.accept().await {
        let (request, stream) = resolver.resolve_request().await.expect("a request");
        act(request, stream).await;
    }
}

/// 200 with the request's line and body as the body.
async fn echo(request: Request<()>, mut stream: Stream) {
    let mut body = String::new();
    while let Some(data) = stream.recv_data().await.expect("a body") {
        body.push_str(std::str::from_utf8(bytes::Buf::chunk(&data)).expect("text"));
    }
    let text = format!("{} {} {body}", request.method(), request.uri());
    stream.send_response(Response::new(())).await.expect("a head");
    stream.send_data(Bytes::from(text)).await.expect("a body");
    stream.finish().await.expect("an end");
}

#[test]
fn requests_and_answers_are_as_over_other_versions() {
    on_a_worker(async {
        let server = Http3Server::start(echo).await;
        let expected = format!("^POST https://{}/path.query hello$", server.address);
        let keys = format!(
            "TRUST, method: POST, body: hello, valid_http_versions: [HTTP/3.0], fail_if_not_ssl: true, \
             fail_if_body_not_matches_regexp: ['{expected}']"
        );
        let outcome = server.ask(&keys).await;
        assert_eq!(outcome.failure, None, "{}", outcome.text);
        assert_eq!(outcome.metric("probe_http_version"), 3.0);
        assert_eq!(outcome.metric("probe_http_ssl"), 1.0);
        let length = expected.len() - "^$".len();
        assert_eq!(outcome.facts(), [200.0, -1.0, length as f64, 0.0, 0.0]);
        assert_eq!(outcome.metric("probe_tls_version_info{version=\"TLS 1.3\"}"), 1.0);
    });
}

#[test]
fn a_certificate_that_is_not_trusted_is_told_with_its_facts() {
    on_a_worker(async {
        let server = Http3Server::start(echo).await;
        let outcome = ask_http3("tls_config: {server_name: localhost}", server.address).await;
        assert_eq!(outcome.failure, Some((Step::Tls, Reason::CertificateUntrusted)));
        assert!(outcome.metric("probe_ssl_earliest_cert_expiry") > 0.0);
    });
}

#[test]
fn a_request_that_is_refused_and_a_status_have_their_reasons() {
    on_a_worker(async {
        let refused = async |_: Request<()>, mut stream: Stream| stream.stop_stream(Code::H3_REQUEST_REJECTED);
        let refused = Http3Server::start(refused).await.ask("TRUST").await;
        assert_eq!(
            refused.failure,
            Some((Step::Receive, Reason::ConnectionReset)),
            "{}",
            refused.text
        );
        let missing = async |_: Request<()>, mut stream: Stream| {
            let mut head = Response::new(());
            *head.status_mut() = StatusCode::NOT_FOUND;
            stream.send_response(head).await.expect("a head");
            stream.finish().await.expect("an end");
        };
        let missing = Http3Server::start(missing).await.ask("TRUST").await;
        assert_eq!(
            missing.failure,
            Some((Step::Validate, Reason::Status)),
            "{}",
            missing.text
        );
    });
}

#[test]
fn nobody_there_is_a_timeout_of_the_connection() {
    on_a_worker(async {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let address = socket.local_addr().expect("an address");
        let keys = "enable_http3: true, enable_http2: false";
        let outcome = ask_within(keys, &format!("https://{address}/"), None, Duration::from_millis(300)).await;
        assert_eq!(outcome.failure, Some((Step::Connect, Reason::Timeout)));
    });
}

#[test]
fn a_target_of_plain_http_is_asked_encrypted() {
    on_a_worker(async {
        let server = Http3Server::start(echo).await;
        let keys = format!(
            "enable_http3: true, enable_http2: false, tls_config: {{ca_file: {}, server_name: localhost}}",
            server.certificate.path().display()
        );
        for target in [format!("http://{}/", server.address), server.address.to_string()] {
            let outcome = ask(&keys, &target).await;
            assert_eq!(
                (outcome.failure, outcome.metric("probe_http_ssl")),
                (None, 1.0),
                "{target}"
            );
        }
    });
}

#[test]
fn a_redirect_to_plain_http_is_not_followed() {
    on_a_worker(async {
        let elsewhere = async |_: Request<()>, mut stream: Stream| {
            let mut head = Response::new(());
            *head.status_mut() = StatusCode::FOUND;
            let location = HeaderValue::from_static("http://127.0.0.1/");
            head.headers_mut().insert(header::LOCATION, location);
            stream.send_response(head).await.expect("a head");
            stream.finish().await.expect("an end");
        };
        let outcome = Http3Server::start(elsewhere).await.ask("TRUST").await;
        assert_eq!(
            outcome.failure,
            Some((Step::Receive, Reason::Redirects)),
            "{}",
            outcome.text
        );
    });
}
