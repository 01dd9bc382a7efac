//! The files in tests/config: `*.good.yml` loads, `*.bad.yml` is refused in the words of its first line. The words are
//! upstream's where it refuses the file, too.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "the test runs the program")]
#![allow(dead_code, reason = "other tests use the rest of programs")]

mod programs;

use std::path::{Path, PathBuf};

use programs::{Exporter, run};

fn files(end: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config");
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> = paths.filter(|path| path.to_str().unwrap().ends_with(end)).collect();
    assert!(paths.len() > 20, "where are the files?");
    paths.sort();
    paths
}

#[test]
fn good_files_load() {
    for path in files(".good.yml") {
        let output = run(&["--config.check", &format!("--config.file={}", path.display())]);
        let log = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {log}", path.display());
        assert!(log.contains("Config file is ok exiting..."), "{log}");
    }
}

#[test]
fn bad_files_are_refused_in_the_words_of_their_first_line() {
    for path in files(".bad.yml") {
        let output = run(&["--config.check", &format!("--config.file={}", path.display())]);
        let log = String::from_utf8_lossy(&output.stderr);
        let text = std::fs::read_to_string(&path).unwrap();
        let words = text
            .lines()
            .next()
            .map_or("EOF", |line| line.strip_prefix("# ").unwrap_or("EOF"));
        assert_eq!(output.status.code(), Some(1), "{}: {log}", path.display());
        let expected = format!("error: error parsing config file: {words}\n");
        assert!(log.ends_with(&expected), "{}\n{log}\n{expected}", path.display());
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let output = run(&["--config.check", "--config.file=/does/not/exist.yml"]);
    let log = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        log.contains("error: error reading config file: open /does/not/exist.yml: "),
        "{log}"
    );
}

/// Wherever a secret may stand, and wherever it may stand by mistake.
#[test]
fn no_refusal_shows_a_secret() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("blackbox.yml");
    for text in [
        "hunter2",
        "- hunter2",
        "modules: hunter2",
        "modules: {m: hunter2}",
        "modules: {m: {prober: http, http: {bearer_token: [hunter2]}}}",
        "modules: {m: {prober: http, http: {basic_auth: hunter2}}}",
        "modules: {m: {prober: http, http: {basic_auth: {password: {a: hunter2}}}}}",
        "modules: {m: {prober: http, http: {basic_auth: {username: u, password: hunter2, password_file: x}}}}",
        "modules: {m: {prober: http, http: {proxy_url: 'http://u:hunter2 @x'}}}",
        "modules: {m: {prober: http, http: {proxy_url: '::hunter2'}}}",
        "modules: {m: {prober: http, http: {tls_config: {key: hunter2}}}}",
        "modules: {m: {prober: http, http: {http_headers: {Host: {secrets: [hunter2]}}}}}",
        "modules: {m: {prober: http, http: {fail_if_ssl: hunter2}}}",
        "modules: {m: {prober: http, http: {valid_status_codes: [hunter2]}}}",
        "modules: {m: {prober: http, http: {bearer_token: *hunter2}}}",
        "modules: {m: {prober: http, http: {bearer_token: !!binary hunter2}}}",
        "modules: {m: {prober: http, http: {bearer_token: !!int hunter2}}}",
        "{hunter2",
        "a: b: hunter2",
        "a: \"hunter2",
    ] {
        std::fs::write(&path, text).unwrap();
        let output = run(&["--config.check", &format!("--config.file={}", path.display())]);
        let log = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{text}: {log}");
        assert!(!log.contains("hunter2"), "{text}: {log}");
    }
}

#[test]
fn the_configuration_in_force_is_shown_without_its_secrets() {
    let every = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config/every-prober.good.yml");
    let answer = Exporter::start(&every, &[]).get("/config");
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, Some("text/plain; charset=utf-8"))
    );
    let text = answer.text();
    assert!(!text.contains("mysecret"), "{text}");
    let expected = "    with_password:\n        prober: http\n        http:\n            ip_protocol_fallback: true\n            \
                    method: POST\n            basic_auth:\n                username: user\n                \
                    password: <secret>\n            follow_redirects: true\n            enable_http2: true\n";
    assert!(text.contains(expected), "{text}");
}
