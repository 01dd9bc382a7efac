//! The rights that docs/redis-exporter.md names are enough, on a real server.
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
use std::path::Path;

use rig::{Exporter, Redis};

const KEYS: &str = "SET queue:text value
    SET queue:number 7
    RPUSH queue:list a b
    SADD queue:set a
    ZADD queue:zset 1 a
    HSET queue:hash field value
    PFADD queue:log a
    XADD queue:stream * field value
    XGROUP CREATE queue:stream readers 0
    XREADGROUP GROUP readers reader STREAMS queue:stream >
    SET secret value";

fn page() -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/redis-exporter.md");
    fs::read_to_string(page).unwrap()
}

/// The line that makes the user.
fn line(page: &str) -> &str {
    let mut lines = page.lines();
    lines
        .find(|line| line.starts_with("ACL SETUSER watcher "))
        .expect("the line")
}

/// What the table adds for these flags.
fn rights(page: &str, flags: &[&str]) -> String {
    let table = page
        .split("| flag | rights |")
        .nth(1)
        .unwrap()
        .split("\n\n")
        .next()
        .unwrap();
    let rows = table
        .lines()
        .filter(|row| flags.iter().any(|flag| row.contains(&format!("`{flag}`"))));
    let words = rows.flat_map(|row| row.split(['`', ' ', '(']));
    let words = words.filter(|word| word.starts_with(['+', '%']));
    words.map(|word| format!(" {}", word.replace('\\', ""))).collect()
}

fn check(redis: &Redis, args: &[&str], series: &[&str]) {
    let all = ["--redis.user=watcher", "--redis.password=PASSWORD", "--redis.addr"];
    let exporter = Exporter::start(&[&all[..], &[&redis.address()], args].concat());
    let answer = exporter.metrics();
    assert_eq!((answer.value("redis_up"), answer.error()), (Some(1.0), ""), "{args:?}");
    let log = exporter.log();
    assert!(!log.contains("NOPERM") && !log.contains("refuses"), "{args:?}: {log}");
    for start in series {
        let has = answer.text.lines().any(|line| line.starts_with(start));
        assert!(has, "{args:?}: no {start}\n{}", answer.text);
    }
    let denied = redis.run("ACL LOG");
    assert_eq!(denied, ["*0"], "{args:?}");
}

#[test]
fn a_user_with_the_rights_of_the_page_sees_everything() {
    let Some(redis) = Redis::start(&[]) else { return };
    redis.run(KEYS);
    let page = page();
    assert_eq!(redis.run(line(&page)), ["+OK"]);
    check(
        &redis,
        &["--ping-on-connect"],
        &["redis_config_maxclients ", "redis_slowlog_length "],
    );
    let keys = [
        "--check-keys=queue:*",
        "--check-streams=queue:stream",
        "--count-keys=queue:*",
        "--export-client-list",
    ];
    let flags = keys.map(|flag| flag.split('=').next().unwrap());
    let more = format!("ACL SETUSER watcher{}", rights(&page, &flags));
    assert!(more.contains("+scan") && more.contains("%R~queue:*"), "{more}");
    assert_eq!(redis.run(&more), ["+OK"], "{more}");
    let series = [
        "redis_key_size{db=\"db0\",key=\"queue:zset\"} 1",
        "redis_key_memory_usage_bytes{db=\"db0\",key=\"queue:hash\"}",
        "redis_key_value{db=\"db0\",key=\"queue:number\"} 7",
        "redis_stream_group_consumer_messages_pending{",
        "redis_keys_count{",
    ];
    check(&redis, &keys, &series);
}

#[test]
fn a_user_with_the_rights_of_the_page_sees_a_cluster() {
    let Some(node) = Redis::start(&["--cluster-enabled", "yes"]) else {
        return;
    };
    let page = page();
    assert_eq!(node.run(line(&page)), ["+OK"]);
    check(&node, &[], &["redis_cluster_state 0"]);
}
