//! The program over HTTP: what it answers, how it is told to misbehave, and what its metrics say of that.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "the test runs the program")]

mod programs;

use std::collections::BTreeMap;

use exposition::parse::parse;
use programs::{App, run};
use rustix::process::Signal;

/// Nothing takes time, nothing fails.
const STEADY: [&str; 3] = ["--latency-mean=0s", "--error-rate=0", "--seed=1"];
const FORM: &str = "Content-Type: application/x-www-form-urlencoded";
const JSON: &str = "Content-Type: application/json";

/// The value of a sample, by all that stands before it.
fn sample(metrics: &str, series: &str) -> Option<f64> {
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map(|value| value.parse().unwrap())
}

#[test]
fn the_endpoints_answer_and_every_request_is_counted_under_a_bounded_label() {
    let app = App::start(&STEADY);
    for (method, path, status, start) in [
        ("GET", "/", 200, "<!DOCTYPE html>"),
        ("GET", "/api/users", 200, r#"[{"id":1,"name":"Ada"},"#),
        ("GET", "/api/orders", 200, "[]\n"),
        ("POST", "/api/orders", 201, r#"{"id":1,"region":"#),
        ("GET", "/api/orders?page=2", 200, r#"[{"id":1,"#),
        ("HEAD", "/api/users", 200, ""),
        ("POST", "/api/users", 405, "Method not allowed\n"),
        ("BREW", "/", 405, "Method not allowed\n"),
        ("GET", "/api/users/17", 404, "404 page not found\n"),
        ("GET", "/nowhere", 404, "404 page not found\n"),
        ("GET", "/healthz", 200, "ok\n"),
        ("GET", "/-/healthy", 200, "Healthy\n"),
        ("GET", "/favicon.ico", 204, ""),
    ] {
        let answer = app.ask(method, path, &[], "");
        assert_eq!(answer.status, status, "{method} {path}");
        assert!(answer.text().starts_with(start), "{method} {path}: {}", answer.text());
    }
    let metrics = app.get("/metrics").text();
    let counted = metrics.lines().filter(|line| line.starts_with("http_requests_total{"));
    let counted: Vec<&str> = counted.filter(|line| !line.ends_with(" 0")).collect();
    assert_eq!(
        counted,
        [
            r#"http_requests_total{endpoint="/",method="GET",status="200"} 1"#,
            r#"http_requests_total{endpoint="/",method="other",status="405"} 1"#,
            r#"http_requests_total{endpoint="/api/orders",method="GET",status="200"} 2"#,
            r#"http_requests_total{endpoint="/api/orders",method="POST",status="201"} 1"#,
            r#"http_requests_total{endpoint="/api/users",method="GET",status="200"} 1"#,
            r#"http_requests_total{endpoint="/api/users",method="HEAD",status="200"} 1"#,
            r#"http_requests_total{endpoint="/api/users",method="POST",status="405"} 1"#,
            r#"http_requests_total{endpoint="other",method="GET",status="404"} 2"#,
        ]
    );
    // About the service, and so in no ratio: healthz, -/healthy, favicon and metrics.
    for series in [
        "demo_requests_total",
        "app_requests_total",
        "requests_total",
        "demo_request_latency_seconds_count",
        "app_request_latency_seconds_count",
    ] {
        assert_eq!(sample(&metrics, series), Some(10.0), "{series}");
    }
}

#[test]
fn levels_and_business_figures_are_there_from_the_first_scrape() {
    let app = App::start(&STEADY);
    let before = app.get("/metrics").text();
    assert_eq!(sample(&before, "active_users"), Some(0.0));
    assert_eq!(
        sample(&before, r#"orders_total{region="eu",status="completed"}"#),
        Some(0.0)
    );
    for core in ["core1", "core2"] {
        let usage = sample(&before, &format!("cpu_usage{{core=\"{core}\"}}")).unwrap();
        assert!((0.0..=100.0).contains(&usage), "{usage}");
    }
    let memory = sample(&before, "app_memory_usage_bytes").unwrap();
    let told = sample(&before, "process_resident_memory_bytes").unwrap();
    assert!(memory > 1e6 && (memory / told - 1.0).abs() < 0.5, "{memory} {told}");
    for _ in 0..5 {
        app.ask("POST", "/api/orders", &[], "");
    }
    let after = app.get("/metrics").text();
    let orders: f64 = after
        .lines()
        .filter(|line| line.starts_with("orders_total{"))
        .map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap())
        .sum();
    assert_eq!(orders, 5.0);
    assert!(sample(&after, "active_users").unwrap() > 0.0);
}

#[test]
fn a_fault_on_request_is_counted_and_leads_from_the_metrics_to_its_trace() {
    let app = App::start(&STEADY);
    let trace = "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let answer = app.ask("GET", "/api/users", &["X-Demo-Fault: error", trace], "");
    assert_eq!(
        (answer.status, answer.text().as_str()),
        (500, "{\"error\":\"a simulated fault\"}\n")
    );
    assert_eq!(answer.header("x-trace-id"), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
    let page = app.ask("GET", "/", &["X-Demo-Fault: error"], "");
    assert_eq!(page.status, 500);
    assert!(page.text().contains("<form"), "what is set can be set back");
    let openmetrics = app
        .ask(
            "GET",
            "/metrics",
            &["Accept: application/openmetrics-text;version=1.0.0"],
            "",
        )
        .text();
    assert!(openmetrics.ends_with("# EOF\n"));
    assert!(
        openmetrics
            .lines()
            .any(|line| line.starts_with("http_request_duration_seconds_bucket")
                && line.contains(r#" # {trace_id="4bf92f3577b34da6a3ce929d0e0e4736"} "#)),
        "{openmetrics}"
    );
    let errors = r#"http_requests_total{endpoint="/api/users",method="GET",status="500"}"#;
    assert_eq!(sample(&openmetrics, errors), Some(1.0));
}

#[test]
fn settings_are_shown_and_changed_while_it_runs() {
    let app = App::start(&STEADY);
    let shown = |error_rate: &str, cpu_mode: &str| {
        format!(
            "{{\"ballast_mib\":0,\"cpu_mode\":\"{cpu_mode}\",\"error_rate\":{error_rate},\"latency_distribution\":\"lognormal\",\
             \"latency_mean\":\"0ns\",\"user_id_label\":false}}\n"
        )
    };
    assert_eq!(app.get("/admin/settings").text(), shown("0.0", "random"));
    let answer = app.ask("POST", "/admin/settings", &[FORM], "error_rate=1&cpu_mode=high");
    assert_eq!((answer.status, answer.text()), (200, shown("1.0", "high")));
    assert_eq!(app.get("/api/users").status, 500);
    assert!(sample(&app.get("/metrics").text(), "cpu_usage_simulated").unwrap() >= 90.0);

    let browser = ["Accept: text/html", FORM, &format!("Origin: http://{}", app.address())];
    let answer = app.ask("POST", "/admin/settings", &browser, "error_rate=0");
    assert_eq!((answer.status, answer.header("location")), (303, Some("/")));
    assert_eq!(app.get("/api/users").status, 200);

    let answer = app.ask("POST", "/admin/settings", &[JSON], r#"{"cpu_mode": "random"}"#);
    assert_eq!((answer.status, answer.text()), (200, shown("0.0", "random")));
}

#[test]
fn what_is_no_change_is_refused_and_changes_nothing() {
    let app = App::start(&STEADY);
    let before = app.get("/admin/settings").text();
    let long = "x".repeat(4097);
    for (method, headers, body, status, text) in [
        (
            "POST",
            &[FORM][..],
            "error_rate=1&cpu_mode=off",
            400,
            "cpu_mode: \"off\" is none of random, spikes, high\n",
        ),
        (
            "POST",
            &[JSON],
            r#"{"error_rate": "1.5"}"#,
            400,
            "error_rate: \"1.5\" is no number from 0 to 1\n",
        ),
        (
            "POST",
            &[JSON],
            "error_rate=1",
            400,
            "reading the body: expected value at line 1 column 1\n",
        ),
        (
            "POST",
            &["Content-Type: text/plain"],
            "error_rate=1",
            415,
            "\"text/plain\" is neither application/json nor application/x-www-form-urlencoded\n",
        ),
        (
            "POST",
            &[FORM, "Origin: http://elsewhere.example"],
            "error_rate=1",
            403,
            "Another site's page may not change the settings.\n",
        ),
        (
            "POST",
            &[FORM, "Origin: null"],
            "error_rate=1",
            403,
            "Another site's page may not change the settings.\n",
        ),
        ("POST", &[FORM], &long, 413, "The body is too large.\n"),
        ("DELETE", &[], "", 405, "Method not allowed\n"),
    ] {
        let answer = app.ask(method, "/admin/settings", headers, body);
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (status, text),
            "{method} {headers:?}"
        );
    }
    assert_eq!(app.get("/admin/settings").text(), before);
}

#[test]
fn where_others_reach_it_settings_only_change_with_the_flag() {
    let everywhere = ["--web.listen-address=0.0.0.0:0", "--latency-mean=0s"];
    let closed = App::start(&everywhere);
    assert_eq!(
        closed.ask("POST", "/admin/settings", &[FORM], "error_rate=1").status,
        403
    );
    let page = closed.get("/").text();
    assert!(
        !page.contains("<form") && page.contains("--admin.allow-remote"),
        "{page}"
    );
    let open = App::start(&[&everywhere[..], &["--admin.allow-remote"]].concat());
    assert_eq!(open.ask("POST", "/admin/settings", &[FORM], "error_rate=1").status, 200);
}

#[test]
fn ballast_is_really_taken_and_given_back() {
    const MIB: f64 = 1024.0 * 1024.0;
    let app = App::start(&STEADY);
    let memory = || sample(&app.get("/metrics").text(), "app_memory_usage_bytes").unwrap();
    let until = |is_so: &dyn Fn(f64) -> bool| {
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
        while !is_so(memory()) {
            assert!(std::time::Instant::now() < deadline, "it is at {}", memory());
        }
    };
    let before = memory();
    assert!(before < 64.0 * MIB, "{before}");
    app.ask("POST", "/admin/settings", &[FORM], "ballast_mib=100");
    until(&|now| now > before + 99.0 * MIB);
    app.ask("POST", "/admin/settings", &[JSON], r#"{"ballast_mib": 0}"#);
    until(&|now| now < before + 10.0 * MIB);
    let refused = app.ask("POST", "/admin/settings", &[FORM], "ballast_mib=100000");
    assert_eq!(
        (refused.status, refused.text().as_str()),
        (400, "ballast_mib: \"100000\" is no whole number from 0 to 512\n")
    );
}

#[test]
fn series_by_user_come_with_the_switch_are_no_more_than_users_and_go_again() {
    let app = App::start(&[&STEADY[..], &["--users=3", "--user-id-label"]].concat());
    for _ in 0..30 {
        app.get("/api/users");
    }
    let by_user = |metrics: &str| -> BTreeMap<String, f64> {
        let lines = metrics
            .lines()
            .filter(|line| line.starts_with("http_requests_by_user_total{"));
        let pair = |line: &str| {
            let (series, value) = line.split_once(' ').unwrap();
            (series.to_owned(), value.parse().unwrap())
        };
        lines.map(pair).collect()
    };
    let counted = by_user(&app.get("/metrics").text());
    let users = ["1", "2", "3"].map(|user| format!("http_requests_by_user_total{{user_id=\"{user}\"}}"));
    assert_eq!(counted.keys().cloned().collect::<Vec<_>>(), users);
    assert_eq!(counted.values().sum::<f64>(), 30.0);
    app.ask("POST", "/admin/settings", &[JSON], r#"{"user_id_label": false}"#);
    app.get("/api/users");
    assert_eq!(by_user(&app.get("/metrics").text()), BTreeMap::new());
}

#[test]
fn the_same_seed_and_the_same_requests_have_the_same_fate() {
    let fates = |seed: &str| -> Vec<(u16, String)> {
        let app = App::start(&["--latency-mean=1ms", "--error-rate=0.5", seed]);
        (0..20)
            .map(|_| {
                let answer = app.ask("POST", "/api/orders", &[], "");
                (
                    answer.status,
                    answer.header("x-trace-id").unwrap().to_owned() + &answer.text(),
                )
            })
            .collect()
    };
    let first = fates("--seed=7");
    assert_eq!(first, fates("--seed=7"));
    assert_ne!(first, fates("--seed=8"));
}

#[test]
fn metrics_are_well_formed_in_every_format() {
    let app = App::start(&STEADY);
    app.get("/api/users");
    let text = app.get("/metrics").text();
    let families = parse(text.as_bytes()).unwrap();
    assert!(
        families.iter().all(|family| family.help.is_some()),
        "each family says what it is"
    );
    let openmetrics = app
        .ask(
            "GET",
            "/metrics",
            &["Accept: application/openmetrics-text;version=1.0.0"],
            "",
        )
        .text();
    assert!(openmetrics.contains("# TYPE http_requests counter\n") && openmetrics.ends_with("# EOF\n"));
}

#[test]
fn healthcheck_asks_the_one_that_runs() {
    let app = App::start(&STEADY);
    let ask = |address: &str| {
        run(&["--healthcheck", &format!("--web.listen-address={address}")])
            .status
            .code()
    };
    let address = app.address().to_owned();
    assert_eq!(ask(&address), Some(0));
    assert_eq!(app.end(Signal::TERM), Some(0));
    assert_eq!(ask(&address), Some(1));
}

#[test]
fn wrong_flags_are_said_at_once() {
    let output = run(&["--error-rate=2", "--cpu-mode=x"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "error: --error-rate: \"2\" is no number from 0 to 1\nerror: --cpu-mode: \"x\" is none of random, spikes, high\n"
    );
}
