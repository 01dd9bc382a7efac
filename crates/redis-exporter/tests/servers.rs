//! The exporter beside real redis-servers: every way to come in.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "all of this is test: it fails by panicking, says what it skips, and starts programs"
)]

mod rig;

use std::fs;

use rig::{Answer, Exporter, Redis, make_certificates, run};

/// That the target is up and told everything.
fn check_up(answer: &Answer, what: &str) {
    assert_eq!(answer.status, 200, "{what}");
    let state = (answer.value("redis_up"), answer.error());
    assert_eq!(state, (Some(1.0), ""), "{what}: {}", answer.text);
    assert!(answer.value("redis_connected_clients").is_some(), "{what}");
}

fn check_down(answer: &Answer, why: &str) {
    assert_eq!(answer.status, 200, "{why}");
    let state = (answer.value("redis_up"), answer.error());
    assert_eq!(state, (Some(0.0), why), "{}", answer.text);
}

#[test]
fn a_server_is_reached_by_port_name_and_socket() {
    let Some(redis) = Redis::start(&[]) else { return };
    redis.run("SELECT 3\nSET key value");
    let (address, socket) = (redis.address(), redis.socket());
    let bare = format!("127.0.0.1:{}", redis.port());
    let named = format!("valkey://localhost:{}/3", redis.port());
    for address in [&address, &socket, &bare, &named] {
        let exporter = Exporter::start(&[&format!("-redis.addr={address}")]);
        let answer = exporter.metrics();
        check_up(&answer, address);
        assert_eq!(answer.value("redis_db_keys{db=\"db3\"}"), Some(1.0), "{address}");
        assert_eq!(answer.value("redis_db_keys{db=\"db15\"}"), Some(0.0), "{address}");
        check_up(&exporter.metrics(), address);
        assert_eq!(exporter.metrics().value("redis_exporter_scrapes_total"), Some(3.0));
    }
    let exporter = Exporter::start(&["-redis.addr=", "-ping-on-connect"]);
    assert_eq!(exporter.metrics().value("redis_up"), None);
    for target in [bare.clone(), format!("unix://{}", socket.trim_start_matches("unix://"))] {
        let answer = exporter.ask(&format!("/scrape?target={target}"), &[]);
        check_up(&answer, &target);
        assert!(answer.value("redis_exporter_last_scrape_ping_time_seconds").is_some());
        assert_eq!(answer.value("redis_exporter_scrapes_total"), Some(1.0));
    }
    let database = format!("{address}/99");
    let down = exporter.ask(&format!("/scrape?target={database}"), &[]);
    check_down(&down, "SELECT: ERR DB index is out of range");
}

#[test]
fn a_password_comes_from_flag_variable_address_or_file() {
    let Some(redis) = Redis::start(&["--requirepass", "hunter2"]) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("passwords.json");
    let (address, port) = (redis.address(), redis.port());
    fs::write(&file, format!("{{\"{address}\": \"hunter2\"}}")).unwrap();
    let by_file = format!("--redis.password-file={}", file.display());
    let by_address = format!("redis://:hunter2@127.0.0.1:{port}");
    for (args, variables) in [
        (vec!["--redis.password=hunter2", "--redis.addr", &address], &[][..]),
        (
            vec![],
            &[("REDIS_ADDR", address.as_str()), ("REDIS_PASSWORD", "hunter2")],
        ),
        (vec!["--redis.addr", &by_address], &[]),
        (vec!["--redis.addr", &address, &by_file], &[]),
    ] {
        let exporter = Exporter::start_with(&args, variables);
        check_up(&exporter.metrics(), &format!("{args:?} {variables:?}"));
        assert!(!exporter.log().contains("hunter2"), "{}", exporter.log());
    }
    let wrong = "AUTH: WRONGPASS invalid username-password pair or user is disabled.";
    for (args, why) in [
        (vec!["--redis.addr", &address], "INFO: NOAUTH Authentication required."),
        (vec!["--redis.addr", &address, "--redis.password=hunter3"], wrong),
    ] {
        let exporter = Exporter::start(&args);
        check_down(&exporter.metrics(), why);
        exporter.metrics();
        let told = exporter.log().matches("cannot be scraped").count();
        assert_eq!(told, 1, "{}", exporter.log());
        assert!(!exporter.log().contains("hunter3"), "{}", exporter.log());
    }
}

#[test]
fn a_password_in_a_request_is_dropped_and_the_file_is_read_again_when_asked() {
    let Some(redis) = Redis::start(&["--requirepass", "hunter2"]) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("passwords.json");
    fs::write(&file, "{}").unwrap();
    let exporter = Exporter::start(&["--redis.addr=", &format!("--redis.password-file={}", file.display())]);
    let path = format!("/scrape?target=redis://:hunter2@127.0.0.1:{}", redis.port());
    check_down(&exporter.ask(&path, &[]), "INFO: NOAUTH Authentication required.");

    fs::write(&file, format!("{{\"{}\": \"hunter2\"}}", redis.address())).unwrap();
    let reloaded = exporter.ask("/-/reload", &[]);
    assert_eq!((reloaded.status, reloaded.text.as_str()), (200, "ok"));
    check_up(&exporter.ask(&path, &[]), "after the reload");

    fs::write(&file, "{\"a\": hunter2").unwrap();
    let refused = exporter.ask("/-/reload", &[]);
    assert!(
        refused.status == 500 && !refused.text.contains("hunter2"),
        "{refused:?}"
    );
    check_up(&exporter.ask(&path, &[]), "after a bad file");
}

