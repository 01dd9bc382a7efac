//! TLS towards targets: whom to trust, and who we are.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::failure::Failure;

/// What the flags say of TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TlsFiles {
    /// Certificates to trust; the system's where there is none.
    pub(crate) ca: Option<PathBuf>,
    /// Our certificate and its key.
    pub(crate) identity: Option<(PathBuf, PathBuf)>,
    /// Trust everybody.
    pub(crate) skip_verification: bool,
}

/// The settings for TLS, made when they are first needed and again when a file has changed.
pub(crate) struct ClientTls {
    files: TlsFiles,
    made: Mutex<Option<(Stamps, Arc<ClientConfig>)>>,
}

/// Size and time of change of each file.
type Stamps = [Option<(u64, SystemTime)>; 3];

impl ClientTls {
    /// Checks the files.
    ///
    /// # Errors
    /// What is wrong with them, naming the flag.
    pub(crate) fn new(files: TlsFiles) -> Result<Self, String> {
        if files.ca.is_some() || files.identity.is_some() {
            config(&files)?;
        }
        Ok(Self {
            files,
            made: Mutex::new(None),
        })
    }

    /// Encrypts a connection.
    ///
    /// # Errors
    /// When the files are no good now, or the two do not come to terms.
    pub(super) async fn over(&self, stream: TcpStream, host: &str, port: u16) -> Result<TlsStream<TcpStream>, Failure> {
        let failure = |error: String| Failure::Tls {
            address: format!("{host}:{port}"),
            error,
        };
        let config = self.config().map_err(failure)?;
        let name = ServerName::try_from(host.to_owned()).map_err(|error| failure(error.to_string()))?;
        let connected = TlsConnector::from(config).connect(name, stream).await;
        connected.map_err(|error| failure(error.to_string()))
    }

    fn config(&self) -> Result<Arc<ClientConfig>, String> {
        let stamps = self.stamps();
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((before, config)) = &*made
            && *before == stamps
        {
            return Ok(Arc::clone(config));
        }
        let config = Arc::new(config(&self.files)?);
        *made = Some((stamps, Arc::clone(&config)));
        Ok(config)
    }

    fn stamps(&self) -> Stamps {
        let identity = self.files.identity.as_ref();
        [
            self.files.ca.as_deref(),
            identity.map(|(certificate, _)| certificate.as_path()),
            identity.map(|(_, key)| key.as_path()),
        ]
        .map(|path| {
            let file = std::fs::metadata(path?).ok()?;
            Some((file.len(), file.modified().ok()?))
        })
    }
}

fn config(files: &TlsFiles) -> Result<ClientConfig, String> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let builder = if files.skip_verification {
        builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Anybody(provider)))
    } else {
        builder.with_root_certificates(roots(files.ca.as_deref())?)
    };
    match &files.identity {
        None => Ok(builder.with_no_client_auth()),
        Some((certificate, key)) => {
            let certificates = certificates("tls-client-cert-file", certificate)?;
            let wrong = |error: &dyn std::fmt::Display| format!("--tls-client-key-file: {}: {error}", key.display());
            let key = PrivateKeyDer::from_pem_file(key).map_err(|error| wrong(&error))?;
            let made = builder.with_client_auth_cert(certificates, key);
            made.map_err(|error| format!("--tls-client-cert-file and --tls-client-key-file: {error}"))
        }
    }
}

fn roots(ca: Option<&Path>) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    let trusted = match ca {
        Some(path) => certificates("tls-ca-cert-file", path)?,
        None => rustls_native_certs::load_native_certs().certs,
    };
    let (added, _) = roots.add_parsable_certificates(trusted);
    match (added, ca) {
        (0, Some(path)) => Err(format!(
            "--tls-ca-cert-file: {}: no usable certificate in it",
            path.display()
        )),
        (0, None) => Err("the system has no trusted certificates".to_owned()),
        _ => Ok(roots),
    }
}

fn certificates(flag: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let wrong = |error: &dyn std::fmt::Display| format!("--{flag}: {}: {error}", path.display());
    let found = CertificateDer::pem_file_iter(path).map_err(|error| wrong(&error))?;
    found.collect::<Result<_, _>>().map_err(|error| wrong(&error))
}

/// Takes everybody for who they say they are.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
