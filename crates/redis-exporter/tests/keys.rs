//! Keys, groups of keys, streams and scripts of real servers: whole answers, and limits that hold.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "all of this is test: it fails by panicking, says what it skips, and starts programs"
)]

mod keyspace;
mod rig;

use std::time::{Duration, Instant};

use keyspace::{KEYS, add_streams, lines, scripts, start};
use rig::Redis;

/// How much longer than it should something may take on a machine that is busy.
const GRACE: Duration = Duration::from_secs(5);

fn check_up(text: &str) {
    assert!(text.contains("\nredis_up 1\n"), "{text}");
    assert!(
        text.contains("redis_exporter_last_scrape_error{err=\"\"} 0\n"),
        "{text}"
    );
}

#[test]
fn keys_of_every_type_have_size_and_value() {
    let Some(redis) = Redis::start(&[]) else { return };
    redis.run(KEYS);
    let exporter = start(
        &redis,
        &["--check-keys=*", "--check-single-keys=gone,text,text,db3=text,db99=x"],
    );
    let text = exporter.metrics().text;
    check_up(&text);
    let expected = r#"redis_key_size{db="db0",key="bits"} 13
redis_key_size{db="db0",key="bytes"} 3
redis_key_size{db="db0",key="comma,key"} 1
redis_key_size{db="db0",key="counter"} 3
redis_key_size{db="db0",key="empty"} 0
redis_key_size{db="db0",key="gone"} 0
redis_key_size{db="db0",key="hash"} 1
redis_key_size{db="db0",key="infinite"} 4
redis_key_size{db="db0",key="lines"} 20
redis_key_size{db="db0",key="list"} 3
redis_key_size{db="db0",key="new\nline"} 1
redis_key_size{db="db0",key="number"} 4
redis_key_size{db="db0",key="quote\"d"} 1
redis_key_size{db="db0",key="set"} 4
redis_key_size{db="db0",key="text"} 5
redis_key_size{db="db0",key="toolarge"} 5
redis_key_size{db="db0",key="underscored"} 5
redis_key_size{db="db0",key="zset"} 2
redis_key_size{db="db0",key="ü t f"} 1
redis_key_size{db="db3",key="text"} 5
redis_key_value_as_string{db="db0",key="lines",val="two\nlines \"q\" \\ back"} 1
redis_key_value_as_string{db="db0",key="text",val="hello"} 1
redis_key_value_as_string{db="db0",key="toolarge",val="1e400"} 1
redis_key_value_as_string{db="db3",key="text",val="there"} 1
redis_key_value{db="db0",key="comma,key"} 5
redis_key_value{db="db0",key="infinite"} -Inf
redis_key_value{db="db0",key="new\nline"} 2
redis_key_value{db="db0",key="number"} 42.5
redis_key_value{db="db0",key="quote\"d"} 1
redis_key_value{db="db0",key="underscored"} 1000
redis_key_value{db="db0",key="ü t f"} 3"#;
    // What SETBIT made is no text that could be written down here.
    let mut found = lines(&text, &["redis_key_size", "redis_key_value"]);
    found.retain(|line| !line.starts_with("redis_key_value_as_string{db=\"db0\",key=\"bits\""));
    assert_eq!(found, expected.lines().collect());
    assert_eq!(lines(&text, &["redis_key_memory_usage_bytes"]).len(), 19, "{text}");
    assert!(text.contains("redis_exporter_last_scrape_keys_incomplete{flag=\"check-keys\"} 0\n"));
    let errors = redis.run("INFO errorstats").concat();
    assert!(!errors.contains("WRONGTYPE"), "{errors}");
    exporter.metrics();
    for what in ["command=SELECT", "no UTF-8"] {
        assert_eq!(exporter.log().matches(what).count(), 1, "{}", exporter.log());
    }
}