#[test]
fn a_user_sees_what_it_may_and_what_it_may_not_is_said_once() {
    let Some(redis) = Redis::start(&[]) else { return };
    redis.run("ACL SETUSER watcher on >hunter2 +info +client|setname\nACL SETUSER default off");
    let args = [
        "--redis.user=watcher",
        "--redis.password=hunter2",
        "--redis.addr",
        &redis.address(),
    ];
    let exporter = Exporter::start(&args);
    let answer = exporter.metrics();
    check_up(&answer, "watcher");
    assert_eq!(answer.value("redis_config_maxclients"), None);
    exporter.metrics();
    let log = exporter.log();
    for command in [
        "\"CONFIG GET\"",
        "\"LATENCY LATEST\"",
        "\"LATENCY HISTOGRAM\"",
        "\"SLOWLOG LEN\"",
    ] {
        assert_eq!(
            log.matches(&format!("command={command}")).count(),
            1,
            "{command}\n{log}"
        );
    }
}

#[test]
fn tls_needs_a_known_authority_and_gives_our_own_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    make_certificates(folder.path());
    let settings = [
        "--tls-port",
        "0",
        "--tls-ca-cert-file",
        &path("ca.pem"),
        "--tls-cert-file",
        &path("server.pem"),
        "--tls-key-file",
        &path("server.key"),
    ];
    let Some(redis) = Redis::start(&settings) else { return };
    // The port that it was given for all becomes the one for TLS.
    let port = redis.port().to_string();
    let switched = redis.run(&format!("CONFIG SET port 0 tls-port {port}"));
    assert_eq!(switched, ["+OK"]);
    let address = format!("rediss://127.0.0.1:{port}");
    let (ca, certificate, key) = (path("ca.pem"), path("client.pem"), path("client.key"));
    let ours = ["--tls-client-cert-file", &certificate, "--tls-client-key-file", &key];
    let with = |args: &[&str]| Exporter::start(&[&["--redis.addr", &address], args].concat()).metrics();
    check_up(
        &with(&[&ours[..], &["--tls-ca-cert-file", &ca]].concat()),
        "both certificates",
    );
    check_up(
        &with(&[&ours[..], &["--skip-tls-verification"]].concat()),
        "no verification",
    );
    let unknown = with(&ours);
    assert!(
        unknown.error().starts_with(&format!("TLS with 127.0.0.1:{port}: ")),
        "{}",
        unknown.error()
    );
    assert_eq!(unknown.value("redis_up"), Some(0.0));
    let anonymous = with(&["--tls-ca-cert-file", &ca]);
    assert_eq!(anonymous.value("redis_up"), Some(0.0), "{}", anonymous.text);
    let plain = Exporter::start(&["--redis.addr", &format!("redis://127.0.0.1:{port}")]).metrics();
    assert_eq!(plain.value("redis_up"), Some(0.0), "{}", plain.text);
}

#[test]
fn scrapers_need_the_password_that_flags_say() {
    let exporter = Exporter::start(&[
        "--redis.addr=",
        "--basic-auth-username=u",
        "--basic-auth-password=hunter2",
    ]);
    assert_eq!(exporter.metrics().status, 401);
    // u:hunter2
    assert_eq!(
        exporter.ask("/metrics", &["Authorization: Basic dTpodW50ZXIy"]).status,
        200
    );
    let output = run(&[
        "--basic-auth-username=u",
        "--basic-auth-password=hunter2",
        "--basic-auth-hash-password=x",
        "--tls-server-cert-file=/c",
    ]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(
        text.contains("--basic-auth-hash-password") && text.contains("--tls-server-key-file"),
        "{text}"
    );
}

#[test]
fn pages_answer_in_upstreams_words() {
    let exporter = Exporter::start(&["--redis.addr=", "--disable-scrape-endpoint"]);
    for (path, status, text) in [
        ("/health", 200, "ok"),
        ("/-/reload", 400, "There is no pwd file specified\n"),
        (
            "/discover-cluster-nodes",
            400,
            "The discovery endpoint is only available on a redis cluster\n",
        ),
        ("/scrape?target=x", 404, "404 page not found\n"),
    ] {
        let answer = exporter.ask(path, &[]);
        assert_eq!((answer.status, answer.text.as_str()), (status, text), "{path}");
    }
    let exporter = Exporter::start(&["--redis.addr="]);
    let answer = exporter.ask("/scrape", &[]);
    assert_eq!(
        (answer.status, answer.text.as_str()),
        (400, "'target' parameter must be specified\n")
    );
    let counted = exporter.metrics().value("redis_target_scrape_request_errors_total");
    assert_eq!(counted, Some(1.0));
}

#[test]
fn only_redis_metrics_means_nothing_of_the_process() {
    let Some(redis) = Redis::start(&[]) else { return };
    let args = [
        "--redis-only-metrics",
        "--namespace=x",
        "--append-instance-role-label",
        "--redis.addr",
    ];
    let exporter = Exporter::start(&[&args[..], &[&redis.address()]].concat());
    let answer = exporter.metrics();
    let names = answer.text.lines().filter(|line| !line.starts_with('#'));
    let others: Vec<_> = names.filter(|line| !line.starts_with("x_")).collect();
    assert_eq!(others, [""; 0]);
    assert_eq!(answer.value("x_up{instance_role=\"master\"}"), Some(1.0));
    assert!(!answer.text.contains("build_info"));
}
