//! `tls_server_config`, checked as far as it goes without opening the files it names.

use std::path::{Path, PathBuf};

use rustls::crypto::SupportedKxGroup;
use rustls::{SupportedCipherSuite, SupportedProtocolVersion};

use super::client_cert::ClientAuth;
use super::error::Findings;
use super::file::{Secret, TlsSection};
use super::tls_names;

/// What TLS is to be.
#[derive(Debug)]
pub(super) struct TlsSettings {
    pub(super) cert: Source,
    pub(super) key: Source,
    pub(super) client_ca: Option<Source>,
    pub(super) client_auth: ClientAuth,
    pub(super) allowed_sans: Option<Vec<String>>,
    pub(super) versions: Vec<&'static SupportedProtocolVersion>,
    pub(super) cipher_suites: Vec<SupportedCipherSuite>,
    pub(super) curves: Vec<&'static dyn SupportedKxGroup>,
    pub(super) prefer_server_order: bool,
}

/// Where PEM text comes from.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// From a file.
    File(PathBuf),
    /// From the configuration itself.
    Inline(Secret),
}

/// Checks the section. `None` when it says nothing, or when it lacks what TLS cannot be without.
pub(super) fn check(section: Option<&TlsSection>, folder: &Path, findings: &mut Findings) -> Option<TlsSettings> {
    let section = section.filter(|section| **section != TlsSection::default())?;
    let cert = source("cert", &section.cert, &section.cert_file, folder, findings);
    let key = source("key", &section.key, &section.key_file, folder, findings);
    let client_ca = source(
        "client_ca",
        &section.client_ca,
        &section.client_ca_file,
        folder,
        findings,
    );
    if cert.is_none() {
        findings.problem("tls_server_config: missing one of cert or cert_file");
    }
    if key.is_none() {
        findings.problem("tls_server_config: missing one of key or key_file");
    }
    let client_auth = client_auth(section, client_ca.is_some(), findings);
    let versions = tls_names::versions(section.min_version.as_deref(), section.max_version.as_deref(), findings);
    let cipher_suites = tls_names::cipher_suites(names(&section.cipher_suites), findings);
    let curves = tls_names::curves(names(&section.curve_preferences), findings);
    need_a_suite(&versions, &cipher_suites, findings);
    Some(TlsSettings {
        cert: cert?,
        key: key?,
        client_ca,
        client_auth: client_auth?,
        allowed_sans: section.client_allowed_sans.clone(),
        versions,
        cipher_suites,
        curves,
        prefer_server_order: section.prefer_server_cipher_suites.unwrap_or(true),
    })
}

fn names(list: &Option<Vec<String>>) -> &[String] {
    list.as_deref().unwrap_or_default()
}

/// A file goes before text, as upstream has it.
fn source(
    key: &str,
    text: &Option<Secret>,
    file: &Option<String>,
    folder: &Path,
    findings: &mut Findings,
) -> Option<Source> {
    let text = text.as_ref().filter(|text| !text.0.is_empty());
    let file = file.as_ref().filter(|file| !file.is_empty());
    if text.is_some() && file.is_some() {
        findings.warning(format!(
            "tls_server_config: both {key} and {key}_file are given, the file is used"
        ));
    }
    // An absolute path takes the folder's place.
    let file = file.map(|file| Source::File(folder.join(file)));
    file.or_else(|| text.map(|text| Source::Inline(text.clone())))
}

fn client_auth(section: &TlsSection, has_ca: bool, findings: &mut Findings) -> Option<ClientAuth> {
    let name = section.client_auth_type.as_deref().unwrap_or_default();
    let Some(policy) = ClientAuth::from_name(name) else {
        let allowed = ClientAuth::NAMES.join(", ");
        findings.problem(format!(
            "tls_server_config: invalid ClientAuth: {name} (client_auth_type allows: {allowed})"
        ));
        return None;
    };
    if has_ca && policy == ClientAuth::NoClientCert {
        findings.problem("tls_server_config: client CA's have been configured without a Client Auth Policy");
    }
    if !has_ca && policy.verifies() {
        findings.problem(format!(
            "tls_server_config: client_auth_type {name} needs client_ca or client_ca_file"
        ));
    }
    if section.client_allowed_sans.is_some() && !policy.requires() {
        let text = "client_allowed_sans requires client_auth_type to be one of RequireAnyClientCert or \
                    RequireAndVerifyClientCert";
        findings.problem(format!("tls_server_config: {text}"));
    }
    Some(policy)
}

/// Without TLS 1.3, a choice of only its suites leaves nothing.
fn need_a_suite(versions: &[&SupportedProtocolVersion], suites: &[SupportedCipherSuite], findings: &mut Findings) {
    let usable = suites.iter().any(|suite| versions.contains(&suite.version()));
    if !usable && findings.problems.is_empty() {
        findings.problem("tls_server_config.cipher_suites: none of the named suites is of an allowed TLS version");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Option<Secret> {
        Some(Secret(text.to_owned()))
    }

    #[test]
    fn an_empty_section_is_no_tls() {
        let mut findings = Findings::default();
        assert!(check(Some(&TlsSection::default()), Path::new("/etc"), &mut findings).is_none());
        assert!(findings.problems.is_empty());
    }

    #[test]
    fn relative_paths_start_at_the_folder_and_files_go_first() {
        let section = TlsSection {
            cert: secret("inline"),
            cert_file: Some("tls/cert.pem".to_owned()),
            key: secret("inline"),
            key_file: Some(String::new()),
            ..TlsSection::default()
        };
        let mut findings = Findings::default();
        let settings = check(Some(&section), Path::new("/etc/web"), &mut findings).unwrap();
        assert_eq!(settings.cert, Source::File("/etc/web/tls/cert.pem".into()));
        assert_eq!(settings.key, Source::Inline(Secret("inline".to_owned())));
        assert!(settings.prefer_server_order && settings.client_auth == ClientAuth::NoClientCert);
        assert_eq!(findings.warnings.len(), 1);
    }

    #[test]
    fn all_problems_come_together() {
        let section = TlsSection {
            client_auth_type: Some("Whoever".to_owned()),
            min_version: Some("SSL3".to_owned()),
            cipher_suites: Some(vec!["RC4".to_owned()]),
            curve_preferences: Some(vec!["Curve1".to_owned()]),
            ..TlsSection::default()
        };
        let mut findings = Findings::default();
        assert!(check(Some(&section), Path::new("/"), &mut findings).is_none());
        assert_eq!(findings.problems.len(), 6, "{findings:?}");
    }
}