#[test]
fn values_can_stay_where_they_are() {
    let Some(redis) = Redis::start(&[]) else { return };
    redis.run(KEYS);
    let args = [
        "--check-single-keys=text,number,counter",
        "--disable-exporting-key-values",
    ];
    let text = start(&redis, &args).metrics().text;
    let expected = [
        r#"redis_key_size{db="db0",key="counter"} 3"#,
        r#"redis_key_size{db="db0",key="number"} 4"#,
        r#"redis_key_size{db="db0",key="text"} 5"#,
    ];
    assert_eq!(lines(&text, &["redis_key_size", "redis_key_value"]), expected.into());
    assert!(!redis.run("INFO commandstats").concat().contains("cmdstat_get:"));
}

#[test]
fn long_values_are_no_labels_and_cost_no_scrape() {
    let Some(redis) = Redis::start(&[]) else { return };
    // A bit far out makes a string of 40 MB, which is a larger answer than is waited for.
    redis.run("SETBIT huge 335544320 1\nSETBIT long 800000 1\nSET short 1");
    let text = start(&redis, &["--check-single-keys=huge,long,short"]).metrics().text;
    check_up(&text);
    let expected = [
        r#"redis_key_size{db="db0",key="huge"} 4.1943041e+07"#,
        r#"redis_key_size{db="db0",key="long"} 100001"#,
        r#"redis_key_size{db="db0",key="short"} 1"#,
        r#"redis_key_value{db="db0",key="short"} 1"#,
    ];
    assert_eq!(lines(&text, &["redis_key_size", "redis_key_value"]), expected.into());
}

const MANY: [&str; 2] = ["--enable-debug-command", "yes"];

#[test]
fn thousands_of_keys_are_found_counted_and_grouped_in_batches() {
    let Some(redis) = Redis::start(&MANY) else { return };
    redis.run("DEBUG POPULATE 3000 k\nSELECT 2\nDEBUG POPULATE 120 user\nSELECT 0");
    let exporter = start(
        &redis,
        &[
            "--check-keys=k:1*,k:*1,db2=user:1",
            "--count-keys=*,k:1*,db2=user:1*,db4=*",
            "--check-key-groups=^k:(%d)%d*$,\"^(us)e(r)\"",
            "--max-distinct-key-groups=3",
            "--check-keys-batch-size=100",
        ],
    );
    let text = exporter.metrics().text;
    check_up(&text);
    // 1,111 begin with a 1, 300 end with one, and 112 do both.
    assert_eq!(lines(&text, &["redis_key_size{db=\"db0\""]).len(), 1299);
    let expected = [
        r#"redis_keys_count{db="db0",key="*"} 3000"#,
        r#"redis_keys_count{db="db0",key="k:1*"} 1111"#,
        r#"redis_keys_count{db="db2",key="user:1*"} 31"#,
        r#"redis_keys_count{db="db4",key="*"} 0"#,
    ];
    assert_eq!(lines(&text, &["redis_keys_count"]), expected.into());
    let expected = [
        r#"redis_key_group_count{db="db0",key_group="1"} 1111"#,
        r#"redis_key_group_count{db="db0",key_group="2"} 1111"#,
        r#"redis_key_group_count{db="db0",key_group="overflow"} 667"#,
        r#"redis_key_group_count{db="db2",key_group="usr"} 120"#,
        r#"redis_number_of_distinct_key_groups{db="db0"} 10"#,
        r#"redis_number_of_distinct_key_groups{db="db2"} 1"#,
    ];
    let mut found = lines(&text, &["redis_key_group_count", "redis_number_of_distinct"]);
    // The third largest group is one of seven of the same size, and most databases are empty.
    found.retain(|line| !line.ends_with("} 111") && !line.ends_with("} 0"));
    assert_eq!(found, expected.into());
}

#[test]
fn no_more_keys_are_told_of_than_may_be_and_that_is_said_once() {
    let Some(redis) = Redis::start(&MANY) else { return };
    redis.run("DEBUG POPULATE 500 k");
    let args = ["--check-keys=k:*", "--count-keys=k:*", "--check-keys-limit=10"];
    let exporter = start(&redis, &args);
    for _ in 0..2 {
        let text = exporter.metrics().text;
        check_up(&text);
        assert_eq!(lines(&text, &["redis_key_size"]).len(), 10);
        let expected = [
            r#"redis_exporter_last_scrape_keys_incomplete{flag="check-keys"} 1"#,
            r#"redis_exporter_last_scrape_keys_incomplete{flag="count-keys"} 0"#,
            r#"redis_keys_count{db="db0",key="k:*"} 500"#,
        ];
        let found = lines(&text, &["redis_exporter_last_scrape_keys", "redis_keys_count"]);
        assert_eq!(found, expected.into());
    }
    assert_eq!(exporter.log().matches("Not all keys").count(), 1, "{}", exporter.log());
}

