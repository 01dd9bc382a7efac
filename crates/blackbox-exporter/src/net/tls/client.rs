//! rustls' settings for a module, made once and kept until the module's files change.

use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, SupportedProtocolVersion};

use super::roots::Roots;
use super::verifier::Verifier;
use crate::config::{TlsConfig, TlsVersion};

/// More settings than these are not kept: modules are dozens, and those of configurations that are no longer in force
/// make room here.
const MOST_KEPT: usize = 256;

/// What is known about speaking TLS, for all probes.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    kept: Mutex<Vec<Kept>>,
    system: OnceLock<Arc<Roots>>,
    provider: OnceLock<Arc<CryptoProvider>>,
}

#[derive(Debug)]
struct Kept {
    config: TlsConfig,
    stamps: Stamps,
    client: Arc<Client>,
}

/// What a module's files were: size and time of change of `ca_file`, `cert_file`, `key_file`.
type Stamps = [Option<(u64, SystemTime)>; 3];

/// How to speak TLS.
#[derive(Debug)]
pub(super) struct Client {
    config: ClientConfig,
    roots: Option<Arc<Roots>>,
    provider: Arc<CryptoProvider>,
}

impl Client {
    /// Settings for one handshake that offers these protocols, and its verifier.
    pub(super) fn for_one(&self, protocols: &[&str]) -> (ClientConfig, Arc<Verifier>) {
        let verifier = Arc::new(verifier(self.roots.clone(), &self.provider));
        // The parts are shared; to copy the whole costs less than one certificate.
        let mut config = self.config.clone();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        config.dangerous().set_certificate_verifier(Arc::clone(&verifier) as _);
        (config, verifier)
    }
}

fn verifier(roots: Option<Arc<Roots>>, provider: &Arc<CryptoProvider>) -> Verifier {
    Verifier {
        roots,
        provider: Arc::clone(provider),
        seen: Mutex::default(),
    }
}

impl Clients {
    /// The settings for this configuration. Files are read again only when they changed.
    ///
    /// # Errors
    /// What is wrong with the configuration or its files, in words that name the key, and show nothing of the content.
    pub(super) fn client(&self, config: &TlsConfig) -> Result<Arc<Client>, String> {
        let stamps = [&config.ca_file, &config.cert_file, &config.key_file].map(|path| stamp(path));
        if let Some(client) = self.kept(config, &stamps) {
            return Ok(client);
        }
        let client = Arc::new(self.make(config)?);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|kept| kept.config != *config);
        if kept.len() >= MOST_KEPT {
            kept.remove(0);
        }
        let (config, made) = (config.clone(), Arc::clone(&client));
        kept.push(Kept {
            config,
            stamps,
            client: made,
        });
        Ok(client)
    }

    fn kept(&self, config: &TlsConfig, stamps: &Stamps) -> Option<Arc<Client>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |kept: &&Kept| kept.stamps == *stamps && kept.config == *config;
        kept.iter().find(same).map(|kept| Arc::clone(&kept.client))
    }

    fn make(&self, config: &TlsConfig) -> Result<Client, String> {
        let provider = self.provider.get_or_init(|| Arc::new(ring::default_provider()));
        let roots = self.roots(config)?;
        let builder = ClientConfig::builder_with_provider(Arc::clone(provider))
            .with_protocol_versions(&versions(config)?)
            .map_err(|error| format!("tls_config: {error}"))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier(roots.clone(), provider)));
        let mut made = match identity(config)? {
            None => builder.with_no_client_auth(),
            Some((certificates, key)) => builder
                .with_client_auth_cert(certificates, key)
                .map_err(|error| format!("tls_config: cert and key cannot be used: {error}"))?,
        };
        // A resumed session would not show its certificate again.
        made.resumption = Resumption::disabled();
        Ok(Client {
            config: made,
            roots,
            provider: Arc::clone(provider),
        })
    }

    /// Whom to trust; `None`: everyone.
    fn roots(&self, config: &TlsConfig) -> Result<Option<Arc<Roots>>, String> {
        if config.insecure_skip_verify {
            return Ok(None);
        }
        let Some(pem) = text("ca", &config.ca, &config.ca_file)? else {
            let system = self.system.get_or_init(|| Arc::new(Roots::of_the_system()));
            return Ok(Some(Arc::clone(system)));
        };
        let roots = Roots::of_pem(&pem).map_err(|error| format!("{}: {error}", key_name("ca", &config.ca_file)))?;
        Ok(Some(Arc::new(roots)))
    }
}

/// A file's stamp; none for no file. What is wrong with it shows when it is read.
fn stamp(path: &str) -> Option<(u64, SystemTime)> {
    if path.is_empty() {
        return None;
    }
    let facts = std::fs::metadata(Path::new(path)).ok()?;
    Some((facts.len(), facts.modified().ok()?))
}

/// The versions from the oldest to the newest allowed. TLS 1.0 and 1.1 are nowhere in this program: to allow them also is
/// no harm, to want nothing else is.
fn versions(config: &TlsConfig) -> Result<Vec<&'static SupportedProtocolVersion>, String> {
    let (least, most) = (config.min_version, config.max_version);
    let allowed =
        |version: TlsVersion| least.is_none_or(|least| least <= version) && most.is_none_or(|most| version <= most);
    let all = [(TlsVersion::Tls12, &TLS12), (TlsVersion::Tls13, &TLS13)];
    let versions: Vec<_> = all
        .into_iter()
        .filter(|(version, _)| allowed(*version))
        .map(|(_, it)| it)
        .collect();
    if versions.is_empty() {
        let old = most.is_some_and(|most| most < TlsVersion::Tls12);
        let text = if old {
            "tls_config: max_version: this program does not speak TLS 1.0 and TLS 1.1"
        } else {
            "tls_config: min_version is newer than max_version"
        };
        return Err(text.to_owned());
    }
    Ok(versions)
}

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// Our own certificate and key, if there are any.
fn identity(config: &TlsConfig) -> Result<Option<Identity>, String> {
    let certificates = text("cert", &config.cert, &config.cert_file)?;
    let key = text("key", &config.key.0, &config.key_file)?;
    let (certificates, key) = match (certificates, key) {
        (None, None) => return Ok(None),
        (Some(certificates), Some(key)) => (certificates, key),
        _ => return Err("tls_config: cert and key must be given together".to_owned()),
    };
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&certificates)
        .filter_map(Result::ok)
        .collect();
    if chain.is_empty() {
        return Err(format!(
            "{}: there is no certificate in it",
            key_name("cert", &config.cert_file)
        ));
    }
    let key = PrivateKeyDer::from_pem_slice(&key).map_err(|_| {
        format!(
            "{}: there is no private key in it that can be used",
            key_name("key", &config.key_file)
        )
    })?;
    Ok(Some((chain, key)))
}

/// What stands in the configuration itself or in the file that it names.
fn text(key: &str, inline: &str, file: &str) -> Result<Option<Vec<u8>>, String> {
    if !inline.is_empty() {
        return Ok(Some(inline.as_bytes().to_vec()));
    }
    if file.is_empty() {
        return Ok(None);
    }
    let text = std::fs::read(file).map_err(|error| format!("{}: reading {file}: {error}", key_name(key, file)))?;
    Ok(Some(text))
}

fn key_name(key: &str, file: &str) -> String {
    let ending = if file.is_empty() { "" } else { "_file" };
    format!("tls_config: {key}{ending}")
}
