//! Client certificates: Go's five policies, and the names that a certificate must bear.

use std::net::IpAddr;
use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore, SignatureScheme};
use x509_parser::prelude::{ASN1Time, FromDer, GeneralName, X509Certificate};

/// What is asked of clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClientAuth {
    /// Nothing.
    NoClientCert,
    /// A certificate, which need not come and is not verified.
    RequestClientCert,
    /// A certificate, which is not verified.
    RequireAnyClientCert,
    /// A certificate of the CA, or none.
    VerifyClientCertIfGiven,
    /// A certificate of the CA.
    RequireAndVerifyClientCert,
}

impl ClientAuth {
    /// The names for `client_auth_type`.
    pub(super) const NAMES: [&str; 5] = [
        "NoClientCert",
        "RequestClientCert",
        "RequireAnyClientCert",
        "VerifyClientCertIfGiven",
        "RequireAndVerifyClientCert",
    ];

    /// The policy of that name; none is asked for by the empty name, and `RequireClientCert` is an old one.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "" | "NoClientCert" => Self::NoClientCert,
            "RequestClientCert" => Self::RequestClientCert,
            "RequireClientCert" | "RequireAnyClientCert" => Self::RequireAnyClientCert,
            "VerifyClientCertIfGiven" => Self::VerifyClientCertIfGiven,
            "RequireAndVerifyClientCert" => Self::RequireAndVerifyClientCert,
            _ => return None,
        })
    }

    /// Whether no connection comes about without a certificate.
    pub(super) fn requires(self) -> bool {
        matches!(self, Self::RequireAnyClientCert | Self::RequireAndVerifyClientCert)
    }

    /// Whether a certificate must be of the CA.
    pub(super) fn verifies(self) -> bool {
        matches!(self, Self::VerifyClientCertIfGiven | Self::RequireAndVerifyClientCert)
    }
}