#[test]
fn looking_for_keys_ends_with_the_time_of_the_scrape() {
    let Some(redis) = Redis::start(&MANY) else { return };
    redis.run("DEBUG POPULATE 300000 k");
    let exporter = start(
        &redis,
        &[
            "--check-keys=nothing*",
            "--check-streams=nothing*",
            "--count-keys=k:*",
            "--check-key-groups=^(k)",
            "--check-keys-batch-size=1",
        ],
    );
    let began = Instant::now();
    let text = exporter
        .ask("/metrics", &["X-Prometheus-Scrape-Timeout-Seconds: 1"])
        .text;
    assert!(
        began.elapsed() < Duration::from_secs(1) + GRACE,
        "{:?}",
        began.elapsed()
    );
    check_up(&text);
    for flag in ["check-keys", "check-streams", "count-keys", "check-key-groups"] {
        let line = format!("redis_exporter_last_scrape_keys_incomplete{{flag=\"{flag}\"}} 1\n");
        assert!(text.contains(&line), "{flag}: {text}");
    }
    let found = lines(&text, &["redis_keys_count", "redis_key_group_count"]);
    let counts: Vec<f64> = found
        .iter()
        .map(|line| line.rsplit_once(' ').unwrap().1.parse().unwrap())
        .collect();
    assert_eq!(counts.len(), 2, "{found:?}");
    assert!(
        counts.iter().all(|count| (1.0..300_000.0).contains(count)),
        "{counts:?}"
    );
}

#[test]
fn streams_have_groups_and_consumers() {
    let Some(redis) = Redis::start(&[]) else { return };
    add_streams(&redis);
    redis.run("SET stext x");
    let args = [
        "--check-streams=s*,db3=st",
        "--check-single-streams=whole,gone,empty:st",
    ];
    let text = start(&redis, &args).metrics().text;
    check_up(&text);
    let expected = r#"redis_stream_first_entry_id{db="db0",stream="whole"} 5
redis_stream_group_consumer_messages_pending{consumer="c",db="db0",group="g",stream="whole"} 1
redis_stream_group_consumers{db="db0",group="g",stream="whole"} 1
redis_stream_group_entries_read{db="db0",group="g",stream="whole"} 1
redis_stream_group_lag{db="db0",group="g",stream="whole"} 1
redis_stream_group_last_delivered_id{db="db0",group="g",stream="whole"} 5
redis_stream_group_messages_pending{db="db0",group="g",stream="whole"} 1
redis_stream_groups{db="db0",stream="whole"} 1
redis_stream_last_entry_id{db="db0",stream="whole"} 6
redis_stream_last_generated_id{db="db0",stream="whole"} 6
redis_stream_length{db="db0",stream="whole"} 2
redis_stream_max_deleted_entry_id{db="db0",stream="whole"} 0
redis_stream_radix_tree_keys{db="db0",stream="whole"} 1
redis_stream_radix_tree_nodes{db="db0",stream="whole"} 2"#;
    let mut found = lines(&text, &["redis_stream"]);
    found.retain(|line| line.contains("\"whole\"") && !line.contains("idle"));
    assert_eq!(found, expected.lines().collect());
    let all = lines(&text, &["redis_stream_length"]);
    assert_eq!(all.len(), 4, "{all:?}");
    let without = start(
        &redis,
        &["--check-single-streams=whole", "--streams-exclude-consumer-metrics"],
    );
    assert_eq!(lines(&without.metrics().text, &["redis_stream"]).len(), 13);
}

