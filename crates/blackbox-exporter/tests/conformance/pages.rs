//! What people and Prometheus ask besides metrics of probes: errors, pages, reloads. Of both programs.

use std::path::{Path, PathBuf};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tempfile::TempDir;

use crate::programs::{Exporter, PROGRAM, upstream};

/// Text as the value of a query.
pub(crate) fn escaped(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

const SECRETS: &str = "modules:
  t: {prober: tcp, timeout: 3s}
  h:
    prober: http
    http:
      basic_auth: {username: user, password: hunter2}
      http_headers: {X-Key: {secrets: [hunter2]}}
  b: {prober: http, http: {bearer_token: hunter2}}
  a: {prober: http, http: {authorization: {credentials: hunter2}}}
  o: {prober: http, http: {oauth2: {client_id: id, client_secret: hunter2, token_url: http://x}}}
";

/// Ours, and upstream's if there is one.
fn programs() -> Vec<(&'static str, PathBuf)> {
    let upstream = upstream().map(|program| ("upstream", program));
    std::iter::once(("ours", PathBuf::from(PROGRAM)))
        .chain(upstream)
        .collect()
}

/// Runs a test with each of them.
fn with_each(config: &str, flags: &[&str], test: impl Fn(&str, &mut Exporter, &Path)) {
    for (name, program) in programs() {
        let folder: TempDir = tempfile::tempdir().unwrap();
        let path = folder.path().join("blackbox.yml");
        std::fs::write(&path, config).unwrap();
        let mut exporter = Exporter::start_program(&program, &path, flags);
        exporter.drop_log();
        test(name, &mut exporter, &path);
    }
}

#[test]
fn what_cannot_be_probed_is_refused_in_the_same_words() {
    let scrape = |seconds| format!("X-Prometheus-Scrape-Timeout-Seconds: {seconds}");
    with_each(SECRETS, &[], |name, exporter, _| {
        for (path, header, status, text) in [
            ("/probe?module=t", "5", 400, "Target parameter is missing\n"),
            ("/probe?module=t&target=", "5", 400, "Target parameter is missing\n"),
            ("/probe?target=x&module=none", "5", 400, "Unknown module \"none\"\n"),
            ("/probe?target=x", "5", 400, "Unknown module \"http_2xx\"\n"),
            (
                "/probe?target=x&module=t",
                "x",
                500,
                "Failed to parse timeout from Prometheus header: strconv.ParseFloat: parsing \"x\": invalid syntax\n",
            ),
            (
                "/logs",
                "5",
                400,
                "Probe id or target must be defined as http query parameters\n",
            ),
            (
                "/logs?id=x",
                "5",
                400,
                "Probe id or target must be defined as http query parameters\n",
            ),
            ("/logs?id=77", "5", 404, "Probe id not found\n"),
        ] {
            let answer = exporter.ask("GET", path, &[&scrape(header)]);
            assert_eq!(
                (answer.status, answer.text().as_str()),
                (status, text),
                "{name} {path} {header}"
            );
        }
        let metrics = exporter.get("/metrics").text();
        assert!(
            metrics.contains("\nblackbox_module_unknown_total 2\n"),
            "{name} {metrics}"
        );
    });
}

#[test]
fn debug_tells_log_metrics_and_module_without_secrets() {
    with_each(SECRETS, &[], |name, exporter, _| {
        let text = exporter.get("/probe?module=h&target=a..b&debug=true").text();
        let places: Vec<_> = [
            "Logs for the probe:\n",
            "Metrics that would have been returned:\n",
            "Module configuration:\n",
        ]
        .map(|part| text.find(part))
        .into();
        assert!(
            places.iter().all(Option::is_some) && places.is_sorted(),
            "{name} {text}"
        );
        assert!(
            text.contains("\nprobe_success 0\n") && text.contains("password: <secret>"),
            "{name} {text}"
        );
        assert!(!text.contains("hunter2"), "{name} {text}");
        // What people saw is what the history has.
        assert_eq!(exporter.get("/logs?id=0").text(), text, "{name}");
    });
}

#[test]
fn the_configuration_is_shown_without_secrets() {
    with_each(SECRETS, &[], |name, exporter, _| {
        let answer = exporter.get("/config");
        let text = answer.text();
        assert_eq!(answer.status, 200, "{name}");
        assert!(
            text.contains("modules:\n") && text.contains("password: <secret>\n"),
            "{name} {text}"
        );
        assert!(!text.contains("hunter2"), "{name} {text}");
    });
}

#[test]
fn a_reload_takes_a_good_file_and_leaves_the_old_one_for_a_bad_one() {
    let one = "modules: {one: {prober: tcp}}\n";
    with_each(one, &[], |name, exporter, path| {
        let has = |module: &str| exporter.get("/config").text().contains(module);
        let succeeded = || {
            let metrics = exporter.get("/metrics").text();
            let line = |line: &&str| line.starts_with("blackbox_exporter_config_last_reload_successful ");
            metrics.lines().find(line).map(str::to_owned)
        };
        let refused = exporter.get("/-/reload");
        let words = (refused.status, refused.text());
        assert_eq!(
            words,
            (405, "This endpoint requires a POST request.\n".to_owned()),
            "{name}"
        );

        std::fs::write(path, "modules: {two: {prober: tcp}}\n").unwrap();
        let answer = exporter.ask("POST", "/-/reload", &[]);
        assert_eq!((answer.status, answer.text().as_str()), (200, ""), "{name}");
        assert!(has("two:"), "{name}");

        std::fs::write(path, "modules: {three: {prober: dns, dns: {}}}\n").unwrap();
        let answer = exporter.ask("POST", "/-/reload", &[]);
        let words = "failed to reload config: error parsing config file: query name must be set for DNS module\n";
        assert_eq!((answer.status, answer.text().as_str()), (500, words), "{name}");
        assert!(has("two:") && !has("three:"), "{name}");
        let failed = "blackbox_exporter_config_last_reload_successful 0";
        assert_eq!(succeeded().as_deref(), Some(failed), "{name}");
    });
}

#[test]
fn a_probe_ends_the_offset_before_its_scrape() {
    // Takes connections, and says nothing.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let path = format!("/probe?module=t&target={}", listener.local_addr().unwrap());
    let config = "modules: {t: {prober: tcp, tcp: {query_response: [{expect: x}]}}}\n";
    with_each(config, &["--timeout-offset=3.5"], |name, exporter, _| {
        let answer = exporter.ask("GET", &path, &["X-Prometheus-Scrape-Timeout-Seconds: 4"]);
        let answer = crate::answer::read(&answer.text()).unwrap();
        for want in [
            "probe_success 0",
            "probe_duration_seconds > 0.2",
            "probe_duration_seconds < 2",
        ] {
            assert_eq!(crate::check::missed(want, &answer), None, "{name} {want}");
        }
    });
}

#[test]
fn pages_are_where_they_were() {
    with_each(
        SECRETS,
        &["--web.external-url=http://outside/bb/"],
        |name, exporter, _| {
            for (path, status) in [
                ("/", 302),
                ("/bb/", 200),
                ("/bb/metrics", 200),
                ("/bb/config", 200),
                ("/bb/-/healthy", 200),
                ("/bb/-/reload", 405),
                ("/bb/probe", 400),
                ("/bb/logs", 400),
                ("/probe", 404),
            ] {
                assert_eq!(exporter.get(path).status, status, "{name} {path}");
            }
        },
    );
}

#[test]
fn the_exporters_own_families_are_upstreams() {
    let families = |exporter: &Exporter| crate::answer::read(&exporter.get("/metrics").text()).unwrap();
    let own = |name: &str| !name.starts_with("go_");
    let all = std::cell::RefCell::new(Vec::new());
    with_each(SECRETS, &[], |_, exporter, _| all.borrow_mut().push(families(exporter)));
    let all = all.into_inner();
    let [ours, theirs] = all.as_slice() else {
        return;
    };
    let missing: Vec<_> = theirs
        .iter()
        .filter(|(name, told)| {
            let alike = |ours: &crate::answer::Told| (&ours.kind, &ours.help) == (&told.kind, &told.help);
            own(name) && !ours.get(*name).is_some_and(alike)
        })
        .map(|(name, told)| {
            (
                name,
                &told.kind,
                &told.help,
                ours.get(name).map(|told| (&told.kind, &told.help)),
            )
        })
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
}
