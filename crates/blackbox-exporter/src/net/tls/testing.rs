//! For tests: certificates of all kinds, and servers that show them.

use std::net::SocketAddr;
use std::sync::Arc;

use rcgen::{BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion, version};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// Someone who signs, and what is signed.
pub(super) struct Party {
    pub(super) params: CertificateParams,
    pub(super) key: KeyPair,
    pub(super) cert: Certificate,
}

pub(super) fn params(name: &str, alternative: &[&str]) -> CertificateParams {
    let names: Vec<String> = alternative.iter().map(ToString::to_string).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2050, 1, 1);
    params
}

pub(super) fn authority_params(name: &str, end: i32) -> CertificateParams {
    let mut params = params(name, &[]);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.not_after = date_time_ymd(end, 1, 1);
    params
}

impl Party {
    pub(super) fn own(params: CertificateParams) -> Self {
        Self::own_with(params, KeyPair::generate().unwrap())
    }

    fn own_with(params: CertificateParams, key: KeyPair) -> Self {
        let cert = params.self_signed(&key).unwrap();
        Self { params, key, cert }
    }

    pub(super) fn authority(name: &str) -> Self {
        Self::own(authority_params(name, 2060))
    }

    /// The same key and name in another certificate.
    pub(super) fn again(&self, end: i32) -> Self {
        let key = KeyPair::try_from(self.key.serialize_der()).unwrap();
        let mut params = self.params.clone();
        params.not_after = date_time_ymd(end, 1, 1);
        Self::own_with(params, key)
    }

    pub(super) fn signs(&self, params: CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let cert = params
            .signed_by(&key, &Issuer::from_params(&self.params, &self.key))
            .unwrap();
        Self { params, key, cert }
    }

    pub(super) fn server(&self, others: &[&Self]) -> ServerConfig {
        self.server_of(others, &[&version::TLS12, &version::TLS13], None)
    }

    pub(super) fn server_of(
        &self,
        others: &[&Self],
        versions: &[&'static SupportedProtocolVersion],
        clients: Option<&Self>,
    ) -> ServerConfig {
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(versions)
            .unwrap();
        let builder = match clients {
            None => builder.with_no_client_auth(),
            Some(authority) => {
                let mut roots = RootCertStore::empty();
                roots.add(authority.cert.der().clone()).unwrap();
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                builder.with_client_cert_verifier(verifier.build().unwrap())
            }
        };
        let sent = std::iter::once(self).chain(others.iter().copied());
        let chain: Vec<CertificateDer<'static>> = sent.map(|party| party.cert.der().clone()).collect();
        let key = PrivatePkcs8KeyDer::from(self.key.serialize_der());
        let mut config = builder.with_single_cert(chain, key.into()).unwrap();
        config.alpn_protocols = vec![b"h2".to_vec()];
        config
    }
}

/// Shakes hands with whoever comes, and then says hello.
pub(super) async fn serve(config: ServerConfig) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // Clients that do not like the certificate go away.
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let _gone = stream.write_all(b"hello").await;
            }
        }
    });
    address
}

/// Says these bytes to whoever comes and then nothing, or closes if there are none.
pub(super) async fn say(bytes: Option<&'static [u8]>) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut hello = [0; 5];
        stream.read_exact(&mut hello).await.unwrap();
        if let Some(bytes) = bytes {
            stream.write_all(bytes).await.unwrap();
            std::future::pending::<()>().await;
        }
    });
    address
}