#[test]
fn masters_can_be_left_alone() {
    let Some(redis) = Redis::start(&[]) else { return };
    redis.run(KEYS);
    let args = [
        "--check-single-keys=text",
        "--count-keys=*",
        "--check-single-streams=st",
        "--check-key-groups=^(t)",
        "--skip-checkkeys-for-role-master",
    ];
    let text = start(&redis, &args).metrics().text;
    let found = lines(&text, &["redis_key_", "redis_keys_", "redis_stream_"]);
    assert!(
        found.iter().all(|line| line.starts_with("redis_key_group_")),
        "{found:?}"
    );
    assert!(!found.is_empty());
}

#[test]
fn a_script_that_fails_is_its_own_failure() {
    let Some(redis) = Redis::start(&[]) else { return };
    redis.run("SELECT 3\nSET there 1\nSELECT 0\nSET here 1");
    let (folder, flag) = scripts(&[
        ("bad", "return redis.call('NONSENSE')"),
        ("odd", "return {'a', '1', 'b'}"),
        ("none", "return {}"),
        (
            "good",
            "return {'here', tostring(redis.call('EXISTS', 'here')), 'args', tostring(#ARGV)}",
        ),
        ("write", "redis.call('SET', 'w', '1') return {'w', '1'}"),
    ]);
    // Whoever looked into another database before has gone back.
    let text = start(
        &redis,
        &[&flag, "--check-single-keys=db3=there", "--lua-script-read-only"],
    )
    .metrics()
    .text;
    check_up(&text);
    let folder = folder.path().display();
    let expected = [
        format!("redis_script_result{{filename=\"{folder}/bad\"}} 0"),
        format!("redis_script_result{{filename=\"{folder}/good\"}} 1"),
        format!("redis_script_result{{filename=\"{folder}/none\"}} 2"),
        format!("redis_script_result{{filename=\"{folder}/odd\"}} 0"),
        format!("redis_script_result{{filename=\"{folder}/write\"}} 0"),
        format!("redis_script_values{{filename=\"{folder}/good\",key=\"args\"}} 1"),
        format!("redis_script_values{{filename=\"{folder}/good\",key=\"here\"}} 1"),
    ];
    assert_eq!(
        lines(&text, &["redis_script_"]),
        expected.iter().map(String::as_str).collect()
    );
    let text = start(&redis, &[&flag]).metrics().text;
    assert!(
        text.contains(&format!("redis_script_result{{filename=\"{folder}/write\"}} 1\n")),
        "{text}"
    );
    let missing = rig::run(&["--redis.addr=", "--script=/does/not/exist"]);
    assert!(String::from_utf8_lossy(&missing.stderr).contains("/does/not/exist"));
    assert_eq!(missing.status.code(), Some(1));
}

#[test]
fn a_request_chooses_its_own_keys() {
    let Some(redis) = Redis::start(&[]) else { return };
    redis.run(KEYS);
    add_streams(&redis);
    let exporter = start(&redis, &["--check-single-keys=text", "--count-keys=n*"]);
    let target = format!("/scrape?target={}", redis.address());
    let query = "&check-single-keys=db3%3Dtext&check-keys=comma%252Ckey&check-streams=w*&check-single-streams=db3%3Dst";
    let text = exporter.ask(&format!("{target}{query}"), &[]).text;
    check_up(&text);
    let expected = [
        r#"redis_key_size{db="db0",key="comma,key"} 1"#,
        r#"redis_key_size{db="db3",key="text"} 5"#,
        r#"redis_keys_count{db="db0",key="n*"} 2"#,
        r#"redis_stream_length{db="db0",stream="whole"} 2"#,
        r#"redis_stream_length{db="db3",stream="st"} 1"#,
    ];
    let found = lines(&text, &["redis_key_size", "redis_keys_count", "redis_stream_length"]);
    assert_eq!(found, expected.into());
    let wrong = exporter.ask(&format!("{target}&count-keys=a%3Db%3Dc"), &[]);
    let error = "NewRedisExporter() error: couldn't parse count-keys: \"a=b=c\" has more than one '='\n";
    assert_eq!((wrong.status, wrong.text.as_str()), (400, error));
    let counted = exporter.metrics().value("redis_target_scrape_request_errors_total");
    assert_eq!(counted, Some(1.0));
}
