//! The program as people, scrapers and process managers meet it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "the test runs the program")]

mod programs;

use std::io::Read;
use std::net::TcpListener;
use std::path::PathBuf;

use programs::{Answer, Exporter, run};
use rustix::process::Signal;
use tempfile::TempDir;

/// A folder with a configuration in it.
struct Config {
    folder: TempDir,
}

impl Config {
    fn new(text: &str) -> Self {
        let config = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        config.write(text);
        config
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("blackbox.yml")
    }

    fn write(&self, text: &str) {
        // Put in its place whole, so that no reload sees half of it.
        let whole = self.folder.path().join("new.yml");
        std::fs::write(&whole, text).unwrap();
        std::fs::rename(whole, self.path()).unwrap();
    }
}

const TCP: &str = "modules:\n  tcp_connect: {prober: tcp, timeout: 5s, tcp: {preferred_ip_protocol: ip4}}\n";

/// A target that takes connections, and its address.
fn target() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

fn plain(answer: &Answer) -> (u16, String) {
    (answer.status, answer.text())
}

#[test]
fn a_probe_answers_with_metrics_in_the_form_that_the_scraper_wants() {
    let config = Config::new(TCP);
    let exporter = Exporter::start(&config.path(), &[]);
    let (_listener, address) = target();
    let path = format!("/probe?module=tcp_connect&target={address}");
    let answer = exporter.get(&path);
    let text004 = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores";
    assert_eq!((answer.status, answer.header("content-type")), (200, Some(text004)));
    assert!(answer.text().contains("\nprobe_success 1\n"), "{}", answer.text());

    let openmetrics = exporter.ask("GET", &path, &["Accept: application/openmetrics-text;version=1.0.0"]);
    assert!(
        openmetrics
            .header("content-type")
            .unwrap()
            .starts_with("application/openmetrics-text")
    );
    assert!(openmetrics.text().ends_with("# EOF\n"));

    let packed = exporter.ask("GET", &path, &["Accept-Encoding: gzip"]);
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    let mut text = String::new();
    flate2::read::GzDecoder::new(packed.body.as_slice())
        .read_to_string(&mut text)
        .unwrap();
    assert!(text.contains("\nprobe_success 1\n"), "{text}");
}

#[test]
fn what_cannot_be_probed_is_refused_in_upstreams_words() {
    let config = Config::new("modules: {h: {prober: http, http: {headers: {host: a}}}, t: {prober: tcp}}\n");
    let exporter = Exporter::start(&config.path(), &[]);
    let timeout = "X-Prometheus-Scrape-Timeout-Seconds: soon";
    let bad_timeout =
        "Failed to parse timeout from Prometheus header: strconv.ParseFloat: parsing \"soon\": invalid syntax\n";
    for (query, headers, expected) in [
        ("", &[][..], (400, "Unknown module \"http_2xx\"\n")),
        ("module=q%22%0aq&target=x", &[], (400, "Unknown module \"q\\\"\\nq\"\n")),
        ("module=t", &[], (400, "Target parameter is missing\n")),
        ("module=t&target=", &[], (400, "Target parameter is missing\n")),
        ("module=t&target=x", &[timeout], (500, bad_timeout)),
        ("module=t", &[timeout], (500, bad_timeout)),
    ] {
        let answer = exporter.ask("GET", &format!("/probe?{query}"), headers);
        assert_eq!(plain(&answer), (expected.0, expected.1.to_owned()), "{query}");
    }
    let metrics = exporter.get("/metrics").text();
    assert!(metrics.contains("# TYPE blackbox_module_unknown_total counter\nblackbox_module_unknown_total 2\n"));
}

