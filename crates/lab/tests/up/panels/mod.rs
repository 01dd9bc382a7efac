//! Every target of every panel of grafana/dashboards has data, asked of a running stack in which something happens; what cannot
//! have any is in grafana/no-data.yml, with its reason.

mod exceptions;
mod host;
mod questions;
mod redis;
mod tls;

use std::{
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use self::{
    exceptions::Exceptions,
    host::FrozenHost,
    questions::{Asked, Asker},
};
use crate::{
    harness::{self, Lab, Ports, address},
    stack_files::copy_with,
};

/// On a busy machine, from the first load on.
const DATA_WITHIN: Duration = Duration::from_secs(90);

fn grafana() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../grafana")
}

#[test]
fn every_panel_has_data_or_a_reason() {
    let ports = Ports::free();
    let strict = tls::untrusted_server();
    let failing = format!("- http://127.0.0.1:8000/healthz\n    - https://127.0.0.1:{strict}/");
    let gone = Ports::free().prometheus;
    let gone = format!("- targets: [\"127.0.0.1:{gone}\"]");
    let happens = [
        ("scrape_interval: 15s", "scrape_interval: 1s"),
        ("evaluation_interval: 15s", "evaluation_interval: 1s"),
        ("group_wait: 30s", "group_wait: 1s"),
        ("for: 2m", "for: 3s"),
        ("- http://127.0.0.1:8000/healthz", &failing),
        // Grafana, Pushgateway and a DNS server that are down.
        ("- targets: []", &gone),
    ];
    let files = copy_with(&ports, &happens);
    let host = FrozenHost::start(files.path());
    let redis = harness::redis_server();
    let args = [
        "--redis-server",
        &redis,
        "--container-exporter",
        host.program(),
        "--docker",
        host.docker(),
    ];
    let mut lab = Lab::start_with(&ports, files.path(), &args);
    lab.wait_until_ready_with(harness::OURS.len() + harness::OTHERS + usize::from(!redis.is_empty()));
    let clients = redis::Clients::start(&redis, ports.redis, files.path());
    let demo_app = address(ports.of("demo-app"));
    harness::post(&demo_app, "/admin/settings", "cpu_mode=high");
    let load = thread::spawn(move || harness::load(&demo_app, &["--rate=20", "--duration=40s", "--errors=0.1"]));
    let asker = Asker::new(&ports.prometheus_address());
    let without_redis = if redis.is_empty() { Some("redis.json") } else { None };
    everything_is_there(&asker, without_redis);
    load.join().expect("the load is answered");
    drop(clients);
}

/// Until each that may have data has had it, and none has that is said to have none.
fn everything_is_there(asker: &Asker, skipped: Option<&str>) {
    let exceptions = Exceptions::read(&grafana().join("no-data.yml"));
    let asked = questions::of_all(&grafana().join("dashboards"));
    let idle = exceptions.about_nothing_in(&asked);
    assert_eq!(
        idle,
        Vec::<String>::new(),
        "grafana/no-data.yml names what is not there"
    );
    let asked: Vec<Asked> = asked
        .into_iter()
        .filter(|one| Some(one.file.as_str()) != skipped)
        .collect();
    let end = Instant::now() + DATA_WITHIN;
    let mut open: Vec<&Asked> = asked.iter().collect();
    loop {
        let excused = exceptions.that_hold(asker);
        open.retain(|one| !one.is_excused(&excused) && asker.problem(one).is_some());
        // What an exception depends on may have changed just now, so this is asked again, too.
        let told = asked.iter().filter(|one| open.is_empty() && one.is_excused(&excused));
        let rotten: Vec<&Asked> = told.filter(|one| asker.problem(one).is_none()).collect();
        if open.is_empty() && rotten.is_empty() {
            return;
        }
        assert!(Instant::now() < end, "{}", complaint(asker, &open, &rotten));
        thread::sleep(Duration::from_millis(500));
    }
}

fn complaint(asker: &Asker, open: &[&Asked], rotten: &[&Asked]) -> String {
    let open = open
        .iter()
        .map(|one| format!("{one}: {}", asker.problem(one).unwrap_or_default()));
    let rotten = rotten
        .iter()
        .map(|one| format!("{one}: it has data; take it out of grafana/no-data.yml"));
    let all: Vec<String> = open.chain(rotten).collect();
    format!(
        "not as it should be within {} s:\n{}",
        DATA_WITHIN.as_secs(),
        all.join("\n")
    )
}
