//! TLS towards scrapers, as `--tls-server-…` says: real handshakes with a client of every kind.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "all of this is test: it fails by panicking, says what it skips, and starts programs"
)]

mod rig;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use rig::{Exporter, make_certificates};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion, version};

const BOTH: &[&SupportedProtocolVersion] = &[&version::TLS12, &version::TLS13];
const OLD: &[&SupportedProtocolVersion] = &[&version::TLS12];

/// What a scraper gets that trusts the authority in this folder, with or without a certificate of its own.
fn scrape(
    exporter: &Exporter,
    folder: &Path,
    versions: &[&'static SupportedProtocolVersion],
    has_certificate: bool,
) -> Result<String, String> {
    let mut roots = RootCertStore::empty();
    let ca = CertificateDer::from_pem_file(folder.join("ca.pem")).unwrap();
    roots.add(ca).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_protocol_versions(versions).unwrap();
    let builder = builder.with_root_certificates(roots);
    let config = if has_certificate {
        let certificate = CertificateDer::from_pem_file(folder.join("client.pem")).unwrap();
        let key = PrivateKeyDer::from_pem_file(folder.join("client.key")).unwrap();
        builder.with_client_auth_cert(vec![certificate], key).unwrap()
    } else {
        builder.with_no_client_auth()
    };
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let client = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(client, TcpStream::connect(&exporter.address).unwrap());
    let failed = |error: std::io::Error| error.to_string();
    stream
        .write_all(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .map_err(failed)?;
    let mut answer = String::new();
    // A server that is refused by no close_notify has answered all the same.
    stream.read_to_string(&mut answer).map_err(failed)?;
    Ok(answer)
}

fn check(outcome: &Result<String, String>, is_answered: bool, what: &str) {
    let answered = outcome
        .as_ref()
        .is_ok_and(|answer| answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("ok"));
    assert_eq!(answered, is_answered, "{what}: {outcome:?}");
}

#[test]
fn flags_say_who_may_come_in_and_how() {
    let folder = tempfile::tempdir().unwrap();
    make_certificates(folder.path());
    let file = |flag: &str, name: &str| format!("--tls-server-{flag}={}", folder.path().join(name).display());
    let identity = [file("cert-file", "server.pem"), file("key-file", "server.key")];
    let ca = file("ca-cert-file", "ca.pem");
    let newest = "--tls-server-min-version=TLS1.3".to_owned();
    for (more, versions, has_certificate, is_answered) in [
        (&[][..], BOTH, false, true),
        (&[], OLD, false, true),
        (&[&ca], BOTH, true, true),
        (&[&ca], OLD, true, true),
        (&[&ca], BOTH, false, false),
        (&[&ca], OLD, false, false),
        (&[&newest], BOTH, false, true),
        (&[&newest], OLD, false, false),
    ] {
        let mut args: Vec<&str> = identity.iter().map(String::as_str).collect();
        args.push("--redis.addr=");
        args.extend(more.iter().map(|flag| flag.as_str()));
        let exporter = Exporter::start(&args);
        let outcome = scrape(&exporter, folder.path(), versions, has_certificate);
        check(&outcome, is_answered, &format!("{more:?} {has_certificate}"));
    }
}

#[test]
fn a_certificate_of_another_authority_does_not_open() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    make_certificates(folder.path());
    make_certificates(other.path());
    let file = |flag: &str, name: &str| format!("--tls-server-{flag}={}", folder.path().join(name).display());
    let args = [
        file("cert-file", "server.pem"),
        file("key-file", "server.key"),
        file("ca-cert-file", "ca.pem"),
        "--redis.addr=".to_owned(),
    ];
    let exporter = Exporter::start(&args.each_ref().map(String::as_str));
    for name in ["client.pem", "client.key"] {
        std::fs::copy(other.path().join(name), folder.path().join(name)).unwrap();
    }
    check(
        &scrape(&exporter, folder.path(), BOTH, true),
        false,
        "another's certificate",
    );
}
