//! For tests: certificates made on the spot, folders with a configuration, handshakes in memory, and the fixtures.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hyper::header::{AUTHORIZATION, HeaderMap};
use rcgen::{BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair, SanType};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ClientConfig, HandshakeKind, ProtocolVersion, RootCertStore, SupportedProtocolVersion, version};
use tempfile::TempDir;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::users;
use super::{WebConfig, WebConfigError};

/// A certificate authority.
pub(super) struct Authority {
    params: CertificateParams,
    key: KeyPair,
    cert: Certificate,
}

/// A certificate with its key.
pub(super) type Identity = (CertificateDer<'static>, PrivateKeyDer<'static>);

impl Authority {
    pub(super) fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self::of(params, KeyPair::generate().unwrap())
    }

    fn of(params: CertificateParams, key: KeyPair) -> Self {
        let cert = params.self_signed(&key).unwrap();
        Self { params, key, cert }
    }

    /// The same, some years too late.
    pub(super) fn expired(&self) -> Self {
        let key = KeyPair::try_from(self.key.serialize_der()).unwrap();
        let mut params = self.params.clone();
        params.not_after = rcgen::date_time_ymd(2001, 1, 1);
        Self::of(params, key)
    }

    pub(super) fn pem(&self) -> String {
        self.cert.pem()
    }

    /// The authority itself as someone to talk to.
    pub(super) fn own_identity(&self) -> Identity {
        (self.cert.der().clone(), private(&self.key))
    }

    fn identity(&self, params: &CertificateParams) -> (Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let issuer = Issuer::from_params(&self.params, &self.key);
        (params.signed_by(&key, &issuer).unwrap(), key)
    }

    /// Writes NAME.pem and NAME.key for a server called localhost.
    pub(super) fn write_server_identity(&self, folder: &Path, name: &str) {
        let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        let (cert, key) = self.identity(&params);
        std::fs::write(folder.join(format!("{name}.pem")), cert.pem()).unwrap();
        std::fs::write(folder.join(format!("{name}.key")), key.serialize_pem()).unwrap();
    }

    /// A client with alternative names of the kind that they look like.
    pub(super) fn client_identity(&self, names: &[&str]) -> Identity {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "client");
        params.subject_alt_names = names.iter().map(|name| san(name)).collect();
        let (cert, key) = self.identity(&params);
        (cert.der().clone(), private(&key))
    }

    /// A client that trusts this authority and has no certificate.
    pub(super) fn client(&self) -> ClientConfig {
        self.client_with(&[&version::TLS12, &version::TLS13], None)
    }

    pub(super) fn client_with(
        &self,
        versions: &[&'static SupportedProtocolVersion],
        identity: Option<Identity>,
    ) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.own_identity().0).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots);
        let mut client = match identity {
            Some((cert, key)) => builder.with_client_auth_cert(vec![cert], key).unwrap(),
            None => builder.with_no_client_auth(),
        };
        client.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        client
    }
}

fn private(key: &KeyPair) -> PrivateKeyDer<'static> {
    PrivatePkcs8KeyDer::from(key.serialize_der()).into()
}

fn san(name: &str) -> SanType {
    if let Ok(ip) = name.parse() {
        return SanType::IpAddress(ip);
    }
    let text = name.try_into().unwrap();
    if name.contains("://") {
        SanType::URI(text)
    } else if name.contains('@') {
        SanType::Rfc822Name(text)
    } else {
        SanType::DnsName(text)
    }
}

/// What came of a handshake.
#[derive(Debug)]
pub(super) struct Handshake {
    pub(super) version: ProtocolVersion,
    pub(super) protocol: Option<Vec<u8>>,
    pub(super) server_cert: CertificateDer<'static>,
    pub(super) resumed: bool,
}

/// Connects in memory, and exchanges a byte each way so that tickets, if there were any, would arrive.
pub(super) async fn handshake(config: &WebConfig, client: ClientConfig) -> Result<Handshake, String> {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let settings = config
        .tls()
        .await
        .map_err(|error: Arc<WebConfigError>| error.to_string())?;
    let (near, far) = tokio::io::duplex(64 * 1024);
    let serve = async {
        let mut stream = TlsAcceptor::from(settings).accept(near).await?;
        stream.write_all(b"x").await?;
        stream.flush().await?;
        stream.read_u8().await
    };
    let connect = async {
        let connector = TlsConnector::from(Arc::new(client));
        let mut stream = connector.connect("localhost".try_into().unwrap(), far).await?;
        stream.read_u8().await?;
        stream.write_all(b"x").await?;
        stream.flush().await?;
        let tls = stream.get_ref().1;
        std::io::Result::Ok(Handshake {
            version: tls.protocol_version().unwrap(),
            protocol: tls.alpn_protocol().map(<[u8]>::to_vec),
            server_cert: tls.peer_certificates().unwrap()[0].clone().into_owned(),
            resumed: tls.handshake_kind() == Some(HandshakeKind::Resumed),
        })
    };
    let (served, connected) = tokio::join!(serve, connect);
    served.map_err(|error| error.to_string())?;
    connected.map_err(|error| error.to_string())
}

/// A folder with a web.yml.
pub(super) struct Folder(TempDir);

impl Folder {
    pub(super) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(super) fn file(&self) -> PathBuf {
        self.path().join("web.yml")
    }

    pub(super) fn write(&self, text: &str) {
        std::fs::write(self.file(), text).unwrap();
    }

    pub(super) fn remove(&self) {
        std::fs::remove_file(self.file()).unwrap();
    }

    /// Opens the configuration so that every question leads to a look.
    pub(super) fn open(&self, text: &str) -> WebConfig {
        self.write(text);
        WebConfig::open_with(&self.file(), Duration::ZERO, users::verify).unwrap()
    }
}

/// Text as the inside of a YAML block that is nested once.
pub(super) fn indented(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(|line| format!("    {line}")).collect();
    lines.join("\n")
}

/// Headers with credentials.
pub(super) fn basic(user: &str, password: &str) -> HeaderMap {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let text = format!("{user}:{password}");
    let mut encoded = "Basic ".to_owned();
    for group in text.as_bytes().chunks(3) {
        let bits = group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for place in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * place) & 63) as usize];
            encoded.push(if place <= group.len() { digit.into() } else { '=' });
        }
    }
    HeaderMap::from_iter([(AUTHORIZATION, encoded.parse().unwrap())])
}

/// The name and text of every fixture.
pub(super) fn fixtures() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/web-config");
    let files = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    let yaml = files.filter(|file| file.path().extension().is_some_and(|extension| extension == "yml"));
    yaml.map(|file| {
        let name = file.file_name().into_string().unwrap();
        (name, std::fs::read_to_string(file.path()).unwrap())
    })
    .collect()
}

/// What a fixture's first line says that the error contains.
pub(super) fn expected_error(text: &str) -> Option<&str> {
    text.lines().next()?.strip_prefix("# error: ")
}
