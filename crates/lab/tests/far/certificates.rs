//! deploy/tls/certs: what it makes, what it leaves alone, and what it makes anew.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use crate::{running::said, site::Site, tools::text};

fn mode(file: &Path) -> u32 {
    fs::metadata(file).expect("it is there").permissions().mode() & 0o777
}

fn fingerprint(site: &Site, file: &str) -> String {
    let file = site.path(file);
    let file = file.to_str().expect("its name is text");
    said("openssl", &["x509", "-in", file, "-noout", "-fingerprint", "-sha256"])
}

const CLIENT: &str = "prometheus/client.crt";
const EXPORTER: &str = "hosts/127.0.0.1/exporter.crt";

#[test]
fn keys_are_their_owners_alone_and_are_not_printed() {
    let site = Site::bare();
    let output = site.certs(&["--renew", "127.0.0.1,localhost", "other.example.com"]);
    assert!(
        output.status.success() && !text(&output).contains("PRIVATE"),
        "{}",
        text(&output)
    );
    for key in [
        "ca.key",
        "prometheus/client.key",
        "hosts/127.0.0.1/exporter.key",
        "hosts/other.example.com/exporter.key",
    ] {
        assert_eq!(mode(&site.path(key)), 0o600, "{key}");
    }
    assert_eq!(mode(site.folder.path()), 0o700);
    assert!(
        !site.host().join("ca.key").exists() && !site.path("prometheus/ca.key").exists(),
        "the authority's key goes nowhere"
    );
}

#[test]
fn a_second_run_changes_nothing() {
    let site = Site::bare();
    let before = [CLIENT, EXPORTER].map(|file| fingerprint(&site, file));
    let output = site.certs(&["127.0.0.1,localhost"]);
    assert_eq!((output.status.success(), text(&output).as_str()), (true, ""));
    assert_eq!([CLIENT, EXPORTER].map(|file| fingerprint(&site, file)), before);
}

#[test]
fn only_what_is_no_longer_good_is_made_anew_and_keeps_its_key() {
    let site = Site::bare();
    let host = "127.0.0.1,localhost";
    // What is done, and whether the client's and the exporter's certificate are others then.
    for (arguments, expected) in [
        (&["127.0.0.1,localhost,web-1.example.com"][..], [false, true]),
        (&["127.0.0.1,web-1.example.com"], [false, true]),
        (&["127.0.0.1,fd00::1"], [false, true]),
        (&["127.0.0.1,fd00::1"], [false, false]),
        (&["--renew", host], [true, true]),
        // Fewer than 30 days are left of it at once.
        (&["--days", "29", "--renew", host], [true, true]),
        (&[host], [true, true]),
        (&[host], [false, false]),
    ] {
        let files = [CLIENT, EXPORTER];
        let before = files.map(|file| fingerprint(&site, file));
        let key = fs::read(site.host().join("exporter.key")).expect("a key");
        let output = site.certs(arguments);
        assert!(output.status.success(), "{}", text(&output));
        let after = files.map(|file| fingerprint(&site, file));
        assert_eq!([0, 1].map(|one| before[one] != after[one]), expected, "{arguments:?}");
        assert_eq!(fs::read(site.host().join("exporter.key")).expect("a key"), key);
    }
}

#[test]
fn another_authority_signs_all_anew_and_the_old_one_is_trusted_meanwhile() {
    let site = Site::bare();
    let old = fs::read_to_string(site.path("ca.crt")).expect("a certificate");
    for kind in ["crt", "key"] {
        fs::rename(site.path(&format!("ca.{kind}")), site.path(&format!("old-ca.{kind}"))).expect("the folder is ours");
    }
    let before = fingerprint(&site, EXPORTER);
    assert!(site.certs(&["127.0.0.1,localhost"]).status.success());
    assert_ne!(fingerprint(&site, EXPORTER), before);
    let new = fs::read_to_string(site.path("ca.crt")).expect("a certificate");
    let trusted = |folder: &str| fs::read_to_string(site.path(&format!("{folder}/ca.crt"))).expect("certificates");
    assert_eq!(trusted("prometheus"), format!("{new}{old}"));
    assert_eq!(trusted("hosts/127.0.0.1"), format!("{new}{old}"));
    fs::remove_file(site.path("old-ca.crt")).expect("the folder is ours");
    assert!(site.certs(&["127.0.0.1,localhost"]).status.success());
    assert_eq!([trusted("prometheus"), trusted("hosts/127.0.0.1")], [new.clone(), new]);
}

#[test]
fn what_cannot_be_done_is_said_and_nothing_is_written() {
    let site = Site::bare();
    let before = fingerprint(&site, EXPORTER);
    for (arguments, complaint) in [
        (&[][..], "usage:"),
        (&["../etc"], "not a host: ../etc"),
        (&["a b"], "not a host: a b"),
        (&["127.0.0.1", "x\nsubjectAltName=DNS:y"], "not a host: x"),
        (&["--days", "soon", "127.0.0.1"], "--days soon"),
        (&["--days", "9999", "127.0.0.1"], "the authority ends"),
        (&["--force", "127.0.0.1"], "unknown option --force"),
    ] {
        let output = site.certs(arguments);
        assert!(
            !output.status.success() && text(&output).contains(complaint),
            "{arguments:?}: {}",
            text(&output)
        );
    }
    fs::rename(site.path("ca.key"), site.path("elsewhere")).expect("the folder is ours");
    let output = site.certs(&["--renew", "127.0.0.1"]);
    assert!(!output.status.success() && text(&output).contains("put it back"));
    assert_eq!(fingerprint(&site, EXPORTER), before);
}
