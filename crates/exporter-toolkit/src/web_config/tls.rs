//! rustls' settings, from checked settings and the certificates they name.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoClientAuth, NoServerSessionStorage};
use rustls::sign::{CertifiedKey, SingleCertAndKey};

use super::client_cert::{ClientAuth, ClientPolicy};
use super::files::Files;
use super::tls_settings::{Source, TlsSettings};

/// Reads certificates and key and makes the settings for connections.
///
/// # Errors
/// All problems at once. They name keys and files, and show nothing of what is in them.
pub(super) fn server_config(
    settings: &TlsSettings,
    http2: bool,
    files: &mut Files,
) -> Result<Arc<ServerConfig>, Vec<String>> {
    let provider = Arc::new(CryptoProvider {
        cipher_suites: settings.cipher_suites.clone(),
        kx_groups: settings.curves.clone(),
        ..ring::default_provider()
    });
    let identity = identity(settings, &provider, files);
    let verifier = verifier(settings, &provider, files);
    let (identity, verifier) = match (identity, verifier) {
        (Ok(identity), Ok(verifier)) => (identity, verifier),
        (identity, verifier) => {
            let problems = identity.err().into_iter().flatten().chain(verifier.err());
            return Err(problems.collect());
        }
    };
    let builder = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&settings.versions)
        .map_err(|error| vec![format!("tls_server_config: {error}")])?;
    let mut config = builder
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(identity)));
    config.ignore_client_order = settings.prefer_server_order;
    config.alpn_protocols = protocols(http2);
    forget_sessions(&mut config);
    Ok(Arc::new(config))
}

fn protocols(http2: bool) -> Vec<Vec<u8>> {
    let names: &[&[u8]] = if http2 { &[b"h2", b"http/1.1"] } else { &[b"http/1.1"] };
    names.iter().map(|name| name.to_vec()).collect()
}

/// A resumed session would not show its certificate again, whatever the policy says by then.
fn forget_sessions(config: &mut ServerConfig) {
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
}

/// The server's certificate chain and key.
fn identity(settings: &TlsSettings, provider: &CryptoProvider, files: &mut Files) -> Result<CertifiedKey, Vec<String>> {
    let certs = certificates("cert", &settings.cert, files);
    let key = private_key(&settings.key, files);
    match (certs, key) {
        (Ok(certs), Ok(key)) => CertifiedKey::from_der(certs, key, provider).map_err(|error| {
            let (cert, key) = (name("cert", &settings.cert), name("key", &settings.key));
            vec![format!("{cert} and {key} make no pair: {error}")]
        }),
        (certs, key) => Err(certs.err().into_iter().chain(key.err()).collect()),
    }
}

fn verifier(
    settings: &TlsSettings,
    provider: &Arc<CryptoProvider>,
    files: &mut Files,
) -> Result<Arc<dyn ClientCertVerifier>, String> {
    let cas = settings
        .client_ca
        .as_ref()
        .map(|source| certificates("client_ca", source, files));
    let cas = cas.transpose()?.unwrap_or_default();
    if settings.client_auth == ClientAuth::NoClientCert {
        return Ok(Arc::new(NoClientAuth));
    }
    let policy = ClientPolicy::new(settings.client_auth, cas, settings.allowed_sans.clone(), provider);
    let policy = policy.map_err(|error| format!("tls_server_config.client_ca: {error}"))?;
    Ok(Arc::new(policy))
}

fn certificates(key: &str, source: &Source, files: &mut Files) -> Result<Vec<CertificateDer<'static>>, String> {
    let pem = read(key, source, files)?;
    let certs: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match certs {
        Ok(certs) if !certs.is_empty() => Ok(certs),
        // The reader's own words may quote the text.
        Ok(_) | Err(_) => Err(format!("{}: no certificate in PEM form is there", name(key, source))),
    }
}

fn private_key(source: &Source, files: &mut Files) -> Result<PrivateKeyDer<'static>, String> {
    let pem = read("key", source, files)?;
    PrivateKeyDer::from_pem_slice(&pem).map_err(|_| {
        format!(
            "{}: no unencrypted private key in PEM form is there",
            name("key", source)
        )
    })
}