/// Judges certificates by a policy.
#[derive(Debug)]
pub(super) struct ClientPolicy {
    required: bool,
    chain: Option<Chain>,
    allowed_sans: Option<Vec<String>>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ClientPolicy {
    /// The verifier for a policy that asks for certificates at all.
    ///
    /// # Errors
    /// When a CA certificate is none.
    pub(super) fn new(
        client_auth: ClientAuth,
        cas: Vec<CertificateDer<'static>>,
        allowed_sans: Option<Vec<String>>,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Self, String> {
        let chain = client_auth.verifies().then(|| Chain::new(cas, provider)).transpose()?;
        Ok(Self {
            required: client_auth.requires(),
            chain,
            allowed_sans,
            algorithms: provider.signature_verification_algorithms,
        })
    }
}

impl ClientCertVerifier for ClientPolicy {
    fn client_auth_mandatory(&self) -> bool {
        self.required
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.chain
            .as_ref()
            .map_or(&[], |chain| chain.verifier.root_hint_subjects())
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        if let Some(chain) = &self.chain {
            chain.verify(end_entity, intermediates, now)?;
        }
        if let Some(allowed) = &self.allowed_sans {
            bears_one_of(allowed, end_entity)?;
        }
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// The CAs that clients' certificates come from.
#[derive(Debug)]
struct Chain {
    verifier: Arc<dyn ClientCertVerifier>,
    cas: Vec<CertificateDer<'static>>,
}

impl Chain {
    fn new(cas: Vec<CertificateDer<'static>>, provider: &Arc<CryptoProvider>) -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        for ca in &cas {
            roots.add(ca.clone()).map_err(|error| error.to_string())?;
        }
        let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
        let verifier = builder.build().map_err(|error| error.to_string())?;
        Ok(Self { verifier, cas })
    }

    fn verify(
        &self,
        cert: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error> {
        // People make a client's certificate with `openssl req -x509` and name it as its own CA. Go takes that;
        // webpki alone would refuse it, for it says that it is a CA.
        if self.cas.iter().any(|ca| ca.as_ref() == cert.as_ref()) {
            return is_for_clients_now(cert, now);
        }
        self.verifier.verify_client_cert(cert, intermediates, now).map(drop)
    }
}

fn is_for_clients_now(cert: &CertificateDer<'_>, now: UnixTime) -> Result<(), Error> {
    let parsed = parse(cert)?;
    let now = i64::try_from(now.as_secs())
        .ok()
        .and_then(|secs| ASN1Time::from_timestamp(secs).ok());
    let now = now.ok_or(CertificateError::BadEncoding)?;
    if now < parsed.validity().not_before {
        return Err(CertificateError::NotValidYet.into());
    }
    if now > parsed.validity().not_after {
        return Err(CertificateError::Expired.into());
    }
    let usage = parsed.extended_key_usage().map_err(|_| CertificateError::BadEncoding)?;
    match usage {
        Some(usage) if !usage.value.any && !usage.value.client_auth => Err(CertificateError::InvalidPurpose.into()),
        _ => Ok(()),
    }
}

fn bears_one_of(allowed: &[String], cert: &CertificateDer<'_>) -> Result<(), Error> {
    let parsed = parse(cert)?;
    let names = parsed
        .subject_alternative_name()
        .map_err(|_| CertificateError::BadEncoding)?;
    let mut names = names.iter().flat_map(|names| &names.value.general_names);
    if names.any(|name| san_text(name).is_some_and(|text| allowed.contains(&text))) {
        return Ok(());
    }
    Err(CertificateError::ApplicationVerificationFailure.into())
}

/// The name as one writes it in `client_allowed_sans`; `None` for kinds that cannot be allowed.
fn san_text(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(text) | GeneralName::RFC822Name(text) | GeneralName::URI(text) => Some((*text).to_owned()),
        GeneralName::IPAddress(bytes) => ip(bytes).map(|ip| ip.to_string()),
        _ => None,
    }
}

fn ip(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from).ok();
    let ip = v4.or_else(|| <[u8; 16]>::try_from(bytes).map(IpAddr::from).ok())?;
    // Go writes an IPv4 address in IPv6 clothes as IPv4.
    Some(ip.to_canonical())
}

fn parse<'c>(cert: &'c CertificateDer<'_>) -> Result<X509Certificate<'c>, Error> {
    let parsed = X509Certificate::from_der(cert).map_err(|_| CertificateError::BadEncoding)?;
    Ok(parsed.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_a_policy_of_its_own() {
        let policies = ClientAuth::NAMES.map(|name| ClientAuth::from_name(name).unwrap());
        assert_eq!(policies.map(|policy| format!("{policy:?}")), ClientAuth::NAMES);
        assert_eq!(
            ClientAuth::from_name("RequireClientCert"),
            Some(ClientAuth::RequireAnyClientCert)
        );
        assert_eq!(ClientAuth::from_name(""), Some(ClientAuth::NoClientCert));
        assert_eq!(ClientAuth::from_name("requireanyclientcert"), None);
    }

    #[test]
    fn names_are_written_as_go_writes_them() {
        let mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1];
        for (name, text) in [
            (GeneralName::DNSName("a.example"), Some("a.example")),
            (GeneralName::RFC822Name("a@example"), Some("a@example")),
            (GeneralName::URI("spiffe://a/b"), Some("spiffe://a/b")),
            (GeneralName::IPAddress(&[10, 0, 0, 1]), Some("10.0.0.1")),
            (
                GeneralName::IPAddress(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
                Some("::1"),
            ),
            (GeneralName::IPAddress(&mapped), Some("10.0.0.1")),
            (GeneralName::IPAddress(&[1, 2, 3]), None),
        ] {
            assert_eq!(san_text(&name).as_deref(), text, "{name:?}");
        }
    }

    #[test]
    fn a_certificate_that_is_none_is_refused() {
        let junk = CertificateDer::from(vec![1, 2, 3]);
        assert!(bears_one_of(&["x".to_owned()], &junk).is_err());
        assert!(is_for_clients_now(&junk, UnixTime::now()).is_err());
    }
}
