//! Sentinels, nodes of a cluster, clients, modules and the like: the exporter beside real servers, and where there are none
//! to be had beside a script, each time with upstream's redis_exporter asked the same, where that can be had.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "all of this is test: it fails by panicking, says what it skips, and starts programs"
)]

mod rig;

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rig::{Exporter, Redis, upstream};

/// How long anything here may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Waits until `is_so`.
fn await_that(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < PATIENCE, "never: {what}");
        thread::yield_now();
    }
}

/// A port that is free now.
fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

/// The answer to a request, after its head.
fn ask(port: u16, path: &str) -> String {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    write!(stream, "GET {path} HTTP/1.0\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

/// A program of the test's own. Dropping it ends it.
struct Running {
    child: Child,
    port: u16,
}

impl Running {
    /// Starts it, and waits until it listens.
    fn start(command: &mut Command, port: u16) -> Self {
        let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let started = Self {
            child: command.spawn().unwrap(),
            port,
        };
        await_that("it listens", || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok());
        started
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// What upstream answers; `None`, and said, where it cannot be had.
fn upstream_says(flags: &[&str], path: &str) -> Option<String> {
    let Some(program) = upstream() else {
        println!("nothing to compare: no redis_exporter on PATH or in PEERS");
        return None;
    };
    let port = free_port();
    let mut command = Command::new(program);
    command.arg(format!("-web.listen-address=127.0.0.1:{port}")).args(flags);
    let running = Running::start(&mut command, port);
    Some(ask(running.port, path))
}

/// Lines of families whose names start so, their heads too.
fn lines<'t>(text: &'t str, starts: &[&str]) -> BTreeSet<&'t str> {
    let is_meant = |line: &&str| {
        let head = line.strip_prefix("# HELP ").or_else(|| line.strip_prefix("# TYPE "));
        let name = head.unwrap_or(line);
        starts.iter().any(|start| name.starts_with(start))
    };
    text.lines().filter(is_meant).collect()
}

/// A sentinel that watches a master. It is ended with the test.
fn sentinel(folder: &Path, master: &Redis) -> Running {
    let port = free_port();
    let file = folder.join(format!("{port}.conf"));
    let text = format!(
        "port {port}\nbind 127.0.0.1\ndir {}\nsentinel monitor cache 127.0.0.1 {} 2\nsentinel sentinel-user u\n\
         sentinel sentinel-pass hunter3\n",
        folder.display(),
        master.port()
    );
    fs::write(&file, text).unwrap();
    let program = rig::on_path("redis-server").unwrap();
    let running = Running::start(Command::new(program).arg(&file).arg("--sentinel"), port);
    // Sentinels find each other through what they publish, otherwise every two seconds.
    run(port, "SENTINEL DEBUG publish-period 50 info-period 50 ping-period 50");
    running
}

/// Runs one command; what comes back at once.
fn run(port: u16, command: &str) -> String {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    write!(stream, "{command}\r\n").unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_sentinel_tells_of_its_master_and_its_peers_but_no_password() {
    let Some(master) = Redis::start(&[]) else { return };
    let port = master.port().to_string();
    let replica = Redis::start(&["--replicaof", "127.0.0.1", &port, "--repl-diskless-sync-delay", "0"]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (first, _second) = (sentinel(folder.path(), &master), sentinel(folder.path(), &master));
    await_that("the sentinel knows all", || {
        run(first.port, "INFO sentinel").contains("slaves=1,sentinels=2")
            && run(first.port, "SENTINEL CKQUORUM cache").starts_with("+OK")
            && run(first.port, "SENTINEL SENTINELS cache").contains("\r\nsentinel\r\n")
            && run(first.port, "SENTINEL SLAVES cache").contains("\r\nslave\r\n")
    });
    let address = format!("-redis.addr=127.0.0.1:{}", first.port);
    let flags = [&address, "-include-config-metrics", "-include-sentinel-peer-info"];
    let answer = Exporter::start(&flags).metrics();
    let of_master = format!(
        "{{master_address=\"127.0.0.1:{}\",master_name=\"cache\"}}",
        master.port()
    );
    for (metric, value) in [("ok_sentinels", 2.0), ("ok_slaves", 1.0), ("setting_ckquorum", 2.0)] {
        let sample = format!("redis_sentinel_master_{metric}{of_master}");
        assert_eq!(answer.value(&sample), Some(value), "{sample} {}", answer.text);
    }
    assert!(
        answer.text.contains("redis_sentinel_peer_info{flags=\"sentinel\""),
        "{}",
        answer.text
    );
    assert!(answer.text.contains("key=\"sentinel-user\"") && !answer.text.contains("hunter3"));
    assert_eq!((answer.value("redis_up"), answer.error()), (Some(1.0), ""));
    drop(replica);
    let Some(theirs) = upstream_says(&flags, "/metrics") else {
        return;
    };
    // Theirs tells the password, and how long a ping took is never the same.
    let is_compared =
        |line: &&&str| !line.contains("hunter3") && !line.starts_with("redis_sentinel_master_last_ok_ping");
    let [theirs, ours] = [&theirs, &answer.text].map(|text| lines(text, &["redis_sentinel"]));
    let [theirs, ours] = [&theirs, &ours].map(|lines| lines.iter().filter(is_compared).collect::<BTreeSet<_>>());
    assert_eq!(ours, theirs);
}

#[test]
fn a_sentinel_that_finds_no_quorum_says_so_and_is_no_news_in_the_log() {
    let Some(master) = Redis::start(&[]) else { return };
    let folder = tempfile::tempdir().unwrap();
    let alone = sentinel(folder.path(), &master);
    let exporter = Exporter::start(&[&format!("-redis.addr=127.0.0.1:{}", alone.port)]);
    let answer = exporter.metrics();
    let line = answer
        .text
        .lines()
        .find(|line| line.starts_with("redis_sentinel_master_ckquorum_status{"));
    let line = line.expect("the state of the quorum");
    assert!(
        line.contains("message=\"NOQUORUM 1 usable") && line.ends_with(" 0"),
        "{line}"
    );
    assert!(!exporter.log().contains("CKQUORUM"), "{}", exporter.log());
}

/// Two nodes that know each other, each with half of the slots.
fn cluster() -> Option<[Redis; 2]> {
    let node = |name: &str| {
        let bus = free_port().to_string();
        Redis::start(&[
            "--cluster-enabled",
            "yes",
            "--cluster-port",
            &bus,
            "--cluster-announce-hostname",
            name,
        ])
        .map(|node| (node, bus))
    };
    let ((first, _), (second, bus)) = (node("a.example")?, node("b.example")?);
    first.run("CLUSTER ADDSLOTSRANGE 0 8191");
    second.run("CLUSTER ADDSLOTSRANGE 8192 16383\nCLUSTER SET-CONFIG-EPOCH 2");
    first.run(&format!("CLUSTER MEET 127.0.0.1 {} {bus}", second.port()));
    let nodes = [first, second];
    await_that("the cluster is whole", || {
        let is_whole = |node: &Redis| {
            let said = node.run("CLUSTER INFO\nCLUSTER NODES");
            said[0].contains("cluster_state:ok") && said[1].matches("example").count() == 2
        };
        nodes.iter().all(is_whole)
    });
    Some(nodes)
}

#[test]
fn nodes_of_a_cluster_are_discovered() {
    let Some(nodes) = cluster() else { return };
    let address = format!("-redis.addr={}", nodes[0].address());
    for (flag, hosts) in [
        ("-cluster-discover-hostnames=false", ["127.0.0.1", "127.0.0.1"]),
        ("-cluster-discover-hostnames", ["a.example", "b.example"]),
    ] {
        let flags = [&address, "-is-cluster", flag];
        let exporter = Exporter::start(&flags);
        let answer = exporter.ask("/discover-cluster-nodes", &[]);
        let found: serde_json::Value = serde_json::from_str(&answer.text).unwrap();
        let targets = [0, 1].map(|index| format!("redis://{}:{}", hosts[index], nodes[index].port()));
        let expected = BTreeSet::from(targets);
        assert_eq!((answer.status, targets_of(&found)), (200, expected.clone()), "{flag}");
        assert_eq!(found[0]["labels"], serde_json::json!({}));
        assert_eq!(exporter.metrics().value("redis_cluster_known_nodes"), Some(2.0));
        if let Some(theirs) = upstream_says(&flags, "/discover-cluster-nodes") {
            assert_eq!(targets_of(&serde_json::from_str(&theirs).unwrap()), expected, "{flag}");
        }
    }
}

#[test]
fn keys_are_found_on_other_nodes_and_on_their_way() {
    let Some(nodes) = cluster() else { return };
    let [first, second] = &nodes;
    let ids = nodes.each_ref().map(|node| node.run("CLUSTER MYID")[0].clone());
    // `a` is in the second node's slots, `b` and `c` in the first one's, and `c`'s is on its way.
    first.run("SET b bb");
    second.run("SET a a");
    first.run(&format!("CLUSTER SETSLOT 7365 MIGRATING {}", ids[1]));
    second.run(&format!("CLUSTER SETSLOT 7365 IMPORTING {}\nASKING\nSET c ccc", ids[0]));
    for node in &nodes {
        let address = format!("-redis.addr={}", node.address());
        let exporter = Exporter::start(&[&address, "-is-cluster", "-check-single-keys=a,b,c"]);
        let metrics = exporter.metrics();
        for (key, size) in [("a", 1.0), ("b", 2.0), ("c", 3.0)] {
            let series = format!("redis_key_size{{db=\"db0\",key=\"{key}\"}}");
            assert_eq!(metrics.value(&series), Some(size), "{key}: {}", metrics.text);
        }
    }
}

fn targets_of(found: &serde_json::Value) -> BTreeSet<String> {
    let targets = found[0]["targets"].as_array().unwrap();
    targets
        .iter()
        .map(|target| target.as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn what_is_no_cluster_has_no_nodes() {
    let Some(alone) = Redis::start(&[]) else { return };
    let address = format!("-redis.addr={}", alone.address());
    let closed = format!("-redis.addr=127.0.0.1:{}", free_port());
    for (flags, status, text) in [
        (vec![&*address], 400, "only available on a redis cluster"),
        (
            vec![&address, "-is-cluster"],
            500,
            "nodes: ERR This instance has cluster support disabled",
        ),
        (vec![&closed, "-is-cluster"], 500, "connection refused"),
        (vec!["-redis.addr=", "-is-cluster"], 500, "--redis.addr is empty"),
    ] {
        let answer = Exporter::start(&flags).ask("/discover-cluster-nodes", &[]);
        assert_eq!(answer.status, status, "{flags:?}");
        assert!(answer.text.contains(text), "{flags:?} {}", answer.text);
    }
}

#[test]
fn clients_are_told_of_as_upstream_does() {
    let Some(redis) = Redis::start(&[]) else { return };
    let mut client = TcpStream::connect((Ipv4Addr::LOCALHOST, redis.port())).unwrap();
    client.write_all(b"CLIENT SETNAME tester\r\nSUBSCRIBE a b\r\n").unwrap();
    let mut answers = BufReader::new(client.try_clone().unwrap()).lines();
    answers.find(|line| line.as_ref().unwrap() == ":2").unwrap().unwrap();
    let address = format!("-redis.addr={}", redis.address());
    for flags in [
        vec![&*address, "-export-client-list"],
        vec![&address, "-export-client-list", "-export-client-port"],
    ] {
        let answer = Exporter::start(&flags).metrics();
        // Its name makes it the test's. When it came and went quiet is the same only by chance, and the server
        // takes memory back when it finds time.
        let of_tester = |text: &str| -> BTreeSet<String> {
            let lines = text.lines().filter(|line| line.contains("name=\"tester\""));
            let is_restless = |line: &str| line.contains("_timestamp{") || line.contains("_bytes{");
            let lines = lines.map(|line| match line.rsplit_once(' ') {
                Some((series, _)) if is_restless(line) => series.to_owned(),
                _ => line.to_owned(),
            });
            lines.collect()
        };
        let ours = of_tester(&answer.text);
        let port = format!("port=\"{}\"", client.local_addr().unwrap().port());
        assert_eq!(
            ours.iter().any(|line| line.contains(&port)),
            flags.len() == 3,
            "{ours:?}"
        );
        let subscribed = "redis_connected_client_channel_subscriptions_count{id=";
        let subscribed = ours.iter().find(|line| line.starts_with(subscribed)).expect("a number");
        assert!(subscribed.ends_with(" 2"), "{subscribed}");
        if let Some(theirs) = upstream_says(&flags, "/metrics") {
            assert_eq!(ours, of_tester(&theirs), "{flags:?}");
            let heads = |text| -> BTreeSet<_> {
                let lines = lines(text, &["redis_connected_client_"]).into_iter();
                lines.filter(|line| line.starts_with('#')).map(str::to_owned).collect()
            };
            assert_eq!(heads(&answer.text), heads(&theirs));
        }
    }
}

#[test]
fn the_size_of_a_dump_is_told() {
    let Some(redis) = Redis::start(&[]) else { return };
    let address = format!("-redis.addr={}", redis.address());
    let flags = [&*address, "-include-rdb-file-size-metric"];
    let exporter = Exporter::start(&flags);
    assert_eq!(exporter.metrics().value("redis_rdb_current_size_bytes"), Some(0.0));
    redis.run("SET key value\nSAVE");
    let socket = redis.socket();
    let folder = Path::new(socket.trim_start_matches("unix://")).parent().unwrap();
    let size = fs::metadata(folder.join("dump.rdb")).unwrap().len();
    let answer = exporter.metrics();
    assert_eq!(answer.value("redis_rdb_current_size_bytes"), Some(size as f64));
    if let Some(theirs) = upstream_says(&flags, "/metrics") {
        let of = |text| {
            lines(text, &["redis_rdb_current_size_bytes"])
                .into_iter()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(of(&answer.text), of(&theirs));
    }
}

#[test]
fn each_target_is_asked_with_its_own_password() {
    let Some(first) = Redis::start(&["--requirepass", "hunter2"]) else {
        return;
    };
    let second = Redis::start(&[
        "--user",
        "probe",
        "on",
        ">hunter3",
        "+@all",
        "~*",
        "--requirepass",
        "hunter4",
    ])
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("passwords.json");
    let (a, b) = (first.port(), second.port());
    let text = format!(
        "{{\"redis://127.0.0.1:{a}\": \"hunter2\", \"redis://probe@127.0.0.1:{b}\": \"hunter3\", \
         \"redis://127.0.0.1:{b}\": \"hunter4\"}}"
    );
    fs::write(&file, text).unwrap();
    let by_file = format!("-redis.password-file={}", file.display());
    let flags = ["-redis.addr=", &by_file];
    let exporter = Exporter::start(&flags);
    for (target, up) in [
        (format!("127.0.0.1:{a}"), 1.0),
        (format!("redis://127.0.0.1:{b}"), 1.0),
        (format!("redis://probe@127.0.0.1:{b}"), 1.0),
        // A password in a request is not used.
        (format!("redis://probe:wrong@127.0.0.1:{b}"), 1.0),
        (format!("redis://other:hunter4@127.0.0.1:{b}"), 0.0),
    ] {
        let path = format!("/scrape?target={target}");
        let answer = exporter.ask(&path, &[]);
        assert_eq!(answer.value("redis_up"), Some(up), "{target} {}", answer.error());
        if let Some(theirs) = upstream_says(&flags, &path) {
            assert!(theirs.contains(&format!("redis_up {up}\n")), "{target}");
        }
    }
    assert!(!exporter.log().contains("hunter"), "{}", exporter.log());
}

/// A server that has an answer to some commands, and refuses all others. It lives as long as the test.
fn scripted(script: &'static [(&'static str, String)]) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let script = Arc::new(script);
    let serve = move |stream: TcpStream| {
        let mut lines = BufReader::new(stream.try_clone().unwrap())
            .lines()
            .map_while(Result::ok);
        while let Some(count) = lines.next().and_then(|head| head.strip_prefix('*')?.parse().ok()) {
            let words: Vec<String> = (0..count).filter_map(|_| lines.by_ref().nth(1)).collect();
            let command = words.join(" ");
            let answer = script.iter().find(|(known, _)| *known == command);
            let answer = answer.map_or("-ERR unknown command\r\n", |(_, answer)| answer);
            if (&stream).write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
    };
    let serve = Arc::new(serve);
    let accept = move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let serve = Arc::clone(&serve);
            thread::Builder::new().spawn(move || serve(stream)).unwrap();
        }
    };
    thread::Builder::new().spawn(accept).unwrap();
    port
}

fn text(text: &str) -> String {
    format!("${}\r\n{text}\r\n", text.len())
}

/// The words of `line`, one by one.
fn list(line: &str) -> String {
    let words: Vec<String> = line.split(' ').map(text).collect();
    format!("*{}\r\n{}", words.len(), words.concat())
}

/// Redis 8 with its search module, and Tile38, in one.
fn script() -> &'static [(&'static str, String)] {
    let modules = "# Modules\r\nmodule:name=search,ver=80001,api=1,filters=0,usedby=[],using=[ReJSON],\
                   options=[handle-io-errors]\r\nmodule:name=ReJSON,ver=80001,api=1,filters=0,usedby=[search|x],\
                   using=[],options=[a|b]\r\n\r\n# search_version\r\nsearch_version:8.0.1\r\n# search_index\r\n\
                   search_number_of_indexes:2\r\nsearch_total_indexing_time:1.5\r\nsearch_bytes_collected:x\r\n\
                   # search_dialect_statistics\r\nsearch_dialect_1:0\r\n";
    let index = "index_name idx:a num_docs 12 max_doc_id 13 num_terms 7 num_records 30 inverted_sz_mb 0.5 \
                 vector_index_sz_mb 0 total_inverted_index_blocks 19 offset_vectors_sz_mb 0.015 doc_table_size_mb 0.002 \
                 sortable_values_size_mb 0 key_table_size_mb 0.25 tag_overhead_sz_mb 0 text_overhead_sz_mb 0 \
                 total_index_memory_sz_mb 1 geoshapes_sz_mb 0 records_per_doc_avg 2.5 bytes_per_record_avg nan \
                 offsets_per_term_avg 3 offset_bits_per_record_avg 8 hash_indexing_failures 1 indexing 0 \
                 percent_indexed 1 number_of_uses 4 cleaning 0";
    let server = "alloc_bytes 23 tile38_aof_size 7 tile38_read_only false tile38_id abc tile38_version 1.2 \
                  tile38_http_transport true odd";
    let script = vec![
        ("CLIENT SETNAME redis_exporter", "+OK\r\n".to_owned()),
        (
            "INFO ALL",
            text("# Server\r\nredis_version:8.0.1\r\nredis_mode:standalone\r\n"),
        ),
        ("INFO MODULES", text(modules)),
        ("FT._LIST", list("idx:a few empty gone")),
        ("FT.INFO idx:a", list(index)),
        ("FT.INFO few", list("index_name few num_docs 1")),
        (
            "FT.INFO empty",
            list("index_name empty num_docs 0 records_per_doc_avg -nan"),
        ),
        ("FT.INFO gone", "-gone: no such index\r\n".to_owned()),
        ("SERVER EXT", list(server)),
    ];
    Vec::leak(script)
}

#[test]
fn modules_indexes_and_tile38_are_told_of_as_upstream_does() {
    let address = format!("-redis.addr=127.0.0.1:{}", scripted(script()));
    let starts = ["redis_module_", "redis_search_", "redis_tile38_"];
    for (flags, count) in [
        (vec![&*address], 0),
        (vec![&address, "-include-modules-metrics"], 5),
        (vec![&address, "-is-tile38"], 4),
        (
            vec![
                &address,
                "-include-search-indexes-metrics",
                "-check-search-indexes=^idx|w$",
            ],
            48,
        ),
    ] {
        let answer = Exporter::start(&flags).metrics();
        assert_eq!((answer.value("redis_up"), answer.error()), (Some(1.0), ""), "{flags:?}");
        let ours = lines(&answer.text, &starts);
        let samples = ours.iter().filter(|line| !line.starts_with('#'));
        assert_eq!(samples.count(), count, "{flags:?} {ours:#?}");
        if let Some(theirs) = upstream_says(&flags, "/metrics") {
            assert_eq!(ours, lines(&theirs, &starts), "{flags:?}");
        }
    }
}

#[test]
fn an_index_without_documents_and_one_that_goes_away_cost_no_other() {
    let address = format!("-redis.addr=127.0.0.1:{}", scripted(script()));
    let answer = Exporter::start(&[&address, "-include-search-indexes-metrics"]).metrics();
    for (index, documents) in [
        ("idx:a", Some(12.0)),
        ("few", Some(1.0)),
        ("empty", Some(0.0)),
        ("gone", None),
    ] {
        let sample = format!("redis_search_index_num_docs{{index_name=\"{index}\"}}");
        assert_eq!(answer.value(&sample), documents, "{index}");
    }
}