fn read(key: &str, source: &Source, files: &mut Files) -> Result<Vec<u8>, String> {
    match source {
        Source::Inline(text) => Ok(text.0.clone().into_bytes()),
        Source::File(path) => files
            .read(path)
            .map_err(|error| format!("{}: {error}", name(key, source))),
    }
}

/// How messages call it.
fn name(key: &str, source: &Source) -> String {
    match source {
        Source::Inline(_) => format!("tls_server_config.{key}"),
        Source::File(path) => format!("tls_server_config.{key}_file {}", path.display()),
    }
}

#[cfg(test)]
mod tests {
    use rustls::ProtocolVersion;
    use rustls::version::{TLS12, TLS13};

    use crate::web_config::testing::{Authority, Folder, handshake, indented};

    const FILES: &str = "tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n";

    fn folder_with_server() -> (Folder, Authority) {
        let (folder, authority) = (Folder::new(), Authority::new("ca"));
        authority.write_server_identity(folder.path(), "server");
        std::fs::write(folder.path().join("ca.pem"), authority.pem()).unwrap();
        (folder, authority)
    }

    #[tokio::test]
    async fn both_versions_and_protocols_are_spoken() {
        let (folder, authority) = folder_with_server();
        for (settings, client, version) in [
            ("", vec![&TLS12, &TLS13], Some(ProtocolVersion::TLSv1_3)),
            ("", vec![&TLS12], Some(ProtocolVersion::TLSv1_2)),
            (
                "  max_version: TLS12\n",
                vec![&TLS12, &TLS13],
                Some(ProtocolVersion::TLSv1_2),
            ),
            ("  max_version: TLS12\n", vec![&TLS13], None),
            ("  min_version: TLS13\n", vec![&TLS12], None),
            ("  min_version: TLS10\n", vec![&TLS12], Some(ProtocolVersion::TLSv1_2)),
            (
                "  curve_preferences: [CurveP384]\n",
                vec![&TLS13],
                Some(ProtocolVersion::TLSv1_3),
            ),
            ("  cipher_suites: [TLS_AES_128_GCM_SHA256]\n", vec![&TLS12], None),
            (
                "  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]\n",
                vec![&TLS13],
                Some(ProtocolVersion::TLSv1_3),
            ),
            (
                "  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]\n",
                vec![&TLS12],
                Some(ProtocolVersion::TLSv1_2),
            ),
        ] {
            let config = folder.open(&format!("{FILES}{settings}"));
            let done = handshake(&config, authority.client_with(&client, None)).await;
            assert_eq!(
                done.as_ref().ok().map(|done| done.version),
                version,
                "{settings} {done:?}"
            );
        }
    }

    #[tokio::test]
    async fn http2_is_offered_unless_it_is_switched_off() {
        let (folder, authority) = folder_with_server();
        for (settings, protocol) in [("", &b"h2"[..]), ("http_server_config: {http2: false}\n", b"http/1.1")] {
            let config = folder.open(&format!("{FILES}{settings}"));
            let done = handshake(&config, authority.client()).await.unwrap();
            assert_eq!(done.protocol.as_deref(), Some(protocol));
        }
    }

    #[tokio::test]
    async fn pem_text_in_the_file_does_as_well() {
        let (folder, authority) = folder_with_server();
        let read = |name| indented(&std::fs::read_to_string(folder.path().join(name)).unwrap());
        let (cert, key, ca) = (read("server.pem"), read("server.key"), read("ca.pem"));
        let config = folder.open(&format!(
            "tls_server_config:\n  client_auth_type: RequireAndVerifyClientCert\n  cert: |\n{cert}\n  key: |\n{key}\n  client_ca: |\n{ca}"
        ));
        let mine = authority.client_identity(&[]);
        assert!(
            handshake(&config, authority.client_with(&[&TLS13], Some(mine)))
                .await
                .is_ok()
        );
        assert!(handshake(&config, authority.client()).await.is_err());
    }

