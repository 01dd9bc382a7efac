//! `tls_config`: whom to trust, and who we are.

use serde::{Deserialize, Deserializer};

use super::block::block;
use super::load::refusal;
use super::scalar::Secret;
use super::shown::{Node, Shown};

block! {
    /// How to speak TLS to a target.
    pub(crate) struct TlsConfig finished by checked {
        /// Certificates to trust instead of the system's, as PEM.
        ca: String,
        /// Our certificate, as PEM.
        cert: String,
        /// Its key, as PEM.
        key: Secret,
        /// A file of certificates to trust instead of the system's.
        ca_file: String,
        /// A file with our certificate.
        cert_file: String,
        /// A file with its key.
        key_file: String,
        /// The name that the target's certificate must have, instead of the target's.
        server_name: String,
        /// Whether any certificate will do.
        insecure_skip_verify: bool; always,
        /// The oldest version to speak.
        min_version: Option<TlsVersion>,
        /// The newest version to speak.
        max_version: Option<TlsVersion>,
    }
}

fn checked(config: TlsConfig) -> Result<TlsConfig, &'static str> {
    let given = |inline: bool, file: &str| usize::from(inline) + usize::from(!file.is_empty());
    let ca = given(!config.ca.is_empty(), &config.ca_file);
    let cert = given(!config.cert.is_empty(), &config.cert_file);
    let key = given(!config.key.is_empty(), &config.key_file);
    match (ca, cert, key) {
        (2, ..) => Err("at most one of ca, ca_file & ca_ref must be configured"),
        (_, 2, _) => Err("at most one of cert, cert_file & cert_ref must be configured"),
        (_, _, 2) => Err("at most one of key and key_file must be configured"),
        (_, 1, 0) => Err("exactly one of key or key_file must be configured when a client certificate is configured"),
        (_, 0, 1) => Err("exactly one of cert or cert_file must be configured when a client key is configured"),
        _ => Ok(config),
    }
}

/// A version of TLS by Go's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TlsVersion {
    /// 1.0, which nobody should speak any more, and this program does not.
    Tls10,
    /// 1.1, likewise.
    Tls11,
    /// 1.2.
    Tls12,
    /// 1.3.
    Tls13,
}

const VERSIONS: [(&str, TlsVersion); 4] = [
    ("TLS10", TlsVersion::Tls10),
    ("TLS11", TlsVersion::Tls11),
    ("TLS12", TlsVersion::Tls12),
    ("TLS13", TlsVersion::Tls13),
];

impl<'de> Deserialize<'de> for TlsVersion {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let version = VERSIONS.iter().find(|(name, _)| *name == text);
        let version = version.map(|(_, version)| *version);
        version.ok_or_else(|| refusal(format!("unknown TLS version: {text}")))
    }
}

impl Shown for TlsVersion {
    fn is_unset(&self) -> bool {
        false
    }

    fn shown(&self) -> Node {
        let name = VERSIONS.iter().find(|(_, version)| version == self);
        Node::Word(name.map(|(name, _)| (*name).to_owned()).unwrap_or_default())
    }
}
