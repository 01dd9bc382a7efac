//! Certificates to trust: the system's, or those of a module.

use std::collections::HashSet;

use ring::digest::{SHA256, digest};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, TrustAnchor};

use crate::certificate::Certificate;

/// Trusted certificates, in the form that verification needs.
#[derive(Debug, Default)]
pub(super) struct Roots {
    /// Names and keys.
    pub(super) anchors: Vec<TrustAnchor<'static>>,
    /// Until when each anchor is valid, in seconds since 1970; as many as anchors.
    pub(super) ends: Vec<i64>,
    /// SHA-256 of each whole certificate, since a server's own may be among the trusted ones.
    fingerprints: HashSet<[u8; 32]>,
}

impl Roots {
    /// The system's. Errors are warnings in the log: what could be read counts.
    pub(super) fn of_the_system() -> Self {
        let found = rustls_native_certs::load_native_certs();
        for error in &found.errors {
            log::warn!("reading the system's certificates: {error}");
        }
        if found.certs.is_empty() {
            log::warn!(
                "the system has no trusted certificates: TLS targets of modules without ca_file will not be trusted"
            );
        }
        Self::of_certificates(&found.certs)
    }

    /// Those of a PEM text.
    ///
    /// # Errors
    /// When there is not one in it; as short as possible, nothing of the text is shown.
    pub(super) fn of_pem(pem: &[u8]) -> Result<Self, String> {
        let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem).filter_map(Result::ok).collect();
        let roots = Self::of_certificates(&certificates);
        if roots.anchors.is_empty() {
            return Err("there is no usable certificate in it".to_owned());
        }
        Ok(roots)
    }

    fn of_certificates(certificates: &[CertificateDer<'_>]) -> Self {
        let mut roots = Self::default();
        for der in certificates {
            roots.add(der);
        }
        roots
    }

    fn add(&mut self, der: &CertificateDer<'_>) {
        let (Ok(anchor), Some(certificate)) = (webpki::anchor_from_trusted_cert(der), Certificate::parse(der)) else {
            return;
        };
        if self.fingerprints.insert(fingerprint(der)) {
            self.anchors.push(anchor.to_owned());
            self.ends.push(certificate.not_after());
        }
    }

    /// Whether this very certificate is trusted.
    pub(super) fn contains(&self, der: &[u8]) -> bool {
        self.fingerprints.contains(&fingerprint(der))
    }
}

fn fingerprint(der: &[u8]) -> [u8; 32] {
    digest(&SHA256, der).as_ref().try_into().unwrap_or_default()
}