#[test]
fn debug_shows_log_metrics_and_module_and_the_history_keeps_them() {
    let config = Config::new(TCP);
    let exporter = Exporter::start(&config.path(), &["--history.limit=1"]);
    let (_listener, address) = target();
    let path = format!("/probe?module=tcp_connect&target={address}&debug=true");
    let answer = exporter.get(&path);
    assert_eq!(answer.status, 200);
    let text = answer.text();
    let parts = [
        "Logs for the probe:\n",
        "\n\n\nMetrics that would have been returned:\n",
        "\n\n\nModule configuration:\nprober: tcp\n",
    ];
    let places: Vec<_> = parts.iter().map(|part| text.find(part)).collect();
    assert!(
        places.is_sorted() && places.first() == Some(&Some(0)),
        "{places:?} {text}"
    );
    assert_eq!(exporter.get("/logs?id=0").text(), text);
    assert_eq!(exporter.get(&format!("/logs?target={address}")).text(), text);

    let failed = exporter.get("/probe?module=tcp_connect&target=nowhere&debug=true");
    assert_eq!(failed.status, 200);
    assert!(failed.text().contains("\nprobe_success 0\n"), "{}", failed.text());
    let page = exporter.get("/").text();
    assert!(
        page.contains("<td class=\"bad\">Failure</td><td>bad target (prepare)</td>"),
        "{page}"
    );
    // Only one success is kept, and that was the first.
    assert_eq!(
        plain(&exporter.get("/logs?id=0")),
        (404, "Probe id not found\n".to_owned())
    );
    let wrong = "Probe id or target must be defined as http query parameters\n".to_owned();
    assert_eq!(plain(&exporter.get("/logs")), (400, wrong.clone()));
    assert_eq!(plain(&exporter.get("/logs?id=x")), (400, wrong));
}

#[test]
fn a_reload_takes_over_a_good_file_and_leaves_the_old_one_in_force_for_a_bad_one() {
    let config = Config::new(TCP);
    let mut exporter = Exporter::start(&config.path(), &[]);
    let answer = exporter.get("/-/reload");
    assert_eq!(
        plain(&answer),
        (405, "This endpoint requires a POST request.\n".to_owned())
    );

    config.write("modules: {other: {prober: tcp}}\n");
    assert_eq!(plain(&exporter.ask("POST", "/-/reload", &[])), (200, String::new()));
    exporter.wait_for("Reloaded config file");
    assert!(exporter.get("/config").text().starts_with("modules:\n    other:\n"));
    assert!(
        exporter
            .get("/metrics")
            .text()
            .contains("\nblackbox_exporter_config_last_reload_successful 1\n")
    );

    config.write("modules: {other: {prober: x}}\n");
    let text = "failed to reload config: error parsing config file: prober 'x' is not valid\n".to_owned();
    assert_eq!(plain(&exporter.ask("PUT", "/-/reload", &[])), (500, text));
    assert!(exporter.get("/config").text().starts_with("modules:\n    other:\n"));
    assert!(
        exporter
            .get("/metrics")
            .text()
            .contains("\nblackbox_exporter_config_last_reload_successful 0\n")
    );

    config.write("modules: {third: {prober: tcp}}\n");
    exporter.signal(Signal::HUP);
    exporter.wait_for("Reloaded config file");
    assert!(exporter.get("/config").text().starts_with("modules:\n    third:\n"));
}

#[test]
fn a_changed_file_is_taken_over_where_that_is_enabled() {
    let config = Config::new(TCP);
    let flags = ["--config.enable-auto-reload", "--config.auto-reload-interval=0.05"];
    let mut exporter = Exporter::start(&config.path(), &flags);
    config.write("modules: {other: {prober: x}}\n");
    exporter.wait_for("Error reloading config");
    config.write("modules: {other: {prober: tcp}}\n");
    exporter.wait_for("Reloaded config file");
    assert!(exporter.get("/config").text().starts_with("modules:\n    other:\n"));
}

#[test]
fn all_paths_are_under_the_prefix_and_the_root_leads_there() {
    let config = Config::new(TCP);
    let exporter = Exporter::start(&config.path(), &["--web.external-url=http://outside/bb/"]);
    for (path, expected) in [
        ("/bb/", 200),
        ("/bb/metrics", 200),
        ("/bb/config", 200),
        ("/bb/-/healthy", 200),
        ("/bb/logs", 400),
        ("/bb/probe", 400),
        ("/bb/-/reload", 405),
        ("/probe", 404),
        ("/metrics", 404),
        ("/bbb", 404),
    ] {
        assert_eq!(exporter.get(path).status, expected, "{path}");
    }
    let root = exporter.get("/");
    assert_eq!(
        (root.status, root.header("location")),
        (302, Some("http://outside/bb/"))
    );
    let bare = exporter.get("/bb");
    assert_eq!((bare.status, bare.header("location")), (301, Some("/bb/")));
}

#[test]
fn it_stops_at_sigterm_and_refuses_to_start_without_a_configuration() {
    let config = Config::new(TCP);
    assert_eq!(Exporter::start(&config.path(), &[]).end(Signal::TERM), Some(0));
    let output = run(&["--config.file=/does/not/exist.yml", "--history.limit=x"]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("--history.limit: \"x\" is no whole number"), "{text}");
}