    #[tokio::test]
    async fn each_policy_asks_what_it_says() {
        let (folder, authority) = folder_with_server();
        let stranger = Authority::new("stranger");
        for (policy, with_ca, none, wrong, right) in [
            ("NoClientCert", false, true, true, true),
            ("RequestClientCert", false, true, true, true),
            ("RequestClientCert", true, true, true, true),
            ("RequireAnyClientCert", false, false, true, true),
            ("RequireClientCert", false, false, true, true),
            ("VerifyClientCertIfGiven", true, true, false, true),
            ("RequireAndVerifyClientCert", true, false, false, true),
        ] {
            let ca = if with_ca { "  client_ca_file: ca.pem\n" } else { "" };
            let config = folder.open(&format!("{FILES}  client_auth_type: {policy}\n{ca}"));
            for version in [&TLS12, &TLS13] {
                for (identity, admitted) in [
                    (None, none),
                    (Some(stranger.client_identity(&[])), wrong),
                    (Some(authority.client_identity(&[])), right),
                ] {
                    let what = format!("{policy} {version:?} {}", identity.is_some());
                    let done = handshake(&config, authority.client_with(&[version], identity)).await;
                    assert_eq!(done.is_ok(), admitted, "{what}: {done:?}");
                }
            }
        }
    }

    #[tokio::test]
    async fn a_certificate_must_bear_an_allowed_name() {
        let (folder, authority) = folder_with_server();
        let settings = "  client_allowed_sans: [a.example, 10.0.0.1, 'a@example', 'spiffe://a/b', '::1']\n";
        for (policy, issuer) in [
            ("client_auth_type: RequireAnyClientCert\n", &Authority::new("stranger")),
            (
                "client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem\n",
                &authority,
            ),
        ] {
            let config = folder.open(&format!("{FILES}  {policy}{settings}"));
            for (name, admitted) in [
                ("a.example", true),
                ("10.0.0.1", true),
                ("a@example", true),
                ("spiffe://a/b", true),
                ("::1", true),
                ("b.example", false),
                ("10.0.0.2", false),
                ("b@example", false),
                ("spiffe://a/c", false),
            ] {
                let identity = issuer.client_identity(&["x.example", name]);
                let done = handshake(&config, authority.client_with(&[&TLS13], Some(identity))).await;
                assert_eq!(done.is_ok(), admitted, "{name}: {done:?}");
            }
            let nameless = issuer.client_identity(&[]);
            assert!(
                handshake(&config, authority.client_with(&[&TLS13], Some(nameless)))
                    .await
                    .is_err()
            );
        }
    }

    #[tokio::test]
    async fn a_certificate_that_is_its_own_ca_is_taken_as_go_takes_it() {
        let (folder, authority) = folder_with_server();
        let own = Authority::new("own");
        std::fs::write(folder.path().join("own.pem"), own.pem()).unwrap();
        let policy = "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: own.pem\n";
        let config = folder.open(&format!("{FILES}{policy}"));
        for (identity, admitted) in [
            (own.own_identity(), true),
            (Authority::new("own").own_identity(), false),
        ] {
            let done = handshake(&config, authority.client_with(&[&TLS13], Some(identity))).await;
            assert_eq!(done.is_ok(), admitted, "{done:?}");
        }
        let expired = own.expired();
        std::fs::write(folder.path().join("own.pem"), expired.pem()).unwrap();
        let identity = expired.own_identity();
        let error = handshake(&config, authority.client_with(&[&TLS13], Some(identity)))
            .await
            .unwrap_err();
        assert!(error.contains("Expired"), "{error}");
    }

    #[tokio::test]
    async fn no_session_outlives_a_change_of_policy() {
        let (folder, authority) = folder_with_server();
        for version in [&TLS12, &TLS13] {
            let config = folder.open(FILES);
            let client = authority.client_with(&[version], None);
            for _ in 0..2 {
                let done = handshake(&config, client.clone()).await.unwrap();
                assert!(!done.resumed, "{version:?}");
            }
            folder.write(&format!("{FILES}  client_auth_type: RequireAnyClientCert\n"));
            assert!(handshake(&config, client).await.is_err(), "{version:?}");
        }
    }
}
