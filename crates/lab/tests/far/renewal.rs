//! Certificates that are renewed on disk are used without anybody being started anew.

use std::{fs, path::Path};

use crate::{
    running::{Prometheus, Running, said},
    secured::curl,
    site::{Site, configured},
};

/// The certificate that an exporter shows to whoever comes next.
fn shown(exporter: &Running) -> String {
    let script = "openssl s_client -connect \"$0\" </dev/null 2>/dev/null | openssl x509 -noout -fingerprint -sha256";
    said("sh", &["-c", script, exporter.address()])
}

fn on_disk(file: &Path) -> String {
    let file = file.to_str().expect("its name is text");
    said("openssl", &["x509", "-in", file, "-noout", "-fingerprint", "-sha256"])
}

#[test]
fn renewed_certificates_are_used_at_once_by_both_sides() {
    let site = Site::new();
    let mut exporter = site.exporter("node-exporter", "mutual-tls");
    let folder = tempfile::tempdir().expect("a folder");
    std::os::unix::fs::symlink(site.path("prometheus"), folder.path().join("tls")).expect("the folder is ours");
    let targets = [("node", vec![exporter.address().to_owned()])];
    let config = configured(folder.path(), "secured.yml", &targets);
    let certificate = site.host().join("exporter.crt");
    assert_eq!(shown(&exporter), on_disk(&certificate));

    let prometheus = Prometheus {
        config: &config,
        is_agent: false,
        replica: "",
    };
    let mut prometheus = prometheus.start();
    if let Some(prometheus) = &mut prometheus {
        prometheus.wait_until("it is up", |one| !one.query("up == 1").is_empty());
    }

    // Another authority, and so another certificate on both sides: nothing of before would do.
    for kind in ["crt", "key"] {
        fs::remove_file(site.path(&format!("ca.{kind}"))).expect("the folder is ours");
    }
    assert!(site.certs(&["127.0.0.1,localhost"]).status.success());
    let new = on_disk(&certificate);
    exporter.wait_until("the new certificate is shown", |one| shown(one) == new);
    let file = |name: &str| site.path(name).display().to_string();
    let (ca, crt, key) = (
        file("prometheus/ca.crt"),
        file("prometheus/client.crt"),
        file("prometheus/client.key"),
    );
    let url = format!("https://{}/metrics", exporter.address());
    let answer = curl(&url, &["--cacert", &ca, "--cert", &crt, "--key", &key]);
    assert_eq!(answer, ("200".to_owned(), 0));

    if let Some(prometheus) = &mut prometheus {
        // All of the last three seconds, and so with the new files.
        prometheus.wait_until("it stays up", |one| {
            !one.query("min_over_time(up[3s]) == 1 and count_over_time(up[3s]) >= 3")
                .is_empty()
        });
    }
}
