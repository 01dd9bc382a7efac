//! Certificates of all kinds, signed by an authority that probes can trust.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, SerialNumber,
    date_time_ymd,
};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion, version};

/// A certificate with its key.
pub(super) struct Identity {
    params: CertificateParams,
    pub(super) key: KeyPair,
    pub(super) cert: Certificate,
}

/// Valid from 2020 to 2050 for localhost and 127.0.0.1.
pub(super) fn params(name: &str) -> CertificateParams {
    params_for(name, &["localhost", "127.0.0.1"])
}

pub(super) fn params_for(name: &str, alternative: &[&str]) -> CertificateParams {
    let names: Vec<String> = alternative.iter().map(ToString::to_string).collect();
    let mut params = CertificateParams::new(names).unwrap();
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CountryName, "CH");
    subject.push(DnType::OrganizationName, "Pilot, \"Light\"");
    subject.push(DnType::CommonName, name);
    params.distinguished_name = subject;
    params.serial_number = Some(SerialNumber::from_slice(&[0x0a, 0x01]));
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2050, 1, 1);
    params
}

pub(super) fn authority_params(name: &str) -> CertificateParams {
    let mut params = params_for(name, &[]);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.not_after = date_time_ymd(2040, 1, 1);
    params
}

impl Identity {
    pub(super) fn own(params: CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let cert = params.self_signed(&key).unwrap();
        Self { params, key, cert }
    }

    pub(super) fn signs(&self, params: CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let issuer = Issuer::from_params(&self.params, &self.key);
        let cert = params.signed_by(&key, &issuer).unwrap();
        Self { params, key, cert }
    }

    /// A server that shows it, and then the others.
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
        let shown = std::iter::once(self).chain(others.iter().copied());
        let chain: Vec<CertificateDer<'static>> = shown.map(|one| one.cert.der().clone()).collect();
        let key = PrivatePkcs8KeyDer::from(self.key.serialize_der());
        let mut config = builder.with_single_cert(chain, key.into()).unwrap();
        // So that both programs get the same cipher.
        config.ignore_client_order = true;
        config
    }
}
