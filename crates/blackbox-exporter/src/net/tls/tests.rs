//! Handshakes with real servers that show all kinds of certificates.

use std::net::SocketAddr;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, date_time_ymd};
use rustls::version;
use tokio::io::AsyncReadExt;

use super::testing::{Party, authority_params, params, say, serve};
use super::*;
use crate::config::{Secret, TlsVersion};
use crate::net::testing::Setup;

/// 2050-01-01 and later ends, in seconds.
const END_2050: f64 = 2_524_608_000.0;
const END_2055: f64 = 2_682_374_400.0;

fn trusting(parties: &[&Party]) -> TlsConfig {
    TlsConfig {
        ca: parties.iter().map(|party| party.cert.pem()).collect(),
        ..TlsConfig::default()
    }
}

/// A handshake: why it failed, and what was learnt.
async fn shake(address: SocketAddr, config: &TlsConfig, name: &str) -> (Result<Connection, Failure>, Option<TlsFacts>) {
    let setup = Setup::new();
    let probe = setup.probe();
    let connection = probe.connect(address, "").await.unwrap();
    let shaken = probe.handshake(connection, config, name, &["h2", "http/1.1"]).await;
    let facts = probe.found.borrow().tls.clone();
    (shaken, facts)
}

#[tokio::test]
async fn every_certificate_has_its_verdict() {
    let root = Party::authority("root");
    let middle = root.signs(authority_params("middle", 2055));
    let good = params("good", &["localhost", "127.0.0.1"]);
    let changed = |change: fn(&mut CertificateParams)| {
        let mut params = good.clone();
        change(&mut params);
        root.signs(params)
    };
    let direct = root.signs(good.clone());
    let indirect = middle.signs(good.clone());
    let expired = changed(|params| params.not_after = date_time_ymd(2021, 1, 1));
    let early = changed(|params| params.not_before = date_time_ymd(2049, 1, 1));
    let long = changed(|params| params.not_after = date_time_ymd(2070, 1, 1));
    let authority = changed(|params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    let nameless = root.signs(params("localhost", &[]));
    let own = Party::own(good.clone());
    let own_authority = Party::own({
        let mut params = authority_params("localhost", 2055);
        params.subject_alt_names = good.subject_alt_names.clone();
        params
    });
    let (older, expired_root) = (root.again(2055), root.again(2021));
    let stranger = Party::authority("stranger");
    let late_middle = root.signs(authority_params("middle", 2021));
    let under_late = late_middle.signs(good.clone());
    let trust = trusting(&[&root]);
    let anyone = TlsConfig {
        insecure_skip_verify: true,
        ..TlsConfig::default()
    };
    let other_name = TlsConfig {
        server_name: "other".to_owned(),
        ..trust.clone()
    };
    for (what, party, others, config, name, expected) in [
        ("good", &direct, &[][..], &trust, "localhost", Ok(Some(END_2050))),
        ("last dot", &direct, &[], &trust, "localhost.", Ok(Some(END_2050))),
        ("address", &direct, &[], &trust, "127.0.0.1", Ok(Some(END_2050))),
        (
            "over another",
            &indirect,
            &[&middle][..],
            &trust,
            "localhost",
            Ok(Some(END_2050)),
        ),
        (
            "root sent too",
            &indirect,
            &[&middle, &root],
            &trust,
            "localhost",
            Ok(Some(END_2050)),
        ),
        (
            "two roots",
            &long,
            &[],
            &trusting(&[&older, &root]),
            "localhost",
            Ok(Some(2_840_140_800.0)),
        ),
        (
            "one root too old",
            &long,
            &[],
            &trusting(&[&older, &expired_root]),
            "localhost",
            Ok(Some(END_2055)),
        ),
        (
            "all too old",
            &long,
            &[],
            &trusting(&[&expired_root]),
            "localhost",
            Err(Reason::CertificateExpired),
        ),
        (
            "its own, trusted",
            &own,
            &[],
            &trusting(&[&own]),
            "localhost",
            Ok(Some(END_2050)),
        ),
        (
            "own authority, trusted",
            &own_authority,
            &[],
            &trusting(&[&own_authority]),
            "localhost",
            Ok(Some(END_2055)),
        ),
        ("anyone", &expired, &[], &anyone, "elsewhere", Ok(None)),
        (
            "expired",
            &expired,
            &[],
            &trust,
            "localhost",
            Err(Reason::CertificateExpired),
        ),
        (
            "expired before wrong name",
            &expired,
            &[],
            &trust,
            "elsewhere",
            Err(Reason::CertificateExpired),
        ),
        (
            "not yet valid",
            &early,
            &[],
            &trust,
            "localhost",
            Err(Reason::CertificateNotYetValid),
        ),
        (
            "wrong name",
            &direct,
            &[],
            &trust,
            "elsewhere",
            Err(Reason::CertificateName),
        ),
        (
            "wrong address",
            &direct,
            &[],
            &trust,
            "127.0.0.2",
            Err(Reason::CertificateName),
        ),
        (
            "module's name",
            &direct,
            &[],
            &other_name,
            "localhost",
            Err(Reason::CertificateName),
        ),
        (
            "common name only",
            &nameless,
            &[],
            &trust,
            "localhost",
            Err(Reason::CertificateName),
        ),
        (
            "self-signed",
            &own,
            &[],
            &trust,
            "localhost",
            Err(Reason::CertificateUntrusted),
        ),
        (
            "own authority",
            &own_authority,
            &[],
            &trust,
            "localhost",
            Err(Reason::CertificateUntrusted),
        ),
        (
            "stranger's",
            &stranger.signs(good.clone()),
            &[&stranger],
            &trust,
            "localhost",
            Err(Reason::CertificateUntrusted),
        ),
        (
            "middle missing",
            &indirect,
            &[],
            &trust,
            "localhost",
            Err(Reason::CertificateUntrusted),
        ),
        (
            "middle expired",
            &under_late,
            &[&late_middle],
            &trust,
            "localhost",
            Err(Reason::CertificateExpired),
        ),
        (
            "an authority's",
            &authority,
            &[],
            &trust,
            "localhost",
            Err(Reason::CertificateInvalid),
        ),
    ] {
        let address = serve(party.server(others)).await;
        let (shaken, facts) = shake(address, config, name).await;
        let facts = facts.unwrap();
        let verdict = shaken
            .map(|_| facts.last_chain_expiry)
            .map_err(|failure| failure.reason);
        assert_eq!(verdict, expected, "{what}");
        let agreed = verdict.is_ok();
        let sent: Vec<Vec<u8>> = std::iter::once(party)
            .chain(others.iter().copied())
            .map(|party| party.cert.der().to_vec())
            .collect();
        let expected = TlsFacts {
            version: if agreed { "TLS 1.3" } else { "" },
            cipher: if agreed {
                "TLS_AES_256_GCM_SHA384".to_owned()
            } else {
                String::new()
            },
            protocol: if agreed { "h2".to_owned() } else { String::new() },
            chain: sent,
            last_chain_expiry: verdict.ok().flatten(),
        };
        assert_eq!(facts, expected, "{what}");
    }
}

#[tokio::test]
async fn versions_are_agreed_on_or_refused() {
    let root = Party::authority("root");
    let party = root.signs(params("good", &["localhost"]));
    let address = serve(party.server_of(&[], &[&version::TLS12], None)).await;
    let config = |least, most| TlsConfig {
        min_version: least,
        max_version: most,
        ..trusting(&[&root])
    };
    let (old, newer, newest) = (
        Some(TlsVersion::Tls10),
        Some(TlsVersion::Tls12),
        Some(TlsVersion::Tls13),
    );
    for (config, expected) in [
        (config(None, None), Ok("TLS 1.2")),
        (config(old, None), Ok("TLS 1.2")),
        (config(old, newer), Ok("TLS 1.2")),
        (config(newest, None), Err(Reason::TlsHandshake)),
        (config(newest, newer), Err(Reason::BadModule)),
        (config(None, old), Err(Reason::BadModule)),
    ] {
        let (shaken, facts) = shake(address, &config, "localhost").await;
        let version = facts.map(|facts| facts.version).unwrap_or_default();
        let verdict = shaken.map(|_| version).map_err(|failure| failure.reason);
        assert_eq!(verdict, expected, "{config:?}");
    }
}

#[tokio::test]
async fn what_is_no_handshake_is_told_apart() {
    for (said, expected) in [
        (Some(&b"SSH-2.0-OpenSSH_9.6\r\n"[..]), Reason::Protocol),
        (Some(b"HTTP/1.1 400 Bad Request\r\n\r\n"), Reason::Protocol),
        // An alert: handshake failure.
        (Some(b"\x15\x03\x03\x00\x02\x02\x28"), Reason::TlsHandshake),
    ] {
        let (shaken, facts) = shake(say(said).await, &TlsConfig::default(), "localhost").await;
        let failure = shaken.err().unwrap();
        assert_eq!(
            (failure.step, failure.reason, facts),
            (Step::Tls, expected, None),
            "{}",
            failure.text
        );
    }
}

#[tokio::test]
async fn closed_connection_is_no_handshake() {
    let (shaken, _) = shake(say(None).await, &TlsConfig::default(), "localhost").await;
    let reason = shaken.err().unwrap().reason;
    // What it had not read is thrown away, which the kernel may tell us in either way.
    assert!(
        matches!(reason, Reason::ConnectionClosed | Reason::ConnectionReset),
        "{reason:?}"
    );
}

#[tokio::test]
async fn endless_handshake_is_still_at_its_step() {
    let setup = Setup::new();
    let probe = setup.probe();
    let connection = probe.connect(say(Some(b"")).await, "").await.unwrap();
    let config = TlsConfig::default();
    let handshake = probe.handshake(connection, &config, "localhost", &[]);
    assert!(
        tokio::time::timeout(Duration::from_millis(50), handshake)
            .await
            .is_err()
    );
    assert_eq!(probe.step.get(), Step::Tls);
}

#[tokio::test]
async fn long_chains_are_read_up_to_a_bound() {
    let root = Party::authority("root");
    let party = root.signs(params("good", &["localhost"]));
    let useless = Party::authority("useless");
    for (count, expected) in [(60, Ok(61)), (400, Err(Reason::TlsHandshake))] {
        let address = serve(party.server(&vec![&useless; count])).await;
        let (shaken, facts) = shake(address, &trusting(&[&root]), "localhost").await;
        let verdict = shaken
            .map(|_| facts.unwrap().chain.len())
            .map_err(|failure| failure.reason);
        assert_eq!(verdict, expected, "{count}");
    }
}

#[tokio::test]
async fn our_certificate_is_shown_when_asked_for() {
    let root = Party::authority("root");
    let (party, client) = (
        root.signs(params("good", &["localhost"])),
        root.signs(params("client", &[])),
    );
    let nobody = trusting(&[&root]);
    let somebody = TlsConfig {
        cert: client.cert.pem(),
        key: Secret(client.key.serialize_pem()),
        ..nobody.clone()
    };
    for (version, config, expected) in [
        (&version::TLS12, &somebody, Ok("hello")),
        (&version::TLS13, &somebody, Ok("hello")),
        (&version::TLS12, &nobody, Err(Reason::TlsHandshake)),
        (&version::TLS13, &nobody, Err(Reason::TlsHandshake)),
    ] {
        let address = serve(party.server_of(&[], &[version], Some(&root))).await;
        let (shaken, _) = shake(address, config, "localhost").await;
        let heard = match shaken {
            // In TLS 1.3 the server's refusal comes in the place of its first answer.
            Ok(mut connection) => {
                let mut heard = String::new();
                let read = connection.read_to_string(&mut heard).await;
                read.map(|_| heard).map_err(|error| Reason::of_io(&error))
            }
            Err(failure) => Err(failure.reason),
        };
        assert_eq!(heard, expected.map(str::to_owned), "{version:?}");
    }
}

#[test]
fn settings_are_made_once_and_again_when_a_file_changes() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, Party::authority("root").cert.pem()).unwrap();
    let config = TlsConfig {
        ca_file: file.display().to_string(),
        ..TlsConfig::default()
    };
    let clients = Clients::default();
    let first = clients.client(&config).unwrap();
    assert!(Arc::ptr_eq(&first, &clients.client(&config).unwrap()));
    std::fs::write(&file, Party::authority("another root").cert.pem()).unwrap();
    assert!(!Arc::ptr_eq(&first, &clients.client(&config).unwrap()));
    std::fs::remove_file(&file).unwrap();
    let error = clients.client(&config).unwrap_err();
    assert!(
        error.starts_with(&format!("tls_config: ca_file: reading {}", file.display())),
        "{error}"
    );
}

#[test]
fn wrong_settings_are_named_and_not_shown() {
    let party = Party::own(params("x", &["x"]));
    let key = Secret(party.key.serialize_pem());
    let cert = party.cert.pem();
    let default = TlsConfig::default;
    for (config, expected) in [
        (
            TlsConfig {
                ca: "nonsense".to_owned(),
                ..default()
            },
            "tls_config: ca: there is no usable certificate in it",
        ),
        (
            TlsConfig {
                cert: cert.clone(),
                ..default()
            },
            "tls_config: cert and key must be given together",
        ),
        (
            TlsConfig {
                cert: "nonsense".to_owned(),
                key: key.clone(),
                ..default()
            },
            "tls_config: cert: there is no certificate in it",
        ),
        (
            TlsConfig {
                cert: cert.clone(),
                key: Secret("nonsense".to_owned()),
                ..default()
            },
            "tls_config: key: there is no private key in it that can be used",
        ),
    ] {
        assert_eq!(Clients::default().client(&config).unwrap_err(), expected);
    }
}
