//! Keeps what the other side shows, and only then says whether it will do.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};

use super::chains::{self, Distrust, Presented};
use super::roots::Roots;
use crate::failure::Reason;

/// What one handshake showed.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// The certificates, as they came.
    pub(super) chain: Vec<Vec<u8>>,
    /// The end of the verified chain that ends last.
    pub(super) last_chain_expiry: Option<i64>,
    /// Why they were not accepted.
    pub(super) distrust: Option<Distrust>,
}

/// The verifier of one handshake.
#[derive(Debug)]
pub(super) struct Verifier {
    /// Whom to trust; `None`: everyone.
    pub(super) roots: Option<Arc<Roots>>,
    /// How to verify signatures.
    pub(super) provider: Arc<CryptoProvider>,
    /// What was seen.
    pub(super) seen: Mutex<Seen>,
}

impl Verifier {
    /// What was seen so far.
    pub(super) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let sent = std::iter::once(end_entity).chain(intermediates);
        self.seen().chain = sent.map(|certificate| certificate.to_vec()).collect();
        let Some(roots) = &self.roots else {
            return Ok(ServerCertVerified::assertion());
        };
        let presented = Presented {
            leaf: end_entity,
            others: intermediates,
            name: server_name,
            now,
        };
        match chains::verify(&presented, roots, self.provider.signature_verification_algorithms.all) {
            Ok(expiry) => {
                self.seen().last_chain_expiry = Some(expiry);
                Ok(ServerCertVerified::assertion())
            }
            Err(distrust) => {
                // The other side hears of it in an alert, which this chooses.
                let error = alert(distrust.reason);
                self.seen().distrust = Some(distrust);
                Err(Error::InvalidCertificate(error))
            }
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn alert(reason: Reason) -> CertificateError {
    match reason {
        Reason::CertificateExpired => CertificateError::Expired,
        Reason::CertificateNotYetValid => CertificateError::NotValidYet,
        Reason::CertificateName => CertificateError::NotValidForName,
        Reason::CertificateUntrusted => CertificateError::UnknownIssuer,
        _ => CertificateError::BadEncoding,
    }
}
